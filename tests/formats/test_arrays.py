"""numpy's files: shapes, types, names, and pickles that stay closed."""

import pickle
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from layouts import read_npz
from tabular import clip_of, moved, people, read, rewritten, with_pose

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Given
from temporal_pose.formats.known import named, recognised
from temporal_pose.pose.skeletons import SKELETONS

ARRAYS = named("arrays")
F, P, K = 7, 2, 5


@pytest.mark.parametrize("shape", [(F, K, 2), (F, K, 3), (F, P, K, 2), (F, P, K, 3)])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i2"])
def test_arrays_of_every_shape(shape, dtype, tmp_path):
    path, out = tmp_path / "a.npy", tmp_path / "b.npy"
    array = (np.random.default_rng(0).random(shape) * 500).astype(dtype)
    if dtype != "i2":
        array[2] = np.nan
    np.save(path, array)
    assert recognised(path) is ARRAYS
    clip = read(ARRAYS, path)
    people = 1 if len(shape) == 3 else P
    poses = array.reshape(F * people, K, -1)
    there = ~np.isnan(poses.astype(float)).all((1, 2))
    np.testing.assert_array_equal(clip.keypoints, poses[there][..., :2])
    assert (
        np.isnan(clip.scores).all()
        if shape[-1] == 2
        else (clip.scores == poses[there][..., 2]).all()
    )
    assert clip.frames.tolist() == np.repeat(np.arange(F), people)[there].tolist()
    assert (clip.count, clip.ids, clip.skeleton, clip.fps) == (F, None, None, None)
    ARRAYS.write(out, [clip])
    assert out.read_bytes() == path.read_bytes()
    ARRAYS.write(out, [moved(clip)])
    found = np.load(out)
    assert found.dtype == ("f8" if dtype == "i2" else dtype)
    np.testing.assert_allclose(found[..., :2], array[..., :2] + 1.25, rtol=1e-6)
    np.testing.assert_array_equal(found[..., 2:], array[..., 2:])


def test_absent_people_have_a_place_that_can_be_filled(tmp_path):
    path, array = tmp_path / "a.npy", people(F, P, K)
    array[3, 1] = array[5] = np.nan
    np.save(path, array)
    clip = read(ARRAYS, path)
    for frame in (5, 3, 5, 3, 99):
        clip = with_pose(clip, frame, frame + 0.5)
    ARRAYS.write(path.with_name("b.npy"), [clip])
    found = np.load(path.with_name("b.npy"))
    array[3, 1], array[5] = [3.5, 3.5, 0], [5.5, 5.5, 0]
    np.testing.assert_array_equal(found, array)


def archive(path, **changed):
    array = people(F, P, K)
    array[2, 1] = np.nan
    fields = {
        "keypoints": array[..., :2],
        "scores": array[..., 2],
        "frames": np.array([0, 1, 2, 5, 6, 10, 11]),
        "times": np.array([0, 0.04, 0.09, 0.2, 0.24, 0.4, 0.5]),
        "fps": "30000/1001",
        "image_size": (1000, 500),
        "skeleton": ["a", "b c", "ü", "left_x", "right_x"],
        "note": np.array([{"kept": "unopened"}], object),
    }
    fields = {name: value for name, value in (fields | changed).items() if value is not None}
    np.savez_compressed(path, **fields)
    return path


def test_an_archive_of_all_that_is_documented(tmp_path):
    path, out = archive(tmp_path / "a.npz"), tmp_path / "b.npz"
    assert recognised(path) is ARRAYS
    clip, array = read(ARRAYS, path), people(F, P, K)
    there = np.arange(F * P) != 5
    np.testing.assert_array_equal(clip.keypoints, array.reshape(-1, K, 3)[there][..., :2])
    np.testing.assert_array_equal(clip.scores, array.reshape(-1, K, 3)[there][..., 2])
    assert clip.frames.tolist() == np.repeat([0, 1, 2, 5, 6, 10, 11], 2)[there].tolist()
    assert clip.times[[0, -1]].tolist() == [0, 0.5]
    assert (clip.fps, clip.image_size) == (30000 / 1001, (1000, 500))
    assert clip.skeleton.keypoints == ("a", "b c", "ü", "left_x", "right_x")
    assert clip.count is None
    ARRAYS.write(out, [clip])
    assert out.read_bytes() == path.read_bytes()


