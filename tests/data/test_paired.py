"""The paired layout: tiny files, each thing that can be wrong with one, and the real ones."""

import shutil
from pathlib import Path

import layouts
import numpy as np
import pytest

from temporal_pose.data.paired import Paired
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.formats.paired.paired_video import load
from temporal_pose.pose.skeletons import SKELETONS

COCO17 = SKELETONS["coco17"]
KNOWN = f"expected one of {', '.join(SKELETONS)}"

FRAMES = 7


def video(**changed: object) -> dict[str, object]:
    """The arrays of one file."""
    fields = {
        "detections": np.zeros((FRAMES, 17, 3), np.float32),
        "truth": np.arange(FRAMES * 17 * 2, dtype=np.float32).reshape(FRAMES, 17, 2),
        "visible": np.ones((FRAMES, 17), bool),
        "fps": 60.0,
        "image_size": np.array([1920, 1080]),
        "skeleton": "coco17",
    }
    return {name: value for name, value in {**fields, **changed}.items() if value is not None}


def write(root: Path, name: str = "gBR_c01_ch02", **changed: object) -> Path:
    path = root / f"{name}.npz"
    np.savez_compressed(path, **video(**changed))
    return path


def test_truth_becomes_poses(tmp_path: Path) -> None:
    path = write(tmp_path)
    (sequence,) = Paired(path).read()
    assert (sequence.name, sequence.group, sequence.fps) == (path.stem, path.stem, 60.0)
    assert sequence.image_size == (1920, 1080)
    assert sequence.frames.tolist() == [0, 1, 2, 3, 4, 5, 6]
    wrist = sequence.keypoints[3, COCO17.index("right_wrist")]
    at = (3 * 17 + COCO17.index("right_wrist")) * 2
    assert wrist.tolist() == [at, at + 1]
    assert sequence.visible.sum() == FRAMES * 17


def test_truth_means_nothing_where_it_is_not_visible(tmp_path: Path) -> None:
    truth, visible = np.full((FRAMES, 17, 2), 5.0), np.ones((FRAMES, 17), bool)
    truth[2, 0], visible[2, 0] = np.nan, False
    (sequence,) = Paired(write(tmp_path, truth=truth, visible=visible)).read()
    assert sequence.keypoints[2, 0].tolist() == [0, 0]
    assert sequence.keypoints.dtype == np.float32
    assert not sequence.visible[2, 0]


def test_group_pattern_keeps_the_cameras_of_a_dance_together(tmp_path: Path) -> None:
    for number, name in enumerate(("c01_ch02", "c02_ch02", "c01_ch11"), start=1):
        write(tmp_path, name, truth=np.full((FRAMES, 17, 2), 7.0 * number))
    groups = [s.group for s in Paired(tmp_path, r"_(ch\d+)").read()]
    assert groups == ["ch02", "ch11", "ch02"]
    write(tmp_path, "other")
    message = r"other.npz: the name does not match data.group '_\(ch\\d\+\)'; rename"
    with pytest.raises(DataError, match=message):
        Paired(tmp_path, r"_(ch\d+)").read()


