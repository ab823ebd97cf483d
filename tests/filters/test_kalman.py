"""The Kalman smoother against a textbook one."""

import numpy as np
import pytest
import torch
from smoothing import applied, check_fair
from torch.testing import assert_close

from temporal_pose.filters.kalman import Kalman


def textbook(values, seen, fps, acceleration, std):
    """Rauch, Tung, Striebel (1965) in seconds, from a vague state at zero velocity."""
    dt = 1 / fps
    step = np.array([[1, dt], [0, 1]])
    noise = acceleration**2 * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    look = np.array([[1.0, 0.0]])
    mean, cov = np.array([values[seen][0], 0.0]), np.diag([1e7, 1e10]) * std**2
    filtered, predicted = [], []
    for value, known in zip(values, seen, strict=True):
        predicted.append((mean, cov))
        if known:
            gain = cov @ look.T / (look @ cov @ look.T + std**2)
            mean, cov = mean + gain[:, 0] * (value - mean[0]), (np.eye(2) - gain @ look) @ cov
        filtered.append((mean, cov))
        mean, cov = step @ mean, step @ cov @ step.T + noise
    smoothed = [filtered[-1][0]]
    for (mean, cov), (ahead, ahead_cov) in zip(filtered[-2::-1], predicted[:0:-1], strict=True):
        back = cov @ step.T @ np.linalg.inv(ahead_cov)
        smoothed.append(mean + back @ (smoothed[-1] - ahead))
    return np.array(smoothed)[::-1, 0]


@pytest.mark.parametrize(("acceleration", "std"), [(3.0, 1.0), (90.0, 1.0), (40.0, 2.5)])
def test_agrees_with_the_textbook(make_tracks, walks, gappy, acceleration, std):
    gappy[:, [0, -1]] = True
    smooth = Kalman(acceleration=acceleration, measurement_std=std, max_gap_s=9.0)
    smoothed = applied(smooth, make_tracks(walks, gappy, fps=24.0))
    for b, k, axis in np.ndindex(3, 5, 2):
        values, seen = walks[b, :, k, axis].numpy(), gappy[b, :, k].numpy()
        expected = torch.from_numpy(textbook(values, seen, 24.0, acceleration, std).copy())
        assert_close(smoothed[b, :, k, axis], expected, rtol=0, atol=1e-4)


def test_only_the_ratio_matters(make_tracks, walks, gappy):
    tracks = make_tracks(walks, gappy)
    one = applied(Kalman(acceleration=30.0, measurement_std=0.2), tracks)
    assert_close(one, applied(Kalman(acceleration=150.0), tracks))


def test_more_acceleration_means_less_smoothing(make_tracks, walks):
    tracks = make_tracks(walks)
    kept = [
        (applied(Kalman(acceleration=acceleration), tracks) - walks).std()
        for acceleration in (1.0, 10.0, 100.0, 1e3, 1e5)
    ]
    assert kept == sorted(kept, reverse=True)
    assert kept[-1] < 1e-2


def test_steady_motion_scale_and_the_direction_of_time(walks, gappy):
    check_fair(Kalman(acceleration=40.0), walks, gappy)
