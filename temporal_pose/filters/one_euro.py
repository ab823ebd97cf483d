"""The 1€ filter: a low-pass filter that opens up with speed.

Casiez, Roussel, Vogel, "1€ Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems", CHI 2012.
"""

import math
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.filters.base import Filter, not_negative, positive
from temporal_pose.filters.causal import Causal, Recursion
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
        positions, seen, fps = stretches.positions, stretches.seen, stretches.fps
        smoothed = self._pass(positions, seen, fps)
        if self.both_ways:
            # What fills up a stretch equals its last position, so starting there changes nothing.
            smoothed = (smoothed + self._pass(positions[::-1], seen[::-1], fps)[::-1]) / 2
        return interpolate(smoothed, seen)

    def causal(self, fps: float, lag: int = 0) -> Causal:
        """The pass forward, which is what a single frame after the other allows."""
        return OneEuroForward(self._cutoffs, fps, lag, self.max_gap_s * fps)

    def _pass(
        self, positions: Float[np.ndarray, "T N 2"], seen: Bool[np.ndarray, "T N"], fps: float
    ) -> Float[np.ndarray, "T N 2"]:
        return one_euro(positions, seen, fps, self._cutoffs)

    @property
    def _cutoffs(self) -> "Cutoffs":
        return Cutoffs(self.min_cutoff_hz, self.beta, self.derivative_cutoff_hz)


class Cutoffs(NamedTuple):
    """Frequencies of the two low-pass filters, hertz.

    Args:
        least: of that on the position, at rest.
        beta: how many hertz it rises per pixel per second.
        derivative: of that on the speed.
    """

    least: float
    beta: float
    derivative: float


class State(NamedTuple):
    """What the filter knows after a frame: position in pixels, and pixels per second."""

    position: Float[np.ndarray, "N 2"]
    speed: Float[np.ndarray, "N 2"]

    def after(
        self,
        positions: Float[np.ndarray, "N 2"],
        dt: Float[np.ndarray, "N 1"],
        known: Bool[np.ndarray, "N 1"],
        cutoffs: Cutoffs,
    ) -> "State":
        """Algorithm 1 of the paper; what is not known in this frame stays as it is.

        Args:
            positions: of the next frame.
            dt: seconds since the last frame that was known.
        """
        raw = (positions - self.position) / dt
        speed = self.speed + known * _gain(cutoffs.derivative, dt) * (raw - self.speed)
        gain = _gain(cutoffs.least + cutoffs.beta * np.abs(speed), dt)
        return State(self.position + known * gain * (positions - self.position), speed)


class OneEuroForward(Recursion):
    """The filter a frame at a time."""

    def __init__(self, cutoffs: Cutoffs, fps: float, lag: int, longest: float) -> None:
        super().__init__(lag, longest)
        self.cutoffs, self.fps = cutoffs, fps
        self._state: State | None = None

    def update(
        self,
        positions: Float[np.ndarray, "K 2"],
        elapsed: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
    ) -> Float[np.ndarray, "K 2"]:
        """Takes the next frame and gives its estimates."""
        start = State(positions, np.zeros_like(positions))
        fresh = np.isinf(elapsed)[:, None]
        dt = np.where(fresh, 1, elapsed[:, None]) / self.fps
        known = seen[:, None]
        state = (self._state or start).after(positions, dt, known, self.cutoffs)
        self._state = State(*(np.where(fresh & known, *p) for p in zip(start, state, strict=True)))
        return self._state.position


def one_euro(
    positions: Float[np.ndarray, "T N 2"],
    seen: Bool[np.ndarray, "T N"],
    fps: float,
    cutoffs: Cutoffs,
) -> Float[np.ndarray, "T N 2"]:
    """N tracks at once, starting at rest at the first position.

    Frames that are not seen keep the last estimate.
    """
    elapsed = _frames_since_seen(seen)[..., None] / fps
    smoothed = positions.copy()
    state = State(positions[0], np.zeros_like(positions[0]))
    for t in range(1, len(positions)):
        state = state.after(positions[t], elapsed[t], seen[t][..., None], cutoffs)
        smoothed[t] = state.position
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
