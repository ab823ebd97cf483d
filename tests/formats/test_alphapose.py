"""AlphaPose results in its three styles."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from pose_files import FRAMES, alphapose, alphapose_styled, poses

from temporal_pose.errors import DataError
from temporal_pose.formats.alphapose import AlphaPose
from temporal_pose.formats.clips import Given
from temporal_pose.pose.skeletons import SKELETONS

FORM = AlphaPose()


def test_boxes_and_persons(tmp_path) -> None:
    (clip,) = FORM.read(alphapose(tmp_path / "a.json"), Given())
    assert clip.boxes.tolist() == [[1, 2, 3, 4]] * 10
    assert clip.ids.tolist() == [0, 1] * FRAMES
    assert clip.skeleton is SKELETONS["coco17"]


@pytest.mark.parametrize("style", [("bodies", "joints"), ("people", "pose_keypoints_2d")])
def test_the_other_two_styles(style, tmp_path) -> None:
    path = alphapose_styled(tmp_path / "a.json", *style)
    assert FORM.recognises(path)
    (clip,) = FORM.read(path, Given())
    assert clip.frames.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert np.array_equal(clip.keypoints, poses(18).reshape(10, 18, 3)[..., :2])
    assert clip.skeleton is SKELETONS["coco18"]
    new = replace(
        clip,
        frames=np.where(clip.rows == 9, 12, clip.frames),
        rows=np.where(clip.rows >= 8, -1, clip.rows),
    )
    FORM.write(tmp_path / "b.json", [new])
    before, after = (json.loads((tmp_path / f"{name}.json").read_text()) for name in "ab")
    assert after.pop("im_12.png") == {style[0]: [before["im_4.png"][style[0]][1]]}
    assert after["im_4.png"][style[0]].pop() == before["im_4.png"][style[0]][0]
    assert before == after


def test_videos_by_the_names_of_images(tmp_path) -> None:
    path = alphapose(tmp_path / "a.json")
    path.write_text(re.sub(r'"(\d)\.jpg"', r'"walk 2 \1.jpg"', path.read_text(), count=4))
    first, second = FORM.read(path, Given())
    assert (first.name, first.frames.tolist()) == ("a", [2, 2, 3, 3, 4, 4])
    assert (second.name, second.frames.tolist()) == ("walk 2", [0, 0, 1, 1])
    assert second.rows.tolist() == [0, 1, 2, 3]


def test_a_new_person_of_a_new_image(tmp_path) -> None:
    path = alphapose(tmp_path / "a.json")
    (clip,) = FORM.read(path, Given())
    new = replace(clip, frames=clip.frames + 20, rows=np.where(clip.rows == 1, -1, clip.rows))
    FORM.write(tmp_path / "b.json", [new])
    *others, last = json.loads((tmp_path / "b.json").read_text())
    assert others == json.loads(path.read_text())
    score = round(float(poses(17)[0, 1, :, 2].mean()), 6)
    assert last == {
        **{"image_id": "20.jpg", "category_id": 1, "score": score, "box": [1, 2, 3, 4], "idx": 1},
        "keypoints": poses(17)[0, 1].ravel().tolist(),
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d[3].update(image_id=None), "an image_id is None; expected a number or a name"),
        (lambda d: d[3].update(image_id="x.jpg"), "'x.jpg' has no frame number; expected names"),
        (lambda d: d.append("x"), "holds what is no object; expected AlphaPose's results"),
        (lambda d: d[3].update(keypoints=[1] * 50), "frame '1.jpg' has a pose of 50 numbers"),
        (
            lambda d: d[3].update(keypoints=[1] * 48),
            "frame '1.jpg' has 16 keypoints a pose, frame '0.jpg' has 17; expected one skeleton",
        ),
    ],
)
def test_damaged_results(change, message, tmp_path) -> None:
    path = alphapose(tmp_path / "a.json")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=re.escape(message)) as refusal:
        FORM.read(path, Given())
    assert str(refusal.value).startswith(str(path))


def test_an_image_without_a_list_of_people(tmp_path) -> None:
    path = alphapose_styled(tmp_path / "a.json")
    path.write_text(path.read_text().replace('"bodies"', '"boddies"', 1))
    with pytest.raises(DataError, match=r"'im_0\.png' has no list of bodies or people"):
        FORM.read(path, Given())
