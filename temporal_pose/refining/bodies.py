"""Poses as things that move: what is compared to find the same person in another frame."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.formats.clips import Clip
from temporal_pose.refining.cleaning import missing
from temporal_pose.refining.vectors import both, boxes, length, roaming

#: Coordinates beyond are no places, pixels.
_FARTHEST = 1e6
#: Least size of a body: this share of the median body's.
_SMALL = 0.25
#: One keypoint's displacement counts for at most so many sizes: it may be a detector's mistake.
_CAP = 0.5
#: More for poses that have no keypoint in common, in sizes.
_STRANGE = 0.1


class Bodies(NamedTuple):
    """N poses by frame, each with at least one keypoint; image pixels.

    Args:
        rows: their places in the clip.
        frames: their frames, never falling.
        points: keypoints, then corners of the file's box where it has boxes; 0 where not there.
        there: which points there are.
        centres: means of the points there are.
        sizes: longer side of the tight box, or of the file's box where that is larger; not less
            than what is small for this clip. Of one or two points without a box, at least the
            range in which they move, for their own extent says nothing.
        ids: the file's number of the person, -1 for none.
    """

    rows: Int[np.ndarray, " N"]
    frames: Int[np.ndarray, " N"]
    points: Float[np.ndarray, "N M 2"]
    there: Bool[np.ndarray, "N M"]
    centres: Float[np.ndarray, "N 2"]
    sizes: Float[np.ndarray, " N"]
    ids: Int[np.ndarray, " N"]


def bodies(clip: Clip) -> Bodies:
    """The poses of a clip that show anything, in the order of their frames."""
    there = ~missing(clip.keypoints) & both(np.abs(clip.keypoints) < _FARTHEST)
    shown = np.flatnonzero(there.any(-1))
    rows = shown[np.argsort(clip.frames[shown], kind="stable")]
    points, there = clip.keypoints[rows].astype(np.float64), there[rows]
    if clip.boxes is not None:
        corner, extent = clip.boxes[rows, None, :2], clip.boxes[rows, None, 2:]
        corners = np.concatenate([corner, corner + extent], axis=1)
        points = np.concatenate([points, corners], axis=1)
        there = np.concatenate([there, both(np.isfinite(corners))], axis=1)
    points = np.where(there[..., None], points, 0)
    centres = points.sum(1) / there.sum(1)[:, None] if len(rows) else np.zeros((0, 2))
    ids = np.full(len(rows), -1) if clip.ids is None else clip.ids[rows]
    return Bodies(rows, clip.frames[rows], points, there, centres, _sizes(points, there), ids)


def _sizes(
    points: Float[np.ndarray, "N M 2"], there: Bool[np.ndarray, "N M"]
) -> Float[np.ndarray, " N"]:
    if not len(points):
        return np.zeros(0)
    low, high = boxes(points, there)
    sizes = (high - low).max(-1)
    floor = _SMALL * float(np.median(sizes))
    if points.shape[1] < 3:
        floor = max(floor, roaming(low, high))
    return np.maximum(sizes, max(floor, 1e-6))


def displacements(
    before: Float[np.ndarray, "n M 2"],
    there_before: Bool[np.ndarray, "n M"],
    after: Float[np.ndarray, "n M 2"],
    there_after: Bool[np.ndarray, "n M"],
    sizes: Float[np.ndarray, " n"],
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """How far n poses are from n others, in body sizes.

    Returns:
        The mean over common points, each of which counts for at most half a size; and the median.
        Of poses without a common point both are the distance of their centres and a bit more.
    """
    common = there_before & there_after
    known = common.any(-1)
    distances = length(after - before) / sizes[:, None]
    mean = (np.minimum(distances, _CAP) * common).sum(-1) / np.maximum(common.sum(-1), 1)
    median = medians(distances, common)
    if not known.all():
        one, other = (
            (p * t[..., None]).sum(1) / np.maximum(t.sum(1), 1)[:, None]
            for p, t in ((before, there_before), (after, there_after))
        )
        apart = length(one - other) / sizes + _STRANGE
        mean, median = (np.where(known, value, apart) for value in (mean, median))
    return mean, median


def medians(
    values: Float[np.ndarray, "n M"], known: Bool[np.ndarray, "n M"]
) -> Float[np.ndarray, " n"]:
    """The lower median of the known values of each row; infinite where none is known."""
    ordered = np.sort(np.where(known, values, np.inf), axis=-1)
    middle = np.maximum(known.sum(-1) - 1, 0) // 2
    return ordered[np.arange(len(values)), middle]
