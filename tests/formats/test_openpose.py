"""OpenPose folders: damaged files, people without keypoints, which 25 keypoints, real files."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from layouts import read_npz
from pose_files import FRAMES, body, contents, openpose, openpose_document, poses, real

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Given
from temporal_pose.formats.openpose import OpenPose, body25_or_body25b
from temporal_pose.pose.skeletons import SKELETONS

FORM = OpenPose()


def file(folder: Path, frame: int) -> Path:
    return folder / f"cam_{frame:012d}_keypoints.json"


def by_hand(folder: Path) -> list[tuple[int, int, list[float]]]:
    """Frame, place and numbers of each person, with nothing of ours."""
    found = []
    for path in sorted(folder.iterdir()):
        frame = int(re.findall(r"\d+", path.stem)[-1])
        for place, person in enumerate(json.loads(path.read_text())["people"]):
            found.append((frame, place, person["pose_keypoints_2d"]))
    return found


def test_the_real_folder() -> None:
    folder = real("formats/openpose_single")
    (clip,) = FORM.read(folder, Given())
    expected = by_hand(folder)
    assert clip.frames.tolist() == [frame for frame, _, _ in expected]
    values = np.concatenate([clip.keypoints, clip.scores[..., None]], -1)
    assert values.reshape(len(clip), 75).tolist() == [numbers for _, _, numbers in expected]
    assert (clip.name, clip.count, clip.ids, clip.fps) == ("openpose_single", 40, None, None)
    assert clip.skeleton is SKELETONS["body25b"]
    remark = "25 keypoints, recognised as body25b by their proportions; skeleton= overrules it"
    assert clip.remarks == (remark,)


def test_the_real_folder_comes_back(tmp_path) -> None:
    folder = real("formats/openpose_single")
    (clip,) = FORM.read(folder, Given())
    FORM.write(tmp_path / "same", [clip])
    assert contents(tmp_path / "same") == contents(folder)
    there = (clip.keypoints != 0).any(-1, keepdims=True)
    moved = np.where(there, clip.keypoints + 0.125, 0)
    FORM.write(tmp_path / "moved", [replace(clip, keypoints=moved)])
    for (_, _, before), (_, _, after) in zip(
        by_hand(folder), by_hand(tmp_path / "moved"), strict=True
    ):
        old, new = np.array(before).reshape(25, 3), np.array(after).reshape(25, 3)
        assert np.array_equal(old[:, 2], new[:, 2])
        expected = np.where(old[:, :2].any(1, keepdims=True), old[:, :2] + 0.125, 0)
        assert np.abs(new[:, :2] - expected).max() <= 5.1e-4
    others = ("face_keypoints_2d", "hand_left_keypoints_2d", "pose_keypoints_3d")
    first = json.loads((tmp_path / "moved" / "cam01.0000.json").read_text())
    assert first["version"] == 1.3
    assert all(person[name] == [] for person in first["people"] for name in others)


@pytest.mark.parametrize("skeleton", ["body25", "body25b"])
def test_proportions_tell_which_25_keypoints(skeleton, tmp_path) -> None:
    openpose(tmp_path / "a", body(skeleton)[:, None])
    (clip,) = FORM.read(tmp_path / "a", Given())
    assert clip.skeleton is SKELETONS[skeleton]
    (clip,) = FORM.read(tmp_path / "a", Given(skeleton=SKELETONS["body25"]))
    assert (clip.skeleton, clip.remarks) == (SKELETONS["body25"], ())


def test_the_real_dancers_are_told_apart_in_either_order() -> None:
    from temporal_pose.pose.skeletons import remap

    for path in sorted(real("aist_gbr").glob("*.npz"))[::15]:
        found = read_npz(path)["detections"][:, :, :3]
        for name in ("body25", "body25b"):
            there = found[..., 2] > 0
            moved, _ = remap(found, there, SKELETONS["coco17"], SKELETONS[name])
            assert body25_or_body25b(moved.astype(float)) is SKELETONS[name]


@pytest.mark.parametrize("shown", [0, 4])
def test_proportions_that_do_not_tell(shown, tmp_path) -> None:
    """Points anywhere, or too few of a body."""
    people = poses(25) if not shown else body("body25")[:, None]
    if shown:
        people[..., shown:, :] = 0
    openpose(tmp_path / "a", people)
    message = (
        "25 keypoints may be BODY_25 or BODY_25B, and the proportions of the poses do not tell"
    )
    with pytest.raises(
        DataError, match=message + " which; set skeleton=body25 or skeleton=body25b"
    ):
        FORM.read(tmp_path / "a", Given())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"version":1.3,"people":[{"pose_key', r"ends in the middle \(line 1, column 27\)"),
        ("", "is empty"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"people": 3}', "does not list 'people' as OpenPose does"),
        ("[]", "does not list 'people' as OpenPose does"),
        ('{"people": ["x"]}', "does not list 'people' as OpenPose does"),
        (
            '{"people":[{"pose_keypoints_2d":[1,2]}]}',
            "has a pose of 2 numbers; expected 3 for each",
        ),
        ('{"people":[{"pose_keypoints_2d":"abc"}]}', "has 'abc'; expected a list of numbers"),
        (
            '{"people":[{"pose_keypoints_2d":[' + "1," * 53 + '"3"]}]}',
            "has '3'; expected a number",
        ),
        (
            '{"people":[{"pose_keypoints_2d":[' + "1," * 53 + "[]]}]}",
            r"has \[\]; expected a number",
        ),
        ("\x80\x81", "is no text|is not JSON"),
        ('{"people":[{"pose_keypoints_2d":[1' + "0" * 5000 + "]}]}", "a number that is too long"),
    ],
)
def test_a_damaged_file_is_named_and_the_others_are_done(text, reason, tmp_path) -> None:
    folder = openpose(tmp_path / "a")
    file(folder, 3).write_text(text, encoding="latin-1")
    (clip,) = FORM.read(folder, Given())
    assert clip.frames.tolist() == [0, 0, 1, 1, 2, 2, 4, 4]
    assert clip.count == FRAMES
    (remark,) = clip.remarks
    assert re.search(reason, remark), remark
    assert file(folder, 3).name in remark
    assert remark.endswith(": its frame has no poses, and the file is not written")
    FORM.write(tmp_path / "b", [clip])
    expected = contents(folder)
    del expected[file(folder, 3).name]
    assert contents(tmp_path / "b") == expected


def test_all_files_damaged(tmp_path) -> None:
    folder = openpose(tmp_path / "a")
    for path in folder.iterdir():
        path.write_text('{"people"')
    with pytest.raises(
        DataError, match=r"none of its 5 files can be read; the first: .*0_keypoints"
    ):
        FORM.read(folder, Given())


def test_many_damaged_files_are_counted(tmp_path) -> None:
    folder = openpose(tmp_path / "a", np.repeat(poses(18), 5, 0))
    for frame in range(24):
        file(folder, frame).write_text("{")
    (clip,) = FORM.read(folder, Given())
    assert len(clip.remarks) == 21
    assert clip.remarks[-1] == "4 more files are damaged like these"


def test_a_pose_for_a_damaged_file_gets_a_new_one(tmp_path) -> None:
    folder = openpose(tmp_path / "a")
    file(folder, 3).write_text("{")
    (clip,) = FORM.read(folder, Given())
    new = replace(
        clip,
        frames=np.append(clip.frames, 3),
        keypoints=np.concatenate([clip.keypoints, clip.keypoints[:1]]),
        scores=np.concatenate([clip.scores, clip.scores[:1]]),
        rows=np.append(clip.rows, -1),
    )
    FORM.write(tmp_path / "b", [new])
    (person,) = json.loads(file(tmp_path / "b", 3).read_text())["people"]
    assert person["person_id"] == [-1]
    assert person["pose_keypoints_2d"] == poses(18)[0, 0].ravel().tolist()


def test_people_without_keypoints_and_frames_without_people(tmp_path) -> None:
    folder = openpose(tmp_path / "a")
    document = openpose_document(poses(18)[0])
    document["people"].insert(0, {"person_id": [4], "pose_keypoints_2d": []})
    document["people"].append({"pose_keypoints_2d": [0] * 54, "person_id": [5]})
    file(folder, 0).write_text(json.dumps(document))
    file(folder, 4).write_text('{"people": []}')
    (clip,) = FORM.read(folder, Given())
    assert clip.frames.tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3]
    assert clip.ids.tolist() == [-1, -1, 5, -1, -1, -1, -1, -1, -1]
    assert not clip.keypoints[2].any()
    moved = replace(clip, keypoints=np.where(clip.keypoints, clip.keypoints + 1, 0))
    FORM.write(tmp_path / "b", [moved])
    people = json.loads(file(tmp_path / "b", 0).read_text())["people"]
    assert [len(person["pose_keypoints_2d"]) for person in people] == [0, 54, 54, 54]
    assert people[3]["pose_keypoints_2d"] == [0] * 54
    assert file(tmp_path / "b", 4).read_text() == '{"people": []}'


def test_a_folder_without_anyone(tmp_path) -> None:
    folder = openpose(tmp_path / "a", np.empty((3, 0, 25, 3)))
    (clip,) = FORM.read(folder, Given())
    assert (len(clip), clip.scores.shape, clip.count, clip.skeleton) == (0, (0, 0), 3, None)
    (clip,) = FORM.read(folder, Given(skeleton=SKELETONS["body25"]))
    assert clip.scores.shape == (0, 25)
    FORM.write(tmp_path / "b", [clip])
    assert contents(tmp_path / "b") == contents(folder)


def test_everything_else_in_a_file_is_kept(tmp_path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    hands = {"hand_left_keypoints_2d": [1.5, 2.25, 0.5] * 21, "face_keypoints_2d": [9] * 210}
    person = {"person_id": [7], "pose_keypoints_2d": poses(18)[0, 0].ravel().tolist()} | hands
    extra = {"part_candidates": [{"0": [1, 2, 3]}], "note": "caf\u00e9"}
    text = json.dumps({"version": 1.2, "people": [person]} | extra, indent=2, ensure_ascii=False)
    (folder / "shot 7.json").write_text(text, encoding="utf-8")
    (clip,) = FORM.read(folder, Given())
    assert (clip.frames.tolist(), clip.ids.tolist(), clip.count) == ([7], [7], 1)
    FORM.write(tmp_path / "b", [replace(clip, keypoints=clip.keypoints * 2)])
    again = json.loads((tmp_path / "b" / "shot 7.json").read_text(encoding="utf-8"))
    numbers = np.array(again["people"][0].pop("pose_keypoints_2d")).reshape(18, 3)
    assert np.allclose(numbers, poses(18)[0, 0] * [2, 2, 1], atol=1e-3)
    del person["pose_keypoints_2d"]
    assert again == {"version": 1.2, "people": [person]} | extra


def test_the_name_that_keypoints_had_before_version_1_2(tmp_path) -> None:
    folder = openpose(tmp_path / "a")
    for path in folder.iterdir():
        path.write_text(path.read_text().replace("pose_keypoints_2d", "pose_keypoints"))
    (clip,) = FORM.read(folder, Given())
    assert len(clip) == 10
    FORM.write(tmp_path / "b", [replace(clip, keypoints=clip.keypoints + 1)])
    assert '"pose_keypoints":[' in file(tmp_path / "b", 0).read_text()


def test_keypoints_of_two_numbers_are_refused(tmp_path) -> None:
    folder = openpose(tmp_path / "a")
    file(folder, 2).write_text(json.dumps(openpose_document(poses(25)[0])))
    message = (
        f"{folder}: cam_000000000002_keypoints.json has 25 keypoints a pose, "
        "cam_000000000000_keypoints.json has 18; expected one skeleton throughout"
    )
    with pytest.raises(DataError, match=re.escape(message)):
        FORM.read(folder, Given())


def test_frames_keep_their_numbers_and_gaps(tmp_path) -> None:
    folder = openpose(tmp_path / "a")
    file(folder, 1).unlink()
    file(folder, 2).rename(folder / "cam_12_keypoints.json")
    (clip,) = FORM.read(folder, Given())
    assert clip.frames.tolist() == [0, 0, 3, 3, 4, 4, 12, 12]
    assert clip.count == 13


def test_two_files_of_one_frame(tmp_path) -> None:
    folder = openpose(tmp_path / "a")
    (folder / "cam_3.json").write_text('{"people":[]}')
    message = "'cam_000000000003_keypoints.json' and 'cam_3.json' are both frame 3; remove one"
    with pytest.raises(DataError, match=message):
        FORM.read(folder, Given())


def test_videos_that_share_a_folder(tmp_path) -> None:
    folder = openpose(tmp_path / "a")
    for frame in range(3):
        (folder / f"b.c-{frame}.json").write_text(file(folder, frame + 2).read_text())
    first, second = FORM.read(folder, Given())
    assert (first.name, len(first), second.name, len(second)) == ("b.c", 6, "cam", 10)
    assert np.array_equal(first.keypoints, second.keypoints[4:])
    moved = [first, replace(second, keypoints=second.keypoints + 1)]
    FORM.write(tmp_path / "b", moved)
    again, after = FORM.read(tmp_path / "b", Given())
    assert np.array_equal(again.keypoints, first.keypoints)
    assert np.allclose(after.keypoints[0], second.keypoints[0] + 1, atol=1e-3)


def test_names_that_number_something_else(tmp_path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    for frame in range(3):
        (folder / f"frame_{frame}_cam1.json").write_text('{"people":[]}')
    with pytest.raises(
        DataError, match="look like 3 videos of one frame; expected the last number"
    ):
        FORM.read(folder, Given())


def test_a_name_without_a_number(tmp_path) -> None:
    folder = openpose(tmp_path / "a")
    (folder / "about.json").write_text("{}")
    with pytest.raises(
        DataError, match=r"'about.json' has no frame number; expected names such as"
    ):
        FORM.read(folder, Given())


def test_a_million_people(tmp_path) -> None:
    folder = openpose(tmp_path / "a")
    person = '{"pose_keypoints_2d":[' + ",".join("0" * 54) + "]}"
    file(folder, 2).write_text('{"people":[' + ",".join([person] * 11_000) + "]}")
    (clip,) = FORM.read(folder, Given())
    assert "lists 11000 people; expected at most 10000" in clip.remarks[0]
    with file(folder, 3).open("wb") as large:
        large.truncate(33 << 20)
    (clip,) = FORM.read(folder, Given())
    assert "has 33 MB; expected at most 32 MB" in clip.remarks[1]
    assert len(clip) == 6


def test_frames_between_poses_of_another_format_get_a_file(tmp_path) -> None:
    from temporal_pose.formats.clips import Clip

    values = poses(17, people=1, frames=2)[:, 0]
    FORM.write(tmp_path / "a", [Clip("a", np.array([3, 6]), values[..., :2], values[..., 2])])
    names = [f"a_{frame:012d}_keypoints.json" for frame in range(3, 7)]
    assert sorted(contents(tmp_path / "a")) == names
    assert json.loads((tmp_path / "a" / names[1]).read_text()) == {"version": 1.3, "people": []}
