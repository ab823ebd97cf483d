"""BRACE: tiny segments and frames annotated by hand, laid out as in its two downloads."""

import json
from pathlib import Path

import numpy as np
import pytest

from temporal_pose.data.brace import Brace
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.skeletons import SKELETONS

COCO17 = SKELETONS["coco17"]

VIDEO = "-3r_k5-6dcBTM"  # names of YouTube hold hyphens and underscores
SEGMENT = f"{VIDEO}_123-127_powermove"
FRAMES = (123, 127, 125, 124)


def pose(frame: int) -> list[list[float]]:
    return [[frame + 0.5 * i, 2.0 * frame + i, 1.0] for i in range(17)]


def entry(frame: int) -> dict[str, object]:
    return {"box": [1, 2, 3, 4, 1], "keypoints": pose(frame)}


def image(frame: int, video: str = VIDEO) -> str:
    return f"{video}/img-{frame:06}.png"


def write(root: Path, name: str = SEGMENT, content: object = None, year: str = "2011") -> Path:
    path = root / year / VIDEO / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content or {image(frame): entry(frame) for frame in FRAMES}))
    return path


def by_hand(root: Path, frame: int, joints: object = None) -> Path:
    path = root / "2011" / VIDEO / f"img-{frame:06}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    places = np.full((17, 3), -9.0)  # the third column means nothing
    places[:, :2] = 1000 + np.arange(34).reshape(17, 2)
    np.savez(path, coco_joints2d=places if joints is None else joints)
    return path


def test_a_segment_becomes_a_sequence(tmp_path: Path) -> None:
    write(tmp_path)
    (sequence,) = Brace(tmp_path).read()
    assert (sequence.name, sequence.group, sequence.fps) == (SEGMENT, VIDEO, 30.0)
    assert sequence.image_size == (1920, 1080)
    assert sequence.frames.tolist() == [123, 124, 125, 127]
    knee = sequence.keypoints[3, COCO17.index("left_knee")]
    number = COCO17.index("left_knee")
    assert knee.tolist() == [127 + 0.5 * number, 254 + number]
    assert sequence.keypoints.dtype == np.float32
    assert sequence.visible.sum() == 4 * 17


@pytest.mark.parametrize("below", ["", "manual_keypoints"])
def test_frames_annotated_by_hand_replace_the_interpolated_ones(
    tmp_path: Path, below: str
) -> None:
    write(tmp_path / "dataset" if below else tmp_path)
    by_hand(tmp_path / below, 124)
    by_hand(tmp_path / below, 999)  # in no segment
    (sequence,) = Brace(tmp_path, frames="all").read()
    assert sequence.frames.tolist() == [123, 124, 125, 127]
    assert sequence.keypoints[:, 0, 0].tolist() == [123, 1000, 125, 127]
    assert sequence.visible[1].sum() == 17


def test_only_frames_annotated_by_hand(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, f"{VIDEO}_200-203_toprock", {image(200): entry(200)})
    by_hand(tmp_path, 123)
    by_hand(tmp_path, 127)
    (sequence,) = Brace(tmp_path, frames="manual").read()
    assert sequence.name == SEGMENT
    assert sequence.frames.tolist() == [123, 127]
    assert sequence.keypoints[1, 0].tolist() == [1000, 1001]


def test_no_frame_annotated_by_hand(tmp_path: Path) -> None:
    write(tmp_path)
    message = r"has no frame that fits data.frames 'manual'; .* unpack manual_keypoints.zip$"
    with pytest.raises(DataError, match=message):
        Brace(tmp_path, frames="manual").read()


def test_broken_frames_are_left_out(tmp_path: Path) -> None:
    content = {image(frame): entry(frame) for frame in (5, 6, 7)}
    content[image(6)] = {"box": [0, 0, 0, 0, 1], "keypoints": [[0.0, 0.0, 1.0]] * 17}
    write(tmp_path, content=content)
    (sequence,) = Brace(tmp_path).read()
    assert sequence.frames.tolist() == [5, 7]


