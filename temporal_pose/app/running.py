"""What pretraining and finetuning share: a run from its configuration, alone or in a sweep."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from importlib import import_module
from typing import Any

import lightning as L
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig

from temporal_pose.app.cli import typed
from temporal_pose.app.composing import (
    build,
    build_fit,
    build_trainer,
    overrides_to_keep,
    plain,
    resolved,
    run_path,
)
from temporal_pose.app.jobs import run_in_sweep
from temporal_pose.runs.fingerprints import config_hash, flatten
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.isolation import end_with_parent
from temporal_pose.runs.results import origin
from temporal_pose.training.experiment import commit, experiment, log_outcome
from temporal_pose.training.task import Refinement

log = logging.getLogger(__name__)

#: Gives a new task the weights that it starts from, and says which run's they are, if any.
Start = Callable[[Refinement, DictConfig], RunFolder | None]

#: The work of a run in its folder; it returns the scores and what describes the run.
Work = Callable[[RunFolder], Mapping[str, Any]]


def carry_out(
    config: DictConfig,
    overrides: Sequence[str],
    prepare: Callable[[DictConfig], Work],
    charts: Mapping[str, Any],
) -> None:
    """Fits and tests one run, continues it where it was interrupted, or skips it if finished.

    Args:
        overrides: what was typed for this run.
        prepare: makes all that a run needs, before anything is written.
        charts: what TensorBoard shows of the training.
    """
    settings, folder = resolved(config), RunFolder(run_path(config))
    settings["overrides"] = overrides_to_keep(config, overrides)
    leader = getattr(rank_zero_only, "rank", 0) == 0  # of several processes that train one run
    if not leader:
        end_with_parent()
    with folder.held() if leader else nullcontext():
        if folder.config_file.exists() and not config.force:
            folder.check(settings)
        if folder.finished and not config.force:
            folder.metrics()
            log.info("finished already: %s (force=true trains it again)", folder.path)
            return
        L.seed_everything(config.seed, verbose=False)
        work = prepare(config)
        if leader:
            folder.claim(settings, config.force)
        metrics = plain(work(folder))
        if leader:
            log_outcome(folder, flatten(settings), metrics, charts)
            folder.finish(metrics | origin(config.seed, commit(), config_hash(settings)))


def refinement(config: DictConfig, start: Start) -> Work:
    """The run of a network, a filter or the identity on windows of poses."""
    data, task = build(config.objects.data), build(config.objects.task)
    source = start(task, config)
    fit, trainer = build_fit(config), build_trainer(config.trainer, task)
    data.setup()
    seen: set[str] = source.trained_on() if source else set()
    data.leave_out(seen)
    return lambda folder: experiment(task, data, fit, trainer, folder, seen)


def take_a_step(config: DictConfig, start: Start) -> None:
    """Takes one training and one validation step, and writes nothing."""
    data, task = build(config.objects.data), build(config.objects.task)
    start(task, config)
    alone = {"devices": 1, "num_nodes": 1, "strategy": "auto", "enable_progress_bar": False}
    trainer = build_trainer(config.trainer, task)(fast_dev_run=True, logger=False, **alone)
    if task.parameter_count:
        trainer.fit(task, datamodule=data)
    else:
        trainer.test(task, datamodule=data, verbose=False)


def launch(command: str, config: DictConfig, run: Callable[..., None]) -> None:
    """One run, one job of a sweep, or with ``dry_run`` neither.

    Args:
        command: the entry point, such as 'train'; its ``check`` looks at the settings.
        run: of a configuration and what was typed for it.
    """
    import_module(f"temporal_pose.{command}").check(config)
    if HydraConfig.get().mode == RunMode.MULTIRUN:
        run_in_sweep(command, config)
    elif config.dry_run:
        folder = RunFolder(run_path(config))
        log.info("%s: %s", folder.path, folder.state)
    else:
        run(config, typed(HydraConfig.get().overrides.task))
