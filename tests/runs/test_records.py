"""The record of a sweep."""

import json
import os
import time
from pathlib import Path

import pytest

from temporal_pose.errors import RunFolderError
from temporal_pose.runs import records as module
from temporal_pose.runs.records import Entry, Record, latest, progress, seconds_left, summary

RUNS = [Path("/runs/b"), Path("/runs/a"), Path("/runs/c")]


@pytest.fixture
def record(tmp_path) -> Record:
    record = Record(tmp_path / ".sweeps" / "1")
    record.plan(RUNS)
    return record


def test_what_was_noted_is_read_in_the_order_of_the_plan(record) -> None:
    assert record.read() == [Entry(str(path)) for path in RUNS]
    record.write(RUNS[1], "failed", "first line\n\ntrace")
    record.write(RUNS[2], "done", seconds=3.5)
    waiting, failed, done = Record(record.folder).read()
    assert (waiting.path, waiting.state) == ("/runs/b", "waiting")
    assert (failed.path, failed.state, failed.error) == ("/runs/a", "failed", "first line")
    assert (done.state, done.seconds) == ("done", 3.5)
    assert abs(done.since - time.time()) < 60


@pytest.mark.parametrize(("first", "then"), [("running", "failed"), ("failed", "done")])
def test_on_a_full_disk_the_old_place_takes_the_note(record, monkeypatch, first, then) -> None:
    record.write(RUNS[0], first, "x" * 100)

    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_json", full)
    record.write(RUNS[0], then, "y")
    entry = record.read()[0]
    assert (entry.state, entry.error) == (then, "y")


def test_a_sweep_whose_process_is_gone_is_over(record) -> None:
    record.write(RUNS[0], "running")
    assert not record.over
    assert record.read()[0].state == "running"
    record.mark("over")
    assert record.over
    assert record.read()[0].state == "interrupted"
    assert record.read()[1].state == "waiting"


def test_other_machines_processes_are_not_ours_to_judge(record) -> None:
    file = record.folder / "plan.json"
    plan = json.loads(file.read_text())
    file.write_text(json.dumps(plan | {"host": "elsewhere", "process": 2**22 + 1}))
    assert not record.over
    file.write_text(json.dumps(plan | {"process": 2**22 + 1}))  # none has so high a number
    assert record.over
    file.write_text(json.dumps(plan | {"process": os.getppid()}))
    assert not record.over


def test_stop_is_seen_by_others(record) -> None:
    assert not record.stopped
    record.mark("stop")
    assert Record(record.folder).stopped
    assert not record.over


def test_the_newest_record(tmp_path, record) -> None:
    assert latest(tmp_path / "none") is None
    other = Record(tmp_path / ".sweeps" / "0")
    other.plan(RUNS)
    os.utime(record.folder / "plan.json", (1, 1))
    assert latest(tmp_path).folder == other.folder


def entries(*states: str, seconds: float = 0.0, since: float = 0.0) -> list[Entry]:
    return [Entry("/r", state, "", since, seconds) for state in states]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (entries("waiting", "waiting"), None),
        (entries("done", seconds=30) + entries("waiting", "waiting"), 60),
        (entries("done", "done", seconds=30) + entries("skipped", "failed"), 0),
    ],
)
def test_time_left(known, expected) -> None:
    assert seconds_left(known) == expected


def test_time_left_counts_what_runs_at_once(monkeypatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    known = entries("done", seconds=30) + entries("waiting", "waiting")
    known += entries("running", since=990) + entries("running", since=900)  # longer than most
    assert seconds_left(known) == (30 + 30 + 20 + 0) / 2


def test_progress_and_summary() -> None:
    known = entries("done", "done", seconds=100) + entries("waiting") + entries("running")
    known = [*known[:3], Entry("/f", "failed", "no luck", 0, 0)]
    assert progress(known) == "4 runs: 2 done, 1 waiting, 1 failed, about 2 min left"
    known[2] = Entry("/s", "stopped")
    assert summary(known) == (
        "4 runs: 2 done, 1 stopped, 1 failed\n  stopped: /s\n  failed: /f: no luck"
    )


def test_an_error_of_a_file_does_nothing_to_the_terminal() -> None:
    known = [Entry("/s\x1b[2J", "failed", "a\x1b[31m\nb"), Entry("/t", "done")]
    lost = "\N{REPLACEMENT CHARACTER}"
    assert summary(known).splitlines()[1:] == [f"  failed: /s{lost}[2J: a{lost}[31m b"]


def test_after_the_end_nothing_is_waited_for(record) -> None:
    record.write(RUNS[0], "running")
    record.write(RUNS[1], "done", seconds=2.0)
    lost, done, other = record.ended()
    assert done.state == "done"
    assert (lost.state, other.state) == ("failed", "failed")
    assert lost.error == (
        f"nothing is known of it, for nothing could be written into {record.folder}"
    )


ODD = '{"path": "/runs/a", "state": %s, "error": %s, "since": %s}'


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "3", "[]", '{"path": 1, "odd": 2}', "[" * 9999, '{"path": "/runs/b"}'),
        *(ODD % ('"[/x]"', '""', 1), ODD % ('"done"', "3", 1), ODD % ('"done"', '""', '"x"')),
        *(ODD % ("[]", '""', 1), ODD % ('"done"', '""', "NaN"), ODD % ('"done"', '""', "1e999")),
    ],
)
def test_a_record_that_lies_is_one_run_whose_state_is_unknown(record, content) -> None:
    (record.folder / "0001.json").write_text(content)
    entries = record.read()
    assert [entry.state for entry in entries] == ["waiting", "unknown", "waiting"]
    assert entries[1] == Entry(str(RUNS[1]), "unknown", "its record is missing or damaged")
    assert "unknown: /runs/a: its record is missing or damaged" in summary(entries)


NUMBERLESS = '{"runs": [], "host": "a", "process": %s}'


@pytest.mark.parametrize(
    "content",
    [
        *("", "{}", '{"runs": 3}', '{"runs": [], "host": 1}', None),
        *(NUMBERLESS % number for number in ("1e999", "-1", "0", "1" + "0" * 400, "true", '"7"')),
    ],
)
def test_a_plan_that_lies_is_one_line(record, content) -> None:
    file = record.folder / "plan.json"
    file.unlink()
    if content is not None:
        file.write_text(content)
    with pytest.raises(RunFolderError) as error:
        record.read()
    assert str(error.value) == (
        f"{file} does not tell which runs the sweep has: it is missing or damaged; start the "
        "sweep again"
    )