def test_the_rest_of_an_archive_is_kept_even_a_pickle(tmp_path):
    path, out = archive(tmp_path / "a.npz"), tmp_path / "b.npz"
    clip = moved(read(ARRAYS, path))
    clip = replace(clip, scores=clip.scores / 2)
    ARRAYS.write(out, [clip])
    with zipfile.ZipFile(path) as one, zipfile.ZipFile(out) as other:
        assert one.namelist() == other.namelist()
        for name in set(one.namelist()) - {"keypoints.npy", "scores.npy"}:
            assert one.read(name) == other.read(name)
    np.testing.assert_array_equal(read(ARRAYS, out).keypoints, clip.keypoints)
    np.testing.assert_array_equal(read(ARRAYS, out).scores, clip.scores)


def test_one_array_of_another_name(tmp_path):
    path, out = tmp_path / "a.npz", tmp_path / "b.npz"
    np.savez(path, arr_0=people(F, P, K))
    assert recognised(path) is ARRAYS
    ARRAYS.write(out, [moved(read(ARRAYS, path))])
    np.testing.assert_array_equal(
        read_npz(out)["arr_0"], people(F, P, K) + np.array([1.25, 1.25, 0])
    )


@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_the_content_says_what_a_file_is(kind, tmp_path):
    right, wrong = tmp_path / f"a.{kind}", tmp_path / f"b.{'npy' if kind == 'npz' else 'npz'}"
    np.save(right, people(F, 1, K)) if kind == "npy" else archive(right)
    wrong.write_bytes(right.read_bytes())
    assert recognised(wrong) is ARRAYS
    one, other = read(ARRAYS, right), read(ARRAYS, wrong)
    np.testing.assert_array_equal(one.keypoints, other.keypoints)


def test_skeletons_by_name_and_shares_of_the_image(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, keypoints=np.random.default_rng(0).random((F, 17, 2)), skeleton="coco17")
    clip = read(ARRAYS, path)
    assert clip.skeleton is SKELETONS["coco17"]
    assert clip.normalised


