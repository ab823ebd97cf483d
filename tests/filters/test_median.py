"""The running median against scipy's, and its lines at the ends."""

import numpy as np
import pytest
import torch
from scipy.ndimage import median_filter
from smoothing import applied, check_fair, tracks_of

from temporal_pose.filters.median import Median, resistant_line


@pytest.mark.parametrize(
    ("window_s", "fps", "window"), [(0.12, 30.0, 3), (0.12, 60.0, 7), (0.2, 25.0, 5), (0.01, 9, 1)]
)
def test_between_the_ends_it_is_scipys(walks, window_s, fps, window):
    smoothed = applied(Median(window_s), tracks_of(walks, fps=fps)).numpy()
    expected = median_filter(walks.numpy(), size=(1, window, 1, 1))
    inner = slice(window // 2, 17 - window // 2)
    np.testing.assert_array_equal(smoothed[:, inner], expected[:, inner])


def test_steady_motion_scale_and_the_direction_of_time(walks, gappy):
    check_fair(Median(), walks, gappy)


@pytest.mark.parametrize("frame", [0, 1, 7, 15, 16])
def test_a_frame_that_is_far_off_leaves_no_trace(walks, frame):
    line = walks[:, :1] + torch.arange(17.0)[None, :, None, None] * walks[:, 1:2]
    spoilt = line.clone()
    spoilt[:, frame] += 1e6
    smoothed = applied(Median(0.3), tracks_of(spoilt))
    torch.testing.assert_close(smoothed, line, rtol=0, atol=150.0)


def test_the_resistant_line_does_not_mind_some_that_are_off():
    line = np.linspace(3, 9, 11)[:, None, None] * np.array([1.0, -2.0])
    spoilt = line.copy()
    spoilt[[1, 5, 10]] = [1e6, -1e6]
    np.testing.assert_allclose(resistant_line(spoilt), line, atol=1.5)
    for frames in (1, 2):
        np.testing.assert_allclose(resistant_line(line[:frames]), line[:frames])
