"""Sweeps through the command line: killed, interrupted, crashing, several runs at once."""

import json
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from commands import Command, Ended
from hydra import compose, initialize_config_dir
from processes import Started, process, started, wait_for

from temporal_pose.files.conf import CONF
from temporal_pose.runs.folders import RunFolder

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated by PEP 585")  # omegaconf's own types

EXTRA = Path(__file__).parents[1] / "extra"
TINY = (
    *("data.subjects=4", "data.videos=1", "data.frames=40", "data.size=16", "data.batch_size=4"),
    *("trainer.max_epochs=2", "trainer.enable_progress_bar=false", "trainer.accelerator=cpu"),
    "pictures=0",
)
#: A model of one's own is one Python file and one YAML.
OWN = ("--config-dir", str(EXTRA), "model=crash")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(EXTRA), "OMP_NUM_THREADS": "1"}


def outcomes(runs_dir: Path) -> dict[str, dict[str, Any]]:
    """The results of all runs, but for what a clock or the source code's history says."""
    found = {}
    for file in sorted(runs_dir.glob("pretrain/**/metrics.json")):
        metrics = json.loads(file.read_text())
        del metrics["seconds"], metrics["git"]
        found[str(file.parent.relative_to(runs_dir))] = metrics
    return found


def processes(session: int) -> list[str]:
    """Command lines of all processes that a sweep and its descendants are, zombies aside."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _parent, _group, own = (
                (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            )
            if int(own) == session and state != "Z":
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except (OSError, UnicodeDecodeError):
            continue
    return found


def memory(pid: int) -> float:
    """Resident memory of a process, MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder on a disk that fills up, where one can be made, and what tells the model of it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield folder, {}
        return
    yield folder, {"FILL": str(folder / "ballast")}
    subprocess.run(["umount", str(folder)], check=True)


ENDINGS = {
    "exception": "ZeroDivisionError: as told",
    "segfault": "the process was ended by SIGSEGV: a crash in compiled code",
    "exit": "the process ended with exit status 3 and said nothing",
    "kill": "the process was ended by SIGKILL: out of memory, or killed by hand",
    "memory": "MemoryError",
}


def test_a_run_that_crashes_takes_none_along_and_is_tried_again(tmp_path, small_disk) -> None:
    runs, environment = small_disk
    arguments = ["-m", *OWN, "model.way=exception,segfault,none,exit,kill,memory,disk"]
    arguments += [f"runs_dir={runs}", *TINY]
    sizes = []
    crashing = ENVIRONMENT | environment | {"CRASH": "1"}
    sweep = started("train", *arguments, cwd=tmp_path, environment=crashing)
    for run in range(1, 8):
        wait_for(lambda run=run: len(re.findall("^run ", sweep.said, re.M)) >= run)
        sizes.append(memory(sweep.pid))
    ended = sweep.end()
    assert ended.status == 1
    assert max(sizes) - min(sizes) < 5  # MiB, over seven runs
    folders = {way: runs / f"pretrain/crash_{way}/setup1/k1" for way in ENDINGS}
    summed = ended.err.split("\n7 runs: ")[-1].splitlines()
    assert summed[0] == "6 failed, 1 done"
    for way, ending in ENDINGS.items():
        assert f"error: {folders[way]}: {ending}\n" in ended.err  # as soon as it happened
        assert f"  failed: {folders[way]}: {ending}" in summed
        assert (folders[way] / "error.txt").read_text().startswith(ending)
        assert not (folders[way] / "metrics.json").exists()
    full = runs / "pretrain/crash_disk/setup1/k1"
    said = "No space left on device" if environment else "File too large"
    assert summed[-1].startswith(f"  failed: {full}: {said}")
    assert not (full / "metrics.json").exists()
    for trace in (folders["exception"] / "error.txt", folders["segfault"] / "error.txt"):
        assert "crashing.py" in trace.read_text()

    (runs / "ballast").unlink(missing_ok=True)
    again = process("train", *arguments, cwd=tmp_path, environment=ENVIRONMENT)
    assert again.status == 0, again
    assert again.err.splitlines()[-1] == "7 runs: 6 done, 1 skipped"
    assert again.out.count("continuing after epoch ") == 6
    assert not list(runs.glob("pretrain/**/error.txt"))
    assert (
        len({json.dumps(metrics | {"config_hash": ""}) for metrics in outcomes(runs).values()})
        == 1
    )