class Bomb:
    """Would make a file, if anybody unpickled it."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize("kind", ["npy", "npz", "pickle"])
def test_pickles_are_refused_and_never_opened(kind, tmp_path):
    path, proof = tmp_path / f"a.{kind}", tmp_path / "proof"
    bomb = np.array([Bomb(proof)], object)
    if kind == "pickle":
        path.write_bytes(pickle.dumps(bomb))
    else:
        np.save(path, bomb) if kind == "npy" else np.savez(path, keypoints=bomb)
    message = {
        "npy": f"{path} holds Python objects, a pickle, which is not opened; expected numbers: ",
        "npz": f"{path}: 'keypoints' holds Python objects, a pickle, which is not opened; ",
        "pickle": f"{path} is a pickle, which is not opened, as its first bytes show; expected ",
    }[kind]
    with pytest.raises(DataError, match=f"^{re.escape(message)}"):
        ARRAYS.read(path, Given())
    assert not proof.exists()


SHAPES = "(F, K, 2), (F, K, 3), (F, P, K, 2) or (F, P, K, 3)"
REFUSED = {
    "flat": (
        {"keypoints": np.zeros((F, 10))},
        f"'keypoints' has shape (7, 10); expected {SHAPES}",
    ),
    "four": (
        {"keypoints": np.zeros((F, K, 4))},
        f"'keypoints' has shape (7, 5, 4); expected {SHAPES}",
    ),
    "texts": ({"keypoints": np.full((F, K, 2), "a")}, "'keypoints' is <U1; expected numbers"),
    "scores": (
        {"scores": np.zeros((F, K))},
        "'scores' is float64 of shape (7, 5); expected numbers of shape (7, 2, 5)",
    ),
    "frames": (
        {"frames": np.arange(F) / 2},
        "'frames' is float64 of shape (7,); expected a whole number for each frame",
    ),
    "times": ({"times": [0.1]}, "'times' is '[0.1]'; expected seconds of each frame"),
    "size": (
        {"image_size": (0, 9)},
        "'image_size' is int64 of shape (2,); expected width and height in pixels",
    ),
    "names": (
        {"skeleton": ["a", "b"]},
        f"'skeleton' is <U1 of shape (2,); expected one of {', '.join(SKELETONS)}, or 5 names",
    ),
    "depths": (
        {"keypoints": np.full((F, P, K, 3), -5.0)},
        "many scores are negative; expected x, y and score: leave out what is a depth",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case, tmp_path):
    changed, message = REFUSED[case]
    path = archive(tmp_path / "a.npz", **changed)
    with pytest.raises(DataError, match=f"^{re.escape(f'{path}: {message}')}$"):
        ARRAYS.read(path, Given())


def test_an_archive_without_positions(tmp_path):
    path = archive(tmp_path / "a.npz", keypoints=None, note=None)
    found = "fps, frames, image_size, scores, skeleton, times"
    message = f"{path} holds {found}; expected an array 'keypoints'"
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        ARRAYS.read(path, Given())


def test_a_frame_twice_and_a_header_that_claims_too_much(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, keypoints=np.ones((2, K, 2)), frames=[3, 3])
    with pytest.raises(DataError, match="frame 3 stands there twice; expected one pose a frame"):
        ARRAYS.read(path, Given())
    path = tmp_path / "a.npy"
    np.save(path, np.ones((7, K, 2)))
    path.write_bytes(path.read_bytes().replace(b"(7, 5, 2), }    ", b"(70000, 5, 2), }"))
    with pytest.raises(
        DataError, match=r"\(5600000 bytes by its header, 688 there\); copy or downl"
    ):
        ARRAYS.read(path, Given())


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("count", [1, 3])
def test_files_from_nothing_but_poses(suffix, count, tmp_path):
    values = people(F, count, K)
    values[4, 0] = np.nan
    frames, told = np.arange(F), {}
    if suffix == ".npz":
        frames = np.array([2, 3, 4, 8, 9, 10, 40])
        told = {"fps": 25.0, "image_size": (640, 480), "times": np.repeat(frames / 25, count)}
        told["skeleton"] = replace(SKELETONS["coco17"], keypoints=tuple("abcde"), limbs=())
    clip = clip_of(values, frames, **told)
    found = rewritten(ARRAYS, clip, tmp_path / f"a{suffix}")
    there = ~np.isnan(clip.keypoints).all((1, 2))
    np.testing.assert_array_equal(found.keypoints, clip.keypoints[there])
    np.testing.assert_array_equal(found.scores, clip.scores[there])
    assert found.frames.tolist() == clip.frames[there].tolist()
    if suffix == ".npz":
        np.testing.assert_array_equal(found.times, clip.times[there])
        assert (found.fps, found.image_size) == (25.0, (640, 480))
        assert found.skeleton.keypoints == tuple("abcde")


def test_numbers_that_are_no_frames_of_a_video(tmp_path):
    clip = clip_of(people(F, 1, K), np.array([397133, 37777, 252219, 87038, 174482, 6818, 1]))
    message = (
        r"b.npy: 7 poses lie in 397134 frames; expected the frames of a video, one by one, as"
    )
    with pytest.raises(DataError, match=message):
        ARRAYS.write(tmp_path / "b.npy", [clip])
