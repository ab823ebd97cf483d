"""Bad files and folders: the line names the file, and nothing is left that looks like a result."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import READ, TINY, Command, Trained, no_results, write_penn_action
from filelock import FileLock
from processes import process

RUN = Path("runs/pretrain/conv3d/setup1/k1")
DAY = "2011/abc"


def penn(root: Path) -> tuple[str, ...]:
    return ("train", *READ, "data=penn_action", f"data.root={root}")


def test_a_missing_or_empty_data_folder_is_named(command: Command, tmp_path: Path) -> None:
    holds = "Penn Action's label files (labels/0001.mat ...)"
    (tmp_path / "empty").mkdir()
    assert command(*penn(Path("nowhere"))).refused() == (
        f"data.root '{tmp_path}/nowhere' is not a folder; expected {holds}: set data.root to "
        "where it is"
    )
    assert command(*penn(Path("empty"))).refused() == (
        f"data.root '{tmp_path}/empty' has no file *.mat; expected {holds}: check data.root, and "
        "that the download was unpacked"
    )
    assert no_results()


def test_labels_of_the_documented_format_are_fine(command: Command, tmp_path: Path) -> None:
    command(*penn(write_penn_action(tmp_path / "penn"))).went_well()


def test_a_truncated_label_file_is_named(command: Command, tmp_path: Path) -> None:
    file = write_penn_action(tmp_path / "penn") / "labels/0003.mat"
    file.write_bytes(file.read_bytes()[:-1000])
    message = command(*penn(tmp_path / "penn")).refused()
    assert message.startswith(f"{file}: cannot be read as a MATLAB 5 file (")
    assert message.endswith("); copy or download it again")
    assert no_results()


def test_a_label_file_without_a_field_is_named(command: Command, tmp_path: Path) -> None:
    root = write_penn_action(tmp_path / "penn", visibility=None)
    assert command(*penn(root)).refused() == (
        f"{root}/labels/0003.mat: field 'visibility' is missing; expected x, y, visibility, "
        "action, dimensions, nframes: copy or download it again"
    )
    assert no_results()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_keypoints_that_are_not_finite_are_named(
    command: Command, tmp_path: Path, value: float
) -> None:
    x = np.random.default_rng(0).uniform(20, 200, (11, 13))
    x[4, 3] = value
    message = command(*penn(write_penn_action(tmp_path / "penn", x=x))).refused()
    assert message.startswith("0003: keypoint ")
    assert f"of frame 5 is [{value}, " in message
    assert "expected finite pixel coordinates, or visibility 0" in message
    assert no_results()


def test_a_video_shorter_than_a_window_is_named(command: Command, tmp_path: Path) -> None:
    root = write_penn_action(tmp_path / "penn", videos=3, frames=6)
    assert command(*penn(root), "data.window=7").refused() == (
        "0001 has 6 frames (every 1. of 6), fewer than a window of 7: set data.short=skip to "
        "leave such videos out, or a smaller data.window"
    )
    setup3 = command(*penn(root), "setup=3").refused()
    assert setup3.startswith("0001 has 3 frames (every 2. of 6), fewer than a window of 5")
    assert no_results()


def test_a_set_too_small_to_split_is_refused(command: Command, tmp_path: Path) -> None:
    root = write_penn_action(tmp_path / "penn", videos=2, frames=6)
    for how in ("video", "window"):
        message = command(*penn(root), f"data.split={how}").refused()
        assert message.startswith("there are 2 ")
        assert message.endswith("expected at least 3, one each for training, validation and test")
    assert no_results()


def brace(root: Path, text: str) -> Path:
    file = root / DAY / "abc_1-9_toprock.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"abc/img-000001.png": {"keypo', "cannot be read as JSON"),
        ('{"abc/img-000001.png": {"box": [1, 2, 3, 4, 1]}}', "keypoints cannot be read"),
        (
            json.dumps({"abc/img-000001.png": {"keypoints": [[1, float("inf"), 1]] * 17}}),
            "keypoints: not all finite; expected pixel coordinates",
        ),
        ("[]", "expected an object of frames"),
    ],
)
def test_a_bad_json_file_is_named(command: Command, tmp_path: Path, text: str, part: str) -> None:
    file = brace(tmp_path / "brace", text)
    settings = ("data=brace", f"data.root={tmp_path}/brace", *READ)
    message = command("train", *settings).refused()
    assert message.startswith(f"{file}: ")
    assert part in message
    assert no_results(Path("runs"))


def test_a_bad_paired_file_is_named(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "paired" / "one.npz"
    file.parent.mkdir()
    np.savez(file, truth=np.zeros((7, 17, 2)), visible=np.ones((7, 17), bool))
    settings = ("train", "data=paired", f"data.root={file.parent}", *READ)
    message = command(*settings).refused()
    assert message.startswith(f"{file}: 'fps' is missing; expected one of truth, visible, fps")
    file.write_bytes(file.read_bytes()[:-40])
    assert command(*settings).refused().startswith(f"{file}: cannot be read as .npz (")
    assert no_results(Path("runs"))


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/nope"])
def test_a_folder_that_cannot_be_written_is_named(command: Command, folder: str) -> None:
    Path("file").write_text("mine")
    message = command("train", *TINY, f"runs_dir={folder}").refused()
    assert folder in message
    assert message.endswith("; choose another path, by runs_dir= or out=")
    assert Path("file").read_text() == "mine"
    assert no_results()


def test_an_out_folder_that_is_a_file_is_named(command: Command) -> None:
    Path("file").write_text("mine")
    message = command("evaluate", "model=identity", *TINY, "out=file").refused()
    assert message.startswith("File exists (file); ")
    assert Path("file").read_text() == "mine"


def test_a_full_disk_costs_one_line_and_the_run_can_go_on(
    command: Command, tmp_path: Path
) -> None:
    done = process("train", *TINY, cwd=tmp_path, most=200_000)
    message = done.refused()
    assert "File too large" in message
    assert "make room there, or choose another path, by runs_dir= or out=" in message
    assert not (RUN / "metrics.json").exists()
    assert not (RUN / "best.ckpt").exists()
    command("train", *TINY).went_well()
    assert (RUN / "metrics.json").exists()


def test_a_damaged_checkpoint_stops_a_run_that_would_go_on_from_it(
    command: Command, trained: Trained
) -> None:
    trained(*TINY)
    (RUN / "metrics.json").unlink()
    last = RUN / "last.ckpt"
    sound = torch.load(last, weights_only=True)
    for name, value, said in (
        ("epoch", None, "is of epoch None; expected a whole number: train again with force=true"),
        ("loops", 3, "cannot be gone on with ("),
        ("optimizer_states", "abc", "cannot be gone on with ("),
    ):
        torch.save(sound | {name: value}, last)
        message = command("train", *TINY).refused()
        assert message.startswith(f"checkpoint {last.absolute()} {said}")
    torch.save(sound, last)
    last.write_bytes(last.read_bytes()[:1000])
    message = command("train", *TINY).refused()
    assert message.startswith(f"checkpoint {last.absolute()} is damaged")
    assert not (RUN / "metrics.json").exists()
    command("train", *TINY, "force=true").went_well()
    assert (RUN / "metrics.json").exists()


def test_a_best_checkpoint_that_is_gone_stops_a_run_that_would_go_on(
    command: Command, trained: Trained
) -> None:
    trained(*TINY)
    (RUN / "metrics.json").unlink()
    best = RUN / "best.ckpt"
    best.rename(best.with_suffix(".kept"))
    message = command("train", *TINY).refused()
    assert message.startswith(f"checkpoint {best.absolute()} is gone, so training cannot go on")
    best.with_suffix(".kept").rename(best)
    command("train", *TINY).went_well()
    assert (RUN / "metrics.json").exists()


def test_a_damaged_configuration_is_named(command: Command, trained: Trained) -> None:
    trained(*TINY)
    (RUN / "config.yaml").write_text("model: [")
    message = command("train", *TINY).refused()
    assert message == f"{(RUN / 'config.yaml').absolute()} is damaged; delete the folder"


def test_a_folder_in_use_is_left_alone(command: Command) -> None:
    RUN.mkdir(parents=True)
    with FileLock(RUN / ".lock"):
        assert command("train", *TINY).refused() == (
            f"another process is working in {RUN.absolute()}; wait for it, or use another runs_dir"
        )
    assert no_results()
    command("train", *TINY).went_well()
