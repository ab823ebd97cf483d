"""Videos as a network starts from them: at other frame rates, and smoothed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool

from temporal_pose.errors import ConfigError
from temporal_pose.pose.sequences import Detections, PoseSequence
from temporal_pose.pose.skeletons import Skeleton


@runtime_checkable
class Smoothed(Protocol):
    """What a smoother gives: positions, NaN where it does not know, and scores."""

    @property
    def keypoints(self) -> Any: ...

    @property
    def scores(self) -> Any: ...


@runtime_checkable
class Smoother(Protocol):
    """A refiner of arrays, such as `temporal_pose.refining.filtering.FilterRefiner`."""

    def refine(
        self,
        keypoints: Any,
        scores: Any = None,
        *,
        fps: float | None = None,
        skeleton: Skeleton | str | None = None,
    ) -> Smoothed:
        """Positions, NaN where it does not know; scores of 0 for detections it set aside."""
        ...


def every_checked(every: Sequence[int]) -> tuple[int, ...]:
    """The steps; raises ConfigError unless they are whole numbers from 1, at least one of them."""
    steps = tuple(every) if isinstance(every, Sequence) and not isinstance(every, str) else ()
    if not steps or not all(type(step) is int and step > 0 for step in steps):
        raise ConfigError(f"data.every is {every}; expected whole numbers from 1, such as [1, 2]")
    return steps


def thinned(sequence: PoseSequence, step: int) -> PoseSequence:
    """Every n-th frame of a video, as a video of its own in the same group."""
    if step == 1:
        return sequence
    counted = sequence.frames - sequence.frames[0]
    kept = counted % step == 0
    return replace(
        sequence,
        name=f"{sequence.name} (every {step}.)",
        keypoints=sequence.keypoints[kept],
        visible=sequence.visible[kept],
        frames=counted[kept] // step,
        fps=sequence.fps / step,
        detections=sequence.detections and _of(sequence.detections, kept),
    )


def _of(seen: Detections, kept: Bool[np.ndarray, " F"]) -> Detections:
    if seen.heatmaps is not None:
        raise ConfigError("data.every leaves out frames of keypoints, not of heatmaps; use [1]")
    boxes = None if seen.boxes is None else seen.boxes[kept]
    return Detections(seen.keypoints[kept], seen.detected[kept], seen.scores[kept], boxes)


def started(sequence: PoseSequence, smoother: Smoother, step: int) -> PoseSequence:
    """The same video, its detections with what a smoother makes of them.

    Detections that the smoother sets aside count as missing. Where only every n-th frame is taken,
    each set of such frames is smoothed on its own: nobody has seen those between.

    Raises:
        ConfigError: nothing was recorded, or heatmaps.
    """
    seen = sequence.detections
    if seen is None or seen.heatmaps is not None:
        raise ConfigError(
            f"{sequence.name} holds {'heatmaps' if seen else 'no detections'}, and this model "
            "starts from a detector's keypoints; use data with such, and input=recorded"
        )
    detected, start = seen.detected.copy(), np.full(seen.keypoints.shape, np.nan, np.float32)
    for phase in range(min(step, len(detected))):
        own = slice(phase, None, step)
        places = np.where(seen.detected[own, :, None], seen.keypoints[own], np.nan)
        rate, scores = sequence.fps / step, seen.scores[own]
        result = smoother.refine(places, scores, fps=rate, skeleton=sequence.skeleton)
        start[own] = result.keypoints
        detected[own] &= ~((scores > 0) & (np.asarray(result.scores) == 0))
    kept = replace(seen, detected=detected, scores=seen.scores * detected, start=start)
    return replace(sequence, detections=kept)
