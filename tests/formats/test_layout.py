"""The paired layout as a format: positions of detections and of heatmaps, and the way back."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from layouts import F, K, npz, with_detections, with_heatmaps, zarr_group
from tabular import clip_of, moved, people, read, real, rewritten, with_pose

from temporal_pose.errors import DataError
from temporal_pose.formats.known import named, recognised
from temporal_pose.formats.paired.paired_video import load
from temporal_pose.pose.heatmaps import render
from temporal_pose.pose.skeletons import SKELETONS

PAIRED = named("paired")


def detected():
    """Arrays of a file in which frame 3 shows nobody and one keypoint is missing in frame 1."""
    arrays = with_detections(fps=29.97)
    arrays["detections"][3] = arrays["detections"][1, 4, :2] = np.nan
    arrays["truth"][2, 5], arrays["visible"][2, 5] = np.nan, False
    return arrays


WRITERS = {
    "npz": lambda path, arrays: npz(path.with_suffix(".npz"), arrays),
    "zarr2": lambda path, arrays: zarr_group(path, arrays, 2),
    "zarr3": lambda path, arrays: zarr_group(path, arrays, 3),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("suffix", [".npz", ".zarr"])
def test_detections_in_and_out(write, suffix, tmp_path):
    path, arrays = write(tmp_path / "my clip.zarr", detected()), detected()
    assert recognised(path) is PAIRED
    clip, there = read(PAIRED, path), np.arange(F) != 3
    np.testing.assert_array_equal(clip.keypoints, arrays["detections"][there][..., :2])
    np.testing.assert_array_equal(clip.scores, arrays["detections"][there][..., 2])
    assert clip.frames.tolist() == np.flatnonzero(there).tolist()
    assert (clip.name, clip.fps, clip.image_size) == ("my clip", 29.97, (1920, 1080))
    assert (clip.skeleton, clip.count) == (SKELETONS["coco17"], F)
    out = tmp_path / f"out{suffix}"
    PAIRED.write(out, [with_pose(moved(clip), 3, 7.5)])
    video = load(out)
    expected = arrays["detections"] + [1.25, 1.25, 0]
    expected[3] = [7.5, 7.5, 0]
    np.testing.assert_array_equal(video.detections, expected)
    np.testing.assert_array_equal(video.truth, arrays["truth"])
    np.testing.assert_array_equal(video.visible, arrays["visible"])
    assert (video.fps, video.image_size) == (29.97, (1920, 1080))


def test_what_did_not_change_is_the_same_file(tmp_path):
    path = npz(tmp_path / "a.npz", {**detected(), "note": np.array(["kept"])})
    clip, out = read(PAIRED, path), tmp_path / "out.npz"
    PAIRED.write(out, [clip])
    assert out.read_bytes() == path.read_bytes()
    keypoints = clip.keypoints.copy()
    keypoints[0, 0] = np.nan
    PAIRED.write(out, [replace(clip, keypoints=keypoints)])
    with np.load(out) as found, np.load(path) as before:
        assert found.files == before.files
        assert found["note"] == ["kept"]
        different = ~np.isclose(found["detections"], before["detections"], equal_nan=True)
        assert np.argwhere(different).tolist() == [[0, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize("suffix", [".npz", ".zarr"])
def test_heatmaps_are_read_at_their_peaks(suffix, tmp_path):
    size, rng = 31, np.random.default_rng(0)
    inside = rng.uniform(4, size - 5, (F, K, 2))
    boxes = np.concatenate([rng.uniform(0, 500, (F, 2)), rng.uniform(90, 300, (F, 2))], 1)
    visible = torch.ones(F, K, dtype=torch.bool)
    visible[2, 5] = False
    maps = render(torch.from_numpy(inside), visible, torch.full((F, K), 1.5), size).numpy()
    boxes[4] = np.nan
    arrays = with_heatmaps(heatmaps=maps.astype(np.float32), boxes=boxes.astype(np.float32))
    path = tmp_path / f"a{suffix}"
    (npz if suffix == ".npz" else zarr_group)(path, arrays)
    assert recognised(path) is PAIRED
    clip, there = read(PAIRED, path), np.arange(F) != 4
    expected = boxes[:, None, :2] + (inside + 0.5) / size * boxes[:, None, 2:]
    expected[2, 5] = np.nan
    np.testing.assert_allclose(clip.keypoints, expected[there], atol=2e-3)
    found = ~np.isnan(expected[there][..., 0])
    np.testing.assert_array_equal(clip.scores[found], arrays["scores"][there][found])
    np.testing.assert_array_equal(clip.boxes, boxes[there].astype(np.float32))
    again = rewritten(PAIRED, moved(clip), tmp_path / "out.npz")
    np.testing.assert_allclose(again.keypoints, expected[there] + 1.25, atol=2e-3)
    assert load(tmp_path / "out.npz").truth is not None


def test_small_heatmaps_are_read_at_their_largest_pixel(tmp_path):
    maps = np.zeros((F, K, 3, 4), np.float32)
    maps[:, :, 1, 2] = 5
    arrays = with_heatmaps(heatmaps=maps, scores=None)
    clip = read(PAIRED, npz(tmp_path / "a.npz", arrays))
    np.testing.assert_allclose(
        clip.keypoints, np.broadcast_to([300 + 70 * 2.5 / 4, 225], (F, K, 2))
    )
    assert np.isnan(clip.scores).all()


def test_from_nothing_but_poses(tmp_path):
    values = people(7, 1, 17)
    values[3] = np.nan
    values[2, 0, 4, :2] = np.nan
    values[5, 0, :, 2] = np.nan
    told = {"fps": 25.0, "image_size": (640, 480), "skeleton": SKELETONS["coco17"]}
    clip = clip_of(values, np.array([0, 1, 2, 4, 5, 6, 8]), **told)
    for name in ("a.npz", "a.zarr"):
        PAIRED.write(tmp_path / name, [clip])
        video = load(tmp_path / name)
        expected = np.full((9, 17, 3), np.nan)
        expected[[0, 1, 2, 4, 5, 6, 8]] = values[:, 0]
        expected[6, :, 2] = 1  # sure of what it saw
        np.testing.assert_array_equal(video.detections, expected.astype(np.float32))
    out = tmp_path / "a.npz"
    for lacking, message in (
        ({"fps": None}, f"{out}: the paired layout needs what is not known: set fps="),
        (
            {"skeleton": None, "image_size": None},
            f"{out}: the paired layout needs what is not known: set image_size= and skeleton=",
        ),
        (
            {"skeleton": replace(SKELETONS["coco17"], name="mine")},
            f"{out}: the skeleton is 'mine'; expected one of {', '.join(SKELETONS)}, as the "
            "paired layout has it by name",
        ),
    ):
        with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
            PAIRED.write(out, [replace(clip, **lacking)])
    with pytest.raises(DataError, match=r"2 people; expected one, as the paired layout has one a"):
        PAIRED.write(out, [clip_of(people(7, 2, 17), **told)])


def test_what_is_not_of_the_layout_is_refused(tmp_path):
    path = npz(tmp_path / "a.npz", {**detected(), "fps": -1.0})
    with pytest.raises(DataError, match=r"'fps' is -1\.0; expected a positive number"):
        read(PAIRED, path)
    assert not PAIRED.recognises(tmp_path)
    (tmp_path / "b.zarr").mkdir()
    assert not PAIRED.recognises(tmp_path / "b.zarr")


def test_a_real_file_beside_numpy(tmp_path):
    path, out = real("../aist_gbr/gBR_sBM_c01_d04_mBR0_ch01.npz"), tmp_path / "out.npz"
    clip = read(PAIRED, path)
    with np.load(path) as arrays:
        there = ~np.isnan(arrays["detections"][..., :2]).all((1, 2))
        expected = arrays["detections"][there]
        assert clip.fps == arrays["fps"]
    np.testing.assert_array_equal(clip.keypoints, expected[..., :2])
    np.testing.assert_array_equal(clip.scores, expected[..., 2])
    PAIRED.write(out, [clip])
    assert out.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("suffix", [".npz", ".zarr"])
def test_times_of_a_variable_rate_are_those_of_the_poses(suffix, tmp_path):
    times = np.cumsum(np.arange(1, F + 1)) / 50
    path = npz(tmp_path / "clip.npz", detected() | {"times": times})
    clip = read(PAIRED, path)
    np.testing.assert_array_equal(clip.times, np.delete(times, 3))
    PAIRED.write(tmp_path / f"again{suffix}", [clip])
    np.testing.assert_array_equal(load(tmp_path / f"again{suffix}").times, times)
    PAIRED.write(tmp_path / f"other{suffix}", [replace(clip, format="csv", kept=None)])
    other = load(tmp_path / f"other{suffix}").times
    np.testing.assert_allclose(np.delete(other, 3), np.delete(times, 3))
    assert times[2] < other[3] < times[4]


@pytest.mark.parametrize(("frame", "wrong"), [(4, np.nan), (5, 0.0)])
def test_times_that_do_not_increase(frame, wrong, tmp_path):
    times = np.arange(F) / 50
    times[frame] = wrong
    path = npz(tmp_path / "clip.npz", detected() | {"times": times})
    found = f"'times' is {wrong:g} in frame {frame}; expected seconds that increase"
    with pytest.raises(DataError, match=re.escape(found)):
        load(path)
