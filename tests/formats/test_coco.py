"""COCO results and annotations: image ids that are no frames, videos, visibilities."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pose_files import FRAMES, coco, coco_annotations, contents, poses, real

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Given
from temporal_pose.formats.coco import Coco
from temporal_pose.pose.skeletons import SKELETONS

FORM = Coco()


def results(path: Path, ids: list, k: int = 3) -> Path:
    entries = [
        {"image_id": one, "category_id": 1, "keypoints": [n + 0.5] * (3 * k), "score": 0.5}
        for n, one in enumerate(ids, 1)
    ]
    path.write_text(json.dumps(entries))
    return path


def annotations(path: Path, images: list[dict], k: int = 3, **more) -> Path:
    """One pose for each image, all visible."""
    entries = [
        {"id": n, "image_id": image["id"], "category_id": 1, "keypoints": [n, n, 2] * k}
        for n, image in enumerate(images, 1)
    ]
    path.write_text(json.dumps({"images": images, "annotations": entries} | more))
    return path


def test_the_real_annotations(tmp_path) -> None:
    path = real("coco_mini/annotations/person_keypoints_val2017.json")
    (clip,) = FORM.read(path, Given())
    document = json.loads(path.read_text())
    labelled = [one for one in document["annotations"] if one.get("keypoints")]
    raw = np.array([one["keypoints"] for one in labelled], float).reshape(-1, 17, 3)
    order = sorted(image["id"] for image in document["images"])
    assert clip.frames.tolist() == [order.index(one["image_id"]) for one in labelled]
    assert np.array_equal(clip.keypoints, raw[..., :2])
    assert np.array_equal(clip.scores, raw[..., 2] / 2)
    assert clip.boxes.tolist() == [one["bbox"] for one in labelled]
    assert clip.skeleton is SKELETONS["coco17"]
    assert clip.remarks == (
        f"{path}: image numbers 139 to 552775 do not look like those of frames: counted in their "
        "order",
    )
    FORM.write(tmp_path / "out.json", [clip])
    assert contents(tmp_path / "out.json") == contents(path)


def test_videos_and_frames_of_annotations(tmp_path) -> None:
    path = coco_annotations(tmp_path / "a.json")
    first, second = FORM.read(path, Given())
    assert [clip.name for clip in (first, second)] == ["clip1/img", "clip2/img"]
    for place, clip in enumerate((first, second)):
        values = poses(17)[:, place]
        there = values[..., 2:] > 0
        assert clip.frames.tolist() == list(range(FRAMES))
        assert np.array_equal(clip.keypoints, values[..., :2].astype(int) * there)
        assert np.array_equal(clip.scores, there[..., 0])
        assert (clip.count, clip.image_size) == (FRAMES, (640, 480))
        assert clip.boxes.tolist() == [[1, 2, 3, 4]] * FRAMES
        assert clip.rows.tolist() == list(range(place, 2 * FRAMES, 2))


def test_visibility_zero_is_no_position_and_stays_as_it_is(tmp_path) -> None:
    path = annotations(tmp_path / "a.json", [{"id": 5, "file_name": "5.jpg"}], k=4)
    path.write_text(path.read_text().replace("[1, 1, 2, 1, 1, 2", "[1, 1, 0, 1, 1, 1"))
    (clip,) = FORM.read(path, Given())
    assert np.isnan(clip.keypoints[0]).tolist() == [[True] * 2, *[[False] * 2] * 3]
    assert clip.scores.tolist() == [[0, 0.5, 1, 1]]
    FORM.write(tmp_path / "same.json", [clip])
    assert contents(tmp_path / "same.json") == contents(path)
    filled = clip.keypoints.copy()
    filled[0, 0] = [7, 8.25]
    FORM.write(tmp_path / "filled.json", [replace(clip, keypoints=filled)])
    (entry,) = json.loads((tmp_path / "filled.json").read_text())["annotations"]
    assert entry["keypoints"] == [7, 8.25, 1, 1, 1, 1, 1, 1, 2, 1, 1, 2]


def test_the_number_of_labelled_keypoints_follows(tmp_path) -> None:
    path = coco_annotations(tmp_path / "a.json")
    first, second = FORM.read(path, Given())
    keypoints = first.keypoints.copy()
    keypoints[1, 2], keypoints[2, 4] = [3, 4], np.nan
    FORM.write(tmp_path / "b.json", [replace(first, keypoints=keypoints), second])
    before, after = (json.loads((tmp_path / f"{n}.json").read_text()) for n in "ab")
    old, new = ([a["num_keypoints"] for a in d["annotations"]] for d in (before, after))
    assert (old[2], new[2], old[4], new[4]) == (16, 17, 17, 16)
    assert old[:2] + old[5:] == new[:2] + new[5:]


@pytest.mark.parametrize(
    ("ids", "frames"),
    [
        ([0, 0, 1, 3], [0, 0, 1, 3]),
        ([10, 5, 15], [10, 5, 15]),
        ([7], [7]),
        (["v_3", "v_4", "v_9"], [3, 4, 9]),
        ([3.0, 4.0], [3, 4]),
    ],
)
def test_image_ids_that_number_frames(ids, frames, tmp_path) -> None:
    (clip,) = FORM.read(results(tmp_path / "a.json", ids), Given())
    assert (clip.frames.tolist(), clip.remarks) == (frames, ())


@pytest.mark.parametrize("ids", [[785, 139, 397133], [10001, 10002, 990001, 990002]])
def test_image_ids_that_do_not_are_counted_in_their_order(ids, tmp_path) -> None:
    path = results(tmp_path / "a.json", ids)
    (clip,) = FORM.read(path, Given())
    assert clip.frames.tolist() == [sorted(ids).index(one) for one in ids]
    assert clip.remarks == (
        f"{path}: image numbers {min(ids)} to {max(ids)} do not look like those of frames: "
        "counted in their order",
    )
    FORM.write(tmp_path / "b.json", [replace(clip, keypoints=clip.keypoints + 1)])
    again = json.loads((tmp_path / "b.json").read_text())
    assert [entry["image_id"] for entry in again] == ids


def test_what_ultralytics_saves(tmp_path) -> None:
    """Names without an ending as ids, two videos, more fields."""
    ids = ["b 1_3", "b 1_4", "a_7"]
    path = results(tmp_path / "predictions.json", ids)
    text = path.read_text().replace(
        '"score"', '"file_name": "x.jpg", "bbox": [1, 2, 3, 4], "score"'
    )
    path.write_text(text)
    assert FORM.recognises(path)
    first, second = FORM.read(path, Given())
    assert (first.name, first.frames.tolist()) == ("a", [7])
    assert (second.name, second.frames.tolist()) == ("b 1", [3, 4])


def test_frame_ids_and_videos_by_number(tmp_path) -> None:
    images = [
        {"id": 90 + n, "file_name": "x.jpg", "frame_id": n % 2 + 4, "video_id": 1 + n // 2}
        for n in range(4)
    ]
    path = annotations(tmp_path / "a.json", images, videos=[{"id": 1, "name": "run"}, {"id": 2}])
    first, second = FORM.read(path, Given())
    assert [clip.name for clip in (first, second)] == ["1", "2"]
    assert first.frames.tolist() == second.frames.tolist() == [4, 5]
    named = [{"id": 1, "name": "run"}, {"id": 2, "name": "jump"}]
    clips = FORM.read(annotations(tmp_path / "b.json", images, videos=named), Given())
    assert [clip.name for clip in clips] == ["run", "jump"]


def test_file_names_within_videos_by_number(tmp_path) -> None:
    images = [{"id": n, "file_name": f"{n % 2}.jpg", "video_id": n // 2} for n in range(4)]
    clips = FORM.read(annotations(tmp_path / "a.json", images), Given())
    assert [clip.frames.tolist() for clip in clips] == [[0, 1], [0, 1]]


def test_images_without_any_number_are_counted_by_id(tmp_path) -> None:
    images = [{"id": n, "file_name": f"{name}.jpg"} for n, name in ((8, "x"), (7, "y"), (9, "z"))]
    (clip,) = FORM.read(annotations(tmp_path / "a.json", images), Given())
    assert (clip.frames.tolist(), clip.remarks) == ([8, 7, 9], ())


def test_categories_name_the_keypoints(tmp_path) -> None:
    names = ["snout", "tail base", "tail end"]
    category = {"id": 1, "name": "mouse", "keypoints": names, "skeleton": [[1, 2], [2, 3], [9, 1]]}
    path = annotations(tmp_path / "a.json", [{"id": 1}], categories=[category])
    (clip,) = FORM.read(path, Given())
    assert (clip.skeleton.name, clip.skeleton.keypoints) == ("mouse", tuple(names))
    assert clip.skeleton.limbs == (("snout", "tail base"), ("tail base", "tail end"))


def test_new_annotations_get_ids_boxes_and_areas(tmp_path) -> None:
    path = coco_annotations(tmp_path / "a.json")
    first, second = FORM.read(path, Given())
    keypoints = np.full((1, 17, 2), np.nan)
    keypoints[0, :3] = [[10, 20], [30, 60], [20, 20]]
    grown = replace(
        first,
        frames=np.append(first.frames, 2),
        keypoints=np.concatenate([first.keypoints, keypoints]),
        scores=np.concatenate([first.scores, np.full((1, 17), 0.3)]),
        rows=np.append(first.rows, -1),
        boxes=None,
    )
    FORM.write(tmp_path / "b.json", [grown, second])
    *others, new = json.loads((tmp_path / "b.json").read_text())["annotations"]
    assert others == json.loads(path.read_text())["annotations"]
    assert new == {
        "image_id": 1014,
        "category_id": 1,
        "keypoints": [10, 20, 2, 30, 60, 2, 20, 20, 2] + [0] * 42,
        **{"bbox": [10, 20, 20, 40], "area": 800, "iscrowd": 0, "num_keypoints": 3, "id": 11},
    }


def test_a_pose_of_no_image_is_left_out(tmp_path) -> None:
    path = coco_annotations(tmp_path / "a.json")
    first, second = FORM.read(path, Given())
    lost = replace(first, frames=first.frames + 100, rows=first.rows * 0 - 1)
    FORM.write(tmp_path / "b.json", [lost, second])
    assert contents(tmp_path / "b.json") == contents(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["images"].pop(0), "a pose is of image 1000, which images does not list"),
        (
            lambda d: d["images"][1].update(id=1000),
            "two images have the id 1000; expected each once",
        ),
        (
            lambda d: d["images"][0].update(id=None),
            "the id of an image is None; expected a number",
        ),
        (lambda d: d.update(images=3), "images is no list of objects"),
        (
            lambda d: d["images"][2].update(file_name="clip1/img_0.jpg"),
            "'clip1/img_000000.jpg' and 'clip1/img_0.jpg' are both frame 0; remove one of them",
        ),
        (
            lambda d: d["annotations"][3].update(keypoints=[1, 2, 2] * 18),
            "frame 2007 has 18 keypoints a pose, frame 1000 has 17; expected one skeleton",
        ),
        (
            lambda d: [one.pop("keypoints") for one in d["annotations"]],
            "has no keypoints in its annotations; expected COCO's of people",
        ),
        (lambda d: d["annotations"].append(3), "lists something that is no object"),
    ],
)
def test_damaged_annotations(change, message, tmp_path) -> None:
    path = coco_annotations(tmp_path / "a.json")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=re.escape(message)) as refusal:
        FORM.read(path, Given())
    assert str(refusal.value).startswith(str(path))


def test_names_among_numbers(tmp_path) -> None:
    path = results(tmp_path / "a.json", [3, "x_4"])
    with pytest.raises(
        DataError, match="images are called 3 and 'x_4'; expected either numbers or"
    ):
        FORM.read(path, Given())


def test_results_keep_their_order_and_fields(tmp_path) -> None:
    path = coco(tmp_path / "a.json")
    entries = json.loads(path.read_text())[::-1]
    path.write_text(json.dumps(entries, separators=(",", ":")))
    (clip,) = FORM.read(path, Given())
    assert clip.frames.tolist() == [entry["image_id"] for entry in entries]
    FORM.write(tmp_path / "b.json", [replace(clip, keypoints=clip.keypoints + 1)])
    again = json.loads((tmp_path / "b.json").read_text())
    for old, new in zip(entries, again, strict=True):
        moved = np.array(old.pop("keypoints")).reshape(17, 3) + np.array([1, 1, 0])
        assert np.allclose(np.array(new.pop("keypoints")).reshape(17, 3), moved, atol=1e-3)
        assert old == new
