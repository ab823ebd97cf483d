"""mmpose predictions: names of keypoints, frames, layouts, real files."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from pose_files import FRAMES, contents, mmpose, poses, real

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents import gathering, spans
from temporal_pose.formats.mmpose import MMPose
from temporal_pose.pose.skeletons import SKELETONS

FORM = MMPose()


def test_the_real_file(tmp_path) -> None:
    path = real("formats/mmpose_halpe26_80frames.json")
    (clip,) = FORM.read(path, Given())
    found = [
        (frame["frame_id"], one)
        for frame in json.loads(path.read_text())["instance_info"]
        for one in frame["instances"]
    ]
    assert clip.frames.tolist() == [frame for frame, _ in found]
    assert clip.keypoints.tolist() == [one["keypoints"] for _, one in found]
    assert clip.scores.tolist() == [one["keypoint_scores"] for _, one in found]
    corners = np.array([one["bbox"][0] for _, one in found])
    assert np.allclose(clip.boxes, np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]]))
    assert (clip.count, clip.fps, clip.skeleton) == (80, None, SKELETONS["halpe26"])
    FORM.write(tmp_path / "same.json", [clip])
    assert contents(tmp_path / "same.json") == contents(path)
    FORM.write(tmp_path / "moved.json", [replace(clip, keypoints=clip.keypoints - 2)])
    old, new = (json.loads(p.read_text()) for p in (path, tmp_path / "moved.json"))
    for before, after in zip(old["instance_info"], new["instance_info"], strict=True):
        for one, other in zip(before["instances"], after["instances"], strict=True):
            places = np.array(one.pop("keypoints")) - np.array(other.pop("keypoints"))
            assert np.abs(places - 2).max() <= 5.1e-4
    assert old == new


def test_boxes_and_tracks(tmp_path) -> None:
    (clip,) = FORM.read(mmpose(tmp_path / "a.json"), Given())
    assert clip.boxes.tolist() == [[1, 2, 30, 40]] * 10
    assert clip.ids.tolist() == [0, 1] * FRAMES


def layout(path, document) -> Clip:
    path.write_text(json.dumps(document))
    assert FORM.recognises(path)
    (clip,) = FORM.read(path, Given())
    return clip


def test_lists_of_instances_frame_by_frame(tmp_path) -> None:
    frames = [frame["instances"] for frame in json.loads(mmpose(tmp_path / "a").read_text())]
    clip = layout(tmp_path / "a.json", [*frames[:2], [], *frames[2:]])
    assert clip.frames.tolist() == [0, 0, 1, 1, 3, 3, 4, 4, 5, 5]
    assert np.allclose(clip.keypoints[2:4], poses(17)[1, :, :, :2])
    grown = replace(clip, frames=np.where(clip.rows == 9, 2, clip.frames), rows=clip.rows * 0 - 1)
    FORM.write(tmp_path / "b.json", [grown])
    assert [len(f) for f in json.loads((tmp_path / "b.json").read_text())] == [4, 4, 1, 4, 4, 3]


def test_the_triples_of_older_versions(tmp_path) -> None:
    values = poses(17)[0]
    frames = [{"frame_id": 3, "instances": [{"keypoints": one.tolist()} for one in values]}]
    clip = layout(tmp_path / "a.json", frames)
    assert np.array_equal(clip.keypoints, values[..., :2])
    assert np.array_equal(clip.scores, values[..., 2])
    FORM.write(tmp_path / "b.json", [replace(clip, keypoints=clip.keypoints + 1)])
    (frame,) = json.loads((tmp_path / "b.json").read_text())
    first = np.array(frame["instances"][0]["keypoints"])
    assert np.allclose(first, values[0] + [1, 1, 0], atol=1e-3)


def test_scores_may_be_missing(tmp_path) -> None:
    instance = {"keypoints": poses(26)[0, 0, :, :2].tolist()}
    clip = layout(tmp_path / "a.json", [{"frame_id": 3, "instances": [instance]}])
    assert np.isnan(clip.scores).all()
    assert clip.skeleton is SKELETONS["halpe26"]
    sure = replace(clip, scores=clip.scores * 0 + 0.5)
    FORM.write(tmp_path / "b.json", [sure])
    assert contents(tmp_path / "b.json") == contents(tmp_path / "a.json")


def test_keypoints_of_its_own(tmp_path) -> None:
    about = {
        **{"dataset_name": "ap10k", "keypoint_id2name": {"0": "Nose", "1": "Tail", "2": "Hip"}},
        "skeleton_links": [[0, 2], [2, 1]],
    }
    instance = {"keypoints": [[1, 2], [3, 4], [5, 6]], "keypoint_scores": [0.5] * 3}
    frames = [{"frame_id": 0, "instances": [instance]}]
    clip = layout(tmp_path / "a.json", {"meta_info": about, "instance_info": frames})
    assert (clip.skeleton.name, clip.skeleton.keypoints) == ("ap10k", ("Nose", "Tail", "Hip"))
    assert clip.skeleton.limbs == (("Nose", "Hip"), ("Hip", "Tail"))


def test_frames_without_people_and_people_without_keypoints(tmp_path) -> None:
    document = json.loads(mmpose(tmp_path / "a").read_text())
    document[0]["instances"] = []
    document[1]["instances"].insert(0, {"keypoints": [], "keypoint_scores": [], "bbox": [[]]})
    clip = layout(tmp_path / "a.json", document)
    assert (clip.frames.tolist(), clip.count) == ([2, 2, 3, 3, 4, 4, 5, 5], 5)
    FORM.write(tmp_path / "b.json", [replace(clip, keypoints=clip.keypoints + 1)])
    again = json.loads((tmp_path / "b.json").read_text())
    moved = np.array(again[1]["instances"][1]["keypoints"]) - clip.keypoints[0]
    assert np.allclose(moved, 1, atol=1e-3)


def test_a_new_frame(tmp_path) -> None:
    path = mmpose(tmp_path / "a.json")
    (clip,) = FORM.read(path, Given())
    new = replace(clip, frames=np.where(clip.rows == 4, 99, clip.frames), ids=None)
    new = replace(new, rows=np.where(clip.rows == 4, -1, clip.rows))
    FORM.write(tmp_path / "b.json", [new])
    *frames, last = json.loads((tmp_path / "b.json").read_text())
    assert frames == json.loads(path.read_text())
    assert (last["frame_id"], len(last["instances"])) == (99, 1)
    assert last["instances"][0].keys() == {"keypoints", "keypoint_scores", "bbox", "bbox_score"}


def test_a_skeleton_is_named_in_a_new_file(tmp_path) -> None:
    values = poses(26, people=1, frames=3)[:, 0]
    clip = Clip("a", np.array([1, 2, 4]), values[..., :2], values[..., 2], SKELETONS["halpe26"])
    FORM.write(tmp_path / "a.json", [clip])
    document = json.loads((tmp_path / "a.json").read_text())
    assert [frame["frame_id"] for frame in document["instance_info"]] == [1, 2, 3, 4]
    (again,) = FORM.read(tmp_path / "a.json", Given())
    assert again.skeleton is SKELETONS["halpe26"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d[2].update(frame_id=2), "lists frame 2 twice; expected each once"),
        (
            lambda d: d[2].update(frame_id="x"),
            "entry 2 is no frame; expected a frame_id, a number",
        ),
        (lambda d: d[2].update(frame_id=None), "a frame_id is None; expected a number or a name"),
        (
            lambda d: d.append(7),
            "entry 5 is no frame; expected a frame_id, a number, and instances",
        ),
        (lambda d: d[1]["instances"].append(7), "frame 2 lists what is no instance"),
        (
            lambda d: d[1]["instances"][0].update(keypoints=[[1, 2, 3]] * 17),
            "frame 2 has poses in three dimensions; expected pixels x, y",
        ),
        (
            lambda d: d[1]["instances"][0].update(keypoints=[[1, 2]] * 16),
            "frame 2 has 16 keypoints a pose, frame 1 has 17; expected one skeleton throughout",
        ),
        (
            lambda d: [one.update(keypoint_scores=[1] * 16) for f in d for one in f["instances"]],
            "has positions and scores of 16 and 17 keypoints",
        ),
        (
            lambda d: d[1]["instances"][0].update(keypoints=[[1, 2], [3]]),
            "has [1, 2]; expected a number",
        ),
        (lambda d: d[1]["instances"][0].update(keypoints="ab"), "has 'ab'; expected a list"),
        (lambda d: d[1]["instances"][0].update(keypoint_scores=3), "has 3; expected a list"),
        (
            lambda d: d[1]["instances"][0].pop("keypoint_scores"),
            "frame 2 is written in another way than the frames before it",
        ),
        (lambda d: d.__setitem__(0, d[0]["instances"][0]), "lists the people of one image"),
    ],
)
def test_damaged_predictions(change, message, tmp_path) -> None:
    path = mmpose(tmp_path / "a.json")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=re.escape(message)) as refusal:
        FORM.read(path, Given())
    assert str(refusal.value).startswith(str(path))


def test_a_crowd_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch) -> None:
    """As objects, a frame takes ten times as much as in the file."""
    monkeypatch.setattr(spans, "_LARGEST", 1 << 14)
    monkeypatch.setattr(gathering, "MOST_PEOPLE", 20)
    path = tmp_path / "a.json"
    person = '{"keypoints":[' + ",".join(["[1,2]"] * 17) + "]}"
    for people, message in (
        (1000, "(expecting an entry of at most 32 MB, line 1, column 2)"),
        (21, "frame 0 lists 21 people; expected at most 20"),
    ):
        crowd = ",".join([person] * people)
        path.write_text('[{"frame_id":0,"instances":[' + crowd + "]}]")
        with pytest.raises(DataError, match=re.escape(message)):
            FORM.read(path, Given())
