"""From a composed configuration to objects: what the entry points share of Hydra."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lightning as L
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning.fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf

from temporal_pose.cli import CONF
from temporal_pose.data.module import PoseData
from temporal_pose.errors import ConfigError
from temporal_pose.training.checkpoints import load_weights
from temporal_pose.training.runs import RunFolder
from temporal_pose.training.task import Refinement


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


class Kind(NamedTuple):
    """What a setting may be.

    Args:
        fits: whether a value is of this kind.
        expected: completes the message if it is not.
    """

    fits: Callable[[Any], bool]
    expected: str


def _whole(least: int) -> Kind:
    return Kind(lambda v: type(v) is int and v >= least, f"a whole number from {least}")


_NUMBER = Kind(_number, "a number")
_POSITIVE = Kind(lambda v: _number(v) and v > 0, "a positive number")
_NOT_NEGATIVE = Kind(lambda v: _number(v) and v >= 0, "0 or a positive number")
_SWITCH = Kind(lambda v: isinstance(v, bool), "true or false")
_PATH = Kind(lambda v: isinstance(v, str) and v != "", "a folder")
_SOME = Kind(  # an epoch without a batch has no score
    lambda v: _number(v) and v > 0 and (type(v) is int or v <= 1),
    "a number of batches from 1, or a share of them up to 1.0",
)
_ALWAYS = Kind(lambda v: type(v) is int and v == 1, "1, for the best epoch is found by its score")

_STEPS = Kind(lambda v: type(v) is int and v != 0 and v >= -1, "-1 for no limit, or from 1")

_KINDS = {
    _NUMBER: "noise.mean",
    _POSITIVE: "k data.fps data.assumed_fps noise.spread model.sigma model.window_s model.sigma_s "
    "model.acceleration model.min_cutoff_hz optimizer.lr",
    _NOT_NEGATIVE: "data.margin model.beta model.max_gap_s",
    _SWITCH: "force dry_run fail_fast noise.resample model.both_ways",
    _PATH: "runs_dir",
    _SOME: "trainer.limit_train_batches trainer.limit_val_batches trainer.limit_test_batches",
    _STEPS: "trainer.max_steps",
    _ALWAYS: "trainer.check_val_every_n_epoch",
    _whole(
        0
    ): "data.workers seed pictures data.split_seed data.data_seed model.order scheduler.patience "
    "trainer.min_epochs trainer.log_every_n_steps",
    _whole(1): "data.window data.stride data.batch_size data.subjects data.videos "
    "model.interval model.hidden model.fit.patience trainer.max_epochs "
    "trainer.accumulate_grad_batches",
    _whole(5): "data.size",
}

#: Constructors check values, but not that they are numbers; and some check only when work began.
KINDS = {name: kind for kind, names in _KINDS.items() for name in names.split()}

#: Half precision throughout would round the coordinates of the truth; mixed does not.
PRECISIONS = ("32-true", "64-true", "bf16-mixed", "16-mixed", "32", "64")

_MISSING = object()
_MAY_BE_NULL = (
    *("data.fps", "data.stride", "trainer.min_epochs", "trainer.max_epochs"),
    *("trainer.limit_train_batches", "trainer.limit_val_batches", "trainer.limit_test_batches"),
)


def one_of(name: str, value: Any, choices: Any) -> None:
    """Makes sure that a value is one of the choices.

    Raises:
        ConfigError: it is not; the message lists the choices.
    """
    if value not in choices:
        raise ConfigError(f"{name} is '{value}'; expected one of {', '.join(map(str, choices))}")


def check(config: DictConfig) -> None:
    """Checks what no constructor will: settings that others are computed from.

    Raises:
        ConfigError: a setting that is missing, of the wrong kind, or out of range.
    """
    one_of("setup", str(config.setup), [name.removeprefix("setup") for name in config.setups])
    one_of("trainer.precision", str(config.trainer.precision), PRECISIONS)
    for name, kind in KINDS.items():
        value = OmegaConf.select(config, name, default=_MISSING)
        open_ = value is _MISSING or (value is None and name in _MAY_BE_NULL)
        if not open_ and not kind.fits(value):
            raise ConfigError(f"{name} is {value!r}; expected {kind.expected}")
    if not config.data.root and "${data.root}" in OmegaConf.to_yaml(config.data.reader):
        raise ConfigError("data.root is not set; add data.root=DIR, the data set's folder")


def resolved(config: DictConfig) -> dict[str, Any]:
    """The configuration as plain data with every reference replaced by its value."""
    if config.data.root is not None:
        config.data.root = str(Path(str(config.data.root)).expanduser().absolute())
    content = OmegaConf.to_container(config, resolve=True)
    assert isinstance(content, dict)
    return {str(name): value for name, value in content.items()}


def run_path(config: DictConfig) -> Path:
    """The folder of a run: stage, model, setup, k, and any seed but the default."""
    path = Path(config.runs_dir) / config.stage / config.model.name
    path = path / f"setup{config.setup}" / f"k{float(config.k):g}"
    return path if config.seed == 1 else path / f"seed{config.seed}"


def typed(overrides: Any) -> list[str]:
    """Overrides as the user typed them, references such as ``${data.name}`` included."""
    raw: Any = OmegaConf.to_container(overrides, resolve=False)
    return [str(item) for item in raw]


def overrides_to_keep(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """What to type to get this configuration again, from any folder."""
    typed = [item for item in overrides if not item.startswith("data.root")]
    root = config.data.root
    return (
        typed
        if root is None
        else [*typed, f"data.root='{Path(str(root)).expanduser().absolute()}'"]
    )


def recompose(command: str, run: RunFolder, overrides: Sequence[str] = ()) -> DictConfig:
    """A run's configuration, with what is typed now in place of what was typed then.

    Args:
        command: the primary configuration, 'train' or 'evaluate'.
        overrides: as typed on the command line. Another data set drops the settings of the run's
            own, but for those that windows and boxes are made by.

    Raises:
        RunFolderError: the folder holds no run.
        ConfigError: the run's settings are no longer known.
    """
    names = {item.split("=")[0].lstrip("+") for item in overrides}
    then = [item for item in run.config().get("overrides", []) if item.split("=")[0] not in names]
    if "data" in names:
        then = [item for item in then if not item.startswith("data.") or _windowing(item)]
    elsewhere = (
        "runs_dir=",
        "force=",
        "dry_run=",
        "fail_fast=",
        *(f"trainer.{name}=" for name in ("accelerator", "devices", "strategy", "num_nodes")),
        "trainer.max_epochs=",
        "trainer.enable_progress_bar=",
    )
    then = [item for item in then if not item.startswith(elsewhere)]
    if GlobalHydra.instance().is_initialized():
        return compose(command, [*then, *overrides])
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(command, [*then, *overrides])


def _windowing(override: str) -> bool:
    kept = ("window", "fps", "short", "box", "margin", "size", "batch_size", "stride")
    return override.startswith(tuple(f"data.{name}=" for name in kept))


def load_run(path: Path) -> tuple[Refinement, PoseData]:
    """A finished run as objects: its task with the best weights, and its data, not yet read.

    Raises:
        RunFolderError: the folder holds no run.
        CheckpointError: its weights are missing or damaged.
    """
    run = RunFolder(path)
    config = recompose("train", run)
    task: Refinement = build(config.objects.task)
    load_weights(task, run.best)
    return task, build(config.objects.data)


def build(config: Any, **arguments: Any) -> Any:
    """The object that a configuration node describes.

    Raises:
        ConfigError: an argument that a constructor cannot take.
    """
    try:
        return instantiate(config, _convert_="all", **arguments)
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, TypeError | ValueError):
            where = str(error).rpartition("full_key: ")[2]
            raise ConfigError(f"{where} cannot be made of these settings: {cause}") from error
        raise


def build_trainer(config: Any, task: Refinement) -> Callable[..., L.Trainer]:
    """What makes a trainer, tried once, as is the optimiser: both are made only as work begins.

    Raises:
        ConfigError: an argument that Lightning or the optimiser refuses.
    """
    make: Callable[..., L.Trainer] = build(config)
    trials: dict[str, Callable[[], Any]] = {
        "trainer": lambda: make(logger=False, callbacks=[], enable_checkpointing=False),
        "optimizer or scheduler": task.configure_optimizers,
    }
    if not task.parameter_count:
        del trials["optimizer or scheduler"]
    for name, trial in trials.items():
        try:
            trial()
        except (MisconfigurationException, TypeError, ValueError) as error:
            raise ConfigError(f"{name}: {error}") from error
    return make


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as JSON has them: tensors become floats, and what was not measured null."""
    numbers = {name: getattr(value, "item", lambda v=value: v)() for name, value in values.items()}
    return {name: None if value != value else value for name, value in numbers.items()}
