"""Refining while frames come in: each pose as of `lag` frames ago, from all until now."""

import math
from collections import deque
from numbers import Real
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.filters.causal import Causal, Recursion
from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.pose.skeletons import skeleton as skeleton_of
from temporal_pose.refining.cleaning import missing, sure
from temporal_pose.refining.filtering import CELLS, ROOM, FilterRefiner
from temporal_pose.refining.named_filters import DEFAULT
from temporal_pose.refining.refined import SequenceRefiner
from temporal_pose.refining.saved import bare


@runtime_checkable
class Streamable(Protocol):
    """A model that has a form for one frame at a time: every filter has."""

    def causal(self, fps: float, lag: int = 0) -> Causal:
        """That form, for one person; it is given lengths in 56ths of a box about the person."""
        ...


class Streamed(NamedTuple):
    """A pose as it comes out of a stream.

    Args:
        keypoints: positions (x, y), image pixels; NaN where nothing is known.
        scores: the detector's; 0 where a position was filled in or nothing is known.
    """

    keypoints: Float[np.ndarray, "K 2"]
    scores: Float[np.ndarray, " K"]


class Stream:
    """Takes one person's pose at a time, and gives back a refined one.

    ::

        stream = Stream(fps=30, lag=3)
        for pose, scores in camera:
            refined = stream.push(pose, scores)  # None for the first three
        rest = stream.finish()

    Args:
        fps: frames a second; a frame without the person is to be pushed as well, as NaN.
        skeleton: names of the keypoints, or what they are called; None for unknown ones.
        model: a filter, by name or itself; what `temporal_pose.load` gives; or another model
            that streams.
        lag: frames that follow the one that is given back; 0 for the one just pushed. A tenth of a
            second takes most of the jitter away; without any, less can be told from motion.

    Raises:
        ConfigError: a setting that is unknown or out of range.
    """

    def __init__(
        self,
        fps: Any,
        skeleton: Skeleton | str | None = None,
        model: Any = DEFAULT,
        lag: Any = 0,
    ) -> None:
        if not (isinstance(fps, Real) and 0 < float(fps) < math.inf):
            raise ConfigError(f"fps is {fps}; expected a positive number, frames a second")
        if isinstance(lag, bool) or not isinstance(lag, int) or lag < 0:
            raise ConfigError(f"lag is {lag}; expected a whole number of frames, 0 or more")
        self.fps, self.lag = float(fps), lag
        self.skeleton = skeleton_of(skeleton) if isinstance(skeleton, str) else skeleton
        self._causal = _streamable(model, self.skeleton).causal(self.fps, lag)
        self._scores = deque[Float[np.ndarray, " K"]](maxlen=lag + 1)
        self._unit = 0.0
        self._keypoints = 0 if self.skeleton is None else len(self.skeleton)

    def push(self, pose: Any, scores: Any = None) -> Streamed | None:
        """Takes the next frame, and gives the pose of ``lag`` frames ago.

        Args:
            pose: (K, 2) positions x, y in image pixels, or (K, 3) with scores. NaN, (0, 0) and
                (-1, -1) mean not found.
            scores: (K,), how sure the detector was; None, or NaN for one of them, means sure.

        Returns:
            None for the first ``lag`` frames.

        Raises:
            DataError: arrays that do not fit each other or the frames before.
        """
        places, known = _arrays(pose, scores)
        if self._keypoints not in (0, len(places)):
            raise DataError(
                f"the pose has {len(places)} keypoints; expected {self._keypoints}, as the "
                f"{'frames before' if self.skeleton is None else 'skeleton'} had"
            )
        self._keypoints = len(places)
        absent = missing(places)
        return self._step(places, sure(known, absent), ~absent)

    def finish(self) -> list[Streamed]:
        """The poses of the last ``lag`` frames; no frame follows."""
        if not self._scores:
            return []
        nothing = np.zeros((self._keypoints, 2))
        scores, seen = nothing[:, 0], np.zeros(self._keypoints, bool)
        steps = [self._step(nothing, scores, seen) for _ in range(self.lag)]
        return [step for step in steps if step is not None]

    def _step(
        self,
        places: Float[np.ndarray, "K 2"],
        scores: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
    ) -> Streamed | None:
        if not self._unit and seen.sum() > 1:  # of the first pose, and kept: nothing may jump
            self._unit = float(np.ptp(places[seen], axis=0).max()) * ROOM / CELLS
        unit = self._unit or 1.0
        refined = self._causal.step(places / unit, scores, seen) * unit
        self._scores.append(scores)
        if len(self._scores) <= self.lag:
            return None
        return Streamed(refined, self._scores[0])


