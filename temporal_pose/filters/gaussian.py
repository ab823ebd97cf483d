"""Local regression with Gaussian weights."""

import math
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import correlate1d

from temporal_pose.errors import ConfigError
from temporal_pose.filters.base import Filter, positive
from temporal_pose.filters.stretches import Stretches, interpolate

_CUT = 4  # standard deviations, where weights are cut off


class Gaussian(Filter):
    """The value at each frame of the line, or constant, fitted around it with Gaussian weights.

    The constant is plain Gaussian smoothing, normalised by the weights of the detected frames. It
    bends a steady motion at the ends and beside gaps, which the line does not (Fan and Gijbels,
    "Local Polynomial Modelling and Its Applications", 1996); under heavy jitter it errs less.
    Elsewhere both are equal. Gaps are bridged by lines afterwards.

    Args:
        sigma_s: standard deviation of the weights in seconds.
        order: 1 for lines, 0 for constants.
        max_gap_s: a longer time without detection, in seconds, splits a track.

    Raises:
        ConfigError: a ``sigma_s`` that is not positive, another ``order``, or a negative
            ``max_gap_s``.
    """

    grid: ClassVar[dict[str, tuple[float, ...]]] = {
        "sigma_s": tuple(round(0.005 * 10 ** (step / 10), 4) for step in range(24)),
        "order": (0.0, 1.0),
    }

    def __init__(self, sigma_s: float, order: int = 1, max_gap_s: float = 0.25) -> None:
        super().__init__(max_gap_s)
        if order not in (0, 1):
            raise ConfigError(f"order is {order}; expected 0 for constants or 1 for lines")
        self.sigma_s = positive("sigma_s", sigma_s)
        self.order = int(order)

    def smooth(self, stretches: Stretches) -> Float[np.ndarray, "T N 2"]:
        """Local fits where seen, and lines between them; pixels."""
        positions, seen, fps = stretches.positions, stretches.seen, stretches.fps
        return interpolate(local_fit(positions, seen, self.sigma_s * fps, self.order), seen)

    def memory(self, fps: float) -> int:
        """Frames that the weights reach back, with some between for gaps."""
        return math.ceil(_CUT * self.sigma_s * fps) + 1


def local_fit(
    values: Float[np.ndarray, "T N 2"], seen: Bool[np.ndarray, "T N"], sigma: float, order: int
) -> Float[np.ndarray, "T N 2"]:
    r"""Minimise :math:`\sum_s g(s - t) (v_s - a - b (s - t))^2` over seen frames s; return a.

    Args:
        values: what to smooth.
        seen: which frames count; the result is defined at these only.
        sigma: standard deviation of the Gaussian g in frames; it is cut off at four of them.
        order: 1, or 0 to leave b out.
    """
    radius = min(math.ceil(_CUT * sigma), max(len(values) - 1, 1))
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    weights = seen.astype(float)[..., None]
    s0, s1, s2 = (_sum_around(weights, kernel * offsets**power) for power in range(3))
    v0, v1 = (_sum_around(weights * values, kernel * offsets**power) for power in range(2))
    spread = s0 * s2 - s1**2  # zero where a frame is too far from all others to have a slope
    sloped = (order == 1) & (spread > np.finfo(float).tiny)
    line = (s2 * v0 - s1 * v1) / np.where(sloped, spread, 1)
    return np.where(sloped, line, v0 / np.where(s0 > 0, s0, 1))


def _sum_around(
    values: Float[np.ndarray, "T N _"], kernel: Float[np.ndarray, " _"]
) -> Float[np.ndarray, "T N _"]:
    return np.asarray(correlate1d(values, kernel, axis=0, mode="constant"))
