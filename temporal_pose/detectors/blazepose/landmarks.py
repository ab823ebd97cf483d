"""Reading BlazePose's landmark network: landmarks in the image, and heatmaps in an upright box."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from scipy.sparse import csr_array
from scipy.special import expit

from temporal_pose.detectors.blazepose.inference import Run
from temporal_pose.footage.cropping import Region, cropped

_SIZE = 256
_LANDMARKS, _AUXILIARY = 33, 6
_REACH = 3  # cells about a landmark in which its heatmap is read
_LEAST = 0.5  # peak of a heatmap that is read; others are too vague
_NOTHING = 2**-10  # probabilities below are 0 in what is stored, which makes it half as large

#: Rows and columns of a heatmap.
CELLS = 64

#: Input, and outputs: five numbers a landmark, a flag for a body, its mask, heatmaps, 3-D points.
SHAPES = (
    (_SIZE, _SIZE),
    ((195,), (1,), (_SIZE, _SIZE, 1), (CELLS, CELLS, _LANDMARKS + _AUXILIARY), (117,)),
)


class LandmarksInRegion(NamedTuple):
    """What the network sees in a region.

    Args:
        points: 33 landmarks and 6 auxiliary points, as shares of the region.
        scores: probability that a landmark is in the region and not hidden.
        presence: probability that the region shows a body.
        logits: heatmaps; column j and row i stand for the shares j / 64 and i / 64.
    """

    points: Float[np.ndarray, "39 2"]
    scores: Float[np.ndarray, " 39"]
    presence: float
    logits: Float[np.ndarray, "64 64 39"]


def seen(image: UInt8[np.ndarray, "H W 3"], region: Region, network: Run) -> LandmarksInRegion:
    """Looks at a region."""
    numbers, flag, _, logits, _ = network(cropped(image, region, (_SIZE, _SIZE)) / 255)
    rows = numbers.reshape(_LANDMARKS + _AUXILIARY, 5)
    points = read(rows[:, :2] / _SIZE, logits)
    return LandmarksInRegion(points, expit(rows[:, 3]) * expit(rows[:, 4]), float(flag[0]), logits)


def read(
    points: Float[np.ndarray, "L 2"], logits: Float[np.ndarray, "h w L"]
) -> Float[np.ndarray, "L 2"]:
    """The points moved to the centres of mass of their heatmaps nearby, as MediaPipe does.

    A point outside, or with a vague heatmap, stays.

    Args:
        points: shares of the region.
    """
    height, width, count = logits.shape
    near = np.arange(-_REACH, _REACH + 1)
    middle = (points * [width, height]).astype(int)  # towards zero, as in C
    columns, rows = (middle[:, axis, None] + near for axis in (0, 1))
    inside = ((rows >= 0) & (rows < height))[:, :, None]
    inside = inside & ((columns >= 0) & (columns < width))[:, None, :]
    which = np.arange(count)[:, None, None]
    clipped = rows.clip(0, height - 1)[:, :, None], columns.clip(0, width - 1)[:, None, :]
    weights = np.where(inside, expit(logits[*clipped, which]), 0)
    total = np.maximum(weights.sum((1, 2)), np.finfo(np.float32).tiny)
    x = (weights.sum(1) * columns).sum(1) / total / width
    y = (weights.sum(2) * rows).sum(1) / total / height
    there = ((middle >= 0) & (middle < [width, height])).all(1)
    clear = there & (weights.max((1, 2)) >= _LEAST)
    return np.where(clear[:, None], np.stack([x, y], 1), points).astype(np.float32)


def upright(
    logits: Float[np.ndarray, "h w L"], region: Region, which: Sequence[int]
) -> tuple[Float[np.ndarray, "K h w"], Float[np.ndarray, " 4"]]:
    """Heatmaps in an upright box of the region's centre and side, and that box.

    The body lies in a circle about the centre, so what the turn cuts off is empty. The box begins
    half a cell before the region: a cell's point is its centre in the paired layout, and its
    corner in the network.

    Args:
        which: landmarks that are wanted.

    Returns:
        Probabilities; and x, y, width and height in image pixels.
    """
    size = len(logits)
    maps = expit(logits.reshape(size * size, -1)[:, list(which)])
    turned = np.ascontiguousarray((_turning(region, size) @ maps).T).reshape(-1, size, size)
    turned[turned < _NOTHING] = 0
    box = region.box
    box[:2] -= box[2:] / size / 2
    return turned, box


def _turning(region: Region, size: int) -> csr_array:
    """What each cell of an upright box sees of a region's cells, by bilinear interpolation.

    A matrix from all cells, row by row, to all cells; beyond the region lies nothing.
    """
    shares = np.arange(size, dtype=np.float32) / size - np.float32(0.5)
    places = np.stack(np.meshgrid(shares, shares), -1) @ region.turn  # into the region's own axes
    places = ((places + np.float32(0.5)) * np.float32(size)).reshape(-1, 2)
    first = np.floor(places)
    (right, down), (column, row) = (places - first).T, first.astype(np.int32).T
    columns = np.stack([column, column + 1, column, column + 1], 1)
    rows = np.stack([row, row, row + 1, row + 1], 1)
    across, along = np.stack([1 - right, right], 1), np.stack([1 - down, down], 1)
    weights = (along[:, :, None] * across[:, None]).reshape(-1, 4)
    inside = (columns >= 0) & (columns < size) & (rows >= 0) & (rows < size)
    cells, ends = np.where(inside, rows * size + columns, 0), np.arange(size * size + 1) * 4
    values = ((weights * inside).reshape(-1), cells.reshape(-1), ends)
    return csr_array(values, shape=(size * size, size * size))
