"""What settings may be: checked before any work, for no constructor checks all of it."""

import re
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from temporal_pose.app.setting_kinds import (
    NOT_NEGATIVE,
    NUMBER,
    POSITIVE,
    SWITCH,
    SettingKind,
    between,
    check_kinds,
    one_of,
    text,
    whole,
)
from temporal_pose.errors import ConfigError
from temporal_pose.files.options import image_sets, is_of_images, video_sets
from temporal_pose.pose.skeletons import skeleton
from temporal_pose.runs.results import MONITORED

_PATH = text("a folder")
_SOME = SettingKind(  # an epoch without a batch has no score
    lambda v: POSITIVE.fits(v) and (type(v) is int or v <= 1),
    "a number of batches from 1, or a share of them up to 1.0",
)
_ALWAYS = SettingKind(
    lambda v: type(v) is int and v == 1, "1, for the best epoch is found by its score"
)

_SCORE = SettingKind(lambda v: v in MONITORED, f"one of {', '.join(MONITORED)}")
_NAMES = SettingKind(
    lambda v: isinstance(v, ListConfig) and all(isinstance(name, str) for name in v),
    "a list of names of layers",
)
_SEED = SettingKind(
    lambda v: type(v) is int and 0 <= v < 2**32, "a whole number from 0 to 4294967295"
)
_SANITY = SettingKind(
    lambda v: type(v) is int and v >= -1, "-1 for all, or a whole number of batches"
)
_STEPS = SettingKind(lambda v: type(v) is int and v != 0 and v >= -1, "-1 for no limit, or from 1")

_KINDS = {
    NUMBER: "input.mean model.forget_bias",
    POSITIVE: "k data.fps data.assumed_fps input.spread input.std_px input.sigma "
    "model.sigma model.window_s model.sigma_s model.acceleration model.min_cutoff_hz optimizer.lr",
    NOT_NEGATIVE: "data.margin model.beta model.max_gap_s optimizer.weight_decay "
    "trainer.gradient_clip_val trainer.overfit_batches",
    SWITCH: "force dry_run fail_fast grid timing from_scratch from_start tune input.resample "
    "input.rounded input.scale_by_score model.peepholes model.learn_recovery model.both_ways "
    "trainer.detect_anomaly trainer.benchmark trainer.enable_progress_bar "
    "trainer.enable_model_summary",
    SettingKind(lambda v: isinstance(v, bool) or v == "warn", "true, false or warn"): (
        "trainer.deterministic"
    ),
    _SCORE: "monitor",
    _NAMES: "fresh model.last",
    _SANITY: "trainer.num_sanity_val_steps",
    _PATH: "runs_dir pretrained",
    _SOME: "trainer.limit_train_batches trainer.limit_val_batches trainer.limit_test_batches",
    _STEPS: "trainer.max_steps",
    _ALWAYS: "trainer.check_val_every_n_epoch",
    _SEED: "seed",
    whole(0): "data.workers pictures data.split_seed data.data_seed model.order "
    "scheduler.patience trainer.min_epochs trainer.log_every_n_steps",
    whole(1): "data.window data.stride data.batch_size data.subjects data.videos "
    "data.folds data.fold model.interval model.hidden model.hop model.fit.patience "
    "trainer.max_epochs trainer.accumulate_grad_batches",
    whole(5): "data.size",
}

#: Constructors check values, but not that they are numbers; and some check only when work began.
KINDS = {name: kind for kind, names in _KINDS.items() for name in names.split()}

#: Half precision throughout would round the coordinates of the truth; mixed does not.
PRECISIONS = ("32-true", "64-true", "bf16-mixed", "16-mixed", "32", "64")

_MAY_BE_NULL = (
    *("data.workers", "data.fps", "data.stride", "trainer.min_epochs", "trainer.max_epochs"),
    *("trainer.limit_train_batches", "trainer.limit_val_batches", "trainer.limit_test_batches"),
    *("trainer.gradient_clip_val", "trainer.deterministic", "trainer.benchmark"),
    *("input.std_px", "data.folds", "data.fold"),
)


