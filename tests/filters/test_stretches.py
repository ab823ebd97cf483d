"""Cutting tracks into stretches, and what stands in for missing frames."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from temporal_pose.filters.stretches import (
    Detected,
    find_stretches,
    hold,
    interpolate,
    smooth_stretches,
    within_stretches,
)

SEEN = np.array([[0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 0], [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]], bool).T


def tracks(positions, detected, fps, times=None) -> Detected:
    return Detected(positions, detected, fps, np.ones(detected.shape), np.zeros(len(fps)), times)


def test_interpolation_agrees_with_numpy(rng):
    seen = rng.random((11, 7)) < 0.4
    seen[5] = True
    values = rng.normal(size=(11, 7, 2))
    filled = interpolate(values, seen)
    for n, axis in np.ndindex(7, 2):
        frames = np.flatnonzero(seen[:, n])
        expected = np.interp(np.arange(11), frames, values[frames, n, axis])
        assert_allclose(filled[:, n, axis], expected, atol=1e-12)


def test_interpolation_at_uneven_times_agrees_with_numpy(rng):
    seen = rng.random((11, 7)) < 0.4
    seen[5] = True
    values, times = rng.normal(size=(11, 7, 2)), np.cumsum(rng.uniform(0.3, 2, (11, 7)), 0)
    filled = interpolate(values, seen, times)
    for n, axis in np.ndindex(7, 2):
        frames = np.flatnonzero(seen[:, n])
        expected = np.interp(times[:, n], times[frames, n], values[frames, n, axis])
        assert_allclose(filled[:, n, axis], expected, atol=1e-12)


def test_hold_takes_the_nearest():
    values = np.arange(22.0).reshape(11, 1, 2).repeat(2, axis=1)
    frames = hold(values, SEEN)[..., 0] / 2
    assert_array_equal(frames[:, 0], [1, 1, 2, 2, 4, 4, 4, 8, 8, 9, 9])
    assert_array_equal(frames[:, 1], [0, 0, 3, 3, 3, 3, 3, 10, 10, 10, 10])


def test_stretches_end_at_long_gaps():
    tracks, starts, lengths = find_stretches(SEEN, np.array([1.0, 2.0]))
    assert_array_equal(tracks, [0, 0, 1, 1])
    assert_array_equal(starts, [1, 8, 0, 10])
    assert_array_equal(lengths, [4, 2, 4, 1])


def test_frames_within_stretches():
    places = find_stretches(SEEN, np.array([1.0, 2.0]))
    inside = within_stretches(places, SEEN.shape).astype(int)
    assert_array_equal(inside[:, 0], [0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0])
    assert_array_equal(inside[:, 1], [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1])


def test_a_pause_between_frames_parts_stretches_as_missing_frames_do():
    detected, times = np.ones((5, 1), bool), np.array([[0.0], [1.0], [2.1], [5.0], [6.0]])
    longest = np.array([1.5])
    assert_array_equal(find_stretches(detected, longest, times).lengths, [3, 2])
    assert_array_equal(find_stretches(detected, longest + 0.5, times).lengths, [5])
    inside = within_stretches(find_stretches(detected, longest, times), (5, 1))
    assert inside.all()


def test_a_gap_as_long_as_the_limit_is_bridged():
    detected = np.ones((41, 1), bool)
    detected[3:32] = False
    assert len(find_stretches(detected, np.array([0.29 * 100])).tracks) == 1
    assert len(find_stretches(detected, np.array([0.28 * 100])).tracks) == 2


def test_each_stretch_is_given_once_at_its_length(rng):
    detected = rng.random((41, 23)) < 0.6
    positions = rng.normal(size=(41, 23, 2))
    fps = np.where(np.arange(23) % 2, 25.0, 50.0)
    given = []

    def smooth(stretches):
        for n, length in enumerate(stretches.lengths):
            assert stretches.seen[0, n]
            assert stretches.seen[length - 1, n]
            assert not stretches.seen[length:, n].any()
            last = stretches.positions[length - 1 :, n]
            assert_array_equal(last, last[:1].repeat(len(last), axis=0))
        given.append((stretches.fps, stretches.seen.sum()))
        return stretches.positions

    smoothed = smooth_stretches(tracks(positions, detected, fps), 0.05, smooth)
    assert_array_equal(smoothed[detected], positions[detected])
    for rate in (25.0, 50.0):
        assert sum(n for at, n in given if at == rate) == detected[:, fps == rate].sum()


def test_nothing_detected_anywhere(rng):
    positions = rng.normal(size=(5, 3, 2))
    nothing = np.zeros((5, 3), bool)
    given = tracks(positions, nothing, np.full(3, 30.0))
    smoothed = smooth_stretches(given, 0.2, lambda _: 1 / 0)
    assert_array_equal(smoothed, positions)
