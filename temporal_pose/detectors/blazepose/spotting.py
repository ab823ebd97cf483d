"""BlazePose's person detector: one look at the whole frame (Bazarevsky et al., 2020).

A single-shot detector: each of 2,254 anchors gives a score and 12 numbers, a box and four points.
The first two points are the middle of the hips and one that says how large the body is and which
way up: a circle about the first through the second holds all of it.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from scipy.special import expit

from temporal_pose.detectors.blazepose.inference import Run
from temporal_pose.footage.cropping import Region, cropped

_SIZE = 224
_STRIDES = ((8, 2), (16, 2), (32, 6))  # of a grid, in input pixels, and anchors at each place
_OVERLAP = 0.3  # of boxes that are the same person's

#: Input, and outputs: the numbers of each anchor, and its score.
SHAPES = ((_SIZE, _SIZE), ((2254, 12), (2254, 1)))


class FoundPerson(NamedTuple):
    """Somebody in a frame.

    Args:
        hips: the middle between them, image pixels.
        top: the point of the circle about the hips that lies beyond the head, image pixels.
        score: 0 to 1.
    """

    hips: Float[np.ndarray, " 2"]
    top: Float[np.ndarray, " 2"]
    score: float


def found(image: UInt8[np.ndarray, "H W 3"], network: Run, min_score: float) -> list[FoundPerson]:
    """Everybody in a frame, the most certain first."""
    height, width = image.shape[:2]
    side = float(max(height, width))
    whole = Region(width / 2, height / 2, side, side)
    numbers, logits = network(cropped(image, whole, (_SIZE, _SIZE), black=True) / 127.5 - 1)
    scores = expit(logits[:, 0])
    sure = np.flatnonzero(scores >= min_score)
    points = numbers[sure].reshape(-1, 6, 2) / _SIZE
    points[:, 1:2] -= _ANCHORS[sure, None]  # a size, which has no place
    points += _ANCHORS[sure, None]
    return [
        FoundPerson(whole.to_image(mean[2]), whole.to_image(mean[3]), score)
        for mean, score in _people(points, scores[sure])
    ]


def _anchors() -> Float[np.ndarray, "A 2"]:
    """Middles of the cells of each grid, as shares of the input."""
    grids = []
    for stride, times in _STRIDES:
        middles = (np.arange(_SIZE // stride) + 0.5) * stride / _SIZE
        cells = np.stack(np.meshgrid(middles, middles), -1).reshape(-1, 2)
        grids.append(cells.repeat(times, axis=0))
    return np.concatenate(grids).astype(np.float32)


_ANCHORS = _anchors()


def _people(
    points: Float[np.ndarray, "n 6 2"], scores: Float[np.ndarray, " n"]
) -> list[tuple[Float[np.ndarray, "6 2"], float]]:
    """What overlapping anchors say, averaged by their scores, and the best score of each.

    Args:
        points: the box's middle and size, and four points.
    """
    people = []
    while len(scores):
        best = int(scores.argmax())
        same = _overlaps(points[best, :2], points[:, :2]) > _OVERLAP
        same[best] = True
        mean = np.average(points[same], axis=0, weights=scores[same])
        people.append((mean, float(scores[best])))
        points, scores = points[~same], scores[~same]
    return people


def _overlaps(
    box: Float[np.ndarray, "2 2"], boxes: Float[np.ndarray, "n 2 2"]
) -> Float[np.ndarray, " n"]:
    """Intersection over union of boxes given by middle and size."""
    low = np.maximum(box[0] - box[1] / 2, boxes[:, 0] - boxes[:, 1] / 2)
    high = np.minimum(box[0] + box[1] / 2, boxes[:, 0] + boxes[:, 1] / 2)
    shared = np.clip(high - low, 0, None).prod(-1)
    return shared / (box[1].prod() + boxes[:, 1].prod(-1) - shared)
