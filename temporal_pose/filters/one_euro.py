"""The 1€ filter: a low-pass filter that opens up with speed.

Casiez, Roussel, Vogel, "1€ Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems", CHI 2012.
"""

import math
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.filters.base import Filter, not_negative, positive
from temporal_pose.filters.stretches import Stretches, interpolate


class OneEuro(Filter):
    r"""Exponential smoothing with the cutoff ``min_cutoff_hz + beta * |speed|``.

    A missing frame makes the next time step longer, as in the original; gaps are then bridged by
    lines.

    Args:
        min_cutoff_hz: cutoff frequency at rest; the lower, the smoother and the later.
        beta: how many hertz the cutoff rises per pixel per second.
        derivative_cutoff_hz: cutoff frequency of the low-pass filter on the speed.
        both_ways: take the mean of a pass forward and a pass backward, which has no lag but is no
            longer causal.
        max_gap_s: a longer time without detection, in seconds, splits a track.

    Raises:
        ConfigError: a cutoff that is not positive, or a negative ``beta`` or ``max_gap_s``.
    """

    grid: ClassVar[dict[str, tuple[float, ...]]] = {
        "min_cutoff_hz": (0.3, 1.0, 3.0, 10.0, 300.0),
        "beta": (0.0, 0.001, 0.01, 0.1, 1.0, 10.0),
        "both_ways": (0.0, 1.0),
    }

    def __init__(
        self,
        min_cutoff_hz: float,
        beta: float,
        derivative_cutoff_hz: float = 1.0,
        both_ways: bool = False,
        max_gap_s: float = 0.25,
    ) -> None:
        super().__init__(max_gap_s)
        self.min_cutoff_hz = positive("min_cutoff_hz", min_cutoff_hz)
        self.beta = not_negative("beta", beta)
        self.derivative_cutoff_hz = positive("derivative_cutoff_hz", derivative_cutoff_hz)
        self.both_ways = both_ways

    def smooth(self, stretches: Stretches) -> Float[np.ndarray, "T N 2"]:
        """One pass, or the mean of two; pixels."""
        positions, seen, _, fps = stretches
        smoothed = self._pass(positions, seen, fps)
        if self.both_ways:
            # What fills up a stretch equals its last position, so starting there changes nothing.
            smoothed = (smoothed + self._pass(positions[::-1], seen[::-1], fps)[::-1]) / 2
        return interpolate(smoothed, seen)

    def _pass(
        self, positions: Float[np.ndarray, "T N 2"], seen: Bool[np.ndarray, "T N"], fps: float
    ) -> Float[np.ndarray, "T N 2"]:
        return one_euro(
            positions, seen, fps, self.min_cutoff_hz, self.beta, self.derivative_cutoff_hz
        )


def one_euro(
    positions: Float[np.ndarray, "T N 2"],
    seen: Bool[np.ndarray, "T N"],
    fps: float,
    min_cutoff_hz: float,
    beta: float,
    derivative_cutoff_hz: float,
) -> Float[np.ndarray, "T N 2"]:
    """Algorithm 1 of the paper over N tracks at once, starting at rest at the first position.

    Frames that are not seen keep the last estimate; ``beta`` is in hertz per pixel per second.
    """
    elapsed = _frames_since_seen(seen)[..., None] / fps
    smoothed = positions.copy()
    speed = np.zeros_like(positions[0])
    for t in range(1, len(positions)):
        last, dt, known = smoothed[t - 1], elapsed[t], seen[t][..., None]
        raw_speed = (positions[t] - last) / dt
        speed = speed + known * _gain(derivative_cutoff_hz, dt) * (raw_speed - speed)
        gain = _gain(min_cutoff_hz + beta * np.abs(speed), dt)
        smoothed[t] = last + known * gain * (positions[t] - last)
    return smoothed


def _gain(
    cutoff_hz: float | Float[np.ndarray, "N _"], dt: Float[np.ndarray, "N 1"]
) -> Float[np.ndarray, "N _"]:
    """Weight of a new value in a first-order low-pass filter; ``dt`` in seconds."""
    turns = 2 * math.pi * cutoff_hz * dt
    return turns / (1 + turns)


def _frames_since_seen(seen: Bool[np.ndarray, "T N"]) -> Float[np.ndarray, "T N"]:
    """Frames from the last seen one before each frame, or from the beginning; at least one."""
    frames = np.arange(len(seen))[:, None]
    before = np.maximum.accumulate(np.where(seen, frames, 0), axis=0)
    before = np.concatenate([before[:1], before[:-1]])
    return np.maximum(frames - before, 1).astype(float)
