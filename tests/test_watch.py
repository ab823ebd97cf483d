"""`python -m temporal_pose.watch`: how far a sweep is."""

import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from commands import Command
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from temporal_pose.runs.events import epochs_done
from temporal_pose.runs.records import Record

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
    (row,) = (row for row in rows if row[0] == "running")
    assert re.fullmatch(r"running /runs/k3 0:\d\d min", " ".join(row))  # machines can be busy
    assert not any("/runs/k1" in row or "/runs/k4" in row for row in rows)


def log_epochs(folder: Path, *epochs: int) -> Path:
    """Writes the events of some epochs, counted from 0, each after a picture; gives the file."""
    writer = EventFileWriter(str(folder), filename_suffix=f".{epochs[0]}")
    picture = Summary.Image(encoded_image_string=bytes(range(256)) * 100)
    for step in epochs:
        for value in (
            Summary.Value(tag="pictures", image=picture),
            Summary.Value(tag="train/loss", simple_value=0.5),
        ):
            writer.add_event(Event(step=step, wall_time=1.0, summary=Summary(value=[value])))
    writer.close()
    (file,) = folder.glob(f"*.{epochs[0]}")
    return file


def test_a_running_run_shows_its_epochs(command: Command, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    runs = [tmp_path / "first", tmp_path / "second", tmp_path / "third"]
    log_epochs(runs[0], 0)
    log_epochs(runs[1], 0, 1, 2)
    log_epochs(runs[1], 2, 3)  # begun again after a kill
    record = Record(tmp_path / "runs/.sweeps/1")
    record.plan(runs)
    for run in runs:
        record.write(run, "running")
    shown = re.sub(r"0:\d\d min", "0:00 min", " ".join(command("watch", "once=true").out.split()))
    assert "first 0:00 min, 1 epoch done running" in shown
    assert "second 0:00 min, 4 epochs done running" in shown
    assert shown.endswith("third 0:00 min")


def test_epochs_are_counted_while_the_file_grows(tmp_path: Path) -> None:
    file = log_epochs(tmp_path, 0, 1, 2, 3)
    whole = file.read_bytes()
    counts = []
    for size in range(0, len(whole) + 1, 97):
        file.write_bytes(whole[:size])
        counts.append(epochs_done(tmp_path))
    assert counts == sorted(counts)
    assert set(counts) >= {0, 1, 2, 3}
    file.write_bytes(whole)
    assert epochs_done(tmp_path) == 4
    assert epochs_done(tmp_path / "nowhere") == 0


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
