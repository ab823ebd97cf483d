"""What the frame of every command shows: a line for an error, and nothing that a file says."""

import os

import pytest
from commands import TINY, Command
from pose_files import coco

from temporal_pose.app import cli
from temporal_pose.app.explaining import explain
from temporal_pose.errors import DataError
from temporal_pose.files.ending import complain

ODD = "a\x1b[31m\x07\r\u202eb"
SHOWN = "a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}b"


def test_an_error_does_nothing_to_the_terminal(capsys) -> None:
    complain(str(explain(DataError(f"{ODD}: is\ndamaged"))))
    assert capsys.readouterr().err == f"error: {SHOWN}: is damaged\n"


def test_what_lists_all_there_is_is_not_cut_off(capsys) -> None:
    complain("x" * 2000)
    assert len(capsys.readouterr().err) == len("error: \n") + 2000


@pytest.mark.parametrize("content", ["{", "not mine"])
def test_names_of_files_do_nothing_to_the_terminal(command: Command, tmp_path, content) -> None:
    """One that is refused, one that is no keypoint file, and one that is refined."""
    folder = tmp_path / "in"
    folder.mkdir()
    coco(folder / f"{ODD}.json")
    (folder / f"{ODD}2.json").write_text(content)
    (folder / f"{ODD}.txt").write_text(content)
    ended = command("refine", "source=in", "out=out", "fps=25")
    assert SHOWN in ended.out
    assert SHOWN in ended.err
    assert not {"\x1b", "\x07", "\r", "\u202e"} & {*ended.out, *ended.err}


def test_a_sweep_may_be_asked_for_in_any_place(command: Command, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    folders = [
        command("train", *typed, "dry_run=true", *TINY).out
        for typed in (["-m", "model=conv3d", "k=1,2"], ["model=conv3d", "-m", "k=1,2"])
    ]
    assert folders[0] == folders[1]
    assert folders[0].count("conv3d/setup1/k") == 2


def test_a_cross_validation_is_the_sweep_over_its_turns(command: Command, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = command("train", "model=identity", "data.folds=3", "dry_run=true", *TINY).out
    assert [f"identity/setup1/k1/fold{turn}" in shown for turn in range(5)] == [0, 1, 1, 1, 0]
    one = command("train", "model=identity", "data.folds=3", "data.fold=2", "dry_run=true", *TINY)
    assert one.out.count("identity/setup1/k1/fold") == 1


def test_a_comma_is_explained(command: Command) -> None:
    line = command("refine", "source=a.csv", "out=out", "fps=29,97").refused()
    assert line.startswith("fps=29,97 holds a comma, which parts the values of a sweep; add -m")


@pytest.mark.parametrize(("starter", "ends"), [(os.getppid, True), (os.getpid, False)])
def test_a_process_that_the_command_started_ends_with_it(monkeypatch, starter, ends):
    """One that the command is itself does not end with the shell."""
    told: list[bool] = []
    monkeypatch.setattr(cli, "end_with_parent", lambda: told.append(True))
    monkeypatch.setenv("TEMPORAL_POSE_STARTER", str(starter()))
    cli._end_with_command.cache_clear()
    cli._end_with_command()
    cli._end_with_command()
    assert told == [True] * ends
    cli._end_with_command.cache_clear()
