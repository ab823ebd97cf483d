"""SLEAP's analysis HDF5 beside h5py's and movement's reading of it."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from tabular import clip_of, moved, movement, people, read, real, rewritten, with_pose

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Given
from temporal_pose.formats.known import named, recognised

h5py = pytest.importorskip("h5py")
SLEAP = named("sleap")
F, T, K = 7, 3, 5
AXES = ("frame", "track", "node", "xy")


def analysis(path, values, order=("track", "xy", "node", "frame"), dims=False, **others):
    """A file of (F, T, K, 3) values with its axes in some order."""
    there = ~np.isnan(values[..., :2]).all((2, 3))
    arrays = {
        "tracks": (values[..., :2], order),
        "point_scores": (values[..., 2], [axis for axis in order if axis != "xy"]),
        "instance_scores": (there * 0.5, [axis for axis in order if axis in AXES[:2]]),
    }
    with h5py.File(path, "w") as file:
        for name, (array, axes) in arrays.items():
            known = [axis for axis in AXES if axis in axes]
            turned = array.transpose([known.index(axis) for axis in axes])
            file.create_dataset(name, data=turned, compression="gzip")
            if dims:
                file[name].attrs["dims"] = json.dumps(axes)
        occupancy = there if order[0] == "track" or dims else there.T
        file["track_occupancy"] = occupancy.astype(np.uint8)
        file["node_names"] = [f"nöde {i}".encode() for i in range(values.shape[2])]
        file["track_names"] = [f"track_{i}".encode() for i in range(values.shape[1])]
        for name, value in others.items():
            file[name] = value
        file.attrs["note"] = "kept"
    return path


@pytest.fixture
def values():
    array = people(F, T, K)
    array[2, 1] = array[5, :] = np.nan
    array[3, 0, 2] = np.nan
    return array


ORDERS = {
    "matlab": (("track", "xy", "node", "frame"), False),
    "turned": (("frame", "node", "xy", "track"), False),
    "standard": (AXES, True),
    "odd": (("xy", "frame", "track", "node"), True),
}


@pytest.mark.parametrize(("order", "dims"), ORDERS.values(), ids=ORDERS)
def test_every_order_of_axes(order, dims, values, tmp_path):
    path, out = analysis(tmp_path / "a.h5", values, order, dims), tmp_path / "out.h5"
    assert recognised(path) is SLEAP
    clip = read(SLEAP, path)
    there = ~np.isnan(values[..., :2]).all((2, 3))
    np.testing.assert_array_equal(clip.keypoints, values[there][..., :2])
    np.testing.assert_array_equal(clip.scores, values[there][..., 2])
    frames, tracks = np.nonzero(there)
    assert (clip.frames.tolist(), clip.ids.tolist()) == (frames.tolist(), tracks.tolist())
    assert (clip.count, clip.skeleton.keypoints[4]) == (F, "nöde 4")
    SLEAP.write(out, [clip])
    assert out.read_bytes() == path.read_bytes()
    again = rewritten(SLEAP, with_pose(moved(clip), 2, 7.5, 1), out)
    assert (again.frames[7], again.ids[7], len(again)) == (2, 1, len(clip) + 1)
    assert (again.keypoints[7] == 7.5).all()
    kept = np.arange(len(again)) != 7
    np.testing.assert_array_equal(again.keypoints[kept], clip.keypoints + 1.25)
    with h5py.File(out) as file, h5py.File(path) as before:
        assert file.attrs["note"] == "kept"
        assert (file["instance_scores"][()] == before["instance_scores"][()]).all()
        change = file["track_occupancy"][()].astype(int) - before["track_occupancy"][()]
        assert np.argwhere(change).tolist() in ([[2, 1]], [[1, 2]])


def test_the_real_file_beside_h5py(tmp_path):
    path, out = real("sleap_three_mice.analysis.h5"), tmp_path / "out.h5"
    assert recognised(path) is SLEAP
    clip = read(SLEAP, path)
    with h5py.File(path) as file:
        tracks, scores = file["tracks"][()], file["point_scores"][()]
    for mouse in range(3):
        seen = ~np.isnan(tracks[mouse]).all((0, 1))
        mine = clip.ids == mouse
        assert clip.frames[mine].tolist() == np.flatnonzero(seen).tolist()
        np.testing.assert_array_equal(clip.keypoints[mine, 0, 0], tracks[mouse, 0, 0, seen])
        np.testing.assert_array_equal(clip.keypoints[mine, 0, 1], tracks[mouse, 1, 0, seen])
        np.testing.assert_array_equal(clip.scores[mine, 0], scores[mouse, 0, seen])
    assert (clip.count, clip.fps, clip.skeleton.keypoints) == (601, None, ("centroid",))
    SLEAP.write(out, [moved(clip)])
    with h5py.File(out) as file, h5py.File(path) as before:
        assert set(file) == set(before)
        for name in set(file) - {"tracks"}:
            assert file[name].dtype == before[name].dtype
            assert file[name].compression == before[name].compression
            assert np.array_equal(file[name][()], before[name][()]) or name.endswith("scores")
        np.testing.assert_array_equal(file["tracks"][()], tracks + 1.25)


def test_the_real_file_beside_movement():
    found = movement().from_sleap_file(real("sleap_three_mice.analysis.h5"))
    clip = read(SLEAP, real("sleap_three_mice.analysis.h5"))
    dense = np.full((601, 3, 1, 2), np.nan)
    dense[clip.frames, clip.ids] = clip.keypoints
    order = ("time", "individuals", "keypoints", "space")
    np.testing.assert_allclose(found.position.transpose(*order).to_numpy(), dense)


def test_single_precision_and_what_did_not_change_stay(values, tmp_path):
    path, out = analysis(tmp_path / "a.h5", values.astype(np.float32)), tmp_path / "out.h5"
    clip = read(SLEAP, path)
    keypoints = clip.keypoints.copy()
    keypoints[0, 1] = 3, np.nan
    SLEAP.write(out, [replace(clip, keypoints=keypoints)])
    with h5py.File(out) as file, h5py.File(path) as before:
        one, other = file["tracks"][()], before["tracks"][()]
    assert one.dtype == np.float32
    different = ~((one == other) | (np.isnan(one) & np.isnan(other)))
    assert np.argwhere(different).tolist() == [[0, 0, 1, 0], [0, 1, 1, 0]]


def test_untracked_animals_have_no_numbers(values, tmp_path):
    path = analysis(tmp_path / "a.h5", values)
    with h5py.File(path, "r+") as file:
        del file["track_names"], file["point_scores"]
        file["track_names"] = np.empty(0)
    clip = read(SLEAP, path)
    assert clip.ids is None
    assert np.isnan(clip.scores).all()
    assert len(clip) == 17


def test_a_file_from_nothing_but_poses(values, tmp_path):
    clip = clip_of(values, np.arange(F) + 4)
    found = rewritten(SLEAP, clip, tmp_path / "a.h5")
    there = ~np.isnan(clip.keypoints).all((1, 2))
    np.testing.assert_array_equal(found.keypoints, clip.keypoints[there])
    np.testing.assert_array_equal(found.frames, clip.frames[there])
    np.testing.assert_array_equal(found.ids, clip.ids[there])
    assert found.count == F + 4
    with pytest.raises(DataError, match=r"a\.h5: frame -1; expected frames from 0 on$"):
        SLEAP.write(tmp_path / "a.h5", [clip_of(values, np.arange(F) - 1)])


def test_what_movement_makes_of_a_new_file(values, tmp_path):
    load = movement()
    SLEAP.write(tmp_path / "a.analysis.h5", [clip_of(values)])
    found = load.from_sleap_file(tmp_path / "a.analysis.h5")
    order = ("time", "individuals", "keypoints", "space")
    positions = found.position.transpose(*order).to_numpy()
    np.testing.assert_allclose(positions, values[..., :2], rtol=1e-6)  # single precision


def change(name, value):
    def done(file):
        del file[name]
        if value is not None:
            file[name] = value

    return done


REFUSED = {
    "nodes": (
        change("node_names", [b"a", b"b"]),
        ": 'tracks' has shape (3, 2, 5, 7) for 2 nodes and 3 tracks; expected (tracks, 2, nodes, "
        "frames)",
    ),
    "no tracks": (
        change("tracks", None),
        ": 'tracks' is missing; expected it in a file of this kind",
    ),
    "scores": (
        change("point_scores", np.zeros((3, 7, 5))),
        ": 'point_scores' has shape (3, 7, 5), tracks (3, 2, 5, 7); expected (tracks, nodes, "
        "frames)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case, values, tmp_path):
    path = analysis(tmp_path / "a.h5", values)
    with h5py.File(path, "r+") as file:
        REFUSED[case][0](file)
    with pytest.raises(DataError, match=f"^{re.escape(f'{path}{REFUSED[case][1]}')}$"):
        SLEAP.read(path, Given())


def test_an_array_that_claims_more_than_the_file_can_hold(values, tmp_path):
    path = analysis(tmp_path / "a.h5", values)
    with h5py.File(path, "r+") as file:
        del file["tracks"]
        file.create_dataset("tracks", (3, 2, 5, 10**9), "f8", chunks=(1, 1, 1, 1000))
    message = (
        f"{path}: 'tracks' says it has 228881 MB, more than the file can hold; copy or download"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)} the file again$"):
        SLEAP.read(path, Given())
