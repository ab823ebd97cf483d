"""Frames that are not evenly spaced: told from even ones, and smoothed on their own time axis."""

import numpy as np
import pytest
from smoothing import applied, swing, tracks_of

from temporal_pose.filters.gaussian import Gaussian
from temporal_pose.filters.kalman import Kalman
from temporal_pose.filters.resampling import frame_times
from temporal_pose.filters.robust import Robust


def test_even_times_are_told_from_uneven_ones(rng):
    even = 40.0 + np.arange(200) / 25
    assert frame_times(even, 9.0) == (pytest.approx(25.0), None)
    rounded = np.round(np.arange(600) / 59.94, 3)
    assert frame_times(rounded, 9.0) == (pytest.approx(59.94, rel=1e-3), None)
    rate, times = frame_times(np.delete(even, 70), 9.0)
    assert rate == pytest.approx(25.0)
    np.testing.assert_allclose(times, np.delete(np.arange(200.0), 70), atol=1e-9)
    assert frame_times(np.array([3.0]), 9.0) == (9.0, None)


@pytest.mark.parametrize(
    "smooth", [Gaussian(0.03), Kalman(300.0), Robust(12.0)], ids=["gaussian", "kalman", "robust"]
)
def test_a_rate_that_changes_is_followed(smooth):
    """A telephone that takes 30 frames a second, then 24, then 30 again."""
    steps = np.repeat([1 / 30, 1 / 24, 1 / 30], [40, 40, 40])
    times = np.append(0, steps.cumsum())
    truth = swing(times, hertz=1.0)
    known, taken = (
        np.abs(applied(smooth, tracks_of(truth[None], times=own))[0].numpy() - truth)[5:-5].max()
        for own in (times, None)
    )
    assert known < 2
    assert known <= taken + 1e-9


def test_detections_at_double_the_rate_are_read_at_the_usual_one(rng):
    steps = np.where(np.arange(90) % 30 < 6, 0.5, 1) / 30
    times = np.append(0, steps.cumsum())
    truth = swing(times, hertz=0.5)
    smoothed = applied(Gaussian(0.03), tracks_of(truth[None], times=times))[0].numpy()
    assert np.abs(smoothed - truth).max() < 2


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_short_stretches_at_odd_times(any_filter, rng, frames):
    times = np.array([0.0, 0.011, 0.05, 0.13])[:frames]
    poses = 100 + rng.normal(size=(1, frames, 3, 2))
    smoothed = applied(any_filter, tracks_of(poses, times=times)).numpy()
    assert np.abs(smoothed - poses).max() < 4


def test_times_that_nearly_coincide_give_numbers(any_filter, rng):
    times = np.array([0.0, 1e-9, 2e-9, 0.1, 0.1 + 1e-12, 0.2, 0.3, 0.4])
    smoothed = applied(any_filter, tracks_of(rng.normal(size=(1, 8, 3, 2)), times=times)).numpy()
    assert np.abs(smoothed).max() < 20
