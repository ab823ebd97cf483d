"""Finished runs as objects again: as they were made, whatever ``conf/`` says by now."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from temporal_pose.app.composing import build, learns, pretraining
from temporal_pose.app.trust import trusted
from temporal_pose.data.module import PoseData
from temporal_pose.errors import ConfigError, RunFolderError
from temporal_pose.files.conf import CONF
from temporal_pose.files.constructing import check_targets
from temporal_pose.files.overrides import checked_overrides
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.weights import load_weights
from temporal_pose.training.task import Refinement

#: Settings of where and how long a run worked, which say nothing to another command.
_ELSEWHERE = (
    *("runs_dir=", "force=", "dry_run=", "fail_fast=", "pretrained=", "missing="),
    *(f"trainer.{name}=" for name in ("accelerator", "devices", "strategy", "num_nodes")),
    *("trainer.max_epochs=", "trainer.enable_progress_bar="),
)
#: What the machine and the command decide, not the run.
_OF_NOW = (
    "trainer",
    "runs_dir",
    "force",
    "dry_run",
    "fail_fast",
    "pretrained",
    "missing",
)

#: The command that made a run of a stage; `train` where nothing is said.
_COMMANDS = {"finetune": "finetune", "detector": "train_detector"}

#: What weights fit or do not fit, of a model.
_MADE = ("network", "codec")

_ABSENT: Any = object()


def recompose(run: RunFolder, overrides: Sequence[str] = ()) -> DictConfig:
    """A run's configuration, with what is typed now in place of what was typed then.

    A setting that nothing typed now touches is what the run's own file says, though its default
    may have changed since.

    Args:
        overrides: as typed on the command line, settings of the command itself left out. Another
            data set drops the settings of the run's own, but for those that windows and boxes are
            made by; another input drops those of the run's.

    Raises:
        RunFolderError: the folder holds no run, or one whose settings are no longer known and are
            to be changed.
        ConfigError: its configuration names what may not be called.
    """
    saved, command, then = _written(run)
    try:
        base = _compose(command, then)
    except (HydraException, OmegaConfBaseException) as error:
        if overrides:
            raise RunFolderError(
                f"{run.path} was made with settings that this version does not know "
                f"({' '.join(str(error).split())}), so they cannot be changed; drop "
                f"{' '.join(overrides)}"
            ) from error
        return _whole(run, _merged(saved, {}, _plain(_compose(command, []))))
    kept = _kept(then, {item.split("=")[0].lstrip("+") for item in overrides})
    now = _compose(command, [*kept, *overrides])
    return _whole(run, _merged(saved, _plain(base), _plain(now)))


def as_pretrained(config: DictConfig) -> DictConfig:
    """A finetuning's configuration, with network and codec as its pretraining had them.

    What nothing typed now touches is what the pretraining's own file says, though its default may
    have changed since.

    Raises:
        MissingPretraining: the pretraining is not there or not finished.
        ConfigError: its configuration names what may not be called.
    """
    source = pretraining(config)
    if source is None:
        return config
    saved, command, then = _written(source)
    now = _plain(config)
    if all(_part(saved, name) in (None, _part(now, name)) for name in _MADE):
        return config
    try:
        base = _plain(_compose(command, then))
    except (HydraException, OmegaConfBaseException):
        base = _plain(_compose(command, []))
    result = config.copy()
    for name in _MADE:
        part = three_way(*(_part(side, name) for side in (saved, base, now)))
        OmegaConf.update(result, f"model.{name}", part, merge=False, force_add=True)
    return result


def _written(run: RunFolder) -> tuple[dict[str, Any], str, list[str]]:
    """What a run's file says, the command that made it, and what was typed then.

    Raises:
        RunFolderError: the folder holds no run.
        ConfigError: its configuration names what may not be called.
    """
    saved, where, allowed = run.config(), str(run.config_file), trusted()
    check_targets(saved, where, allowed)
    said = checked_overrides(saved.get("overrides") or [], where, allowed)
    then = [item for item in said if not item.startswith(_ELSEWHERE)]
    return saved, _COMMANDS.get(str(saved.get("stage")), "train"), then


def _part(config: Mapping[str, Any], name: str) -> Any:
    """A part of a configuration's model; None where there is none."""
    model = config.get("model")
    return model.get(name) if isinstance(model, Mapping) else None


def _whole(run: RunFolder, settings: Any) -> DictConfig:
    """The settings, which have what every run has."""
    objects = settings.get("objects")
    for name in ("task", "data"):
        if not isinstance(objects, Mapping) or not isinstance(objects.get(name), Mapping):
            raise RunFolderError(
                f"{run.config_file} has no settings objects.{name}; expected the file that the "
                "run's command wrote"
            )
    return OmegaConf.create(settings)


def _kept(then: Sequence[str], names: set[str]) -> list[str]:
    """What was typed then and is not typed otherwise now."""
    kept = [item for item in then if item.split("=")[0].lstrip("+") not in names]
    if "data" in names:
        kept = [item for item in kept if not item.startswith("data.") or _windowing(item)]
    if "input" in names:
        kept = [item for item in kept if not item.startswith("input.")]
    return kept


def _merged(saved: Mapping[str, Any], base: Mapping[str, Any], now: Mapping[str, Any]) -> Any:
    """The run's settings, but for those of the machine, and those that are typed now."""
    of_run = {name: value for name, value in saved.items() if name not in _OF_NOW}
    merged = three_way(of_run, {k: v for k, v in base.items() if k not in _OF_NOW}, now)
    return merged | {name: now[name] for name in _OF_NOW if name in now}


def three_way(saved: Any, base: Any, now: Any) -> Any:
    """Settings of ``saved`` wherever ``now`` is like ``base``; else those of ``now``.

    Args:
        saved: what a run's file says.
        base: what today's defaults make of what was typed then.
        now: the same with what is typed now.
    """
    if now == base:
        return saved
    if not (isinstance(saved, dict) and isinstance(now, dict)):
        return now
    old = base if isinstance(base, dict) else {}
    names = [*now, *(name for name in saved if name not in now)]
    parts = {
        name: three_way(*(side.get(name, _ABSENT) for side in (saved, old, now))) for name in names
    }
    return {name: value for name, value in parts.items() if value is not _ABSENT}


def _plain(config: DictConfig) -> dict[str, Any]:
    content: Any = OmegaConf.to_container(config, resolve=True)
    return dict(content)


def _compose(command: str, overrides: Sequence[str]) -> DictConfig:
    if GlobalHydra.instance().is_initialized():
        return compose(command, list(overrides))
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(command, list(overrides))


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


def task_of(config: DictConfig) -> Refinement:
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
    if config.run is None:
        return None
    return Path(config.run) / RunFolder(Path(config.run)).best.name  # as it was typed


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