def test_what_fails_in_its_first_step_is_found_before_anything_is_started(tmp_path) -> None:
    arguments = ["-m", *OWN, "model.way=none,segfault", "k=1,2", "model.after=0", *TINY]
    ended = process("train", *arguments, cwd=tmp_path, environment=ENVIRONMENT | {"CRASH": "1"})
    assert ended.status == 2
    assert ended.err.count("\n") == 1
    assert ended.err.startswith("error: model=crash model.way=segfault k=1 ")
    assert ": the process was ended by SIGSEGV: a crash in compiled code (" in ended.err
    assert not (tmp_path / "runs/pretrain").exists()


def composed(*overrides: str) -> Any:
    from temporal_pose.app.composing import run_path
    from temporal_pose.app.sweeps import Planned

    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [*overrides, *TINY])
    return Planned(list(overrides), config, RunFolder(run_path(config)))


def test_data_of_a_cross_validation_are_read_once(tmp_path, monkeypatch) -> None:
    from temporal_pose.app.sweeps import trials

    monkeypatch.chdir(tmp_path)
    folds = [composed("data.folds=3", f"data.fold={fold}") for fold in (1, 2, 3)]
    runs = [*folds, composed("data.folds=4", "data.fold=1")]
    assert [(job, runs.index(planned)) for job, planned in trials(runs)] == [
        ("try_out", 0),
        ("try_out", 3),
    ]


def test_models_data_and_kinds_of_noise_are_tried_once_and_strengths_and_seeds_are_not(
    tmp_path, monkeypatch
) -> None:
    from temporal_pose.app.sweeps import trials

    monkeypatch.chdir(tmp_path)
    runs = [
        composed(f"model={model}", f"setup={setup}", f"k={k}", f"seed={seed}")
        for model in ("conv3d", "deciwatch")
        for setup, k, seed in ((1, 1, 1), (1, 2, 3), (3, 1, 1))
    ]
    runs.append(composed("input=recorded", "runs_dir=other"))
    RunFolder(runs[0].run.path).path.mkdir(parents=True)
    runs[0].run.metrics_file.touch()  # so the next one is the first of its kind
    tried = [(job, runs.index(planned)) for job, planned in trials(runs)]
    assert tried == [("try_out", 1), ("read", 2), ("try_out", 3), ("try_out", 6)]


@pytest.mark.parametrize(
    ("gpu", "accelerator", "size", "tried"),
    [(False, "auto", 16, 2), (True, "cpu", 16, 2), (True, "auto", 16, 16), (False, "auto", 1, 1)],
)
def test_on_a_cpu_a_step_of_two_windows_is_enough(
    monkeypatch, gpu, accelerator, size, tried
) -> None:
    """A step of 16 takes a bi-ConvLSTM most of a minute there; on a GPU, does a batch fit?"""
    from temporal_pose.app.sweeps import attempted

    seen: list[Any] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr("temporal_pose.train.try_out", seen.append)
    planned = composed("model=conv3d")
    planned.config.trainer.accelerator = accelerator
    planned.config.data.batch_size = size
    assert attempted("train", "try_out", planned.config) is None
    assert seen[0].objects.data.batch_size == tried


GRID, RUNS = ("-m", "--config-dir", str(EXTRA), "model=crash,deciwatch"), 2
LONGER = (*TINY, "trainer.max_epochs=25")


def sweep_of(runs: Path, *arguments: str) -> Started:
    """Starts a sweep of some epochs."""
    typed = (*arguments, f"runs_dir={runs}", *LONGER)
    return started("train", *typed, cwd=runs.parent, environment=ENVIRONMENT)


