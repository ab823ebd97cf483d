"""Going on beyond the ends of a stretch, for filters that look to both sides of a frame."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.filters.stretches import Stretches


def extended(
    values: Float[np.ndarray, "T N 2"], reach: int, fitted: int
) -> Float[np.ndarray, "_ N 2"]:
    """Values that go on at both ends as they came, turned by half a turn.

    They are turned about what a line through the last few frames has at the end, not about the
    last value: a symmetric filter would return that one as it is, jitter and all.

    Args:
        reach: frames to add at each end; as many as wished.
        fitted: frames that the line is fitted to.
    """
    if len(values) == 1:
        return np.repeat(values, 2 * reach + 1, axis=0)
    turned = values.copy()
    turned[0] = _end(values[:fitted][::-1])
    turned[-1] = _end(values[-fitted:])
    sides = ((reach, reach), (0, 0), (0, 0))
    padded = np.pad(turned, sides, mode="reflect", reflect_type="odd")
    padded[reach : reach + len(values)] = values
    return padded


def _end(values: Float[np.ndarray, "n N 2"]) -> Float[np.ndarray, "N 2"]:
    """The last value of a line fitted to some frames."""
    along = np.arange(len(values)) - (len(values) - 1) / 2
    spread = (along**2).sum()
    slope = np.tensordot(along, values, axes=1) / (spread if spread > 0 else 1)
    return values.mean(0) + along[-1] * slope


def by_length(stretches: Stretches) -> Iterator[tuple[int, Int[np.ndarray, " n"]]]:
    """Each length that occurs, and which stretches have it."""
    for length in np.unique(stretches.lengths):
        yield int(length), np.flatnonzero(stretches.lengths == length)


def smooth_whole(
    stretches: Stretches,
    smooth: Callable[[Float[np.ndarray, "T n 2"]], Float[np.ndarray, "T n 2"]],
) -> Float[np.ndarray, "T N 2"]:
    """Smooth all stretches of one length at once, without what fills them up."""
    smoothed = stretches.positions.copy()
    for length, own in by_length(stretches):
        smoothed[:length, own] = smooth(stretches.positions[:length, own])
    return smoothed
