"""The Kalman smoother of a randomly pushed point, one frame at a time, with a fixed lag.

What it gives is the mean of the position ``lag`` frames ago, given all frames until now (Anderson
and Moore, "Optimal Filtering", 1979, chapter 7): a filter forward, and from each new frame a
smoothing pass back over the lag.
"""

from collections import deque
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.filters.causal import Absence
from temporal_pose.filters.stretches import GAP_TOLERANCE

VAGUE = 1e8
"""Variance of the first velocity, in multiples of what a frame tells: as good as unknown, and
small enough for double precision."""

_ROUNDS = 4  # of weighing a new frame
_PLACED = 1e3  # variance of a position that is expected, and not just where it was first seen

_STEP = np.array([[1.0, 1.0], [0.0, 1.0]])  # position and velocity from frame to frame


@runtime_checkable
class Doubt(Protocol):
    """How far each new detection is to be believed."""

    def weights(
        self, scores: Float[np.ndarray, " K"], seen: Bool[np.ndarray, " K"]
    ) -> Float[np.ndarray, " K"]:
        """By what the detector says of a new frame; 0 where nothing was seen."""
        ...

    def trust(self, away: Float[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
        """By the distance from where the motion is taken to be, pixels; 1 for none, down to 0."""
        ...

    def note(
        self,
        positions: Float[np.ndarray, "K 2"],
        away: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
        placed: Bool[np.ndarray, " K"],
    ) -> None:
        """Remembers a frame, for the next ones to be compared with.

        Args:
            away: distances from where the motion is taken to be, pixels.
            placed: of which keypoints these mean something: none is off when it is first seen.
        """
        ...


class _Moment(NamedTuple):
    """What is kept of a frame until the lag has passed.

    Args:
        mean: position and velocity, given all frames until then.
        expected: the same before the frame was seen.
        gain: of smoothing the frame before, given this one.
        held: position when each keypoint was last seen.
        starts: how many stretches each keypoint had begun.
        seen: which keypoints were.
        missed: frames since they were.
    """

    mean: Float[np.ndarray, "K 2 2"]
    expected: Float[np.ndarray, "K 2 2"]
    gain: Float[np.ndarray, "K 2 2"]
    held: Float[np.ndarray, "K 2"]
    starts: Int[np.ndarray, " K"]
    seen: Bool[np.ndarray, " K"]
    missed: Float[np.ndarray, " K"]

    @classmethod
    def nothing(cls, keypoints: int) -> "_Moment":
        """Before the first frame."""
        none, never = np.zeros((keypoints, 2, 2)), np.full(keypoints, np.inf)
        counts = np.zeros(keypoints, int)
        return cls(none, none, none, none[:, 0], counts, counts > 0, never)


class FixedLag:
    """One person's keypoints, each a point of constant velocity that is pushed at random.

    A keypoint that is not seen stays where it last was; once it is seen again, the motion between
    is known. After too long it starts anew.

    Args:
        push: the process noise: covariance of what a frame adds to position and velocity (x and
            x, x and v, v and v), over the variance of a detection of weight 1.
        longest: frames without detection that are bridged.
        doubt: weighs detections; None believes all alike.
    """

    def __init__(
        self,
        push: tuple[float, float, float],
        lag: int,
        longest: float,
        doubt: Doubt | None = None,
    ) -> None:
        self.push, self.lag, self.longest, self.doubt = push, lag, longest, doubt
        self._moments: deque[_Moment] = deque(maxlen=lag + 1)
        self._absence = Absence(longest, lag)
        self._spread = np.empty((3, 0))  # covariance: x and x, x and v, v and v

    def step(
        self,
        positions: Float[np.ndarray, "K 2"],
        scores: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
    ) -> Float[np.ndarray, "K 2"]:
        """Takes the next frame and gives the positions of ``lag`` frames ago."""
        if not self._moments:
            self._spread = np.tile([[1.0], [0.0], [1.0]], len(seen))
            self._moments.append(_Moment.nothing(len(seen)))
        positions = np.where(seen[:, None], positions, 0)
        weights = seen.astype(float)
        if self.doubt is not None:
            weights = self.doubt.weights(scores, seen)
        moment, spread = self._expected(positions, seen)
        self._spread, mean = self._updated(positions, weights, moment.expected, spread)
        held = np.where(seen[:, None], mean[:, 0], moment.held)
        self._moments.append(moment._replace(mean=mean, held=held))
        known = self._absence.step(seen)
        if len(self._absence.frames) <= self.lag:
            return np.full(positions.shape, np.nan)
        return np.where(known[:, None], self._back(), np.nan)

    def _expected(
        self, positions: Float[np.ndarray, "K 2"], seen: Bool[np.ndarray, " K"]
    ) -> tuple[_Moment, Float[np.ndarray, "3 K"]]:
        """What a frame is expected to be like, and how surely; anything where a stretch begins."""
        last, (a, b, c) = self._moments[-1], self._spread
        x, xv, v = self.push
        spread = np.stack([a + 2 * b + c + x, b + c + xv, c + v])
        back = np.stack([a + b, b, b + c, c], -1).reshape(-1, 2, 2)
        gain = back @ _inverse(spread)
        fresh = seen & (last.missed > self.longest + GAP_TOLERANCE)
        expected = _STEP @ last.mean
        if fresh.any():
            spread = np.where(fresh, [[VAGUE], [0.0], [VAGUE]], spread)
            start = np.stack([positions, np.zeros_like(positions)], 1)
            expected = np.where(fresh[:, None, None], start, expected)
            gain = np.where(fresh[:, None, None], 0, gain)
        missed = np.where(seen, 0, last.missed + 1)
        starts = last.starts + fresh
        return _Moment(expected, expected, gain, last.held, starts, seen, missed), spread

    def _updated(
        self,
        positions: Float[np.ndarray, "K 2"],
        weights: Float[np.ndarray, " K"],
        expected: Float[np.ndarray, "K 2 2"],
        spread: Float[np.ndarray, "3 K"],
    ) -> tuple[Float[np.ndarray, "3 K"], Float[np.ndarray, "K 2 2"]]:
        """The state after a frame was seen, each keypoint weighed by how far off it then is."""
        surprise = positions - expected[:, 0]
        a, b, c = spread
        if self.doubt is not None:
            away, full = np.hypot(*surprise.T), weights
            for _ in range(_ROUNDS):
                weights = full * self.doubt.trust(away / (1 + a * weights))
            placed = (full > 0) & (a < _PLACED)
            self.doubt.note(positions, away / (1 + a * weights), full > 0, placed)
        share = weights / (1 + a * weights)
        mean = expected + np.stack([a * share, b * share], 1)[..., None] * surprise[:, None]
        return np.stack([a - a * a * share, b - a * b * share, c - b * b * share]), mean

    def _back(self) -> Float[np.ndarray, "K 2"]:
        """The smoothing pass; a keypoint that has not been seen since stays where it was."""
        first, newest = self._moments[0], self._moments[-1]
        mean = newest.mean
        for i in range(len(self._moments) - 1, 0, -1):
            later, earlier = self._moments[i], self._moments[i - 1]
            mean = earlier.mean + later.gain @ (mean - later.expected)
        since = (newest.starts == first.starts) & (newest.missed < self.lag)
        return np.where((first.seen | since)[:, None], mean[:, 0], first.held)


def _inverse(spread: Float[np.ndarray, "3 K"]) -> Float[np.ndarray, "K 2 2"]:
    """Of covariances."""
    a, b, c = spread
    return np.stack([c, -b, -b, a], -1).reshape(-1, 2, 2) / (a * c - b * b)[:, None, None]
