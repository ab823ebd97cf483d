"""Ultralytics' pose labels and results: what the numbers of a line are, real files."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pose_files import FRAMES, contents, poses, real, ultralytics, ultralytics_json

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.ultralytics import Ultralytics
from temporal_pose.formats.ultralytics_json import UltralyticsJson
from temporal_pose.pose.skeletons import SKELETONS

FORM = Ultralytics()


def by_hand(folder: Path, video: str) -> tuple[list[int], np.ndarray]:
    """Frames and lines of numbers of one video of the real folder, with nothing of ours."""
    frames, lines = [], []
    for path in sorted(folder.glob(f"{video}-*")):
        for line in path.read_text().splitlines():
            frames.append(int(path.name.split("-")[1][:4]))
            lines.append([float(word) for word in line.split()])
    return frames, np.array(lines)


def test_the_real_folder(tmp_path) -> None:
    folder = real("formats/yolo")
    clips = FORM.read(folder, Given(image_size=(1280, 720)))
    assert [clip.name for clip in clips] == ["1_13_14_mp4", "3_10_11_mp4"]
    for clip in clips:
        frames, lines = by_hand(folder, clip.name)
        raw = lines[:, 5:].reshape(-1, 17, 3)
        assert clip.frames.tolist() == frames
        assert np.array_equal(clip.keypoints, raw[..., :2])
        assert np.array_equal(clip.scores, raw[..., 2] / 2)
        corners = (lines[:, 1:3] - lines[:, 3:5] / 2) * [1280, 720]
        assert np.allclose(clip.boxes, np.hstack([corners, lines[:, 3:5] * [1280, 720]]))
        assert (clip.normalised, clip.image_size, clip.ids) == (True, (1280, 720), None)
        assert (clip.skeleton, clip.remarks) == (SKELETONS["coco17"], ())
    assert [clip.count for clip in clips] == [114, 82]
    pixels = [
        replace(clip, keypoints=clip.keypoints * [1280, 720], normalised=False) for clip in clips
    ]
    FORM.write(tmp_path / "same", pixels)
    assert contents(tmp_path / "same") == contents(folder)
    moved = [replace(clip, keypoints=clip.keypoints + np.array([1.28, 0.72])) for clip in pixels]
    FORM.write(tmp_path / "moved", moved)
    for clip in clips:
        frames, lines = by_hand(folder, clip.name)
        again, after = by_hand(tmp_path / "moved", clip.name)
        assert again == frames
        steps = (after - lines)[:, 5:].reshape(-1, 17, 3)
        assert np.abs(steps - [0.001, 0.001, 0]).max() <= 5.1e-7
        assert np.array_equal(after[:, :5], lines[:, :5])


def labels(folder: Path, width: int, extras: list[list[float]], k: int = 5, whole=False) -> Path:
    """Three people a frame who stand in their boxes, and numbers after their keypoints."""
    folder.mkdir()
    rng = np.random.default_rng(k)
    for frame in range(4):
        lines = []
        for place, more in enumerate(extras):
            center, size = np.array([0.2 + 0.3 * place, 0.6]), np.array([0.1, 0.3])
            points = np.empty((k, width))
            points[:, :2] = center + (rng.random((k, 2)) - 0.5) * size
            points[:, 2:] = rng.integers(0, 3, (k, width - 2)) if whole else 0.9
            words = [0, *center, *size, *points.ravel(), *more]
            lines.append(" ".join(f"{word:g}" for word in words))
        (folder / f"{frame}.txt").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(("width", "k"), [(3, 5), (2, 5), (3, 17), (2, 17), (2, 7), (3, 4)])
@pytest.mark.parametrize(
    ("extras", "ids"),
    [
        ([[], [], []], None),
        ([[0.5], [0.25], [1]], None),
        ([[7], [3], [12]], [7, 3, 12]),
        ([[7], [], [12]], [7, -1, 12]),
        ([[0.5, 3], [0.5, 1], [0.5, 2]], [3, 1, 2]),
        ([[0.5, 3], [0.5], [0.5, 2]], [3, -1, 2]),
    ],
)
def test_what_the_numbers_of_a_line_are(width, k, whole, extras, ids, tmp_path) -> None:
    folder = labels(tmp_path / "a", width, extras, k, whole)
    assert FORM.recognises(folder)
    (clip,) = FORM.read(folder, Given())
    assert clip.scores.shape == (12, k)
    assert (None if clip.ids is None else clip.ids[:3].tolist()) == ids
    assert np.isnan(clip.scores).all() == (width == 2)
    FORM.write(tmp_path / "same", [clip])
    assert contents(tmp_path / "same") == contents(folder)


def test_a_skeleton_that_is_given_decides(tmp_path) -> None:
    """12 numbers all over the image: four keypoints of three, or six of two."""
    folder = tmp_path / "a"
    folder.mkdir()
    for frame in range(3):
        numbers = np.random.default_rng(frame).uniform(0.3, 0.7, 12)
        line = "0 0.5 0.5 0.9 0.9 " + " ".join(f"{number:.3f}" for number in numbers)
        (folder / f"{frame}.txt").write_text(line)
    message = "lines of 17 numbers do not tell how many keypoints they label; set skeleton="
    with pytest.raises(DataError, match=message):
        FORM.read(folder, Given())
    from temporal_pose.pose.skeletons import Skeleton

    for k in (4, 6):
        given = Given(skeleton=Skeleton("own", tuple("abcdef"[:k])))
        (clip,) = FORM.read(folder, given)
        assert clip.scores.shape == (3, k)
    with pytest.raises(
        DataError, match=r"0\.txt has a line of 17 numbers; expected 5, and 2 or 3 for"
    ):
        FORM.read(folder, Given(skeleton=SKELETONS["coco17"]))


def test_keypoints_of_two_numbers_are_refused(tmp_path) -> None:
    folder = labels(tmp_path / "a", 3, [[]], 5)
    labels(tmp_path / "b", 3, [[]], 17)
    (folder / "2.txt").write_text((tmp_path / "b" / "2.txt").read_text())
    message = f"{folder}: 2.txt has 17 keypoints a pose, 0.txt has 5; expected one skeleton"
    with pytest.raises(DataError, match=re.escape(message)):
        FORM.read(folder, Given())


def test_row_order_and_frames_without_people(tmp_path) -> None:
    folder = ultralytics(tmp_path / "a")
    (folder / "two words_2.txt").write_text("\r\n \n")
    file = folder / "two words_3.txt"
    file.write_bytes(b"\r\n".join(file.read_bytes().splitlines()[::-1]) + b"\r\n")
    (clip,) = FORM.read(folder, Given())
    assert (clip.frames.tolist(), clip.count) == ([0, 0, 1, 1, 3, 3, 4, 4], FRAMES)
    expected = poses(17)[3, ::-1, :, :2] / [640, 480]
    assert np.allclose(clip.keypoints[4:6], expected, atol=1e-5)
    FORM.write(tmp_path / "b", [replace(clip, keypoints=clip.keypoints + 0.01)])
    (again,) = FORM.read(tmp_path / "b", Given())
    assert np.allclose(again.keypoints[4:6], expected + 0.01, atol=1e-5)
    assert (tmp_path / "b" / file.name).read_bytes().count(b"\r\n") == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0 0.5 0.5 x 0.1", "line 1 has something else than numbers"),
        ("0 0.5 0.5 0.1 0.1\n", "line 1 ends in the middle, or labels no keypoints"),
        ("\n0 0.5", "line 2 ends in the middle, or labels no keypoints"),
        (b"\xff\xfe\x00\xd8", "is no text"),
    ],
)
def test_a_damaged_file_is_named_and_the_others_are_done(text, reason, tmp_path) -> None:
    folder = ultralytics(tmp_path / "a")
    (folder / "two words_1.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    (clip,) = FORM.read(folder, Given())
    assert clip.frames.tolist() == [0, 0, 2, 2, 3, 3, 4, 4]
    (remark,) = clip.remarks
    assert "two words_1.txt" in remark and reason in remark
    FORM.write(tmp_path / "b", [clip])
    assert sorted(contents(tmp_path / "b")) == [f"two words_{n}.txt" for n in (0, 2, 3, 4)]


def test_a_new_frame_is_named_like_its_neighbours(tmp_path) -> None:
    folder = real("formats/yolo")
    first, second = FORM.read(folder, Given())
    grown = replace(first, frames=first.frames + 1000, rows=first.rows * 0 - 1)
    FORM.write(tmp_path / "b", [grown, second])
    new = sorted(contents(tmp_path / "b").keys() - contents(folder).keys())
    assert new[0] == "1_13_14_mp4-1000_jpg.txt"
    again, _ = FORM.read(tmp_path / "b", Given())
    assert np.allclose(again.keypoints[again.frames >= 1000], first.keypoints, atol=1e-6)


def test_a_new_line_has_the_numbers_that_the_others_have(tmp_path) -> None:
    folder = labels(tmp_path / "a", 3, [[0.5, 3], [0.5, 1], [0.5, 2]])
    (clip,) = FORM.read(folder, Given())
    new = replace(clip, rows=np.where(clip.rows == 1, -1, clip.rows))
    FORM.write(tmp_path / "b", [new])
    old, line = ((tmp_path / n / "0.txt").read_text().splitlines() for n in "ab")
    assert line[:3] == old
    numbers, before = (np.array(one.split(), float) for one in (line[3], old[1]))
    assert np.allclose(numbers[5:20], before[5:20], atol=1e-6)
    assert numbers[20:].tolist() == [0.9, 1]


def test_ordinary_detections_are_not_poses(tmp_path) -> None:
    (tmp_path / "1.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (tmp_path / "2.txt").write_text("notes on 2 things")
    assert not FORM.recognises(tmp_path)


def test_results_as_shares_of_the_image(tmp_path) -> None:
    """What `to_json(normalize=True)` gives, in an object of frames."""
    form, path = UltralyticsJson(), ultralytics_json(tmp_path / "a.json")
    frames = json.loads(path.read_text())
    for person in (person for frame in frames for person in frame):
        points = person["keypoints"]
        points["x"] = [round(x / 640, 5) for x in points["x"]]
        points["y"] = [round(y / 480, 5) for y in points["y"]]
    path.write_text(json.dumps({f"shot_{n}.jpg": frame for n, frame in enumerate(frames)}))
    (clip,) = form.read(path, Given(image_size=(640, 480)))
    assert clip.normalised and clip.frames.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert clip.ids.tolist() == [1, 2] * FRAMES
    pixels = replace(clip, keypoints=clip.keypoints * [640, 480] + 1, normalised=False)
    form.write(tmp_path / "b.json", [pixels])
    (again,) = form.read(tmp_path / "b.json", Given())
    there = clip.keypoints != 0
    expected = (pixels.keypoints / [640, 480])[there]
    assert np.allclose(again.keypoints[there], expected, atol=1e-6)
    new = replace(pixels, frames=pixels.frames + 70, rows=np.where(clip.rows == 3, -1, clip.rows))
    form.write(tmp_path / "c.json", [new])
    (person,) = json.loads((tmp_path / "c.json").read_text())["shot_71.jpg"]
    assert np.allclose(person["keypoints"]["y"], pixels.keypoints[3, :, 1] / 480, atol=1e-6)
    assert person["track_id"] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.__setitem__(1, 5), "frame 1 is no list of what was detected"),
        (lambda d: d.__setitem__(0, d[0][0]), "lists the people of one image; expected lists of"),
        (lambda d: d[1][0].update(keypoints=[1]), "frame 1 has keypoints without lists x and y"),
        (lambda d: d[1][0]["keypoints"].pop("y"), "frame 1 has keypoints without lists x and y"),
        (
            lambda d: d[1][0]["keypoints"]["x"].pop(),
            "frame 1 has 16 keypoints a pose, frame 0 has",
        ),
    ],
)
def test_damaged_results(change, message, tmp_path) -> None:
    path = ultralytics_json(tmp_path / "a.json")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=re.escape(message)) as refusal:
        UltralyticsJson().read(path, Given())
    assert str(refusal.value).startswith(str(path))


def test_detections_of_other_things_among_people(tmp_path) -> None:
    path = ultralytics_json(tmp_path / "a.json")
    document = json.loads(path.read_text())
    document[0].insert(0, {"name": "dog", "class": 16, "confidence": 0.5, "box": {}})
    path.write_text(json.dumps(document))
    (clip,) = UltralyticsJson().read(path, Given())
    assert len(clip) == 10
    assert isinstance(clip, Clip)
