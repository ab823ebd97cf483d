"""Local fits against weighted least squares and against scipy's Gaussian filter."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d
from smoothing import applied, check_fair
from torch.testing import assert_close

from temporal_pose.filters.gaussian import Gaussian


@pytest.mark.parametrize("order", [0, 1])
def test_agrees_with_weighted_least_squares(make_tracks, walks, gappy, order):
    gappy[:, 3::5] = True
    smoothed = applied(
        Gaussian(sigma_s=0.1, order=order, max_gap_s=9.0), make_tracks(walks, gappy, fps=20.0)
    )
    frames = np.arange(17)
    for b, k, axis, t in np.ndindex(3, 5, 2, 17):
        seen = gappy[b, :, k].numpy()
        if not seen[t]:
            continue
        near = seen & (abs(frames - t) <= 8)
        roots = np.exp(-((frames[near] - t) ** 2) / (4 * 2.0**2))  # polyfit squares them
        values = walks[b, :, k, axis].numpy()[near]
        expected = np.polyval(np.polyfit(frames[near] - t, values, order, w=roots), 0)
        assert abs(smoothed[b, t, k, axis].item() - expected) < 1e-8


def test_far_from_the_ends_it_is_a_gaussian_filter(make_tracks, rng):
    values = torch.from_numpy(rng.normal(size=(2, 41, 3, 2)))
    smoothed = applied(Gaussian(sigma_s=0.1), make_tracks(values, fps=30.0))
    expected = torch.from_numpy(gaussian_filter1d(values.numpy(), 3.0, axis=1, truncate=4.0))
    assert_close(smoothed[:, 12:-12], expected[:, 12:-12])


def test_the_constant_is_a_normalised_convolution(make_tracks, walks, gappy):
    gappy[:, 3::5] = True
    smoothed = applied(Gaussian(sigma_s=0.1, order=0, max_gap_s=9.0), make_tracks(walks, gappy))
    weights = gappy[..., None].double().numpy()
    sums, norms = (
        gaussian_filter1d(each, 3.0, axis=1, mode="constant", truncate=4.0)
        for each in (weights * walks.numpy(), weights)
    )
    assert_close(smoothed[gappy], torch.from_numpy(sums / norms)[gappy])


def test_gaps_are_bridged_by_lines_afterwards(make_tracks, walks):
    detected = torch.ones(3, 17, 5, dtype=torch.bool)
    detected[:, 5:7] = False
    smoothed = applied(Gaussian(sigma_s=0.06), make_tracks(walks, detected))
    assert_close(smoothed[:, 5], (2 * smoothed[:, 4] + smoothed[:, 7]) / 3)


def test_a_frame_far_from_all_others_is_unchanged(make_tracks, walks):
    detected = torch.zeros(3, 17, 5, dtype=torch.bool)
    detected[:, [2, 9, 16]] = True
    smoothed = applied(Gaussian(sigma_s=0.005, max_gap_s=9.0), make_tracks(walks, detected))
    assert_close(smoothed[:, [2, 9, 16]], walks[:, [2, 9, 16]])


def test_steady_motion_scale_and_the_direction_of_time(walks, gappy):
    check_fair(Gaussian(sigma_s=0.06), walks, gappy)
