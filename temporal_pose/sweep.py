"""Sweeps: every run checked before the first, each in a process of its own, all summed up.

``python -m temporal_pose.train -m model=... setup=... k=...`` composes the runs, and one of
Hydra's launchers starts them: one after another, several at a time (joblib), or on a cluster
(submitit). This file is what stands between a launcher and a run.
"""

import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table

from temporal_pose.cli import CONF, attempt, complain, describe, quiet
from temporal_pose.configuration import check, resolved, run_path
from temporal_pose.errors import ConfigError
from temporal_pose.training.files import write_text
from temporal_pose.training.isolation import isolated, preload
from temporal_pose.training.record import Entry, Record
from temporal_pose.training.runs import RunFolder

#: Names the folder of the sweep's record to its jobs, wherever a launcher runs them.
RECORD = "TEMPORAL_POSE_SWEEP"


@dataclass(frozen=True)
class Planned:
    """One run of a sweep.

    Args:
        overrides: what one would type for this run alone.
    """

    overrides: list[str]
    config: DictConfig
    run: RunFolder


def plan(command: str, config: DictConfig) -> list[Planned]:
    """Composes and checks every run of a sweep.

    Raises:
        ConfigError: a run's settings are wrong, or two runs would share a folder.
        RunFolderError: a run's folder belongs to another configuration.
    """
    typed = OverridesParser.create().parse_overrides(list(config.hydra.overrides.task))
    (every,) = BasicSweeper.split_arguments(typed, None)
    planned: dict[Path, Planned] = {}
    for overrides in every:
        composed = compose(command, overrides)
        check(composed)
        run = RunFolder(run_path(composed))
        if run.path in planned:
            raise ConfigError(
                f"'{' '.join(overrides)}' and '{' '.join(planned[run.path].overrides)}' would "
                f"share the folder {run.path}; sweep over runs_dir as well, or one at a time"
            )
        if run.config_file.exists() and not composed.force:
            run.check(resolved(composed))
        planned[run.path] = Planned(overrides, composed, run)
    return list(planned.values())


class Sweep(Callback):
    """Hydra calls it before the first run of a sweep and after the last.

    Args:
        command: the entry point, 'train' or 'finetune'.
    """

    def __init__(self, command: str) -> None:
        self.command = command

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Plans, shows the plan (``dry_run=true``), or tries each distinct model for a step."""
        quiet()
        runs = attempt(plan, self.command, config)
        if config.dry_run:
            Console().print(_plan_table(runs))
            sys.exit(0)
        preload(f"temporal_pose.{self.command}")
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        record = Record(Path(config.runs_dir).absolute() / ".sweeps" / f"{stamp}-{os.getpid()}")
        attempt(record.plan, [planned.run.path for planned in runs])
        os.environ[RECORD] = str(record.folder)
        error = isolated(preflight, self.command, runs, report=record.folder / "preflight.txt")
        if error is not None:
            complain(f"{first_line(error)} (nothing was started; trace in {record.folder})")
            sys.exit(2)

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Sums up; the exit status is 1 if any run failed."""
        entries = Record(Path(os.environ[RECORD])).read()
        _say(summary(entries))
        if any(entry.state in ("failed", "stopped") for entry in entries):
            sys.exit(1)


def preflight(command: str, runs: list[Planned]) -> str | None:
    """Tries every distinct model on its data for a step; the text of the first error, if any."""
    quiet()
    try_out = import_module(f"temporal_pose.{command}").try_out
    seen: set[str] = set()
    for planned in runs:
        settings = resolved(planned.config)
        key = str((settings["model"], settings["data"], settings["trainer"]))
        if key not in seen and not planned.run.finished:
            error = _guarded(try_out, planned.config)
            if error is not None:
                return f"{' '.join(planned.overrides)}: {error}"
        seen.add(key)
    return None


def run_in_sweep(command: str, config: DictConfig) -> None:
    """Runs one job of a sweep in a child process, and notes what became of it."""
    record, run = Record(Path(os.environ[RECORD])), RunFolder(run_path(config))
    if (record.folder / "stop").exists():
        record.write(run.path, "stopped")
        return
    if run.busy:
        record.write(run.path, "elsewhere")
        return
    if run.finished and not config.force:
        record.write(run.path, "skipped")
        return
    record.write(run.path, "running")
    started = time.monotonic()
    overrides = list(HydraConfig.get().overrides.task)
    report = record.folder / f"{HydraConfig.get().job.num:04d}.error.txt"
    error = isolated(work, command, overrides, HydraConfig.get().job.num, report=report)
    if error is None:
        record.write(run.path, "done", seconds=time.monotonic() - started)
    else:
        _note_failure(record, run, error, config.fail_fast)
    _say(progress(record.read()))


def _note_failure(record: Record, run: RunFolder, error: str, fail_fast: bool) -> None:
    record.write(run.path, "failed", error)
    complain(f"{run.path}: {first_line(error)}")
    if fail_fast:
        (record.folder / "stop").touch()
    try:
        write_text(run.error_file, error)
    except OSError as problem:
        complain(f"{run.error_file} could not be written: {problem.strerror}")


def work(command: str, overrides: list[str], number: int) -> str | None:
    """One run, in a child process; the text of its error, if any."""
    quiet()
    _choose_gpu(number)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(command, overrides)
    entry = import_module(f"temporal_pose.{command}")
    sys.argv = [str(entry.__file__), *overrides]  # what Lightning starts further processes with
    return _guarded(entry.run, config, overrides)


def _guarded(job: Any, *arguments: Any) -> str | None:
    try:
        job(*arguments)
    except Exception as error:
        return describe(error)
    return None


def _choose_gpu(number: int) -> None:
    """Where there are several GPUs, gives each job of a sweep one, in turn."""
    gpus = torch.cuda.device_count()
    if gpus > 1 and "CUDA_VISIBLE_DEVICES" not in os.environ:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(number % gpus)


def first_line(error: str) -> str:
    """What went wrong, without the trace."""
    return error.strip().split("\n")[0]


def _plan_table(runs: list[Planned]) -> Table:
    """Each run by the settings in which it differs from others, its folder and its state."""
    shared = set.intersection(*(set(planned.overrides) for planned in runs))
    table = Table("run", Column("folder", overflow="fold"), "state", box=SIMPLE)
    table.title = f"{len(runs)} runs; nothing was started"
    for planned in runs:
        own = [item for item in planned.overrides if item not in shared]
        table.add_row(" ".join(own), str(planned.run.path), planned.run.state)
    return table


def progress(entries: list[Entry]) -> str:
    """One line: how many runs are done, running and failed, and about how long the rest takes."""
    counts = Counter(entry.state for entry in entries)
    parts = [f"{count} {state}" for state, count in counts.items()]
    took = [entry.seconds for entry in entries if entry.state == "done"]
    left = counts["waiting"] + counts["running"] / 2
    if took and left:
        minutes = left * sum(took) / len(took) / max(1, counts["running"]) / 60
        parts.append(f"about {minutes:.0f} min left")
    return f"{len(entries)} runs: {', '.join(parts)}"


def summary(entries: list[Entry]) -> str:
    """How many runs ended how, and a line for each that is not simply done."""
    odd = [entry for entry in entries if entry.state not in ("done", "skipped")]
    lines = [f"  {entry.state}: {entry.path}: {entry.error}".rstrip(": ") for entry in odd]
    return "\n".join([progress(entries), *lines])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
