"""Files that are either whole or not there."""

import json
import os

import pytest
import torch

from temporal_pose.files.atomic import write_json, write_tensors, write_text

TENSORS = {"state_dict": {"weight": torch.arange(35.0).view(5, 7)}, "epoch": 3}
WRITERS = pytest.mark.parametrize(
    "write",
    [
        lambda path: write_text(path, "new"),
        lambda path: write_json(path, {"new": 1}),
        lambda path: write_tensors(path, TENSORS),
    ],
    ids=["text", "json", "tensors"],
)


def test_what_was_written_can_be_read(tmp_path) -> None:
    write_text(tmp_path / "a", "Grüße\n")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "Grüße\n"
    write_json(tmp_path / "b", {"x": [1, None], "y": 0.1})
    assert json.loads((tmp_path / "b").read_text()) == {"x": [1, None], "y": 0.1}
    write_tensors(tmp_path / "c", TENSORS)
    read = torch.load(tmp_path / "c", weights_only=True)
    assert read["epoch"] == 3
    assert torch.equal(read["state_dict"]["weight"], TENSORS["state_dict"]["weight"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "c"]


@WRITERS
def test_new_content_replaces_the_old(tmp_path, write) -> None:
    path = tmp_path / "file"
    path.write_text("old and long" * 1000)
    write(path)
    replaced = path.read_bytes()
    path.unlink()
    write(path)
    assert path.read_bytes() == replaced
    assert path.stat().st_mode & 0o777 == 0o644


@WRITERS
@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_leaves_the_old_content_and_no_litter(tmp_path, monkeypatch, write, there):
    path = tmp_path / "file"
    if there:
        path.write_text("old")

    def full(_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        write(path)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"] * there


@WRITERS
def test_all_is_on_the_disk_before_the_name_changes(tmp_path, monkeypatch, write) -> None:
    path, sizes = tmp_path / "file", []

    def settle(descriptor: int) -> None:
        assert not path.exists()
        sizes.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fsync", settle)
    write(path)
    assert sizes == [path.stat().st_size]


def test_an_interruption_leaves_the_old_content(tmp_path, monkeypatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def interrupt(_) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "new")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


def test_what_json_cannot_hold_leaves_the_old_content(tmp_path) -> None:
    path = tmp_path / "file"
    write_json(path, {"a": 1})
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write_json(path, {"a": bad})
    assert json.loads(path.read_text()) == {"a": 1}
