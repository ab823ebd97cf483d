"""One job of a sweep: a run in a process of its own, and a note of what became of it."""

import logging
import os
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from temporal_pose.app.cli import describe, quiet, typed
from temporal_pose.app.composing import left_out, run_path
from temporal_pose.files.atomic import write_text
from temporal_pose.files.ending import complain
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.isolation import isolated, preload
from temporal_pose.runs.records import Record, first_line, progress

#: Names the folder of the sweep's record to its jobs, wherever a launcher runs them.
RECORD = "TEMPORAL_POSE_SWEEP"


def run_in_sweep(command: str, config: DictConfig) -> None:
    """Runs one job of a sweep in a child process, and notes what became of it."""
    record, run = Record(Path(os.environ[RECORD])), RunFolder(run_path(config))
    try:
        _run(command, config, record, run)
    except OSError as error:  # of a folder that may not be written into, or whose lock may not
        _note_failure(record, run, describe(error), config.fail_fast)


def _run(command: str, config: DictConfig, record: Record, run: RunFolder) -> None:
    if left_out(config):
        record.write(run.path, "left out", "there is no pretraining to start from")
        return
    idle = _idle(record, run, config.force)
    if idle is not None:
        record.write(run.path, idle)
        return
    say(f"run {HydraConfig.get().job.num + 1}: {run.path}")
    record.write(run.path, "running")
    preload(f"temporal_pose.{command}")
    started = time.monotonic()
    job = (command, config, *command_line(), record.folder)
    error = isolated(work, *job, over=lambda: record.over)
    if error is None:
        record.write(run.path, "done", seconds=time.monotonic() - started)
    elif run.busy or run.finished:
        record.write(run.path, "elsewhere")  # and was faster
    else:
        _note_failure(record, run, error, config.fail_fast)
    entries = record.read()
    if any(entry.state in ("waiting", "running") for entry in entries):
        say(progress(entries))


def _idle(record: Record, run: RunFolder, force: bool) -> str | None:
    """Why there is nothing to do, if so."""
    if record.stopped:
        return "stopped"
    if run.busy:
        return "elsewhere"
    return "skipped" if run.finished and not force else None


def _note_failure(record: Record, run: RunFolder, error: str, fail_fast: bool) -> None:
    record.write(run.path, "failed", error)
    complain(f"{run.path}: {first_line(error)}")
    if fail_fast:
        record.mark("stop")
    try:
        run.path.mkdir(parents=True, exist_ok=True)
        write_text(run.error_file, error)
    except OSError as problem:
        complain(f"{run.error_file} could not be written: {problem.strerror}")


def command_line() -> tuple[list[str], list[str]]:
    """What was typed for this job: where else to look for configurations, and its settings."""
    hydra = HydraConfig.get()
    elsewhere = [item for item in hydra.overrides.hydra if item.startswith("hydra.searchpath")]
    for source in hydra.runtime.config_sources:
        if source.provider == "command-line":
            elsewhere = ["--config-dir", source.path, *elsewhere]
    return elsewhere, typed(hydra.overrides.task)


def work(
    command: str, config: DictConfig, elsewhere: list[str], overrides: list[str], folder: Path
) -> str | None:
    """One run, in a child process; the text of its error, if any."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.getLogger("temporal_pose.data").setLevel(logging.WARNING)  # the same in every run
    quiet()
    entry = import_module(f"temporal_pose.{command}")
    sys.modules["__main__"].__spec__ = entry.__spec__  # what Lightning starts as further
    sys.argv = [str(entry.__file__), *elsewhere, *overrides]  # processes of the same run
    with one_gpu(config.trainer.devices, folder):
        return guarded(entry.run, config, overrides)


def guarded(job: Any, *arguments: Any) -> str | None:
    """Calls a function; the text of its error, if any."""
    try:
        job(*arguments)
    except Exception as error:
        return describe(error)
    return None


def one_gpu(devices: Any, folder: Path) -> AbstractContextManager[Any]:
    """Where there are several GPUs, gives this process one that no other job of the sweep has.

    Args:
        devices: the trainer's; a run that asks for several is left to choose.
        folder: of the sweep's record. The system lets go of a GPU whose process ends.
    """
    count = torch.cuda.device_count()
    if count < 2 or "CUDA_VISIBLE_DEVICES" in os.environ or devices not in ("auto", 1):
        return nullcontext()
    for number in range(count):
        try:
            lock = FileLock(folder / f"gpu{number}.lock", timeout=0).acquire()
        except Timeout:
            continue
        os.environ["CUDA_VISIBLE_DEVICES"] = str(number)
        return lock
    return nullcontext()


def say(text: str) -> None:
    """Shows how far a sweep is."""
    print(text, file=sys.stderr, flush=True)