def test_files_are_left_out_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number, name in enumerate(("c01_ch02", "c05_ch02", "c05_ch03"), start=1):
        write(tmp_path, name, truth=np.full((FRAMES, 17, 2), 7.0 * number))
    with caplog.at_level("INFO"):
        found = Paired(tmp_path, exclude=r"c05_.*[35]\.").read()
    assert [s.name for s in found] == ["c01_ch02", "c05_ch02"]
    assert caplog.messages == ["left out: 1 of 3 files (data.exclude)"]
    with pytest.raises(DataError, match=r"^data.exclude 'npz' leaves out every file$"):
        Paired(tmp_path, exclude="npz").read()
    with pytest.raises(ConfigError, match=r"^data.exclude '\(' is no regular expression: "):
        Paired(tmp_path, exclude="(")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("_(ch", r"^data.group '_\(ch' is no regular expression: "),
        (r"_ch\d+", r"^data.group '_ch\\d\+' has 0 groups; expected one, such as"),
        (r"_(ch)(\d+)", r"has 2 groups; expected one, such as '_\(ch\\d\+\)'$"),
    ],
)
def test_group_pattern_is_checked_at_once(pattern: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Paired("anywhere", pattern)


@pytest.mark.parametrize("name", ["visible", "fps", "image_size", "skeleton"])
def test_missing_array(tmp_path: Path, name: str) -> None:
    message = rf"gBR_c01_ch02.npz: '{name}' is missing; expected one of truth, visible, fps, "
    with pytest.raises(DataError, match=message):
        load(write(tmp_path, **{name: None}))


def _nan_truth() -> np.ndarray:
    truth = np.zeros((FRAMES, 17, 2))
    truth[3, 11, 1] = np.nan
    return truth


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"visible": np.ones((5, 17), bool)},
            r"'visible' is bool of shape \(5, 17\); expected bool of shape \(7, 17\), F > 0: see",
        ),
        (
            {"truth": np.zeros((FRAMES, 13, 2))},
            r"'truth' is float64 of shape \(7, 13, 2\); expected floating of shape \(7, 17, 2\)",
        ),
        ({"truth": np.zeros((FRAMES, 17, 3))}, r"'truth' is float64 of shape \(7, 17, 3\); exp"),
        ({"truth": np.zeros((FRAMES, 17, 2), int)}, r"'truth' is int64 of shape .* floating of"),
        ({"truth": np.array(3.0)}, r"'truth' is float64 of shape \(\); expected"),
        (
            {"truth": np.zeros((0, 17, 2)), "visible": np.zeros((0, 17), bool)},
            r"'truth' is float64 of .*, F > 0: see",
        ),
        ({"visible": np.ones((FRAMES, 17))}, r"'visible' is float64 of .*; expected bool"),
        ({"truth": _nan_truth()}, r"'truth' is \[0.0, nan\] for keypoint 11 of frame 3; expected"),
        (
            {"skeleton": "coco19"},
            f"'skeleton' is 'coco19'; {KNOWN}",
        ),
        ({"fps": 0.0}, r"'fps' is 0.0; expected a positive number below 1,000,000: see"),
        ({"fps": np.nan}, r"'fps' is nan; expected a positive number"),
        ({"fps": "fast"}, r"'fps' is fast; expected a positive number"),
        ({"image_size": np.array([1920])}, r"'image_size' is \[1920\]; expected 2 positive whol"),
        ({"image_size": np.array([1920, -1])}, r"'image_size' is \[1920, -1\]; expected 2 posit"),
    ],
)
def test_wrong_array(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=rf"gBR_c01_ch02.npz: {message}"):
        load(write(tmp_path, **changed))


@pytest.mark.parametrize("kept", [0, 1, 10, 100, 1000, -30, -1])
def test_damaged_file_is_an_error_of_the_whole_set(tmp_path: Path, kept: int) -> None:
    write(tmp_path, "a", fps=30.0)
    path = write(tmp_path, "b")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match=r"b.npz: cannot be read as .npz \(.*\); copy or download"):
        Paired(tmp_path).read()


def test_a_changed_byte_a_lone_array_and_python_objects(tmp_path: Path) -> None:
    path = write(tmp_path)
    content = bytearray(path.read_bytes())
    content[content.index(b"truth.npy") + 60] ^= 255
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read as .npz"):
        load(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match=r"\(no archive of named arrays\)"):
        load(path)
    np.savez(path, **video(skeleton=np.array([{}], object)))
    with pytest.raises(DataError, match=r"\(Object arrays cannot be loaded when allow_pickle=Fal"):
        load(path)


def test_missing_or_empty_folder_and_copies(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere' is not a folder; expected files of the paired"):
        Paired(tmp_path / "nowhere").read()
    with pytest.raises(DataError, match=r"has no file \*.npz or \*.zarr; expected files of"):
        Paired(tmp_path).read()
    shutil.copy(write(tmp_path, "a"), tmp_path / "b.npz")
    with pytest.raises(DataError, match=r"a.npz and .*b.npz have the same content; remove one"):
        Paired(tmp_path).read()


def test_large_files_that_differ_only_in_the_middle_are_no_copies(tmp_path: Path) -> None:
    for name, value in (("a", 1.0), ("b", 2.0)):
        truth = np.zeros((9000, 17, 2))
        truth[4500] = value
        visible, seen = np.ones((9000, 17), bool), np.zeros((9000, 17, 3))
        np.savez(tmp_path / name, **video(truth=truth, visible=visible, detections=seen))
    sizes = {path.stat().st_size for path in tmp_path.iterdir()}
    assert len(sizes) == 1
    assert len(Paired(tmp_path).read()) == 2


def test_a_detector_s_output_has_no_truth_and_is_told_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path, truth=None, visible=None)
    assert load(path).truth is None
    with pytest.raises(DataError, match=r"'truth' is missing; .*temporal_pose.data.write adds it"):
        Paired(path).read()