def test_unknown_choice_of_frames() -> None:
    with pytest.raises(ConfigError, match=r"^data.frames is 'some'; expected one of all, manual$"):
        Brace("anywhere", frames="some")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({image(1, "other"): entry(1)}, r"frame 'other/img-000001.png'; expected '-3r_k5-6dcBTM/"),
        ({f"{VIDEO}/000001.png": entry(1)}, r"frame '.*/000001.png'; expected .* and the like$"),
        ({image(1): entry(1), f"{VIDEO}/img-1.png": entry(1)}, r"frame 1 is there twice; remove"),
        (
            {image(1): {"box": []}},
            r"img-000001.png': keypoints cannot be read \(KeyError\('keypoints'\)\)$",
        ),
        ({image(1): {"keypoints": pose(1)[:16]}}, r"float32 of shape \(16, 3\); expected numbers"),
        ({image(1): {"keypoints": [[1, 2], [3]]}}, r"keypoints cannot be read \(ValueError\("),
        ({image(1): {"keypoints": [[1, float("nan"), 1]] * 17}}, r"not all finite; expected pixe"),
        ({image(1): {"keypoints": [[1, 10**400, 1]] * 17}}, r"cannot be read \(OverflowError"),
        ({image(1): {"keypoints": [[1, 1e300, 1]] * 17}}, r"not all finite; expected pixel coord"),
        ({image(1): {"keypoints": [["x", 1, 1]] * 17}}, r"keypoints cannot be read \(ValueError"),
        ({image(1): [1, 2]}, r"keypoints cannot be read \(TypeError"),
        ({f"{VIDEO}/img-{'9' * 5000}.png": entry(1)}, r"expected .* and the like$"),
        ([1], r"expected an object of frames, as in BRACE's segments"),
    ],
)
def test_wrong_segment(tmp_path: Path, content: object, message: str) -> None:
    write(tmp_path, content=content)
    with pytest.raises(DataError, match=rf"{SEGMENT}.json: .*{message}"):
        Brace(tmp_path).read()


def test_a_segment_cut_short_is_an_error_of_the_whole_set(tmp_path: Path) -> None:
    path = write(tmp_path)
    write(tmp_path, f"{VIDEO}_200-203_toprock", {image(200): entry(200)})
    path.write_text(path.read_text()[:300])
    with pytest.raises(DataError, match=rf"{SEGMENT}.json: cannot be read as JSON \(.*; copy or"):
        Brace(tmp_path).read()


@pytest.mark.parametrize(
    ("joints", "message"),
    [
        (np.zeros((17, 2)), r"coco_joints2d: float64 of shape \(17, 2\); expected numbers of sha"),
        (np.ones((17, 3)) + 1j, r"coco_joints2d: complex128 of shape \(17, 3\); expected numbe"),
        (np.ones((17, 3), bool), r"coco_joints2d: bool of shape \(17, 3\); expected numbers of"),
        (np.full((17, 3), np.nan), r"coco_joints2d: not all finite; expected pixel coordinates$"),
    ],
)
def test_wrong_frame_annotated_by_hand(tmp_path: Path, joints: object, message: str) -> None:
    write(tmp_path)
    by_hand(tmp_path, 124, joints)
    with pytest.raises(DataError, match=rf"img-000124.npz: {message}"):
        Brace(tmp_path).read()


def test_damaged_or_empty_frame_annotated_by_hand(tmp_path: Path) -> None:
    write(tmp_path)
    path = by_hand(tmp_path, 124)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"img-000124.npz: cannot be read as .npz"):
        Brace(tmp_path).read()
    np.savez(path, joints=np.zeros((17, 3)))
    with pytest.raises(DataError, match=r"img-000124.npz: 'coco_joints2d' is missing; copy or do"):
        Brace(tmp_path).read()


def test_a_segment_nested_without_end(tmp_path: Path) -> None:
    write(tmp_path).write_text("[" * 10**5)
    with pytest.raises(DataError, match=r"cannot be read as JSON \(it is nested too deeply\); co"):
        Brace(tmp_path).read()


def test_names_that_are_wrong_or_there_twice(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, year="2012", content={image(1): entry(1)})
    with pytest.raises(DataError, match=r"2011.* and .*2012.* have the same name; remove one of"):
        Brace(tmp_path).read()
    write(tmp_path, f"{VIDEO}_1-2_walk", year="2012")
    (tmp_path / "2012" / VIDEO / f"{SEGMENT}.json").unlink()
    with pytest.raises(DataError, match=r"have the same content"):
        Brace(tmp_path).read()
    write(tmp_path, f"{VIDEO}_1-2_walk", {image(1): entry(1)}, year="2012")
    with pytest.raises(DataError, match=r"_walk.json: the name is not VIDEO_START-END_MOVEMENT"):
        Brace(tmp_path).read()


def test_frames_annotated_by_hand_twice_or_misnamed(tmp_path: Path) -> None:
    write(tmp_path)
    by_hand(tmp_path, 124)
    by_hand(tmp_path / "again", 124)
    with pytest.raises(DataError, match=r"img-000124.npz are the same frame; remove one of them$"):
        Brace(tmp_path).read()
    (tmp_path / "again" / "2011" / VIDEO / "img-000124.npz").rename(tmp_path / "img-x.npz")
    with pytest.raises(DataError, match=r"img-x.npz: expected a name like img-000123.npz; rename"):
        Brace(tmp_path).read()


def test_missing_or_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere' is not a folder; expected BRACE's segments"):
        Brace(tmp_path / "nowhere").read()
    (tmp_path / "audio_beats.json").write_text("{}")  # the repository's own annotations
    with pytest.raises(DataError, match=r"has no file \*\*/\*_\*-\*_\*.json; expected BRACE's"):
        Brace(tmp_path).read()
