"""The Savitzky-Golay filter: a least-squares polynomial around each frame."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float
from scipy.signal import savgol_filter

from temporal_pose.errors import ConfigError
from temporal_pose.filters.base import Filter, positive
from temporal_pose.filters.edges import smooth_whole
from temporal_pose.filters.stretches import Stretches


class Savgol(Filter):
    """The value at each frame of the polynomial fitted to the window around it.

    The ends take the polynomial of the first and last window, so they are smoothed too. Short gaps
    are bridged by lines first. A stretch shorter than the window gets one polynomial.

    Args:
        window_s: length of the window in seconds; the nearest odd number of frames counts.
        order: degree of the polynomial; less where the window has too few frames.
        max_gap_s: a longer time without detection, in seconds, splits a track.

    Raises:
        ConfigError: a window that is not positive, or a negative ``order`` or ``max_gap_s``.
    """

    grid: ClassVar[dict[str, tuple[float, ...]]] = {
        "window_s": (0.04, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0),
        "order": (0.0, 1.0, 2.0, 3.0, 4.0),
    }

    def __init__(self, window_s: float, order: int, max_gap_s: float = 0.25) -> None:
        super().__init__(max_gap_s)
        if order < 0 or order != int(order):
            raise ConfigError(f"order is {order}; expected zero or a positive integer")
        self.window_s = positive("window_s", window_s)
        self.order = int(order)

    def smooth(self, stretches: Stretches) -> Float[np.ndarray, "T N 2"]:
        """Polynomials, for all stretches of one length at once; pixels."""
        window = 2 * int(self.window_s * stretches.fps / 2) + 1
        return smooth_whole(stretches, lambda values: savgol(values, window, self.order))

    def memory(self, fps: float) -> int:
        """Frames of a window."""
        return 2 * int(self.window_s * fps / 2) + 1


def savgol(
    values: Float[np.ndarray, "T N 2"], window: int, order: int
) -> Float[np.ndarray, "T N 2"]:
    """Fit polynomials to an odd number of frames, or one to all frames if these are fewer.

    That one has a lower order if it needs it to leave a degree of freedom, but is a line at least
    if ``order`` is.
    """
    if len(values) < window:
        return fit_polynomial(values, min(order, max(len(values) - 2, 1)))
    return np.asarray(savgol_filter(values, window, min(order, window - 1), axis=0, mode="interp"))


def fit_polynomial(values: Float[np.ndarray, "T N 2"], order: int) -> Float[np.ndarray, "T N 2"]:
    """The least-squares polynomial through all frames, of a degree up to their number.

    With as many coefficients as frames these are unchanged.
    """
    powers = np.polynomial.legendre.legvander(np.linspace(-1, 1, len(values)), order)
    basis, _ = np.linalg.qr(powers)
    return np.tensordot(basis @ basis.T, values, axes=1)
