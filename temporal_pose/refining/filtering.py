"""Refining by a filter: any keypoints, named or not; no network, no training."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from temporal_pose.filters.base import Filter
from temporal_pose.filters.detected import person_size
from temporal_pose.filters.resampling import frame_times
from temporal_pose.filters.stretches import Detected
from temporal_pose.refining.person import DetectedPerson, person, set_aside
from temporal_pose.refining.refined import Refined, each
from temporal_pose.refining.vectors import boxes

#: Rows of a heatmap (thesis): filters take lengths in a box's side over it, as in training.
CELLS = 56

#: Side of the box that a person is seen through, over the longer side of the tight one, which is
#: pushed out by a tenth on each side.
ROOM = 1.2


@dataclass(frozen=True)
class FilterRefiner:
    """Smooths every keypoint over time.

    Args:
        smoother: the filter; None only cleans.
    """

    smoother: Filter | None

    def refine(self, keypoints: Any, scores: Any = None, **about: Any) -> Refined:
        """Refines every frame; see `temporal_pose.refining.refined.Refiner.refine`."""
        return each(partial(self._refine, **about), keypoints, scores)

    def _refine(self, keypoints: Any, scores: Any, **about: Any) -> Refined:
        return self.apply(person(keypoints, scores, **about))

    def apply(self, seen: DetectedPerson) -> Refined:
        """Refines one person's detections, the wrong ones among them set aside first."""
        cleaned, why = seen.cleaned()
        return Refined(self.smoothed(cleaned), cleaned.scores, set_aside(why), why)

    def smoothed(self, cleaned: DetectedPerson) -> Float[np.ndarray, "F K 2"]:
        """Positions of a person who has been cleaned, image pixels; NaN where nothing is known."""
        if self.smoother is None:
            return np.where(cleaned.found[..., None], cleaned.keypoints, np.nan)
        unit = side(cleaned) / CELLS
        tracks = columns_of(replace(cleaned, keypoints=cleaned.keypoints / unit))
        smoothed = self.smoother.smoothed(tracks)
        smoothed *= unit
        smoothed[~self.smoother.spans(tracks)] = np.nan
        return smoothed


def columns_of(seen: DetectedPerson) -> Detected:
    """One person's detections as a filter takes them."""
    rate, times = (seen.fps, None) if seen.even else frame_times(seen.times, seen.fps)
    return Detected(
        seen.keypoints,
        seen.found,
        np.full(seen.found.shape[1], rate),
        seen.scores,
        np.full(seen.found.shape[1], person_size(seen.keypoints, seen.found)),
        None if times is None else np.broadcast_to(times[:, None], seen.found.shape),
    )


def side(seen: DetectedPerson) -> float:
    """Mean side of the boxes that a network would see the person through, image pixels.

    See `temporal_pose.pose.boxes.tight_boxes`. 1 where no frame shows two distinct keypoints.
    """
    there = seen.found.sum(1) > 1
    if not there.any():
        return 1.0
    low, high = boxes(seen.keypoints[there], seen.found[there])
    sides = (high - low).max(1) * ROOM
    return float(np.where(sides > 0, sides, 1).mean())
