"""The median filter: single frames that are far off leave no trace."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float
from scipy.ndimage import median_filter

from temporal_pose.filters.base import Filter, positive
from temporal_pose.filters.edges import extended, smooth_whole
from temporal_pose.filters.stretches import Stretches


class Median(Filter):
    """The median of each coordinate over the window around each frame.

    Short gaps are bridged by lines first; the ends go on as they came, see
    `temporal_pose.filters.edges.extended`.

    Args:
        window_s: length of the window in seconds; the nearest odd number of frames below counts.
        max_gap_s: a longer time without detection, in seconds, splits a track.

    Raises:
        ConfigError: a window that is not positive, or a negative ``max_gap_s``.
    """

    grid: ClassVar[dict[str, tuple[float, ...]]] = {
        "window_s": tuple(round(0.03 * 10 ** (step / 12), 4) for step in range(22))
    }

    def __init__(self, window_s: float = 0.12, max_gap_s: float = 0.25) -> None:
        super().__init__(max_gap_s)
        self.window_s = positive("window_s", window_s)

    def smooth(self, stretches: Stretches) -> Float[np.ndarray, "T N 2"]:
        """Medians, over all stretches of one length at once; pixels."""
        half = int(self.window_s * stretches.fps / 2)
        return smooth_whole(stretches, lambda values: running_median(values, half))

    def memory(self, fps: float) -> int:
        """Frames of a window, and those that its end is fitted to."""
        return 4 * int(self.window_s * fps / 2) + 1


def running_median(
    values: Float[np.ndarray, "T N 2"], half: int
) -> Float[np.ndarray, "T N 2"]:
    """The median over each frame and so many to either side, fewer in short stretches."""
    half = min(half, len(values) - 1)
    if half == 0:
        return values
    long = extended(values, half, fitted=2 * half + 1)
    return np.asarray(median_filter(long, size=(2 * half + 1, 1, 1))[half : half + len(values)])
