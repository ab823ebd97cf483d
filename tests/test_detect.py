"""`python -m temporal_pose.detect`: what a real detector sees in a video, in the paired layout."""

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import Command
from processes import started, wait_for

pytest.importorskip("torchvision", reason="the detect extra is not installed")
pytest.importorskip("av", reason="the detect extra is not installed")

import zarr
from detecting import EMPTY, full_model, look, shown, tiny, write_video
from PIL import Image

from temporal_pose.bench.detection import detection
from temporal_pose.detectors.keypoint_rcnn import FrozenKeypointRCNN
from temporal_pose.detectors.tracking import Tracker
from temporal_pose.footage import frames as footage
from temporal_pose.footage.video import Video

#: The random model in place of one that is read from a file.
TINY = ("detector._target_=detecting.tiny", "device=cpu")
DETECTED = "temporal_pose.detectors.recording.detected"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Somebody is gone for two frames."""
    frames = [shown(number) for number in range(13)]
    frames[5:7] = [EMPTY, EMPTY]
    return write_video(tmp_path / "clip.mp4", frames)


def content(path: Path) -> dict[str, np.ndarray]:
    group = zarr.open_group(path, mode="r")
    return {name: group[name][:] for name in group.array_keys()}


def nothing_written(folder: Path = Path()) -> bool:
    return not list(folder.glob("*.zarr*"))


def test_a_file_of_the_paired_layout(command: Command, clip: Path) -> None:
    ended = command("detect", *TINY, "source=clip.mp4", "out=clip.zarr", "batch_size=3")
    ended.went_well()
    assert ended.out == "clip.zarr: 13 frames, 25 a second, somebody in 11 of them (84.6%)\n"
    found, attributes = content(Path("clip.zarr")), zarr.open_group("clip.zarr", mode="r").attrs
    assert found["heatmaps"].shape == (13, 17, 56, 56)
    assert found["heatmaps"].dtype == np.float16
    assert (attributes["fps"], attributes["image_size"]) == (25, [120, 90])
    assert attributes["skeleton"] == "coco17"
    seen = look(tiny(), Video(clip).frames(), Tracker())
    np.testing.assert_allclose(found["boxes"], seen.boxes, atol=1e-4)
    np.testing.assert_allclose(found["heatmaps"], seen.heatmaps, rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(found["scores"], seen.scores, atol=1e-4)
    assert np.isnan(found["boxes"]).all(1).nonzero()[0].tolist() == [5, 6]
    assert not found["heatmaps"][5:7].any()
    assert not found["scores"][5:7].any()
    assert list(Path().glob("*.part")) == []


def test_a_finished_file_stays_unless_forced(command: Command, clip: Path) -> None:
    same = (*TINY, "source=clip.mp4", "out=clip.zarr")
    command("detect", *same).went_well()
    made = Path("clip.zarr/zarr.json").stat().st_mtime_ns
    again = command("detect", *same, "batch_size=2")
    again.went_well()
    assert again.out == "clip.zarr is finished; force=true makes it again\n"
    assert command("detect", *same, "fps=50").refused() == (
        "clip.zarr exists already, made with fps 25.0, not 50; choose another out=, or "
        "force=true to replace it"
    )
    assert Path("clip.zarr/zarr.json").stat().st_mtime_ns == made
    command("detect", *same, "fps=50", "force=true").went_well()
    assert zarr.open_group("clip.zarr", mode="r").attrs["fps"] == 50


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"attributes": 3}'])
def test_onto_a_damaged_file_nothing_is_written(command: Command, clip: Path, damage: str) -> None:
    Path("clip.zarr").mkdir()
    Path("clip.zarr/zarr.json").write_text(damage)
    message = command("detect", *TINY, "source=clip.mp4", "out=clip.zarr").refused()
    assert message.startswith("clip.zarr exists already, made by something else; choose another")
    assert Path("clip.zarr/zarr.json").read_text() == damage


def test_a_killed_command_goes_on(command: Command, tmp_path: Path, monkeypatch) -> None:
    frames = [shown(number) for number in range(27)]
    frames[12:15] = [EMPTY] * 3
    write_video(tmp_path / "long.mp4", frames)
    same = (*TINY, "source=long.mp4", "batch_size=2")
    part = tmp_path / "killed.zarr.part"
    slowly = os.environ | {"TINY_PAUSE": "0.15"}
    child = started("detect", *same, "out=killed.zarr", cwd=tmp_path, environment=slowly)
    wait_for(lambda: stored(part) >= 8 or child.poll() is not None)
    assert child.poll() is None, "it ended before it was killed"
    child.kill()
    safe = stored(tmp_path / "killed.zarr.part")
    assert not Path("killed.zarr").exists()
    looked = []
    monkeypatch.setattr(DETECTED, counted(footage.detected, looked))
    command("detect", *same, "out=killed.zarr").went_well()
    assert sum(looked) == 27 - safe
    command("detect", *same, "out=whole.zarr").went_well()
    killed_, whole = content(Path("killed.zarr")), content(Path("whole.zarr"))
    assert killed_.keys() == whole.keys()
    for name in whole:
        np.testing.assert_allclose(killed_[name], whole[name], rtol=2e-3, atol=2e-3)


def stored(part: Path) -> int:
    """Frames that an unfinished file holds for certain."""
    try:
        return int(zarr.open_group(part, mode="r").attrs.asdict().get("frames", 0))
    except (FileNotFoundError, ValueError):
        return 0


def counted(function, counts):
    """The function, which notes how many frames are in each batch."""

    def noting(*arguments, **options):
        for images, seen in function(*arguments, **options):
            counts.append(len(images))
            yield images, seen

    return noting


def test_force_throws_unfinished_work_of_other_settings_away(
    command: Command, clip: Path, monkeypatch
) -> None:
    def interrupted(*_, **__):
        raise KeyboardInterrupt
        yield

    with monkeypatch.context() as patch:
        patch.setattr(DETECTED, interrupted)
        assert command("detect", *TINY, "source=clip.mp4", "out=clip.zarr").status == 1
    assert Path("clip.zarr.part").exists()
    command("detect", *TINY, "source=clip.mp4", "out=clip.zarr", "fps=9", "force=true").went_well()
    assert list(Path().glob("*.zarr*")) == [Path("clip.zarr")]


def test_weights_from_a_file_and_images(command: Command, tmp_path: Path) -> None:
    model = full_model(13)
    state = {name: value.half() for name, value in model.state_dict().items()}
    torch.save(state, tmp_path / "mine.pth")
    model.load_state_dict(state)
    (tmp_path / "frames").mkdir()
    for number in (2, 0, 10):
        Image.fromarray(shown(number)).save(tmp_path / f"frames/{number}.png")
    same = ("detector.weights=mine.pth", "source=frames", "fps=30", "out=a.zarr", "device=cpu")
    same += ("detector.min_size=96", "detector.max_size=128", "detector.proposals=12")
    message = command("detect", *same, "detector.keypoints=17").refused()
    assert message.startswith("mine.pth: weights of another architecture: 'roi_heads.keypoint_pre")
    assert nothing_written()
    ended = command(
        "detect", *same, "detector.skeleton=penn13", "dtype=float32", "preview=look.png"
    )
    ended.went_well()
    found = content(Path("a.zarr"))
    frames = [shown(number) for number in (0, 2, 10)]
    seen = look(FrozenKeypointRCNN(model, "penn13"), frames, Tracker())
    np.testing.assert_allclose(found["boxes"], seen.boxes, atol=1e-3)
    np.testing.assert_allclose(found["heatmaps"], seen.heatmaps, rtol=1e-3, atol=1e-4)
    made_with = zarr.open_group("a.zarr", mode="r").attrs["settings"]
    assert len(made_with["detector"]["weights"]["content"]) == 16
    with Image.open("look.png") as sheet:
        assert sheet.size == (3 * 480, 360)
    (tmp_path / "mine.pth").unlink()


def test_a_video_without_anybody(command: Command, tmp_path: Path) -> None:
    write_video(tmp_path / "empty.mp4", [EMPTY] * 9)
    assert command("detect", *TINY, "source=empty.mp4", "out=a.zarr").refused() == (
        "empty.mp4 shows nobody in 9 frames; look at it, or set detector.min_score lower than 0.5"
    )
    assert nothing_written()


def test_a_video_damaged_in_the_middle(command: Command, clip: Path) -> None:
    raw = bytearray(clip.read_bytes())
    middle = raw.find(b"mdat") + len(raw) // 2
    raw[middle : middle + 2000] = b"\xff" * 2000
    Path("bad.mp4").write_bytes(raw)
    message = command("detect", *TINY, "source=bad.mp4", "out=a.zarr", "batch_size=1").refused()
    assert message.startswith("bad.mp4: cannot be read as a video after ")
    assert not Path("a.zarr").exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("source=null", "source is not set; add source=, a video or a folder of images"),
        ("out=null", "out is not set; add out=, NAME.zarr"),
        ("out=a.npz", "out is 'a.npz'; expected a name that ends in .zarr"),
        ("preview=a.gif", "preview is 'a.gif'; expected a name that ends in .png"),
        (
            "source=none.mp4",
            "source 'none.mp4' does not exist; expected a video or a folder of images",
        ),
        ("fps=0", "fps is 0; expected a number from 0.001 to 1e+06"),
        ("batch_size=0", "batch_size is 0; expected a whole number from 1 to 4096"),
        ("batch_size=1.5", "batch_size is 1.5; expected a whole number from 1 to 4096"),
        ("batch_size=null", "batch_size is None; expected a whole number from 1 to 4096"),
        ("person=0", "person is 0; expected a whole number from 1, or all"),
        ("person=some", "person is 'some'; expected a whole number from 1, or all"),
        ("tracker.overlap=1", "tracker.overlap is 1; expected more than 0, less than 1"),
        ("nope=1", "setting 'nope' is unknown; --cfg job lists every setting there is"),
        ("device=abc", None),
        ("device=cuda:99", None),
        ("dtype=int8", "dtype is 'int8'; expected one of float16, float32, uint8"),
        ("detector.skeleton=abc", None),
        (
            "detector.skeleton=penn13",
            "detector.skeleton 'penn13' has 13 keypoints, the detector 17; set it to the one that "
            "the weights were trained for",
        ),
    ],
)
def test_settings_that_are_refused(
    command: Command, clip: Path, wrong: str, message: str | None
) -> None:
    given = ["source=clip.mp4", "out=a.zarr"]
    given = [item for item in given if item.split("=")[0] != wrong.split("=")[0]]
    refused = command("detect", *TINY[:1], *given, wrong).refused()
    if message is None:
        name, _, value = wrong.removeprefix("detector.").partition("=")
        message = refused if refused.startswith(f"{name} '{value}' is unknown; exp") else None
        assert message or refused.startswith(f"{name} is '{value}'; expected auto, cpu, or a GPU")
    else:
        assert refused == message
    assert nothing_written()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("min_score=2", "detector.min_score is 2; expected a number from 0 to 1"),
        ("min_size=9", "detector.min_size is 9; expected a whole number from 16 to 10000"),
        ("keypoints=0", "detector.keypoints is 0; expected a whole number from 1 to 1000"),
    ],
)
def test_settings_of_the_detector(command: Command, clip: Path, wrong: str, message: str) -> None:
    given = ("source=clip.mp4", "out=a.zarr", f"detector.{wrong}")
    assert command("detect", *given).refused() == message
    assert nothing_written()


def test_weights_that_are_not_there(command: Command, clip: Path) -> None:
    given = ("source=clip.mp4", "out=a.zarr", "detector.weights=none.pth")
    assert command("detect", *given).refused() == (
        "detector.weights 'none.pth' does not exist; expected a file, or 'default'"
    )
    assert nothing_written()


def test_without_the_extra_it_says_how_to_get_it(command: Command, monkeypatch) -> None:
    missing = {"av"}
    there = "temporal_pose.app.detecting.find_spec"
    monkeypatch.setattr(there, lambda name: None if name in missing else find_spec(name))
    assert command("detect").refused() == (
        "detect needs av, which pip install 'temporal-pose[detect]' adds"
    )


@pytest.mark.filterwarnings("ignore:.*deprecated by PEP 585")
def test_the_benchmark_measures_both_ways() -> None:
    (row,) = detection(frames=2, height=48, repeats=1)
    assert np.isfinite(row.value)