def streamed(keypoints: Any, scores: Any = None, **about: Any) -> Streamed:
    """What a stream makes of frames that are all there: the same, frame for frame.

    Args:
        keypoints: (F, K, 2 or 3).
        scores: (F, K).
        about: as `Stream` takes it.

    Returns:
        With an axis F in front.

    Raises:
        DataError: arrays that do not fit each other, or no frames.
        ConfigError: a setting that is unknown or out of range.
    """
    poses = np.asarray(keypoints, float)
    if poses.ndim != 3 or not len(poses):
        raise DataError(
            f"keypoints have shape {poses.shape}; expected (frames, keypoints, 2), or 3 with "
            "scores, and at least one frame"
        )
    stream = Stream(**about)
    own = [None] * len(poses) if scores is None else list(scores)
    found = [stream.push(*frame) for frame in zip(poses, own, strict=True)]
    given = [pose for pose in (*found, *stream.finish()) if pose is not None]
    return Streamed(*(np.stack(parts) for parts in zip(*given, strict=True)))


def _streamable(model: Any, skeleton: Skeleton | None) -> Streamable:
    # A stream is of one person without jumps: what `load` gives is asked for what it looks with.
    chosen = bare(model) if isinstance(model, str) else getattr(model, "inner", model)
    if isinstance(chosen, FilterRefiner):
        return chosen.smoother or _Unsmoothed()
    if isinstance(chosen, SequenceRefiner):
        return _of_network(chosen, skeleton)
    if not isinstance(chosen, Streamable):
        raise ConfigError(
            f"model is {type(chosen).__name__}, which has no form for one frame at a time; "
            "expected a filter, or what temporal_pose.load gives"
        )
    return chosen


def _of_network(refiner: Any, skeleton: Skeleton | None) -> Streamable:
    from temporal_pose.refining.online import Online  # brings torch

    if skeleton is None:
        raise ConfigError("skeleton is not set; a network knows keypoints by their names")
    return Online(refiner, skeleton)


class _Unsmoothed(Recursion):
    """Poses as they come."""

    def __init__(self, lag: int = 0) -> None:
        super().__init__(lag, longest=0)

    def causal(self, fps: float, lag: int = 0) -> Causal:
        """Itself."""
        return _Unsmoothed(lag)

    def update(
        self,
        positions: Float[np.ndarray, "K 2"],
        elapsed: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
    ) -> Float[np.ndarray, "K 2"]:
        """The positions."""
        return positions


def _arrays(pose: Any, scores: Any) -> tuple[Float[np.ndarray, "K 2"], Float[np.ndarray, " K"]]:
    places = np.asarray(pose, float)
    if places.ndim != 2 or places.shape[-1] not in (2, 3) or not len(places):
        raise DataError(
            f"the pose has shape {places.shape}; expected (keypoints, 2), or 3 with scores"
        )
    if scores is None and places.shape[-1] == 3:
        scores = places[:, 2]
    own = np.ones(len(places)) if scores is None else np.asarray(scores, float)
    if own.shape != (len(places),):
        raise DataError(f"scores have shape {own.shape}; expected ({len(places)},)")
    return places[:, :2], own