def disturb(runs: Path, rng: random.Random, kill: Any) -> Ended:
    """Starts a sweep and ends it at a random moment after its first run of this time began."""
    sweep = sweep_of(runs, *GRID)
    wait_for(lambda: "run " in sweep.said or sweep.poll() is not None)
    time.sleep(rng.uniform(0, 1))
    if sweep.poll() is None:
        assert len(processes(sweep.pid)) >= 3  # with its fork server and the run
        kill(sweep.pid)
    ended = sweep.end()
    wait_for(lambda: not processes(sweep.pid), seconds=20)  # the children end with it
    return ended


def test_a_sweep_that_is_killed_again_and_again_ends_like_an_undisturbed_one(tmp_path) -> None:
    """The undisturbed one runs two at a time; the other is ended by two at once."""
    calm, rough, rng = tmp_path / "calm", tmp_path / "rough", random.Random(5)
    two = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    undisturbed = sweep_of(calm, *GRID, *two)
    ended = disturb(rough, rng, lambda pid: os.killpg(pid, signal.SIGINT))
    said = ended.err.splitlines()[-1]
    assert (said, ended.status) == ("interrupted; the same command continues", 1), ended
    assert "Traceback" not in ended.err
    assert len(outcomes(rough)) < RUNS  # or nothing was disturbed
    killed = 0
    for kill in (os.kill, os.killpg):
        ended = disturb(rough, rng, lambda pid, kill=kill: kill(pid, signal.SIGKILL))
        if ended.status == 0:  # a fast machine was done before it could be killed
            break
        assert ended.status == -signal.SIGKILL
        killed += 1
    assert killed >= 1
    sweeps = [undisturbed, sweep_of(rough, *GRID), sweep_of(rough, *GRID)]
    endings = [sweep.end() for sweep in sweeps]
    assert [ended.status for ended in endings] == [0, 0, 0], endings
    assert len(outcomes(calm)) == RUNS
    assert outcomes(rough) == outcomes(calm)
    assert not list(tmp_path.glob("*/pretrain/**/error.txt"))


def test_a_cluster_job_of_two_processes_scores_like_one(
    tmp_path, command: Command, monkeypatch
) -> None:
    monkeypatch.syspath_prepend(EXTRA)
    arguments = ["-m", *OWN, "hydra/launcher=submitit_local", f"runs_dir={tmp_path}", *TINY]
    spread = ["trainer.devices=2", "trainer.strategy=ddp"]
    ended = process("train", *arguments, *spread, cwd=tmp_path, environment=ENVIRONMENT)
    assert (ended.status, ended.err) == (0, "1 runs: 1 done\n"), ended
    run = tmp_path / "pretrain/crash_none/setup1/k1"
    alone = ("trainer.devices=1", "trainer.strategy=auto", f"out={tmp_path}/alone")
    command("evaluate", "--config-dir", str(EXTRA), f"run={run}", *alone).went_well()
    there = json.loads((run / "metrics.json").read_text())
    here = json.loads((tmp_path / "alone/metrics.json").read_text())
    assert {name: there[name] for name in here} == pytest.approx(here, rel=1e-5)


def test_after_a_failure_fail_fast_begins_nothing_more(
    tmp_path, command: Command, monkeypatch
) -> None:
    """And who works elsewhere on a run is left alone."""
    monkeypatch.setenv("TEMPORAL_POSE_SWEEP", "")  # to be put back
    monkeypatch.setattr("temporal_pose.app.sweeps.preflight", lambda *_: None)
    for module in ("app.sweeps", "app.jobs"):
        monkeypatch.setattr(f"temporal_pose.{module}.preload", lambda *_: None)
    monkeypatch.setattr("temporal_pose.app.jobs.isolated", lambda *_, **__: "no luck\n\na trace")
    runs = [tmp_path / f"runs/pretrain/conv3d/setup1/k{k}" for k in (1, 2, 3, 4)]
    RunFolder(runs[1]).metrics_file.parent.mkdir(parents=True)
    RunFolder(runs[1]).metrics_file.touch()
    with RunFolder(runs[0]).held():
        ended = planned(command, "k=1,2,3,4", "fail_fast=true")
    assert ended.status == 1
    assert ended.err.splitlines() == [
        f"run 3: {runs[2]}",
        f"error: {runs[2]}: no luck",
        "4 runs: 1 elsewhere, 1 skipped, 1 failed, 1 waiting",
        "4 runs: 1 elsewhere, 1 skipped, 1 failed, 1 stopped",
        f"  elsewhere: {runs[0]}",
        f"  failed: {runs[2]}: no luck",
        f"  stopped: {runs[3]}",
    ]
    assert (runs[2] / "error.txt").read_text() == "no luck\n\na trace"
    assert not (runs[0] / "error.txt").exists()