def check(config: DictConfig) -> None:
    """Checks what no constructor will: settings that others are computed from.

    Raises:
        ConfigError: a setting that is missing, of the wrong kind, or out of range.
    """
    for name in ("setups", "objects", "data", "model", "input", "trainer", "optimizer"):
        if not isinstance(config[name], DictConfig):
            raise ConfigError(
                f"{name} is {config[name]!r}; expected settings of its own: --cfg job lists them"
            )
    check_videos(config)
    _check_trainable(config)
    one_of("setup", str(config.setup), [name.removeprefix("setup") for name in config.setups])
    one_of("missing", config.get("missing", "error"), ("error", "skip"))
    one_of("trainer.precision", str(config.trainer.precision), PRECISIONS)
    check_kinds(config, KINDS, _MAY_BE_NULL)
    if config.stage == "finetune" and config.from_scratch and not config.tune:
        raise ConfigError(
            "from_scratch=true and tune=false leave nothing to test; use one of them"
        )
    clipped = config.trainer.get("gradient_clip_val") is not None
    if clipped and config.trainer.precision == "16-mixed" and config.optimizer.get("fused"):
        raise ConfigError(
            "trainer.gradient_clip_val with trainer.precision=16-mixed needs optimizer.fused=false"
        )
    _check_skeleton(config.model)
    if config.data.get("truth") == "none":
        raise ConfigError(
            f"data={config.data.name} has no truth, only a detector's output, so nothing can be "
            "trained on it or scored; data.truth=pseudo takes that output for a truth all the same"
        )
    _check_root(config)


def _check_root(config: DictConfig) -> None:
    if not config.data.root and "${data.root}" in OmegaConf.to_yaml(config.data.reader):
        raise ConfigError("data.root is not set; add data.root=DIR, the data set's folder")


def _check_trainable(config: DictConfig) -> None:
    if config.model.get("shipped"):
        raise ConfigError(
            f"model '{config.model.name}' is trained already, and refine takes it; to train one "
            "like it, use experiment=steady"
        )
    if config.stage == "detector":
        raise ConfigError(
            f"experiment '{config.experiment_name}' is one of train_detector; expected one of "
            "videos, such as thesis or steady"
        )


def check_videos(config: DictConfig) -> None:
    """Makes sure that the data set is one of videos.

    Raises:
        ConfigError: it is one of single images.
    """
    if is_of_images(config.data):
        raise ConfigError(
            f"data={config.data.name} holds single images, which train_detector takes; expected "
            f"videos, one of {', '.join(video_sets())}"
        )


def check_images(config: DictConfig) -> None:
    """Makes sure that the data set is one of single images, and that its settings are of a kind.

    Raises:
        ConfigError: it is one of videos, its folder is not set, or a setting is of no kind.
    """
    if not is_of_images(config.data):
        raise ConfigError(
            f"data={config.data.get('name')} holds videos, which train takes; expected single "
            f"images, one of {', '.join(image_sets())}"
        )
    check_kinds(config, _IMAGES, ("data.workers", "data.limit"))
    _check_root(config)


def _check_skeleton(model: DictConfig) -> None:
    name, keypoints = model.get("skeleton"), model.get("keypoints")  # runs of before: neither
    if name is not None and (own := len(skeleton(str(name)))) != keypoints:
        raise ConfigError(
            f"model.keypoints is {keypoints}; model.skeleton '{name}' has {own}: set both"
        )


#: What the settings of data sets of single images may be.
_IMAGES = {
    "data.size": between(16, 1024, whole=True),
    "data.batch_size": whole(1),
    "data.limit": whole(1),
    **dict.fromkeys(("data.workers", "data.split_seed", "data.data_seed"), whole(0)),
    "data.images": whole(3),
    "data.cache_mb": NOT_NEGATIVE,
    "crop.margin": between(0, 2),
    "distortion.scale": between(0, 1),
    "distortion.rotation": between(0, 90),
    "distortion.turned": between(0, 1),
    "distortion.mirror": between(0, 1),
    "distortion.colour": between(0, 0.9),
}


def share(text: Any) -> tuple[int, int] | None:
    """Which part of how many, of a text such as 2/8; None for any other."""
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", str(text))
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        return None
    return int(found[1]), int(found[2])


#: What the settings of `refine` may be, besides those of its model.
_REFINING = {
    "page": SWITCH,
    "force": SWITCH,
    "workers": whole(1),
    "person": SettingKind(
        lambda v: v == "all" or (type(v) is int and v >= 1), "all, or a number from 1"
    ),
    "part": SettingKind(lambda v: share(v) is not None, "such as 2/8, the second of eight parts"),
    "run": text("the folder of a run"),
    "source": text("a keypoint file or a folder"),
    "out": text("a folder for the results"),
}


def check_refining(config: DictConfig) -> None:
    """Checks what `refine` is told.

    Raises:
        ConfigError: a setting that is missing or of the wrong kind.
    """
    for name in ("source", "out"):
        if config[name] is None:
            raise ConfigError(f"{name} is not set; add {name}=, {_REFINING[name].expected}")
    if not isinstance(config.model, DictConfig):
        raise ConfigError(
            f"model is {config.model!r}; expected the name of a filter: model=kalman"
        )
    check_kinds(config, _REFINING, ("workers", "run", "part"))
    check_kinds(config, KINDS, ())
