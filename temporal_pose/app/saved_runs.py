"""Finished runs as objects again: their configuration composed anew, their weights loaded."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf, open_dict

from temporal_pose.app.composing import build, learns
from temporal_pose.data.module import PoseData
from temporal_pose.errors import ConfigError, RunFolderError
from temporal_pose.files.conf import CONF
from temporal_pose.runs.folders import RunFolder, identity_of
from temporal_pose.runs.weights import load_weights
from temporal_pose.training.task import Refinement

#: Settings of where and how long a run worked, which say nothing to another command.
_ELSEWHERE = (
    *("runs_dir=", "force=", "dry_run=", "fail_fast=", "pretrained=", "missing="),
    *(f"trainer.{name}=" for name in ("accelerator", "devices", "strategy", "num_nodes")),
    *("trainer.max_epochs=", "trainer.enable_progress_bar="),
)


def recompose(run: RunFolder, overrides: Sequence[str] = ()) -> DictConfig:
    """A run's configuration, with what is typed now in place of what was typed then.

    Args:
        overrides: as typed on the command line, settings of `evaluate` itself left out. Another
            data set drops the settings of the run's own, but for those that windows and boxes are
            made by; another input drops those of the run's.

    Raises:
        RunFolderError: the folder holds no run, or one whose settings mean something else today.
        ConfigError: the run's settings are no longer known.
    """
    saved = run.config()
    command = "finetune" if saved.get("stage") == "finetune" else "train"
    then = [item for item in saved.get("overrides", []) if not item.startswith(_ELSEWHERE)]
    _check_meaning(run, saved, _compose(command, then))
    names = {item.split("=")[0].lstrip("+") for item in overrides}
    then = [item for item in then if item.split("=")[0] not in names]
    if "data" in names:
        then = [item for item in then if not item.startswith("data.") or _windowing(item)]
    if "input" in names:
        then = [item for item in then if not item.startswith("input.")]
    return _compose(command, [*then, *overrides])


def _compose(command: str, overrides: Sequence[str]) -> DictConfig:
    if GlobalHydra.instance().is_initialized():
        return compose(command, list(overrides))
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(command, list(overrides))


def _check_meaning(run: RunFolder, saved: Mapping[str, Any], composed: DictConfig) -> None:
    """Makes sure that defaults which a run relied on are what they were."""
    content: Any = OmegaConf.to_container(composed, resolve=True)
    there, here = identity_of(saved), identity_of(content)
    parts = ("model.network.", "model.codec.", "objects.data.", "setups.")
    for name in sorted(there.keys() & here.keys()):
        if name.startswith(parts) and there[name] != here[name] and not name.endswith("root"):
            raise RunFolderError(
                f"{run.path} was made with {name} {there[name]}, which is {here[name]} in this "
                "version of conf/; use the version it was made with, or train it again"
            )


def _windowing(override: str) -> bool:
    kept = ("window", "fps", "short", "box", "margin", "size", "batch_size", "stride")
    return override.startswith(tuple(f"data.{name}=" for name in kept))


def of_run(config: DictConfig, overrides: Sequence[str], own: Sequence[str]) -> DictConfig:
    """A finished run's configuration with what is typed now, for a command that names a run.

    Args:
        config: the command's.
        overrides: as typed.
        own: settings of the command itself.

    Raises:
        RunFolderError: the folder holds no run, or one that is not finished.
        ConfigError: what the run has tuned is typed.
    """
    others = [item for item in overrides if item.split("=")[0].lstrip("+") not in own]
    run = RunFolder(Path(config.run))
    composed = recompose(run, others)
    run.metrics()
    _check_tuned(composed, others)
    with open_dict(composed):
        composed.update({name: config[name] for name in own})
    composed.trainer.enable_progress_bar = config.trainer.enable_progress_bar
    return composed


def _check_tuned(config: DictConfig, overrides: Sequence[str]) -> None:
    """A filter's settings were tuned, and are in its checkpoint."""
    names = {item.split("=")[0].lstrip("+").removeprefix("model.") for item in overrides}
    typed_now = sorted(names & set(config.model.network)) if not learns(config) else []
    if typed_now:
        raise ConfigError(
            f"model.{typed_now[0]} was tuned by this run, which keeps it; drop run= and add "
            f"model={config.model.name} to choose it yourself"
        )


def restored(config: DictConfig) -> Refinement:
    """The task of a configuration, with the weights of its run or checkpoint.

    Raises:
        ConfigError: weights are needed, and nothing says where they are.
        CheckpointError: they are missing, damaged or another model's.
    """
    task: Refinement = build(config.objects.task)
    weights = weights_of(config)
    if weights is not None:
        load_weights(task, weights)
    elif task.parameter_count:
        raise ConfigError(
            f"model={config.model.name} has weights to load; add run=DIR, the folder of a "
            "finished run, or checkpoint=FILE"
        )
    return task


def weights_of(config: DictConfig) -> Path | None:
    """The checkpoint that a command names, or that of the run it names."""
    if config.checkpoint is not None:
        return Path(config.checkpoint)
    return None if config.run is None else Path(config.run) / "best.ckpt"


def load_run(path: Path) -> tuple[Refinement, PoseData]:
    """A finished run as objects: its task with the best weights, and its data, not yet read.

    Raises:
        RunFolderError: the folder holds no run, or one that is not finished.
        CheckpointError: its weights are missing or damaged.
    """
    run = RunFolder(path)
    config = recompose(run)
    run.metrics()
    task: Refinement = build(config.objects.task)
    load_weights(task, run.best)
    return task, build(config.objects.data)
