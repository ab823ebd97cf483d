"""From a composed configuration to objects: what the entry points share of Hydra."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.utils import instantiate
from lightning.fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf

from temporal_pose.cli import CONF
from temporal_pose.data.module import PoseData
from temporal_pose.errors import ConfigError
from temporal_pose.training.checkpoints import load_weights
from temporal_pose.training.runs import RunFolder
from temporal_pose.training.task import Refinement


def positive_number(name: str, value: Any) -> float:
    """The value as a positive finite number.

    Raises:
        ConfigError: it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
        raise ConfigError(f"{name} is {value!r}; expected a positive number")
    return float(value)


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
    positive_number("k", config.k)
    whole = {"seed": 0, "data.window": 1, "data.batch_size": 1, "trainer.max_epochs": 1}
    for name, least in whole.items():
        value = OmegaConf.select(config, name)
        if value is not None and (type(value) is not int or value < least):
            raise ConfigError(f"{name} is {value!r}; expected a whole number from {least}")
    if config.data.root is None and "${data.root}" in OmegaConf.to_yaml(config.data.reader):
        raise ConfigError("data.root is not set; add data.root=DIR, the data set's folder")


def resolved(config: DictConfig) -> dict[str, Any]:
    """The configuration as plain data with every reference replaced by its value."""
    if config.data.root is not None:
        config.data.root = str(Path(config.data.root).expanduser().absolute())
    content = OmegaConf.to_container(config, resolve=True)
    assert isinstance(content, dict)
    return {str(name): value for name, value in content.items()}


def run_path(config: DictConfig) -> Path:
    """The folder of a run: stage, model, setup, k, and any seed but the default."""
    path = Path(config.runs_dir) / config.stage / config.model.name
    path = path / f"setup{config.setup}" / f"k{float(config.k):g}"
    return path if config.seed == 1 else path / f"seed{config.seed}"


def overrides_to_keep(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """What to type to get this configuration again, from any folder."""
    typed = [item for item in overrides if not item.startswith("data.root")]
    root = config.data.root
    return typed if root is None else [*typed, f"data.root='{Path(root).expanduser().absolute()}'"]


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
        ConfigError: Lightning refuses an argument of its trainer.
    """
    try:
        return instantiate(config, _convert_="all", **arguments)
    except MisconfigurationException as error:
        raise ConfigError(str(error)) from None


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as JSON has them: tensors become floats, and what was not measured null."""
    numbers = {name: getattr(value, "item", lambda v=value: v)() for name, value in values.items()}
    return {name: None if value != value else value for name, value in numbers.items()}
