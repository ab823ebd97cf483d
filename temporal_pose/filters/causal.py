"""Filters one frame at a time: what a position was `lag` frames ago, from all frames until now."""

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.filters.detected import person_size
from temporal_pose.filters.stretches import (
    GAP_TOLERANCE,
    Detected,
    Stretches,
    smooth_stretches,
)


@runtime_checkable
class Causal(Protocol):
    """One person's keypoints, frame after frame.

    Attributes:
        lag: frames that follow the one that is estimated.
    """

    lag: int

    def step(
        self,
        positions: Float[np.ndarray, "K 2"],
        scores: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
    ) -> Float[np.ndarray, "K 2"]:
        """Takes the next frame and gives the positions of ``lag`` frames ago.

        Args:
            positions: pixels; they mean nothing where not seen.
            scores: how sure the detector was, 1 being sure.
            seen: which keypoints were detected.

        Returns:
            Pixels; NaN where nothing is known: before the first frame, before a keypoint was
            seen, or too long after.
        """
        ...


class RollingWindow:
    """Smooths the last frames anew with each frame that comes.

    What it gives is what the filter makes of all frames until now, if a frame's estimate depends
    on no more than ``memory`` frames before it.

    Args:
        smooth: from stretches to their smoothed positions.
        memory: frames.
        max_gap_s: seconds without detection that are bridged, and for which a last position holds.
    """

    def __init__(
        self,
        smooth: Callable[[Stretches], Float[np.ndarray, "T N 2"]],
        fps: float,
        lag: int,
        memory: int,
        max_gap_s: float,
    ) -> None:
        self.smooth, self.fps, self.lag, self.max_gap_s = smooth, fps, lag, max_gap_s
        kept = memory + lag + math.ceil(max_gap_s * fps) + 1
        self._frames: deque[tuple[np.ndarray, np.ndarray, np.ndarray]] = deque(maxlen=kept)
        self._absence = Absence(max_gap_s * fps, lag)

    def step(
        self,
        positions: Float[np.ndarray, "K 2"],
        scores: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
    ) -> Float[np.ndarray, "K 2"]:
        """Takes the next frame and gives the positions of ``lag`` frames ago."""
        self._frames.append((positions, scores, seen))
        known = self._absence.step(seen)
        if len(self._frames) <= self.lag:
            return np.full(positions.shape, np.nan)
        places, sure, found = (np.array(parts) for parts in zip(*self._frames, strict=True))
        sizes = np.full(len(seen), person_size(places, found))
        rates = np.full(len(seen), self.fps)
        tracks = Detected(places.astype(float), found, rates, sure, sizes)
        smoothed = smooth_stretches(tracks, self.max_gap_s, self.smooth)
        return np.where(known[:, None], smoothed[-1 - self.lag], np.nan)


class Recursion(ABC):
    """A filter that computes each estimate from the last one and the frame that comes.

    A keypoint that has not been seen for too long starts anew.

    Args:
        longest: frames without detection for which a last position holds.
        delay: frames by which estimates are late; with a lag, they are given that much earlier.
    """

    def __init__(self, lag: int, longest: float, delay: int = 0) -> None:
        self.lag, self.longest = lag, longest
        self._missed, self._absence = np.empty(0), Absence(longest, lag)
        self._last, self._estimates = np.empty((0, 2)), deque[np.ndarray](maxlen=lag + 1)
        self._index = min(lag, delay)

    @abstractmethod
    def update(
        self,
        positions: Float[np.ndarray, "K 2"],
        elapsed: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
    ) -> Float[np.ndarray, "K 2"]:
        """Takes the next frame and gives its estimates.

        Args:
            positions: pixels; where not seen, the last that was.
            elapsed: frames since a keypoint was last seen; infinite where it starts anew.
        """

    def step(
        self,
        positions: Float[np.ndarray, "K 2"],
        scores: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
    ) -> Float[np.ndarray, "K 2"]:
        """Takes the next frame and gives the positions of ``lag`` frames ago."""
        if not self._estimates:
            self._missed = np.full(len(seen), np.inf)
            self._last = np.zeros(positions.shape)
        elapsed = np.where(self._missed > self.longest + GAP_TOLERANCE, np.inf, self._missed + 1)
        self._missed = np.where(seen, 0, self._missed + 1)
        self._last = np.where(seen[:, None], positions, self._last)
        self._estimates.append(self.update(self._last, elapsed, seen))
        known = self._absence.step(seen)
        if len(self._estimates) <= self.lag:
            return np.full(positions.shape, np.nan)
        return np.where(known[:, None], self._estimates[self._index], np.nan)


class Absence:
    """For how long keypoints have not been seen: what is known, ``lag`` frames ago.

    Args:
        longest: frames without detection for which something is known.
    """

    def __init__(self, longest: float, lag: int) -> None:
        self.longest, self.frames = longest, deque[np.ndarray](maxlen=lag + 1)

    def step(self, seen: Bool[np.ndarray, " K"]) -> Bool[np.ndarray, " K"]:
        """Takes the next frame; whether each keypoint is known ``lag`` frames ago."""
        before = self.frames[-1] if self.frames else np.full(len(seen), np.inf)
        self.frames.append(np.where(seen, 0, before + 1))
        return self.frames[0] <= self.longest + GAP_TOLERANCE
