"""What filters are tried on: tracks, a swing, and properties that some of them share."""

import numpy as np
import torch
from torch import Tensor
from torch.testing import assert_close

from temporal_pose.filters.base import Filter
from temporal_pose.filters.filter_module import FilterModule
from temporal_pose.pose.observations import Tracks

RAMP = torch.arange(17.0, dtype=torch.float64)[None, :, None, None]


def tracks_of(positions, detected=None, fps=30.0, scores=None, times=None) -> Tracks:
    """Tracks (B, T, K, 2) in double precision; all detected, if nothing else is said."""
    positions = torch.as_tensor(positions, dtype=torch.float64)
    if detected is None:
        detected = torch.ones(positions.shape[:3], dtype=torch.bool)
    rates = torch.as_tensor(fps, dtype=torch.float64).expand(len(positions)).clone()
    if times is not None:
        times = torch.as_tensor(times, dtype=torch.float64).expand(len(positions), -1)
    if scores is not None:
        scores = torch.as_tensor(scores, dtype=torch.float64)
    return Tracks(positions, torch.as_tensor(detected), rates, scores, times)


def applied(smoother: Filter, tracks: Tracks) -> Tensor:
    """What a filter makes of windows of tensors, as among networks."""
    smoothed: Tensor = FilterModule(smoother)(tracks)
    return smoothed


def swing(seconds: np.ndarray, amplitude: float = 80.0, hertz: float = 2.0) -> np.ndarray:
    """(F, 5, 2): two points that swing, and the corners of a person of 560 px; image pixels."""
    still = np.array([[300.0, 400], [320, 700], [50, 100], [450, 660], [100, 300]])
    poses = np.repeat(still[None], len(seconds), axis=0)
    poses[:, 0, 0] += amplitude * np.sin(2 * np.pi * hertz * seconds)
    poses[:, 1, 1] += amplitude * np.sin(2 * np.pi * hertz * seconds + 1)
    return poses


def kept(before: np.ndarray, after: np.ndarray) -> float:
    """Share of the swing that is left in the middle half: the least of two points and measures."""
    middle = slice(len(before) // 4, -len(before) // 4)
    shares = []
    for point in ((0, 0), (1, 1)):
        was, became = (each[middle, *point] for each in (before, after))
        shares += [np.ptp(became) / np.ptp(was), became.std() / was.std()]
    return min(shares)


def check_steady_motion(smooth: Filter, walks: Tensor) -> None:
    """It leaves a steady motion as it is, and continues it in short gaps."""
    line = walks[:, :1] + RAMP * walks[:, 1:2]
    assert_close(applied(smooth, tracks_of(line)), line, rtol=0, atol=1e-4)
    detected = torch.ones(3, 17, 5, dtype=torch.bool)
    detected[:, 3:5], detected[1, 11, 2] = False, False
    assert_close(applied(smooth, tracks_of(line, detected)), line, rtol=0, atol=1e-4)


def check_scale(smooth: Filter, walks: Tensor, gappy: Tensor) -> None:
    """It does not matter how large a pixel is."""
    scaled = applied(smooth, tracks_of(walks * 7, gappy))
    assert_close(scaled, applied(smooth, tracks_of(walks, gappy)) * 7, rtol=0, atol=1e-6)


def check_direction(smooth: Filter, walks: Tensor, gappy: Tensor) -> None:
    """It does not matter which way time runs."""
    gappy = gappy.clone()
    gappy[:, 8:] |= ~gappy[:, 7:8]  # no frame half-way between two stretches
    forward = applied(smooth, tracks_of(walks, gappy))
    backward = applied(smooth, tracks_of(walks.flip(1), gappy.flip(1))).flip(1)
    assert_close(forward[gappy], backward[gappy], rtol=0, atol=1e-4)


def check_fair(smooth: Filter, walks: Tensor, gappy: Tensor) -> None:
    """All three."""
    check_steady_motion(smooth, walks)
    check_scale(smooth, walks, gappy)
    check_direction(smooth, walks, gappy)