def planned(command: Command, *arguments: str) -> Ended:
    return command("train", "-m", *arguments, *TINY)


def hold(work: Any, command: str, config: Any, *_: Any, **__: Any) -> str | None:
    """Does what a run does first, in this process."""
    from temporal_pose.app.composing import run_path
    from temporal_pose.app.jobs import guarded

    def held() -> None:
        with RunFolder(run_path(config)).held():
            pass

    return guarded(held)


def test_runs_whose_folders_are_shut_have_failed_at_the_end(
    tmp_path, command: Command, monkeypatch
) -> None:
    """In each way that shuts a folder to root as well."""
    monkeypatch.setenv("TEMPORAL_POSE_SWEEP", "")  # to be put back
    monkeypatch.setattr("temporal_pose.app.sweeps.preflight", lambda *_: None)
    for module in ("app.sweeps", "app.jobs"):
        monkeypatch.setattr(f"temporal_pose.{module}.preload", lambda *_: None)
    monkeypatch.setattr("temporal_pose.app.jobs.isolated", hold)
    runs = [tmp_path / f"runs/pretrain/conv3d/setup1/k{k}" for k in (1, 2, 3, 4)]
    (runs[0] / ".lock").mkdir(parents=True)
    runs[1].write_text("mine")
    runs[2].mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(runs[2])]
    shut = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        ended = planned(command, "k=1,2,3,4")
    finally:
        if shut:
            subprocess.run(["umount", str(runs[2])], check=True)
    assert ended.status == 1
    failed = 3 if shut else 2
    lines = ended.err.splitlines()
    end = lines.index(f"4 runs: {failed} failed, {4 - failed} done")
    said = [line.split(": ", 2)[1:] for line in lines[end + 1 :]]
    assert [folder for folder, _ in said] == [str(run) for run in runs[:failed]]
    assert runs[1].read_text() == "mine"


def test_a_dry_run_lists_runs_folders_and_states(tmp_path, command: Command, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for k, file in ((1, "metrics.json"), (2, "last.ckpt"), (3, "error.txt")):
        folder = tmp_path / f"runs/pretrain/conv3d/setup1/k{k}"
        folder.mkdir(parents=True)
        (folder / file).touch()
    ended = planned(command, "k=1,2,3,4", "dry_run=true")
    ended.went_well()
    assert "4 runs; nothing was started" in ended.out
    rows = [line.split() for line in ended.out.splitlines() if "pretrain" in line]
    states = ["done", "resumable", "failed", "new"]
    assert rows == [
        [f"k={k}", str(tmp_path / f"runs/pretrain/conv3d/setup1/k{k}"), state]
        for k, state in enumerate(states, 1)
    ]
    assert not list(tmp_path.rglob(".sweeps"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("model=conv3d,conv4d", "k=1,2"), "model 'conv4d' is unknown; expected one of "),
        (("setup=1,2,4",), "setup is '4'; expected one of 1, 2, 3"),
        (("k=1,2,-1",), "k is -1; expected a positive number"),
        (("model.hidden=2,4",), "would share the folder "),
    ],
)
def test_a_mistake_in_the_last_run_is_found_before_the_first(command, arguments, message) -> None:
    assert message in planned(command, *arguments).refused()
    assert not Path("runs/pretrain").exists()


def test_a_changed_setting_is_named(tmp_path, command: Command) -> None:
    folder = tmp_path / "runs/pretrain/conv3d/setup1/k2"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("k: 7\n")
    message = planned(command, "k=1,2").refused()
    assert message.startswith(f"{folder} belongs to another configuration: ")
    assert "k is 7 there, 2 here" in message or "(and " in message
