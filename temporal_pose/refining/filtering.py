"""Refining by a filter: any keypoints, named or not; no network, no training."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float

from temporal_pose.filters.base import Filter
from temporal_pose.pose.boxes import tight_boxes
from temporal_pose.pose.observations import Tracks
from temporal_pose.refining.person import DetectedPerson, person, set_aside
from temporal_pose.refining.refined import Refined, each

#: Rows of a heatmap (thesis): filters take lengths in a box's side over it, as in training.
CELLS = 56


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
        return Refined(self.smoothed(cleaned), cleaned.scores, set_aside(why))

    def smoothed(self, cleaned: DetectedPerson) -> Float[np.ndarray, "F K 2"]:
        """Positions of a person who has been cleaned, image pixels; NaN where nothing is known."""
        if self.smoother is None:
            return np.where(cleaned.found[..., None], cleaned.keypoints, np.nan)
        unit = side(cleaned) / CELLS
        tracks = tracks_of(replace(cleaned, keypoints=cleaned.keypoints / unit))
        smoothed = self.smoother.forward(tracks)[0].numpy() * unit
        inside = self.smoother.spans(tracks)[0].numpy()
        return np.where(inside[..., None], smoothed, np.nan)


def tracks_of(seen: DetectedPerson) -> Tracks:
    """One person's detections as a filter takes them."""
    return Tracks(
        torch.from_numpy(seen.keypoints)[None],
        torch.from_numpy(seen.found)[None],
        torch.tensor([seen.fps], dtype=torch.float64),
        torch.from_numpy(seen.scores)[None],
        None if seen.even else torch.from_numpy(seen.times)[None],
    )


def side(seen: DetectedPerson) -> float:
    """Mean side of the boxes that a network would see the person through, image pixels.

    1 where no frame shows two distinct keypoints.
    """
    return _side(seen.keypoints, seen.found)


def _side(keypoints: Float[np.ndarray, "F K 2"], found: Bool[np.ndarray, "F K"]) -> float:
    there = found.sum(1) > 1
    if not there.any():
        return 1.0
    boxes = tight_boxes(torch.from_numpy(keypoints[there]), torch.from_numpy(found[there]))
    return float(boxes[:, 2].mean())
