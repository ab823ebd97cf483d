"""One-Euro against the implementation of its authors."""

import numpy as np
import pytest
import torch
from OneEuroFilter import OneEuroFilter
from smoothing import applied, check_direction
from torch.testing import assert_close

from temporal_pose.filters.one_euro import OneEuro


def reference(values, seen, fps, min_cutoff, beta, derivative_cutoff):
    """The authors' filter, called at seen frames only."""
    step = OneEuroFilter(fps, min_cutoff, beta, derivative_cutoff)
    frames = np.flatnonzero(seen)
    outputs = [step(values[t], (t + 1) / fps) for t in frames]
    return np.interp(np.arange(len(values)), frames, outputs)


@pytest.mark.parametrize("beta", [0.0, 0.4])
def test_agrees_with_its_authors(make_tracks, walks, gappy, beta):
    gappy[2, 6, 3] = True
    smooth = OneEuro(min_cutoff_hz=1.3, beta=beta, derivative_cutoff_hz=0.7, max_gap_s=9.0)
    smoothed = applied(smooth, make_tracks(walks, gappy, 30.0))
    for b, k, axis in np.ndindex(3, 5, 2):
        track, seen = walks[b, :, k, axis].tolist(), gappy[b, :, k].numpy()
        expected = torch.from_numpy(reference(track, seen, 30.0, 1.3, beta, 0.7))
        assert_close(smoothed[b, :, k, axis], expected)


def test_it_is_causal(make_tracks, walks):
    smooth = OneEuro(min_cutoff_hz=1.3, beta=0.1)
    first = applied(smooth, make_tracks(walks[:, :7]))
    assert torch.equal(applied(smooth, make_tracks(walks))[:, :7], first)


def test_both_ways_is_the_mean_of_two_passes(make_tracks, walks, gappy):
    once = OneEuro(min_cutoff_hz=1.3, beta=0.1)
    forward = applied(once, make_tracks(walks, gappy))
    backward = applied(once, make_tracks(walks.flip(1), gappy.flip(1))).flip(1)
    smoothed = applied(once.with_settings(both_ways=1.0), make_tracks(walks, gappy))
    assert_close(smoothed[gappy], ((forward + backward) / 2)[gappy])


def test_both_ways_has_no_lag(make_tracks):
    line = 3 * torch.arange(61.0).view(1, 61, 1, 1).expand(1, 61, 1, 2)
    lagging = OneEuro(min_cutoff_hz=1.0, beta=0.0)
    error = (applied(lagging, make_tracks(line)) - line)[0, 30].abs()
    assert (error > 5).all()
    error = (applied(lagging.with_settings(both_ways=1.0), make_tracks(line)) - line)[0, 30].abs()
    assert (error < 0.1).all()


def test_beta_is_per_pixel(make_tracks, walks, gappy):
    small = applied(OneEuro(min_cutoff_hz=1.0, beta=0.7), make_tracks(walks, gappy))
    large = applied(OneEuro(min_cutoff_hz=1.0, beta=0.1), make_tracks(walks * 7, gappy))
    assert_close(small * 7, large)


def test_speed_opens_the_filter(make_tracks):
    line = 5 * torch.arange(31.0).view(1, 31, 1, 1).expand(1, 31, 1, 2)
    errors = [
        (applied(OneEuro(1.0, beta), make_tracks(line)) - line)[0, -1, 0, 0].abs()
        for beta in (0.0, 0.01, 0.1)
    ]
    assert errors[0] > errors[1] > errors[2]


def test_both_ways_time_has_no_direction(walks, gappy):
    check_direction(OneEuro(min_cutoff_hz=1.5, beta=0.02, both_ways=True), walks, gappy)
