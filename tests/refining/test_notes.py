"""Notes beside results: what they say, and what they say when they are damaged."""

import json
from pathlib import Path

import pytest

from temporal_pose.errors import DataError
from temporal_pose.refining.notes import Note

MADE = {"model": "robust", "fps": 25.0}


def noted(folder: Path, **changed: object) -> Note:
    """A result with its note."""
    note = Note(folder / "a.json", MADE | changed)
    note.begin()
    note.out.write_text("{}")
    note.end()
    return note


def test_a_result_is_finished_made_otherwise_or_not_there(tmp_path: Path) -> None:
    note = noted(tmp_path)
    assert note.finished(force=False)
    assert not note.finished(force=True)
    with pytest.raises(
        DataError, match=r"a.json exists already, made with fps 25.0, not 30.0; choose"
    ):
        Note(note.out, MADE | {"fps": 30.0}).finished(force=False)
    note.out.unlink()
    assert not note.finished(force=False)


def test_what_a_failed_command_left_stands_in_nobodys_way(tmp_path: Path) -> None:
    """Its result was written, but not what stands beside it, such as a video."""
    note = noted(tmp_path)
    note.begin()
    assert not Note(note.out, MADE | {"fps": 30.0}).finished(force=False)
    assert not note.finished(force=False)


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "3", "null", '{"made_with": []}', '{"made_with": null}', "[" * 100_000),
        *('{"made_with": "fps"}', '{"finished": true}', json.dumps({"made_with": [[]]})),
    ],
)
def test_a_result_whose_note_is_damaged_is_somebody_elses(tmp_path: Path, content: str) -> None:
    note = noted(tmp_path)
    note.path.write_text(content)
    with pytest.raises(DataError, match=r"a.json exists already, made by something else; choose"):
        note.finished(force=False)


def test_a_note_that_is_no_file_is_not_read(tmp_path: Path) -> None:
    """Of a device there is no end."""
    note = noted(tmp_path)
    note.path.unlink()
    note.path.symlink_to("/dev/zero")
    with pytest.raises(DataError, match=r"a.json exists already, made by something else; choose"):
        note.finished(force=False)


def test_a_folder_of_ours_makes_way_and_comes_back_if_nothing_new_is_made(tmp_path: Path) -> None:
    note = Note(tmp_path / "cam", {"model": "robust"})
    for content in ("one", "two"):
        with note.renewed():
            note.out.mkdir()
            (note.out / "0.json").write_text(content)
        assert (note.out / "0.json").read_text() == content
    with pytest.raises(OSError, match="full"), note.renewed():
        raise OSError("full")
    assert (note.out / "0.json").read_text() == "two"
    assert {path.name for path in tmp_path.iterdir()} == {"cam", ".made"}


def test_a_folder_of_somebody_else_stays(tmp_path: Path) -> None:
    note = Note(tmp_path / "cam", {"model": "robust"})
    note.out.mkdir()
    (note.out / "mine").touch()
    with note.renewed():
        assert (note.out / "mine").exists()
