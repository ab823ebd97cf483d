"""`python -m temporal_pose.watch`: how far a sweep is."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from commands import Command

from temporal_pose.training.record import Record

RUNS = [Path(f"/runs/k{k}") for k in range(1, 5)]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    record = Record(tmp_path / "runs/.sweeps/1")
    record.plan(RUNS)
    record.write(RUNS[0], "done", seconds=60)
    record.write(RUNS[1], "failed", "no luck\n\na trace")
    record.write(RUNS[2], "running")
    return record


def test_one_look(command: Command, record: Record) -> None:
    ended = command("watch", "once=true")
    ended.went_well()
    head, *rows = [line.split() for line in ended.out.splitlines() if line.strip()]
    assert " ".join(head).startswith("4 runs: 1 done, 1 failed, 1 running, 1 waiting, about ")
    assert ["failed", "/runs/k2", "no", "luck"] in rows
    assert ["running", "/runs/k3", "0:00", "min"] in rows
    assert not any("/runs/k1" in row or "/runs/k4" in row for row in rows)


def test_a_sweep_that_was_killed_is_not_shown_as_running(command: Command, record: Record) -> None:
    plan = json.loads((record.folder / "plan.json").read_text())
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    (record.folder / "plan.json").write_text(json.dumps(plan | {"process": gone.pid}))
    ended = command("watch")
    ended.went_well()
    assert "1 interrupted" in ended.out
    assert "running" not in ended.out


def test_the_live_view_ends_with_the_sweep(command: Command, record: Record) -> None:
    def end() -> None:
        record.write(RUNS[2], "done", seconds=60)
        record.write(RUNS[3], "skipped")
        record.mark("over")

    threading.Timer(0.5, end).start()
    ended = command("watch", "every=0.1")
    ended.went_well()
    assert "4 runs: 2 done, 1 failed, 1 skipped" in ended.out


def test_nothing_to_watch(command: Command) -> None:
    message = command("watch", "runs_dir=nowhere").refused()
    assert message == "nowhere holds no sweep; start one, or give its runs_dir="


def test_it_starts_at_once() -> None:
    """Without torch, which takes seconds to import."""
    code = "import sys, temporal_pose.watch; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
