"""What a pose says in numbers, on poses whose numbers are known."""

import numpy as np
import pytest
from looking import COCO17, STANDING

from temporal_pose.exploring.sample_columns import error, mean_over, pose_columns

LABELS = np.full((1, 17), 2)


def turned(degrees: float) -> np.ndarray:
    """Somebody who stands, turned about the hips; y points down."""
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([0.5, 0.52])
    return ((STANDING - middle) @ matrix.T + middle)[None]


@pytest.mark.parametrize("degrees", [0, 35, -80, 179])
def test_torso_angle(degrees: float) -> None:
    found = pose_columns(turned(degrees), LABELS, COCO17)
    assert found["torso_angle"][0] == pytest.approx(degrees, abs=1e-3)
    assert found["torso_length"][0] == pytest.approx(0.27, abs=1e-6)


def test_standing_and_sitting() -> None:
    sitting = STANDING.copy()
    sitting[15:, 1] = 0.75
    legs = [pose_columns(pose[None], LABELS, COCO17)["legs"][0] for pose in (STANDING, sitting)]
    assert legs[0] == pytest.approx((0.92 - 0.52) / 0.27, abs=1e-5)
    assert legs[1] == pytest.approx((0.75 - 0.52) / 0.27, abs=1e-5)


def test_counts_and_what_is_unknown() -> None:
    labels = np.array([[0] * 5 + [1] * 4 + [2] * 8, [0] * 17])
    poses = np.where((labels > 0)[..., None], STANDING, np.nan)
    found = pose_columns(poses, labels, COCO17)
    np.testing.assert_array_equal(found["visible"], [8, 0])
    np.testing.assert_array_equal(found["labelled"], [12, 0])
    assert np.isfinite(found["torso_angle"][0]) and np.isnan(found["torso_angle"][1])


def test_one_side_stands_for_both() -> None:
    poses = STANDING.copy()[None]
    poses[0, [5, 11, 15]] = np.nan  # all of the left
    found = pose_columns(poses, LABELS, COCO17)
    assert found["torso_angle"][0] == pytest.approx(np.degrees(np.arctan2(-0.04, 0.27)), abs=1e-4)


def test_a_point_has_no_angle() -> None:
    found = pose_columns(np.zeros((1, 17, 2)), LABELS, COCO17)
    assert np.isnan(found["torso_angle"][0]) and np.isnan(found["legs"][0])


def test_error_is_the_mean_distance_of_what_is_known() -> None:
    poses = np.where(np.arange(17)[:, None] < 3, STANDING, np.nan)[None]
    moved = STANDING[None] + np.array([0.3, 0.4])
    np.testing.assert_allclose(error(moved, poses), [0.5])
    assert np.isnan(error(moved, np.full((1, 17, 2), np.nan)))[0]
    np.testing.assert_allclose(mean_over(np.array([[1, np.nan], [3, 5]]), 1), [1, 4])
