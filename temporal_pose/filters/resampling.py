"""Stretches whose frames are not evenly spaced, for filters that need frames that are.

Such a stretch is read at evenly spaced times, smoothed there, and read back at its own. A filter
that takes any times may still need frames where a clock left some out.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.filters.stretches import Stretches

#: Frames by which times may be off an even grid and still count as even: clocks are rounded.
TOLERANCE = 0.05

Smooth = Callable[[Stretches], Float[np.ndarray, "_ _ 2"]]


def frame_times(
    seconds: Float[np.ndarray, " T"], fps: float
) -> tuple[float, Float[np.ndarray, " T"] | None]:
    """Frames a second, and the times of all frames in steps of one over that.

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


def evenly(stretches: Stretches, smooth: Smooth) -> Float[np.ndarray, "T N 2"]:
    """Smoothed positions at the stretches' own times.

    Between detections the grid reads straight lines; a grid point that is further than half a
    frame from each of them counts as not seen. What was smoothed is read by cubic splines.

    Args:
        stretches: with times.
        smooth: takes evenly spaced stretches.
    """
    if stretches.times is None:
        return smooth(stretches)
    read = [_even(column) for column in _columns(stretches, stretches.times)]
    smoothed = smooth(_side_by_side(read, stretches)._replace(times=None))
    result = stretches.positions.copy()
    for n, length in enumerate(stretches.lengths):
        own = smoothed[: len(read[n].times), n]
        result[:length, n] = _at(read[n].times, own, stretches.times[:length, n])
    return result


def densely(stretches: Stretches, smooth: Smooth) -> Float[np.ndarray, "T N 2"]:
    """Smoothed positions at the stretches' own times, computed with frames in every pause as well.

    Args:
        stretches: with times.
        smooth: takes stretches with any times.
    """
    if stretches.times is None:
        return smooth(stretches)
    read = [_dense(column) for column in _columns(stretches, stretches.times)]
    smoothed = smooth(_side_by_side([column for column, _ in read], stretches))
    result = stretches.positions.copy()
    for n, length in enumerate(stretches.lengths):
        result[:length, n] = smoothed[read[n][1], n]
    return result


class _Column(NamedTuple):
    """One stretch, without what fills it up."""

    times: Float[np.ndarray, " G"]
    positions: Float[np.ndarray, "G 2"]
    seen: Bool[np.ndarray, " G"]
    scores: Float[np.ndarray, " G"]

    def at(self, times: Float[np.ndarray, " G2"], seen: Bool[np.ndarray, " G2"]) -> "_Column":
        """Lines between what was seen, read at other times."""
        there = self.times[self.seen]
        x, y, scores = (
            np.interp(times, there, values[self.seen])
            for values in (*self.positions.T, self.scores)
        )
        return _Column(times, np.stack([x, y], 1), seen, scores)


def _columns(stretches: Stretches, times: Float[np.ndarray, "T N"]) -> list[_Column]:
    fields = (times, stretches.positions, stretches.seen, stretches.scores)
    return [
        _Column(*(field[:length, n] for field in fields))
        for n, length in enumerate(stretches.lengths)
    ]


def _even(column: _Column) -> _Column:
    """Read at the nearest whole number of frames that end where the stretch does."""
    there = column.times[column.seen]
    steps = max(round(there[-1]), min(len(there) - 1, 1))
    grid = np.linspace(0, there[-1], steps + 1)
    after = np.searchsorted(there, grid).clip(max=len(there) - 1)
    away = np.minimum(np.abs(grid - there[after - 1]), np.abs(grid - there[after]))
    return column.at(grid, away <= 0.5 + TOLERANCE)


def _dense(column: _Column) -> tuple[_Column, Int[np.ndarray, " L"]]:
    """With unseen frames in every pause of more than a frame; and where its own ones are."""
    steps = np.diff(column.times)
    parts = np.maximum(np.round(steps), 1).astype(int)
    own = np.append(0, np.cumsum(parts))
    start = np.repeat(np.arange(len(steps)), parts)
    share = (np.arange(len(start)) - own[start]) / parts[start]
    times = np.append(column.times[start] + share * steps[start], column.times[-1])
    seen = np.zeros(len(times), bool)
    seen[own] = column.seen
    return column.at(times, seen), own


def _side_by_side(columns: Sequence[_Column], stretches: Stretches) -> Stretches:
    """Stretches on other times, the shorter ones filled up as stretches are."""
    lengths = np.array([len(column.times) for column in columns])
    frames = np.minimum(np.arange(lengths.max())[:, None], lengths - 1)
    read = list(zip(columns, frames.T, strict=True))
    times, positions, seen, scores = (
        np.stack([column[field][own] for column, own in read], 1) for field in range(4)
    )
    seen &= np.arange(len(frames))[:, None] < lengths
    return Stretches(positions, seen, lengths, stretches.fps, scores, stretches.sizes, times)


def _at(
    grid: Float[np.ndarray, " G"], values: Float[np.ndarray, "G 2"], times: Float[np.ndarray, " T"]
) -> Float[np.ndarray, "T 2"]:
    """Values read between grid points; there are too few for a spline in the shortest ones."""
    if len(grid) < 4:
        return np.stack([np.interp(times, grid, column) for column in values.T], 1)
    from scipy.interpolate import CubicSpline  # here, for even times need it not

    return np.asarray(CubicSpline(grid, values)(times))
