"""What holds for every format that lists people frame by frame."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pose_files import (
    FRAMES,
    SAMPLES,
    alphapose,
    coco,
    contents,
    mmpose,
    openpose,
    poses,
    rtmlib,
    ultralytics,
)

from temporal_pose.errors import DataError
from temporal_pose.formats import known
from temporal_pose.formats.clips import Clip, Given

EVERY = pytest.mark.parametrize("sample", SAMPLES)
SIZE = (640, 480)


def written(sample: str, folder: Path) -> tuple[known.Format, Path]:
    form, write = SAMPLES[sample]
    return known.named(form), write(folder / "einä Näme.v1")


def truth(clip: Clip) -> np.ndarray:
    """What `poses` put there for each pose of the clip."""
    k = clip.scores.shape[1]
    base = int(clip.frames.min())
    seen: dict[int, int] = {}
    out = []
    for frame in clip.frames.tolist():
        place = seen.get(frame, 0)
        seen[frame] = place + 1
        out.append(poses(k)[frame - base, place])
    return np.array(out)


def in_pixels(clip: Clip) -> Clip:
    if not clip.normalised:
        return clip
    return replace(clip, keypoints=clip.keypoints * SIZE, normalised=False, image_size=SIZE)


@EVERY
def test_it_is_recognised_as_that_alone(sample, tmp_path) -> None:
    form, path = written(sample, tmp_path)
    assert known.recognised(path) is form


@EVERY
def test_a_clip_holds_what_the_file_has(sample, tmp_path) -> None:
    form, path = written(sample, tmp_path)
    if sample == "coco_annotations":
        pytest.skip("whole numbers and visibilities; see test_coco.py")
    (clip,) = form.read(path, Given(fps=25, image_size=SIZE))
    clip = in_pixels(clip)
    expected = truth(clip)
    assert len(clip) == 2 * FRAMES
    assert np.allclose(clip.keypoints, expected[..., :2], atol=0.01)
    assert np.allclose(clip.scores, expected[..., 2], atol=1e-6)
    name = path.stem if form.suffix else path.name
    assert (clip.name, clip.fps, clip.remarks, clip.format) == (name, 25, (), form.name)
    assert clip.skeleton.name == {17: "coco17", 18: "coco18"}[clip.scores.shape[1]]
    assert clip.rows.tolist() == list(range(10))


@EVERY
def test_unchanged_it_comes_back_byte_for_byte(sample, tmp_path) -> None:
    form, path = written(sample, tmp_path)
    clips = form.read(path, Given())
    form.write(tmp_path / "out", clips)
    assert contents(tmp_path / "out") == contents(path)
    form.write(tmp_path / "pixels", [in_pixels(clip) for clip in clips])
    assert contents(tmp_path / "pixels") == contents(path)


@EVERY
def test_one_changed_coordinate_changes_one_number(sample, tmp_path) -> None:
    form, path = written(sample, tmp_path)
    first, *others = form.read(path, Given())
    keypoints = first.keypoints.copy()
    keypoints[3, 5] += [0, 0.25]
    form.write(tmp_path / "out", [replace(first, keypoints=keypoints), *others])
    before, after = contents(path), contents(tmp_path / "out")
    differing = [name for name in before if before[name] != after[name]]
    assert before.keys() == after.keys() and len(differing) == 1
    old, new = (text[differing[0]].replace(b",", b" ").split() for text in (before, after))
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 1
    (again, *_) = form.read(tmp_path / "out", Given())
    assert np.allclose(again.keypoints, keypoints, atol=5e-4, equal_nan=True)
    assert np.array_equal(again.scores, first.scores)


@EVERY
def test_poses_go_to_their_rows(sample, tmp_path) -> None:
    """Whatever order they are in, and with some of them left out."""
    form, path = written(sample, tmp_path)
    clips = form.read(path, Given())
    some, move = np.array([4, 0, 3]), 0.05 if clips[0].normalised else 7
    moved = [
        replace(
            clip,
            frames=clip.frames[some],
            keypoints=clip.keypoints[some] + move,
            scores=clip.scores[some],
            rows=clip.rows[some],
            ids=None,
            boxes=None,
        )
        for clip in clips
    ]
    form.write(tmp_path / "out", moved)
    for before, after in zip(clips, form.read(tmp_path / "out", Given()), strict=True):
        moves = after.keypoints - before.keypoints
        gone = np.isnan(before.keypoints) | (before.keypoints == 0)
        expected = np.where(np.isin(np.arange(len(before)), some), move, 0)[:, None, None]
        assert np.allclose(np.where(gone, 0, moves), np.where(gone, 0, expected), atol=1e-3)


@EVERY
def test_what_is_missing_now_becomes_zero(sample, tmp_path) -> None:
    form, path = written(sample, tmp_path)
    first, *others = form.read(path, Given())
    keypoints, scores = first.keypoints.copy(), first.scores.copy()
    keypoints[2, 6] = np.nan
    scores[2, 6] = np.nan
    form.write(tmp_path / "out", [replace(first, keypoints=keypoints, scores=scores), *others])
    (again, *_) = form.read(tmp_path / "out", Given())
    assert again.keypoints[2, 6].tolist() == [0, 0] and again.scores[2, 6] == 0
    keypoints[2, 6] = 0
    assert np.allclose(again.keypoints, keypoints, atol=5e-4, equal_nan=True)


@EVERY
def test_a_keypoint_that_was_missing_is_filled(sample, tmp_path) -> None:
    form, path = written(sample, tmp_path)
    first, *others = form.read(path, Given())
    place = int(np.flatnonzero((first.scores == 0).any(1))[0])
    keypoints = first.keypoints.copy()
    keypoints[place, 2] = [0.5, 0.75]
    scores = np.where(first.scores == 0, np.nan, first.scores)
    form.write(tmp_path / "out", [replace(first, keypoints=keypoints, scores=scores), *others])
    (again, *_) = form.read(tmp_path / "out", Given())
    assert again.keypoints[place, 2].tolist() == [0.5, 0.75]
    assert again.scores[place, 2] > 0


@EVERY
def test_a_new_pose_is_added_to_its_frame(sample, tmp_path) -> None:
    form, path = written(sample, tmp_path)
    clips = [in_pixels(clip) for clip in form.read(path, Given())]
    first, *others = clips
    frame = int(first.frames[-1])
    new = np.arange(2.0 * first.scores.shape[1]).reshape(1, -1, 2) + 50
    grown = replace(
        first,
        frames=np.append(first.frames, frame),
        keypoints=np.concatenate([first.keypoints, new]),
        scores=np.concatenate([first.scores, np.full((1, new.shape[1]), np.nan)]),
        rows=np.append(first.rows, -1),
        ids=np.arange(len(first) + 1),
        boxes=None,
    )
    form.write(tmp_path / "out", [grown, *others])
    again, *rest = (in_pixels(clip) for clip in form.read(tmp_path / "out", Given()))
    (place,) = np.flatnonzero(np.isclose(again.keypoints, new, atol=1e-3).all((1, 2)))
    assert again.frames[place] == frame
    assert (again.scores[place] == 1).all()
    assert len(again) == len(first) + 1
    assert [len(clip) for clip in rest] == [len(clip) for clip in others]


@EVERY
def test_a_clip_of_another_format(sample, tmp_path) -> None:
    form, _ = written(sample, tmp_path)
    values = np.concatenate([np.zeros((0, 17, 3)), *poses(17, people=3, frames=2)])
    values[1, 4] = np.nan
    clip = Clip(
        "walk / öl",
        np.array([7, 7, 7, 9, 9, 9]),
        values[..., :2],
        values[..., 2],
        ids=np.array([1, 2, 3, 1, 2, 3]),
        image_size=SIZE,
        format="another",
        kept=object(),
    )
    form.write(tmp_path / "out", [clip])
    (again,) = form.read(tmp_path / "out", Given())
    again = in_pixels(again)
    values[1, 4] = 0
    assert again.frames.tolist() == clip.frames.tolist()
    assert np.allclose(again.keypoints, values[..., :2], atol=1e-3)
    assert np.allclose(again.scores, values[..., 2], atol=1e-6)
    assert again.ids.tolist() == clip.ids.tolist()


@EVERY
def test_two_clips_of_another_format(sample, tmp_path) -> None:
    form, _ = written(sample, tmp_path)
    values = poses(17, people=1, frames=3)[:, 0]
    clips = [
        Clip(name, np.array([3, 4, 5]), values[..., :2] + move, values[..., 2], image_size=SIZE)
        for name, move in (("left", 0), ("right", 9))
    ]
    if form.name == "mmpose":
        with pytest.raises(DataError, match="mmpose keeps one video a file; write left, right"):
            form.write(tmp_path / "out", clips)
        assert not (tmp_path / "out").exists()
        return
    form.write(tmp_path / "out", clips)
    again = [in_pixels(clip) for clip in form.read(tmp_path / "out", Given())]
    assert [clip.name for clip in again] == ["left", "right"]
    for clip, wanted in zip(again, clips, strict=True):
        assert clip.frames.tolist() == [3, 4, 5]
        assert np.allclose(clip.keypoints, wanted.keypoints, atol=1e-3)


@EVERY
def test_another_number_of_keypoints_does_not_fit_back(sample, tmp_path) -> None:
    form, path = written(sample, tmp_path)
    first, *others = form.read(path, Given())
    k = first.scores.shape[1]
    short = replace(
        first, keypoints=first.keypoints[:, 1:], scores=first.scores[:, 1:], skeleton=None
    )
    message = (
        rf"poses of {k - 1} keypoints do not fit into .*, which has {k}; write another format"
    )
    with pytest.raises(DataError, match=message):
        form.write(tmp_path / "out", [short, *others])
    assert sorted(tmp_path.iterdir()) == [path]


@EVERY
def test_a_source_that_changed_meanwhile_is_not_written_over(sample, tmp_path) -> None:
    form, path = written(sample, tmp_path)
    clips = form.read(path, Given())
    file = path if path.is_file() else sorted(path.iterdir())[2]
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(DataError, match="has changed since it was read; run the command again"):
        form.write(tmp_path / "out", clips)
    assert sorted(tmp_path.iterdir()) == [path]


@EVERY
def test_shares_of_an_unknown_image_size_are_not_pixels(sample, tmp_path) -> None:
    form, _ = written(sample, tmp_path)
    values = poses(17, people=1, frames=3)[:, 0]
    pixels = form.name == "ultralytics"
    clip = Clip("a", np.arange(3), values[..., :2], values[..., 2], normalised=not pixels)
    with pytest.raises(DataError, match=r"a: the image size is not known.*; set image_size="):
        form.write(tmp_path / "out", [clip])
    assert not (tmp_path / "out").exists()


@EVERY
def test_another_skeleton_is_refused_by_its_number(sample, tmp_path) -> None:
    from temporal_pose.pose.skeletons import SKELETONS

    form, path = written(sample, tmp_path)
    with pytest.raises(DataError) as refusal:
        form.read(path, Given(skeleton=SKELETONS["halpe26"]))
    assert "26" in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("sample", [name for name in SAMPLES if name not in ("ultralytics",)])
def test_windows_line_ends_and_a_byte_order_mark(sample, tmp_path) -> None:
    form, path = written(sample, tmp_path)
    plain = form.read(path, Given())
    for file in [path] if path.is_file() else sorted(path.iterdir()):
        text = file.read_bytes().replace(b", ", b",\r\n")
        file.write_bytes(b"\xef\xbb\xbf" + text)
    clips = form.read(path, Given())
    assert np.array_equal(clips[0].keypoints, plain[0].keypoints, equal_nan=True)
    moved = replace(clips[0], keypoints=clips[0].keypoints + 1)
    form.write(tmp_path / "out", [moved, *clips[1:]])
    for name, after in contents(tmp_path / "out").items():
        assert after.startswith(b"\xef\xbb\xbf")
        assert after.count(b"\r\n") == contents(path)[name].count(b"\r\n")
        json.loads(after)


def test_utf_16_is_read_and_written(tmp_path) -> None:
    path = rtmlib(tmp_path / "a.json")
    path.write_text(path.read_text(), encoding="utf-16")
    form = known.recognised(path)
    (clip,) = form.read(path, Given())
    assert len(clip) == 10
    form.write(tmp_path / "b.json", [replace(clip, keypoints=clip.keypoints + 1)])
    assert len(json.loads((tmp_path / "b.json").read_text(encoding="utf-16"))) == FRAMES


def test_a_folder_of_two_formats_is_asked_about(tmp_path) -> None:
    openpose(tmp_path / "both")
    for file in ultralytics(tmp_path / "labels").iterdir():
        file.rename(tmp_path / "both" / file.name)
    with pytest.raises(
        DataError, match="looks like openpose and ultralytics; say which by format="
    ):
        known.recognised(tmp_path / "both")
    (clip,) = known.named("openpose").read(tmp_path / "both", Given())
    assert len(clip) == 10


@pytest.mark.parametrize("form", ["openpose", "ultralytics"])
def test_an_empty_folder(form, tmp_path) -> None:
    assert not known.named(form).recognises(tmp_path)
    with pytest.raises(
        DataError, match=r"has no file \*\.(json|txt); expected a file a frame: NAME"
    ):
        known.named(form).read(tmp_path, Given())


@pytest.mark.parametrize(("make", "form"), [(openpose, "openpose"), (ultralytics, "ultralytics")])
def test_a_file_of_a_folder_is_not_the_video(make, form, tmp_path) -> None:
    file = next(make(tmp_path / "a").iterdir())
    assert known.recognised(file).name == form
    with pytest.raises(DataError, match="name the folder, not a file in it"):
        known.named(form).read(file, Given())


@pytest.mark.parametrize("make", [coco, mmpose, alphapose, rtmlib])
@pytest.mark.parametrize("number", ["1e9", "-1e9", "1000000000"])
def test_huge_coordinates_are_kept(make, number, tmp_path) -> None:
    path = make(tmp_path / "a.json")
    value = repr(poses(17)[0, 0, 0, 0].item())
    path.write_text(path.read_text().replace(value, number, 1))
    form = known.recognised(path)
    (clip,) = form.read(path, Given())
    assert clip.keypoints[0, 0, 0] == float(number)
    form.write(tmp_path / "b.json", [replace(clip, keypoints=clip.keypoints + np.array([0, 1]))])
    assert f"{number}," in (tmp_path / "b.json").read_text()


@pytest.mark.parametrize("make", [coco, mmpose, alphapose, rtmlib])
@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "1e400", "9" * 400])
def test_infinite_coordinates_are_missing(make, number, tmp_path) -> None:
    path = make(tmp_path / "a.json")
    value = repr(poses(17)[0, 0, 0, 0].item())
    path.write_text(path.read_text().replace(value, number, 1))
    form = known.recognised(path)
    (clip,) = form.read(path, Given())
    assert np.isnan(clip.keypoints[0, 0, 0])
    assert clip.remarks == (f"{path}: 1 of its numbers are infinite: taken as missing",)


@pytest.mark.parametrize("make", [coco, mmpose, alphapose, rtmlib])
@pytest.mark.parametrize("number", ["NaN", "null"])
def test_no_number_is_missing(make, number, tmp_path) -> None:
    path = make(tmp_path / "a.json")
    value = repr(poses(17)[0, 0, 0, 0].item())
    path.write_text(path.read_text().replace(value, number, 1))
    form = known.recognised(path)
    (clip,) = form.read(path, Given())
    assert np.isnan(clip.keypoints[0, 0, 0])
    assert clip.remarks == ()
    form.write(tmp_path / "b.json", [clip])
    assert contents(tmp_path / "b.json") == contents(path)


def test_a_folder_that_is_there_already_is_left_alone(tmp_path) -> None:
    form, path = written("openpose", tmp_path)
    clips = form.read(path, Given())
    with pytest.raises(DataError, match="is there already; choose another out=, or remove it"):
        form.write(path, clips)


def test_what_a_killed_run_left_is_written_over(tmp_path) -> None:
    form, path = written("openpose", tmp_path)
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part" / "half.json").write_text("{")
    form.write(tmp_path / "out", form.read(path, Given()))
    assert contents(tmp_path / "out") == contents(path)
    assert not (tmp_path / "out.part").exists()
