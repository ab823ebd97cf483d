"""Time that does not tick evenly: onto an even grid for networks, and back."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.refining.person import DetectedPerson

_EPSILON = 1e-9  # seconds


def evenly(seen: DetectedPerson) -> DetectedPerson:
    """The same person at evenly spaced times; itself where they are.

    A grid point takes the straight line between two detections if they are no further apart than
    two steps, or if one is within half a step; else nothing is detected there.
    """
    if seen.even:
        return seen
    step = 1 / seen.fps
    steps = int(np.ceil((seen.times[-1] - seen.times[0]) / step - _EPSILON))
    times = seen.times[0] + step * np.arange(steps + 1)
    columns = [_column(seen, k, times, step) for k in range(seen.found.shape[1])]
    places, found, scores = (np.stack(parts, 1) for parts in zip(*columns, strict=True))
    return replace(seen, keypoints=places, found=found, scores=scores, times=times)


def _column(
    seen: DetectedPerson, k: int, times: Float[np.ndarray, " G"], step: float
) -> tuple[Float[np.ndarray, "G 2"], Bool[np.ndarray, " G"], Float[np.ndarray, " G"]]:
    own = np.flatnonzero(seen.found[:, k])
    if not len(own):
        return np.zeros((len(times), 2)), np.zeros(len(times), bool), np.zeros(len(times))
    there = seen.times[own]
    after = np.searchsorted(there, times).clip(0, len(own) - 1)
    before = (np.searchsorted(there, times, side="right") - 1).clip(0, len(own) - 1)
    nearest = np.minimum(np.abs(there[after] - times), np.abs(times - there[before]))
    between = (there[after] - there[before] <= 2.01 * step) & (nearest <= step)
    within = (times >= there[0] - _EPSILON) & (times <= there[-1] + _EPSILON)
    found = within & (between | (nearest <= 0.51 * step))
    values = np.column_stack((seen.keypoints[own, k], seen.scores[own, k]))
    read = np.stack([np.interp(times, there, column) for column in values.T], 1)
    return np.where(found[:, None], read[:, :2], 0), found, np.where(found, read[:, 2], 0)


def read_back(
    places: Float[np.ndarray, "G K 2"],
    known: Bool[np.ndarray, "G K"],
    grid: Float[np.ndarray, " G"],
    times: Float[np.ndarray, " F"],
) -> tuple[Float[np.ndarray, "F K 2"], Bool[np.ndarray, "F K"]]:
    """What is known at the grid's times, at others: in a straight line between two known ones."""
    if len(grid) == len(times) and np.allclose(grid, times):
        return places, known
    at = np.interp(times, grid, np.arange(len(grid)))
    low, high = np.floor(at).astype(int), np.ceil(at).astype(int)
    share = (at - low)[:, None, None]
    return places[low] * (1 - share) + places[high] * share, known[low] & known[high]
