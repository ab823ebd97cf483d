"""rtmlib's arrays, as people dump them."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from pose_files import FRAMES, poses, rtmlib

from temporal_pose.errors import DataError
from temporal_pose.formats import known
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.rtmlib import RTMLib

FORM = RTMLib()
VALUES = poses(17)
POINTS, SCORES = VALUES[..., :2].tolist(), VALUES[..., 2].tolist()
ONE = {"keypoints": [points[0] for points in POINTS], "scores": [scores[0] for scores in SCORES]}
FRAMEWISE = [{"keypoints": p, "scores": s} for p, s in zip(POINTS, SCORES, strict=True)]

LAYOUTS = {
    "by number": {str(n): frame for n, frame in enumerate(FRAMEWISE)},
    "by name": {f"cam 1_{n:04d}.png": frame for n, frame in enumerate(FRAMEWISE)},
    "numbered": [{"frame_idx": n, "fps": 30} | frame for n, frame in enumerate(FRAMEWISE)],
    "in turn": FRAMEWISE,
    "pairs": [list(pair) for pair in zip(POINTS, SCORES, strict=True)],
    "two lists": {"keypoints": POINTS, "scores": SCORES, "fps": 30},
    "triples": VALUES.tolist(),
    "triples by number": {str(n): {"keypoints": frame.tolist()} for n, frame in enumerate(VALUES)},
}


def read(path, document) -> Clip:
    path.write_text(json.dumps(document))
    assert known.recognised(path) == FORM or known.recognised(path).name == "rtmlib"
    (clip,) = FORM.read(path, Given())
    return clip


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_that_is_said_to_be_read(name, tmp_path) -> None:
    clip = read(tmp_path / "a.json", LAYOUTS[name])
    assert clip.frames.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert clip.keypoints.reshape(FRAMES, 2, 17, 2).tolist() == POINTS
    assert clip.scores.reshape(FRAMES, 2, 17).tolist() == SCORES
    assert clip.count == FRAMES


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_comes_back(name, tmp_path) -> None:
    clip = read(tmp_path / "a.json", LAYOUTS[name])
    FORM.write(tmp_path / "same.json", [clip])
    assert (tmp_path / "same.json").read_text() == json.dumps(LAYOUTS[name])
    there = (clip.keypoints != 0).any(-1, keepdims=True)
    FORM.write(tmp_path / "b.json", [replace(clip, keypoints=clip.keypoints + there)])
    (again,) = FORM.read(tmp_path / "b.json", Given())
    assert np.allclose(again.keypoints, clip.keypoints + there, atol=1e-3)
    assert np.array_equal(again.scores, clip.scores)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_pose_is_added_in_every_layout(name, tmp_path) -> None:
    clip = read(tmp_path / "a.json", LAYOUTS[name])
    twice = replace(clip, rows=np.where(clip.rows == 5, -1, clip.rows))
    FORM.write(tmp_path / "b.json", [twice])
    (again,) = FORM.read(tmp_path / "b.json", Given())
    assert again.frames.tolist() == [0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4]
    assert np.array_equal(again.keypoints[6], clip.keypoints[5])
    assert np.array_equal(again.scores[6], clip.scores[5])


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_new_frame_where_frames_have_numbers(name, tmp_path) -> None:
    clip = read(tmp_path / "a.json", LAYOUTS[name])
    later = replace(clip, frames=np.where(clip.rows == 5, 33, clip.frames))
    FORM.write(tmp_path / "b.json", [replace(later, rows=np.where(clip.rows == 5, -1, clip.rows))])
    (again,) = FORM.read(tmp_path / "b.json", Given())
    if name in ("by number", "by name", "numbered", "triples by number"):
        assert again.frames.tolist() == [*clip.frames.tolist(), 33]
        assert np.array_equal(again.keypoints[10], clip.keypoints[5])
        assert np.array_equal(again.scores[10], clip.scores[5])
    else:
        assert (tmp_path / "b.json").read_text() == (tmp_path / "a.json").read_text()


def test_someone_in_a_frame_that_was_empty(tmp_path) -> None:
    empty = {"keypoints": [], "scores": []}
    clip = read(tmp_path / "a.json", {"5": FRAMEWISE[0], "6": empty, "7": {}})
    for frame, people in ((6, [0]), (7, [])):
        moved = replace(clip, frames=np.where(clip.rows, clip.frames, frame), rows=clip.rows - 1)
        FORM.write(tmp_path / "b.json", [moved])
        (again,) = FORM.read(tmp_path / "b.json", Given())
        assert again.frames.tolist() == [5, 5, 6][: 2 + len(people)]


@pytest.mark.parametrize(
    "document",
    [
        [{"keypoints": p, "scores": s} for p, s in zip(*ONE.values(), strict=True)],
        [list(pair) for pair in zip(*ONE.values(), strict=True)],
        ONE,
        VALUES[:, 0].tolist(),
    ],
    ids=["in turn", "pairs", "two lists", "triples"],
)
def test_one_person_without_an_axis_of_people(document, tmp_path) -> None:
    clip = read(tmp_path / "a.json", document)
    assert clip.frames.tolist() == list(range(FRAMES))
    assert clip.keypoints.tolist() == ONE["keypoints"]
    assert clip.scores.tolist() == ONE["scores"]
    FORM.write(tmp_path / "b.json", [replace(clip, keypoints=clip.keypoints + 1)])
    (again,) = FORM.read(tmp_path / "b.json", Given())
    assert np.allclose(again.keypoints[0], clip.keypoints[0] + 1, atol=1e-3)


def test_frames_without_people(tmp_path) -> None:
    empty = {"keypoints": [], "scores": []}
    document = {"5": FRAMEWISE[0], "6": empty, "7": {}, "9": FRAMEWISE[1], "12": None, "fps": 30}
    clip = read(tmp_path / "a.json", document)
    assert (clip.frames.tolist(), clip.count) == ([5, 5, 9, 9], 8)


def test_numbers_of_people(tmp_path) -> None:
    clip = read(tmp_path / "a.json", {"3": FRAMEWISE[0] | {"track_ids": [8, 4]}})
    assert clip.ids.tolist() == [8, 4]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"3": {"keypoints": 5}}, "frame 3 has no lists of keypoints and of scores"),
        ({"3": FRAMEWISE[0] | {"scores": SCORES[0][:1]}}, "frame 3 has no lists of people"),
        (
            {"3": {"keypoints": [[[1, 2]], [[1, 2], [3, 4]]]}},
            "frame 3 has 2 keypoints a pose, frame",
        ),
        ({"3": {"keypoints": [[[1, 2, 3]]], "scores": [[1]]}}, "poses in three dimensions"),
        ([{"frame": 3} | FRAMEWISE[0]] * 2, "lists frame 3 twice; expected each once"),
        ([{"frame": "x_1"} | FRAMEWISE[0], {"frame": 1}], "both names and numbers of frames"),
        ([{"frame": [1]} | FRAMEWISE[0]], "a frame is [1]; expected a number or a name"),
        (
            {"keypoints": POINTS, "scores": SCORES[1:]},
            "keypoints and scores are no lists of as many",
        ),
        ({"3": {"keypoints": [[["a", 2]]]}}, "has 'a'; expected a number"),
        ({"3": {"keypoints": [[[1]]]}}, "has [1]; expected a number"),
    ],
)
def test_damaged_arrays(document, message, tmp_path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=re.escape(message)) as refusal:
        FORM.read(path, Given())
    assert str(refusal.value).startswith(str(path))


def test_the_sample_is_the_first_layout(tmp_path) -> None:
    assert json.loads(rtmlib(tmp_path / "a.json").read_text()) == LAYOUTS["by number"]