def test_detections_of_our_keypoints(tmp_path: Path) -> None:
    seen = np.arange(1, 1 + FRAMES * 17 * 3, dtype=np.float64).reshape(FRAMES, 17, 3)
    seen[2, COCO17.index("nose"), 1] = np.nan
    seen[3, COCO17.index("left_knee")] = np.nan
    (sequence,) = Paired(write(tmp_path, detections=seen)).read()
    found = sequence.detections
    assert found is not None
    assert (found.boxes, found.heatmaps) == (None, None)
    wrist = found.keypoints[4, COCO17.index("right_wrist")]
    at = (4 * 17 + COCO17.index("right_wrist")) * 3 + 1
    assert wrist.tolist() == [at, at + 1]
    assert found.scores[4, COCO17.index("right_wrist")] == at + 2
    assert found.detected.sum() == FRAMES * 17 - 2
    for frame, name in ((2, "nose"), (3, "left_knee")):
        keypoint = COCO17.index(name)
        assert not found.detected[frame, keypoint]
        assert found.keypoints[frame, keypoint].tolist() == [0, 0]
        assert found.scores[frame, keypoint] == 0


def test_heatmaps_go_before_detections(tmp_path: Path) -> None:
    arrays = layouts.with_heatmaps(detections=np.zeros((layouts.F, 17, 3)))
    (sequence,) = Paired(layouts.npz(tmp_path / "a.npz", arrays)).read()
    assert sequence.detections is not None
    assert not sequence.detections.keypoints.any()
    assert sequence.detections.heatmaps is not None


def test_a_folder_may_mix_both_kinds(tmp_path: Path) -> None:
    truth = np.random.default_rng(0).uniform(0, 99, (layouts.F, 17, 2))
    layouts.npz(tmp_path / "b.npz", layouts.with_heatmaps())
    layouts.zarr_group(tmp_path / "a.zarr", layouts.with_heatmaps(truth=truth))
    layouts.zarr_group(tmp_path / "c.zarr.part", layouts.with_heatmaps())
    sequences = Paired(tmp_path).read()
    assert [s.name for s in sequences] == ["a", "b"]
    maps = [s.detections.heatmaps.read(np.array([7, 2, 2])) for s in sequences if s.detections]
    assert maps[0].shape == (3, 17, layouts.H, layouts.W)
    np.testing.assert_array_equal(*maps)


def test_names_and_contents_that_are_there_twice_and_unfinished_files(tmp_path: Path) -> None:
    layouts.npz(tmp_path / "a.npz", layouts.with_heatmaps())
    layouts.zarr_group(tmp_path / "b.zarr", layouts.with_heatmaps(), version=2)
    with pytest.raises(DataError, match=r"a.npz and .*b.zarr have the same content; remove one"):
        Paired(tmp_path).read()
    (tmp_path / "b.zarr").rename(tmp_path / "a.zarr")
    with pytest.raises(DataError, match=r"a.npz and .*a.zarr have the same name; remove one"):
        Paired(tmp_path).read()
    (tmp_path / "a.zarr").rename(tmp_path / "a.zarr.part")
    with pytest.raises(DataError, match=r"a.zarr.part is unfinished; let the command that writes"):
        Paired(tmp_path / "a.zarr.part").read()


def test_the_real_files(shared_data: Path) -> None:
    sequences = Paired(shared_data / "aist_gbr", r"_(ch\d+)").read()
    assert len(sequences) == 45
    assert {len(s) for s in sequences} == {720}
    assert {s.group for s in sequences} == {"ch01", "ch02", "ch03", "ch05", "ch06"}
