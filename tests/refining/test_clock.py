"""Onto an even grid and back."""

import numpy as np

from temporal_pose.refining.clock import evenly, read_back
from temporal_pose.refining.person import person


def moving(times: np.ndarray) -> np.ndarray:
    start = np.array([[100.0, 200.0], [300.0, 50.0], [80.0, 90.0]])
    return start + 40 * times[:, None, None] * [[1, 2], [3, -1], [0.5, 1]]


def test_even_time_is_left_alone() -> None:
    given = person(moving(np.arange(11) / 30), fps=30)
    assert evenly(given) is given


def test_what_moves_evenly_is_the_same_on_any_clock() -> None:
    times = np.cumsum(np.random.default_rng(0).uniform(0.6, 1.4, 50)) / 30
    given = person(moving(times), np.full((50, 3), 0.7), times=times)
    grid = evenly(given)
    assert grid.even
    inside = grid.times <= times[-1]
    assert grid.found[inside].all()
    np.testing.assert_allclose(grid.keypoints[inside], moving(grid.times)[inside])
    np.testing.assert_allclose(grid.scores[inside], 0.7)
    back, known = read_back(grid.keypoints, grid.found, grid.times, times)
    np.testing.assert_allclose(back[known], moving(times)[known])
    assert known.mean() > 0.95


def test_a_gap_stays_one() -> None:
    times = np.concatenate([np.arange(10), np.arange(16, 30)]) / 30
    times[3] += 0.004
    given = person(moving(times), times=times)
    grid = evenly(given)
    np.testing.assert_array_equal(np.flatnonzero(~grid.found[:, 0]), range(10, 16))


def test_a_keypoint_that_is_never_there() -> None:
    times = np.array([0, 0.02, 0.06, 0.09, 0.14])
    places = moving(times)
    places[:, 1] = np.nan
    grid = evenly(person(places, times=times))
    assert not grid.found[:, 1].any() and not grid.keypoints[:, 1].any()
