"""What refining gives back, and what every refiner offers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from temporal_pose.errors import DataError
from temporal_pose.pose.sequences import PoseSequence
from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.refining.cleaning import Cleaned


@dataclass(frozen=True)
class Refined:
    """One person's poses, or with an axis P after F those of several.

    Args:
        keypoints: positions (x, y), image pixels; NaN where nothing is known: before a keypoint
            was first seen, after it was last seen, and in between where that took too long.
        scores: the detector's; 0 where a position was filled in or nothing is known.
        remarks: sentences that a person should read.
        cleaned: what was set aside of the detections, of one person whom a filter refined.
    """

    keypoints: Float[np.ndarray, "F *P K 2"]
    scores: Float[np.ndarray, "F *P K"]
    remarks: tuple[str, ...] = ()
    cleaned: Cleaned | None = field(default=None, repr=False, compare=False)


@runtime_checkable
class Refiner(Protocol):
    """Refines the poses of one person or several; made of a filter or a network."""

    def refine(
        self,
        keypoints: Float[np.ndarray, "F *P K C"],
        scores: Float[np.ndarray, "F *P K"] | None = None,
        *,
        fps: float | None = None,
        times: Float[np.ndarray, " F"] | None = None,
        skeleton: Skeleton | str | None = None,
        image_size: tuple[int, int] | None = None,
    ) -> Refined:
        """Refines every frame.

        Args:
            keypoints: positions (x, y), image pixels, or with C = 3 also the scores. NaN, (0, 0)
                and (-1, -1) mean that a keypoint was not found. Frames follow each other without
                a gap: put rows of NaN where some are missing.
            scores: how sure the detector was; None, or NaN for one of them, means sure.
            fps: frames a second; needed without ``times``.
            times: seconds of each frame, increasing, for a rate that varies.
            skeleton: names of the keypoints, or what they are called; None for unknown ones.
            image_size: width and height in pixels, for positions that are shares of the image.

        Raises:
            DataError: arrays that do not fit each other, or cannot be image positions.
            ConfigError: a setting that is missing or out of range.
        """
        ...


@runtime_checkable
class SequenceRefiner(Refiner, Protocol):
    """A refiner that may look at more than positions."""

    @property
    def reads_heatmaps(self) -> bool:
        """Whether it looks at a detector's heatmaps, where there are any."""
        ...

    def refine_sequence(self, sequence: PoseSequence) -> Refined:
        """Refines a video with detections; frames are evenly spaced.

        Raises:
            DataError: no detections, or heatmaps that cannot be read.
        """
        ...


def reads_heatmaps(refiner: Refiner) -> bool:
    """Whether a refiner looks at a detector's heatmaps, where there are any."""
    return isinstance(refiner, SequenceRefiner) and refiner.reads_heatmaps


def each(refine: Callable[[Any, Any], Refined], keypoints: Any, scores: Any = None) -> Refined:
    """Refines the people of an array (F, P, K, 2 or 3) one after the other; or the only one.

    Args:
        refine: of one person's keypoints and scores.
    """
    places = np.asarray(keypoints)
    if places.ndim != 4:
        return refine(keypoints, scores)
    if not places.shape[1]:
        raise DataError(f"keypoints have shape {places.shape}; expected at least one person")
    sure = [None] * places.shape[1] if scores is None else np.moveaxis(np.asarray(scores), 1, 0)
    people = [refine(places[:, i], own) for i, own in enumerate(sure)]
    remarks = (f"person {i}: {line}" for i, one in enumerate(people) for line in one.remarks)
    return Refined(
        np.stack([one.keypoints for one in people], 1),
        np.stack([one.scores for one in people], 1),
        tuple(remarks),
    )
