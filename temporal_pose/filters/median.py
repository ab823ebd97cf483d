"""The median filter: single frames that are far off leave no trace."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float
from scipy.ndimage import median_filter

from temporal_pose.filters.base import Filter, positive
from temporal_pose.filters.edges import smooth_whole
from temporal_pose.filters.stretches import Stretches


class Median(Filter):
    """The median of each coordinate over the window around each frame.

    The ends take the resistant line of the first and last window, so they are smoothed too. Short
    gaps are bridged by lines first. A stretch shorter than the window gets one resistant line.

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
        """Frames of a window."""
        return 2 * int(self.window_s * fps / 2) + 1


def running_median(values: Float[np.ndarray, "T N 2"], half: int) -> Float[np.ndarray, "T N 2"]:
    """The median over each frame and so many to either side, lines at the ends."""
    window = 2 * half + 1
    if len(values) < window:
        return resistant_line(values)
    medians = median_filter(values, size=(window, 1, 1))
    first, last = resistant_line(values[:window]), resistant_line(values[-window:])
    inner = medians[half : len(values) - half]
    return np.concatenate([first[:half], inner, last[half + 1 :]])


def resistant_line(values: Float[np.ndarray, "T N 2"]) -> Float[np.ndarray, "T N 2"]:
    """Tukey's line through the medians of the first and last third of all frames.

    Its height is the median of what it leaves (Tukey, "Exploratory Data Analysis", 1977).
    """
    third = (len(values) + 2) // 3
    across = max(len(values) - third, 1)
    slope = (np.median(values[-third:], 0) - np.median(values[:third], 0)) / across
    line = slope * np.arange(len(values))[:, None, None]
    return line + np.median(values - line, 0)
