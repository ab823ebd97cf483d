"""Savitzky-Golay against scipy and against numpy's polynomials."""

import numpy as np
import pytest
import torch
from scipy.signal import savgol_filter
from smoothing import applied, check_fair
from torch.testing import assert_close

from temporal_pose.filters.savgol import Savgol


@pytest.mark.parametrize(
    ("window_s", "order", "fps", "window"),
    [(0.23, 2, 30.0, 7), (0.2, 3, 25.0, 5), (0.1, 1, 50.0, 5), (0.25, 4, 60.0, 15)],
)
def test_agrees_with_scipy(make_tracks, walks, window_s, order, fps, window):
    smoothed = applied(Savgol(window_s=window_s, order=order), make_tracks(walks, fps=fps))
    expected = savgol_filter(walks.numpy(), window, order, axis=1, mode="interp")
    assert_close(smoothed, torch.from_numpy(expected))


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_polynomials_of_its_order_are_unchanged(make_tracks, walks, order):
    seconds = torch.linspace(-1, 1, 17, dtype=torch.float64)
    powers = torch.stack([seconds**power for power in range(order + 1)])
    curves = torch.einsum("pt,bpkc->btkc", powers, walks[:, : order + 1])
    assert_close(applied(Savgol(window_s=0.3, order=order), make_tracks(curves)), curves)


@pytest.mark.parametrize(("size", "degree"), [(2, 1), (3, 1), (4, 2), (5, 3), (6, 3)])
def test_a_stretch_shorter_than_the_window_gets_one_polynomial(make_tracks, walks, size, degree):
    tracks = make_tracks(walks[:, :size])
    smoothed = applied(Savgol(window_s=2.0, order=3), tracks)
    frames = np.arange(size)
    for b, k, axis in np.ndindex(3, 5, 2):
        curve = np.polynomial.Polynomial.fit(frames, tracks.positions[b, :, k, axis], degree)
        assert_close(smoothed[b, :, k, axis], torch.from_numpy(curve(frames)))


def test_short_gaps_are_bridged_by_lines_before(make_tracks, walks):
    detected = torch.ones(3, 17, 5, dtype=torch.bool)
    detected[:, 5:7] = False
    filled = walks.clone()
    filled[:, 5] = (2 * walks[:, 4] + walks[:, 7]) / 3
    filled[:, 6] = (walks[:, 4] + 2 * walks[:, 7]) / 3
    smooth = Savgol(window_s=0.3, order=2)
    found = applied(smooth, make_tracks(walks, detected))
    assert_close(found, applied(smooth, make_tracks(filled)))


def test_steady_motion_scale_and_the_direction_of_time(walks, gappy):
    check_fair(Savgol(window_s=0.24, order=2), walks, gappy)
