"""`detect` with several people, and with a detector of one's own: a class and a YAML file."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import Command

pytest.importorskip("av", reason="the detect extra is not installed")

import zarr
from PIL import Image
from spotting import spots

from temporal_pose.footage import frames as footage
from temporal_pose.formats.paired.paired_video import load

OURS = ("--config-dir", str(Path(__file__).parent / "extra"), "detector=spots")
FRAMES = 30


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """One walks right all along, one stands and leaves after frame 21, one comes with frame 12."""
    folder = tmp_path / "clip"
    folder.mkdir()
    for number in range(FRAMES):
        people = [(10 + number, 5)]
        people += [(100, 50)] if number < 22 else []
        people += [(20 + number, 55)] if number >= 12 else []
        Image.fromarray(spots(*people)).save(folder / f"{number}.png")
    return folder


SAME = (*OURS, "source=clip", "fps=25", "least_frames=5")


def names() -> list[str]:
    return sorted(path.name for path in Path().glob("*.zarr*"))


def test_everybody_gets_a_file(command: Command, clip: Path) -> None:
    ended = command("detect", *SAME, "out=all.zarr", "person=all")
    ended.went_well()
    assert ended.out == (
        "all.person1.zarr: somebody in 22 of 30 frames (73.3%)\n"
        "all.person2.zarr: somebody in 30 of 30 frames (100.0%)\n"
        "all.person3.zarr: somebody in 10 of 30 frames (33.3%)\n"
    )
    assert names() == ["all.person1.zarr", "all.person2.zarr", "all.person3.zarr"]
    standing, walking, late = (load(Path(name)) for name in names())
    assert [len(one) for one in (standing, walking, late)] == [FRAMES] * 3
    assert standing.detections is not None
    assert walking.detections is not None
    assert late.detections is not None
    seen = np.isfinite(standing.detections[:, 0, 0])
    assert seen.tolist() == [True] * 22 + [False] * 8
    np.testing.assert_allclose(walking.detections[:, 0, 0], 10 + np.arange(FRAMES))
    assert np.flatnonzero(np.isfinite(late.detections[:, 0, 0])).tolist() == list(range(20, 30))
    assert (walking.skeleton.name, walking.fps) == ("penn13", 25)
    again = command("detect", *SAME, "out=all.zarr", "person=all")
    assert again.out == "all.person1.zarr is finished; force=true makes it again\n"


def test_a_number_of_people(command: Command, clip: Path) -> None:
    command("detect", *SAME, "out=two.zarr", "person=2").went_well()
    assert names() == ["two.person1.zarr", "two.person2.zarr"]
    standing = load(Path("two.person1.zarr")).detections
    assert standing is not None
    assert np.isfinite(standing[:22]).all()
    assert np.isnan(standing[22:27]).all()
    np.testing.assert_allclose(standing[28:, 0, 0], [48, 49], err_msg="who came later")


def test_who_is_hardly_seen_gets_no_file(command: Command, clip: Path) -> None:
    ended = command("detect", *SAME[:-1], "out=all.zarr", "person=all", "least_frames=11")
    ended.went_well()
    assert names() == ["all.person1.zarr", "all.person2.zarr"]


@pytest.mark.parametrize("stop", [3, 13, 26])
def test_a_killed_command_goes_on(command: Command, clip: Path, monkeypatch, stop: int) -> None:
    def interrupted(*arguments, **options):
        done = 0
        for images, people in footage.detected(*arguments, **options):
            if done >= stop:
                raise KeyboardInterrupt
            done += len(images)
            yield images, people

    same = (*SAME, "person=all", "batch_size=3", "detector.heatmaps=[5,7]", "dtype=float32")
    with monkeypatch.context() as patch:
        patch.setattr("temporal_pose.detectors.recording.detected", interrupted)
        assert command("detect", *same, "out=killed.zarr").status == 1
    assert all(name.endswith(".part") for name in names())
    command("detect", *same, "out=killed.zarr").went_well()
    command("detect", *same, "out=whole.zarr").went_well()
    assert len(names()) == 6
    for person in (1, 2, 3):
        killed, whole = (
            zarr.open_group(f"{name}.person{person}.zarr", mode="r")
            for name in ("killed", "whole")
        )
        assert set(killed.array_keys()) == {"boxes", "heatmaps", "scores"}
        for name in whole.array_keys():
            np.testing.assert_array_equal(killed[name][:], whole[name][:])


def test_killed_while_it_gave_files_their_names(command: Command, clip: Path) -> None:
    """It begins anew: what is finished would be missing from what is not."""
    same = (*SAME, "person=all", "out=all.zarr")
    command("detect", *same).went_well()
    before = [load(Path(name)).detections for name in names()]
    shutil.move("all.person1.zarr", "all.person1.zarr.part")
    command("detect", *same).went_well()
    for name, detections in zip(names(), before, strict=True):
        np.testing.assert_array_equal(load(Path(name)).detections, detections)


def test_other_settings_are_refused_for_every_file(command: Command, clip: Path) -> None:
    command("detect", *SAME, "out=all.zarr", "person=all").went_well()
    message = command("detect", *SAME, "out=all.zarr", "person=2").refused()
    assert message.startswith("all.person1.zarr exists already, made with another tracker")
    command("detect", *SAME, "out=all.zarr", "person=2", "force=true").went_well()


def test_keypoints_without_heatmaps(command: Command, clip: Path) -> None:
    same = (*SAME, "detector.heatmaps=[5,7]")
    command("detect", *same, "out=maps.zarr", "dtype=float32").went_well()
    command("detect", *same, "out=points.zarr", "heatmaps=false").went_well()
    maps, points = (load(Path(f"{name}.zarr")) for name in ("maps", "points"))
    assert maps.heatmaps is not None
    assert maps.heatmaps.looks.shape == (FRAMES, 13, 5, 7)
    assert maps.detections is None
    assert points.heatmaps is None
    assert points.detections is not None
    assert points.detections[:22, :, 2] == pytest.approx(0.7)


def test_an_unknown_skeleton_of_ones_own(command: Command, clip: Path, monkeypatch) -> None:
    monkeypatch.setattr("spotting.Spots.skeleton", "nothing")
    message = command("detect", *SAME, "out=a.zarr").refused()
    assert message.startswith("skeleton 'nothing' is unknown; expected one of ")
    assert names() == []


def test_nobody_who_stays_long_enough(command: Command, clip: Path) -> None:
    asked = (*SAME[:-1], "out=all.zarr", "person=all")
    assert command("detect", *asked, "least_frames=31").status == 0, "in all frames is enough"
    shutil.rmtree("all.person1.zarr")
    for number in range(5, FRAMES):
        Image.fromarray(spots()).save(clip / f"{number}.png")
    assert command("detect", *asked, "least_frames=9").refused() == (
        "clip shows somebody in 5 of 30 frames, nobody in least_frames=9 of them; set it lower"
    )
    assert names() == []
