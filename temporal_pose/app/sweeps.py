"""Sweeps: every run checked before the first, each in a process of its own, all summed up.

``python -m temporal_pose.train -m model=... setup=... k=...`` composes the runs, and one of
Hydra's launchers starts them: one after another, several at a time (joblib), or on a cluster
(submitit). This file is what comes before the first run and after the last; a run is in
`temporal_pose.app.jobs`.
"""

import atexit
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from hydra import compose
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Column, Table

from temporal_pose.app.cli import attempt, quiet, typed
from temporal_pose.app.composing import (
    build,
    left_out,
    pretraining,
    resolved,
    run_path,
)
from temporal_pose.app.jobs import RECORD, guarded, say
from temporal_pose.app.saved_runs import as_pretrained
from temporal_pose.errors import ConfigError
from temporal_pose.files.atomic import write_text
from temporal_pose.files.consoles import wide_console
from temporal_pose.files.ending import complain
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.isolation import isolated, preload
from temporal_pose.runs.records import WELL, Record, first_line, summary
from temporal_pose.runs.weights import read_checkpoint

#: How many windows a model is tried with on a CPU: several, since one alone hides mixed-up axes.
WINDOWS = 2


@dataclass(frozen=True)
class Planned:
    """One run of a sweep.

    Args:
        overrides: what one would type for this run alone.
    """

    overrides: list[str]
    config: DictConfig
    run: RunFolder

    @property
    def settled(self) -> bool:
        """Whether there is nothing left to do."""
        return (self.run.finished and not self.config.force) or left_out(self.config)


def plan(command: str, config: DictConfig) -> list[Planned]:
    """Composes and checks every run of a sweep.

    Raises:
        ConfigError: a run's settings are wrong, two runs would share a folder, or what a run
            starts from is missing.
        RunFolderError: a run's folder belongs to another configuration.
    """
    parsed = OverridesParser.create().parse_overrides(typed(config.hydra.overrides.task))
    (every,) = BasicSweeper.split_arguments(parsed, None)
    check = import_module(f"temporal_pose.{command}").check
    planned: dict[Path, Planned] = {}
    for overrides in every:
        composed = compose(command, overrides)
        check(composed)
        run = RunFolder(run_path(composed))
        if run.path in planned:
            raise ConfigError(
                f"'{' '.join(overrides)}' and '{' '.join(planned[run.path].overrides)}' would "
                f"share the folder {run.path}; sweep over fewer settings, or give each its own: "
                "runs_dir='runs/${data.name}', say"
            )
        if not left_out(composed):
            source = pretraining(composed)
            if source is not None:
                read_checkpoint(source.best)  # whole, without code; if it fits, a step shows
            if run.config_file.exists() and not composed.force:
                run.check(resolved(as_pretrained(composed)))
        planned[run.path] = Planned(overrides, composed, run)
    return list(planned.values())


class Sweep(Callback):
    """Hydra calls it before the first run of a sweep and after the last.

    Args:
        command: the entry point, such as 'train'.
    """

    def __init__(self, command: str) -> None:
        self.command = command

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Plans, shows the plan (``dry_run=true``), or tries each distinct model for a step."""
        quiet()
        attempt(self._start, config)

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Sums up; the exit status is 1 if any run failed."""
        entries = attempt(Record(Path(os.environ[RECORD])).ended)
        say(summary(entries))
        if any(entry.state not in (*WELL, "elsewhere", "left out") for entry in entries):
            sys.exit(1)

    def _start(self, config: DictConfig) -> None:
        if not config.dry_run:
            preload(f"temporal_pose.{self.command}")  # it imports while this process composes
        runs = plan(self.command, config)
        if config.dry_run:
            wide_console().print(_plan_table(runs))
            sys.exit(0)
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        record = Record(Path(config.runs_dir).absolute() / ".sweeps" / f"{stamp}-{os.getpid()}")
        record.plan([planned.run.path for planned in runs])
        atexit.register(record.mark, "over")
        os.environ[RECORD] = str(record.folder)
        preflight(self.command, runs, record)


def preflight(command: str, runs: Sequence[Planned], record: Record) -> None:
    """Tries what the runs are made of, each part in a process of its own; an error ends it all."""
    for job, planned in trials(runs):
        error = isolated(attempted, command, job, planned.config)
        if error is not None:
            with suppress(OSError):
                write_text(record.folder / "preflight.txt", error)
            run = " ".join(planned.overrides)
            complain(f"{run}: {first_line(error)} (nothing was started; see {record.folder})")
            sys.exit(2)


def trials(runs: Sequence[Planned]) -> Iterator[tuple[str, Planned]]:
    """Every distinct model, to be tried for a step, and every other distinct cut of the data, to
    be read: runs that differ in the strength of the noise, the seed or the turn of a
    cross-validation alone differ in neither.

    A model's step is taken once, though setups cut the videos otherwise.
    """
    seen: set[str] = set()
    for planned in runs:
        if planned.settled:
            continue
        settings = resolved(planned.config)
        data = settings["objects"]["data"]
        kind = data.get("input", {}).get("_target_")
        split = {**data.get("split", {}), "fold": None}
        data = data | {"input": kind, "seed": 0, "split": split}
        task = settings["objects"]["task"] | {"seed": 0}
        parts = [settings.get("model"), settings["trainer"], task]
        batches = str(data | {"cut": None})
        step, read = f"{parts} {batches}", str(data)
        if {step, read} <= seen:
            continue
        yield ("read" if step in seen else "try_out"), planned
        seen |= {step, read}


def attempted(command: str, job: str, config: DictConfig) -> str | None:
    """A part of the preflight, in a child process; the text of its error, if any."""
    quiet()
    if job == "read":
        return guarded(build(config.objects.data).setup)
    if config.trainer.accelerator == "cpu" or not torch.cuda.is_available():
        # Takes seconds instead of a minute; on a GPU, the full batch shows whether it fits there.
        config.objects.data.batch_size = min(WINDOWS, config.objects.data.batch_size)
    return guarded(import_module(f"temporal_pose.{command}").try_out, config)


def _plan_table(runs: list[Planned]) -> Table:
    """Each run by the settings in which it differs from others, its folder and its state."""
    shared = set.intersection(*(set(planned.overrides) for planned in runs))
    table = Table("run", Column("folder", overflow="fold"), "state", box=SIMPLE)
    table.title = f"{len(runs)} runs; nothing was started"
    for planned in runs:
        own = [item for item in planned.overrides if item not in shared]
        table.add_row(escape(" ".join(own)), escape(str(planned.run.path)), planned.run.state)
    return table
