"""One frame at a time: every filter, and against the filters of whole tracks."""

import numpy as np
import pytest
import torch
from simdkalman import KalmanFilter
from smoothing import applied, swing, tracks_of

from temporal_pose.filters.base import Filter
from temporal_pose.filters.fixed_lag import FixedLag
from temporal_pose.filters.gaussian import Gaussian
from temporal_pose.filters.kalman import Kalman
from temporal_pose.filters.median import Median
from temporal_pose.filters.one_euro import OneEuro
from temporal_pose.filters.savgol import Savgol

F, K = 41, 5
LAGS = pytest.mark.parametrize("lag", [0, 1, 3, 11])


def steps(smooth: Filter, poses, seen=None, lag=0, fps=30.0, scores=None) -> np.ndarray:
    """What comes out frame after frame, (F, K, 2)."""
    causal = smooth.causal(fps, lag)
    seen = np.ones(poses.shape[:2], bool) if seen is None else seen
    scores = np.ones(poses.shape[:2]) if scores is None else scores
    assert causal.lag == lag
    return np.array([causal.step(*frame) for frame in zip(poses, scores, seen, strict=True)])


def of_prefixes(smooth: Filter, poses, seen, lag, fps=30.0) -> np.ndarray:
    """The filter of whole tracks, given all frames until each; ``lag`` frames ago."""
    found = [np.full(poses.shape[1:], np.nan)] * lag
    for end in range(lag + 1, len(poses) + 1):
        tracks = tracks_of(poses[None, :end], torch.from_numpy(seen[None, :end]), fps)
        found.append(applied(smooth, tracks)[0, -1 - lag].numpy())
    return np.array(found)


@pytest.fixture
def walk(rng) -> np.ndarray:
    return 100 + rng.normal(size=(F, K, 2)).cumsum(0) + rng.normal(size=(F, K, 2))


@pytest.fixture
def holes(rng) -> np.ndarray:
    """Which detections there are: short gaps everywhere, none at the beginning."""
    seen = rng.random((F, K)) < 0.7
    seen[:2] = seen[::4] = True
    return seen


@LAGS
@pytest.mark.parametrize(
    "smooth",
    [
        Gaussian(sigma_s=0.05),
        Gaussian(sigma_s=0.1, order=0),
        Savgol(window_s=0.3, order=2),
        Median(window_s=0.3),
        Kalman(acceleration=60.0),
    ],
    ids=repr,
)
def test_it_is_what_the_filter_makes_of_all_frames_until_now(walk, holes, smooth, lag):
    found = steps(smooth, walk, holes, lag)
    np.testing.assert_allclose(found, of_prefixes(smooth, walk, holes, lag), atol=2e-4)


@pytest.mark.parametrize("lag", [0, 2])
def test_one_euro_passes_forward(walk, holes, lag):
    smooth = OneEuro(min_cutoff_hz=1.3, beta=0.1, both_ways=True)
    whole = applied(
        smooth.with_settings(both_ways=0.0), tracks_of(walk[None], torch.from_numpy(holes[None]))
    )
    found = steps(smooth, walk, holes, lag)[lag:]
    there = holes[: F - lag]
    np.testing.assert_allclose(found[there], whole[0].numpy()[: F - lag][there], atol=1e-9)


def test_the_filter_forward_is_a_textbooks(walk):
    """Without a lag, simdkalman's filtered positions."""
    variance = 60.0**2 / 30**3
    model = KalmanFilter(
        [[1, 1], [0, 1]], variance * np.array([[1 / 3, 1 / 2], [1 / 2, 1]]), [[1, 0]], 1.0
    )
    for k, axis in np.ndindex(K, 2):
        track = walk[:, k, axis] - walk[0, k, axis]
        known = model.compute(
            track, 0, np.zeros(2), np.diag([1e8, 1e8]), smoothed=False, filtered=True
        )
        expected = walk[0, k, axis] + known.filtered.states.mean[:, 0]
        found = steps(Kalman(acceleration=60.0), walk)[:, k, axis]
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_fixed_lag_is_least_squares(walk):
    """The push on the velocity alone makes the sum of squared second differences."""
    stiff, lag = 7.0, 6
    causal, seen = FixedLag((0.0, 0.0, 1 / stiff), lag, 9.0), np.ones(K, bool)
    found = np.array([causal.step(pose, np.ones(K), seen) for pose in walk])
    for end in (lag + 1, 12, F):
        bends = np.diff(np.eye(end), 2, axis=0)
        spline = np.linalg.solve(
            np.eye(end) + stiff * bends.T @ bends, walk[:end].reshape(end, -1)
        )
        expected = spline[end - 1 - lag].reshape(K, 2)
        np.testing.assert_allclose(found[end - 1], expected, atol=1e-5)


@LAGS
def test_what_stands_still_stays(any_filter, walk, holes, lag):
    still = walk[:1].repeat(F, axis=0)
    found = steps(any_filter, still, holes, lag)
    assert np.isnan(found[:lag]).all()
    np.testing.assert_allclose(found[lag:], still[lag:], atol=1e-5)


@LAGS
def test_place_does_not_matter(any_filter, walk, holes, lag):
    shift = np.array([300.0, -70.0])
    moved = steps(any_filter, walk + shift, holes, lag) - shift
    np.testing.assert_allclose(moved, steps(any_filter, walk, holes, lag), atol=1e-4)


def test_values_that_were_not_seen_do_not_matter(any_filter, walk, holes):
    spoilt = np.where(holes[..., None], walk, np.nan)
    np.testing.assert_array_equal(
        steps(any_filter, spoilt, holes, 2), steps(any_filter, walk, holes, 2)
    )


@LAGS
def test_nothing_is_known_before_the_first_and_long_after_the_last(any_filter, walk, lag):
    seen = np.ones((F, K), bool)
    seen[:7, 1] = seen[12:, 2] = seen[:, 3] = False
    known = ~np.isnan(steps(any_filter, walk, seen, lag)[lag:]).any(-1)
    longest = int(any_filter.max_gap_s * 30)
    expected = np.ones((F - lag, K), bool)
    expected[:7, 1] = expected[12 + longest :, 2] = expected[:, 3] = False
    np.testing.assert_array_equal(known, expected)


@pytest.mark.parametrize("lag", [0, 4])
def test_after_a_long_gap_it_starts_anew(any_filter, walk, lag):
    seen = np.ones((F, K), bool)
    seen[10:25, 1] = False
    elsewhere = walk.copy()
    elsewhere[:10, 1] += 1000
    found, other = (steps(any_filter, poses, seen, lag) for poses in (walk, elsewhere))
    np.testing.assert_allclose(found[25 + lag :], other[25 + lag :], atol=3)
    assert np.abs(found[25 + lag, 1] - walk[25, 1]).max() < 6


@pytest.mark.parametrize(("lag", "share"), [(0, 0.85), (6, 0.6)])
def test_jitter_is_reduced(any_filter, rng, lag, share):
    seconds = np.arange(180) / 60
    truth = swing(seconds, hertz=0.5)
    found = steps(any_filter, truth + rng.normal(0, 3, truth.shape), lag=lag, fps=60.0)
    error = (found[lag:] - truth[: 180 - lag])[60:, 2:]
    assert error.std() < 3 * share
