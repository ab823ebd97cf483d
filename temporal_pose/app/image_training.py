"""Training a detector: from its settings to objects, and what the settings may be."""

from pathlib import Path

from omegaconf import DictConfig

from temporal_pose.app.composing import build, build_trainer
from temporal_pose.app.running import Work
from temporal_pose.app.setting_kinds import (
    SWITCH,
    SettingKind,
    between,
    check_kinds,
    one_of,
    text,
)
from temporal_pose.app.settings import KINDS, PRECISIONS, check_images
from temporal_pose.errors import ConfigError
from temporal_pose.pose.skeletons import skeleton
from temporal_pose.runs.results import CROP_PCK, HEAD_PCK, PCKS, VALIDATION
from temporal_pose.training.detector import Detection
from temporal_pose.training.detector_training import train_detector
from temporal_pose.training.pretrained import load_network

_SCORES = VALIDATION.named(*PCKS, HEAD_PCK, CROP_PCK)

#: What its settings may be, but for those of the data set.
_KINDS = {
    **{name: kind for name, kind in KINDS.items() if not name.startswith(("data.", "model."))},
    "monitor": SettingKind(lambda v: v in _SCORES, f"one of {', '.join(_SCORES)}"),
    "flip_test": SWITCH,
    "weights": text("a file of weights"),
    "patience": between(1, 10**6, whole=True),
}

_MAY_BE_NULL = (
    *("weights", "trainer.min_epochs", "trainer.max_epochs"),
    *("trainer.limit_train_batches", "trainer.limit_val_batches", "trainer.limit_test_batches"),
    *("trainer.gradient_clip_val", "trainer.deterministic", "trainer.benchmark"),
)


def check(config: DictConfig) -> None:
    """Checks what no constructor will.

    Raises:
        ConfigError: a setting that is missing, of the wrong kind, or out of range.
    """
    for name in ("objects", "data", "network", "trainer", "optimizer"):
        if not isinstance(config[name], DictConfig):
            raise ConfigError(
                f"{name} is {config[name]!r}; expected settings of its own: --cfg job lists them"
            )
    one_of("trainer.precision", str(config.trainer.precision), PRECISIONS)
    check_images(config)
    check_kinds(config, _KINDS, _MAY_BE_NULL)
    skeleton(str(config.data.skeleton))


def detection(config: DictConfig) -> Work:
    """The run of a detector."""
    data, task = build(config.objects.data), built(config)
    fit, trainer = build(config.objects.fit), build_trainer(config.trainer, task)
    data.setup()
    return lambda folder: train_detector(task, data, fit, trainer, folder)


def take_a_step(config: DictConfig) -> None:
    """Takes one training and one validation step, and writes nothing."""
    data, task = build(config.objects.data), built(config)
    alone = {"devices": 1, "num_nodes": 1, "strategy": "auto", "enable_progress_bar": False}
    trainer = build_trainer(config.trainer, task)(fast_dev_run=True, logger=False, **alone)
    trainer.fit(task, datamodule=data)


def built(config: DictConfig) -> Detection:
    """The task, with the weights that it shall start from.

    Raises:
        CheckpointError: they cannot be read, or are another network's.
        ConfigError: there must be some, and there are none.
    """
    task: Detection = build(config.objects.task)
    if config.weights is not None:
        load_network(task.network, Path(config.weights).expanduser(), task.may_lack)
    elif task.may_lack:
        raise ConfigError(
            "weights is not set, and learns=autoencoder trains no other part; expected weights=, "
            "a file of the same network, as best.ckpt of a run with network.code=0"
        )
    return task
