"""Arrays are refined as files are: people who take turns, cuts, remarks."""

import numpy as np
import pytest
from pose_files import body

import temporal_pose
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.refining.saved import SHIPPED, bare

F = 60


def walk(rng, frames: int = F) -> np.ndarray:
    """(F, 17, 2): a body of 215 px that shakes by a pixel."""
    return 2 * body("coco17", frames)[..., :2] + rng.normal(0, 1, (frames, 17, 2))


def test_one_body_is_refined_as_before(rng) -> None:
    poses, scores = walk(rng), rng.uniform(0.3, 0.9, (F, 17))
    poses[20:23] = np.nan
    about = {"fps": 30, "skeleton": "coco17"}
    found, plain = (
        temporal_pose.refine(poses, scores, **about),
        bare().refine(poses, scores, **about),
    )
    np.testing.assert_allclose(found.keypoints, plain.keypoints, rtol=1e-12)
    np.testing.assert_array_equal(found.scores, plain.scores)
    assert found.remarks == ()


def test_a_cut_is_not_smeared_and_told(rng) -> None:
    poses = walk(rng)
    poses[30:] += [900, 0]
    found = temporal_pose.refine(poses, fps=30)
    assert np.abs(found.keypoints - poses).max() < 6
    (line,) = found.remarks
    assert line.startswith("part 2: parted at frame 30: it begins ")
    assert line.endswith(" body sizes from where part 1 ends")


def test_what_is_loaded_parts_a_body_as_well(rng) -> None:
    poses, loaded = walk(rng), temporal_pose.load(SHIPPED / "steady")
    poses[30:] += [900, 0]
    found = loaded.refine(poses, fps=30, skeleton="coco17")
    assert any(line.startswith("part 2: parted at frame 30: ") for line in found.remarks)
    assert np.abs(found.keypoints - poses).max() < 6
    named = temporal_pose.refine(poses, fps=30, skeleton="coco17", model="steady")
    np.testing.assert_array_equal(found.keypoints, named.keypoints)
    streams = (
        temporal_pose.Stream(fps=30, skeleton="coco17", model=model)
        for model in (loaded, loaded.inner)
    )
    one, other = ([stream.push(pose) for pose in poses[:7]] for stream in streams)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.keypoints, b.keypoints)


def test_two_people_in_turn_stay_in_their_frames(rng) -> None:
    poses = walk(rng)
    poses[1::2] += [900, 0]
    poses[10] = np.nan
    found = temporal_pose.refine(poses, fps=30)
    known = ~np.isnan(poses[..., 0])
    assert np.abs(found.keypoints - poses)[known].max() < 6
    assert np.isfinite(found.keypoints[10]).all() and not found.scores[10].any()


def test_motion_that_is_lost_is_told_from_python_too(rng) -> None:
    poses = walk(rng, 1) + rng.normal(0, 1, (240, 17, 2))
    poses[:, 9, 1] += 80 * np.sin(2 * np.pi * 2 * np.arange(240) / 30)
    lost = temporal_pose.refine(poses, fps=240, skeleton="coco17").remarks
    assert any(line.startswith("motion lost: ") and "left wrist's" in line for line in lost)
    assert temporal_pose.refine(poses, fps=30, skeleton="coco17").remarks == ()


def test_each_persons_remarks_are_told(rng) -> None:
    poses = np.stack([walk(rng), walk(rng) + 300], 1)
    poses[20, 1, 4] += 150
    found = temporal_pose.refine(poses, fps=30)
    assert found.keypoints.shape == (F, 2, 17, 2)
    assert found.remarks[0] == "person 1: set aside before smoothing: 1 jumps"


def test_what_is_nowhere_near_an_image_is_left_out(rng) -> None:
    poses = walk(rng)
    poses[7] *= 1e9
    found = temporal_pose.refine(poses, fps=30)
    assert found.remarks[0] == "1 poses are left out: they are nowhere near an image"
    assert np.abs(found.keypoints[7] - walk(rng)[7]).max() < 10


def test_rates_and_sizes_as_the_command_takes_them(rng) -> None:
    poses = walk(rng)
    one, other = (temporal_pose.refine(poses, fps=fps) for fps in ("30000/1001", 30000 / 1001))
    np.testing.assert_array_equal(one.keypoints, other.keypoints)
    shares = poses / [1000, 500]
    one, other = (
        temporal_pose.refine(shares, fps=30, image_size=size) for size in ("1000x500", (1000, 500))
    )
    np.testing.assert_array_equal(one.keypoints, other.keypoints)
    with pytest.raises(ConfigError, match=r"^image_size is \(-1, 5\); expected width and height"):
        temporal_pose.refine(shares, fps=30, image_size=(-1, 5))
    with pytest.raises(DataError, match="no body of skeleton 'h36m17' looks like that"):
        temporal_pose.refine(poses, fps=30, skeleton="h36m17")
