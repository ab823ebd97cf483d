"""Stretches whose frames are not evenly spaced, for filters that need frames that are.

Such a stretch is read at evenly spaced times, smoothed there, and read back at its own.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.interpolate import CubicSpline

from temporal_pose.filters.stretches import Stretches

#: Frames by which times may be off an even grid and still count as even: clocks are rounded.
TOLERANCE = 0.05


def frame_times(
    seconds: Float[np.ndarray, " T"], fps: float
) -> tuple[float, Float[np.ndarray, " T"] | None]:
    """Frames per second, and the times of all frames in steps of one over that.

    Args:
        seconds: of the frames, increasing.
        fps: what holds for a single frame.

    Returns:
        The mean rate and None where frames are evenly spaced, but for rounding; else the median
        rate and the times.
    """
    if len(seconds) < 2:
        return fps, None
    passed, frames = seconds - seconds[0], np.arange(len(seconds))
    mean = (len(seconds) - 1) / passed[-1]
    if np.abs(passed * mean - frames).max() <= TOLERANCE:
        return float(mean), None
    rate = 1 / float(np.median(np.diff(seconds)))
    return rate, passed * rate


def evenly(
    stretches: Stretches, smooth: Callable[[Stretches], Float[np.ndarray, "_ _ 2"]]
) -> Float[np.ndarray, "T N 2"]:
    """Smoothed positions at the stretches' own times.

    Between detections the grid reads straight lines; a grid point that is further than half a
    frame from each of them counts as not seen. What was smoothed is read by cubic splines.

    Args:
        stretches: with times.
        smooth: takes evenly spaced stretches.
    """
    if stretches.times is None:
        return smooth(stretches)
    columns = range(len(stretches.lengths))
    read = [_Column.of(stretches, stretches.times, n) for n in columns]
    smoothed = smooth(_side_by_side(read, stretches))
    result = stretches.positions.copy()
    for n in columns:
        length = stretches.lengths[n]
        own = smoothed[: len(read[n].grid), n]
        result[:length, n] = _at(read[n].grid, own, stretches.times[:length, n])
    return result


class _Column(NamedTuple):
    """One stretch as a grid of evenly spaced times sees it."""

    grid: Float[np.ndarray, " G"]
    positions: Float[np.ndarray, "G 2"]
    seen: Bool[np.ndarray, " G"]
    scores: Float[np.ndarray, " G"]

    @classmethod
    def of(cls, stretches: Stretches, times: Float[np.ndarray, "T N"], n: int) -> "_Column":
        """Read a stretch at the nearest whole number of frames that end where it does."""
        seen = np.flatnonzero(stretches.seen[:, n])
        there = times[seen, n]
        grid = np.linspace(0, there[-1], max(round(there[-1]), min(len(seen) - 1, 1)) + 1)
        values = np.column_stack((stretches.positions[seen, n], stretches.scores[seen, n]))
        read = np.stack([np.interp(grid, there, column) for column in values.T], 1)
        after = np.searchsorted(there, grid).clip(max=len(there) - 1)
        away = np.minimum(np.abs(grid - there[after - 1]), np.abs(grid - there[after]))
        return cls(grid, read[:, :2], away <= 0.5 + TOLERANCE, read[:, 2])


def _side_by_side(columns: list[_Column], stretches: Stretches) -> Stretches:
    """Stretches on their grids, the shorter ones filled up as stretches are."""
    lengths = np.array([len(column.grid) for column in columns])
    frames = np.minimum(np.arange(lengths.max())[:, None], lengths - 1)
    read = list(zip(columns, frames.T, strict=True))
    positions = np.stack([column.positions[own] for column, own in read], 1)
    scores = np.stack([column.scores[own] for column, own in read], 1)
    seen = np.stack([column.seen[own] for column, own in read], 1)
    seen &= np.arange(len(frames))[:, None] < lengths
    return Stretches(positions, seen, lengths, stretches.fps, scores, stretches.sizes)


def _at(
    grid: Float[np.ndarray, " G"], values: Float[np.ndarray, "G 2"], times: Float[np.ndarray, " T"]
) -> Float[np.ndarray, "T 2"]:
    """Values read between grid points; there are too few for a spline in the shortest ones."""
    if len(grid) < 4:
        return np.stack([np.interp(times, grid, column) for column in values.T], 1)
    return np.asarray(CubicSpline(grid, values)(times))
