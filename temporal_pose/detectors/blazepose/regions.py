"""Where BlazePose looks: a turned square about a body, held steady from frame to frame.

The landmark network gives two points beside the 33 landmarks: the middle of the hips, and a point
beyond the head. The next frame's region has the first as its centre, is turned so that the second
lies straight above, and has a side of 2.5 times their distance. As in MediaPipe the two points go
through a One-Euro filter first (Casiez et al., CHI 2012), for a region that trembles makes the
landmarks tremble. The landmarks themselves are never smoothed.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from temporal_pose.footage.cropping import Region

_SIDE = 2.5  # over the distance of the points
_BODY = (0.9, 2.0)  # width and height of a standing body, over the same

# MediaPipe's filter; its clock counts a thirtieth of a second a frame, whatever the video's rate.
_RATE, _MIN_CUTOFF, _DERIVATIVE_CUTOFF, _BETA = 30.0, 0.01, 1.0, 10.0


class Anchor(NamedTuple):
    """The two points, and what the filter knows of them; image pixels.

    Args:
        points: hips and top, filtered.
        raw: the same, not filtered; NaN before the first look.
        speed: filtered, in sizes of the body a second.
    """

    points: Float[np.ndarray, "2 2"]
    raw: Float[np.ndarray, "2 2"]
    speed: Float[np.ndarray, "2 2"]

    @property
    def memory(self) -> Float[np.ndarray, " 12"]:
        """The same as a row of numbers."""
        return np.concatenate([one.reshape(-1) for one in self]).astype(np.float32)


def remembered(memory: Float[np.ndarray, " 12"]) -> Anchor:
    """The inverse of `Anchor.memory`."""
    return Anchor(*memory.reshape(3, 2, 2).astype(np.float64))


def first(hips: Float[np.ndarray, " 2"], top: Float[np.ndarray, " 2"]) -> Anchor:
    """What the person detector found."""
    unknown = np.full((2, 2), np.nan)
    return Anchor(np.stack([hips, top]), unknown, np.zeros((2, 2)))


def following(last: Anchor, points: Float[np.ndarray, "2 2"]) -> Anchor:
    """The anchor of the next frame.

    Args:
        points: where the network sees hips and top in this frame.
    """
    points = points.astype(np.float64)
    if np.isnan(last.raw).any():
        return Anchor(points, points, np.zeros((2, 2)))
    size = 2 * max(_distance(points), 1e-6)
    speed = _step(_DERIVATIVE_CUTOFF)
    moved = speed * (points - last.raw) * _RATE / size + (1 - speed) * last.speed
    weight = _step(_MIN_CUTOFF + _BETA * np.abs(moved))
    return Anchor(weight * points + (1 - weight) * last.points, points, moved)


def region(anchor: Anchor) -> Region:
    """The turned square."""
    (x, y), (dx, dy) = anchor.points[0], anchor.points[1] - anchor.points[0]
    side = _SIDE * _distance(anchor.points)
    return Region(float(x), float(y), side, side, math.atan2(dx, -dy))


def body(anchor: Anchor) -> Float[np.ndarray, " 4"]:
    """An upright box about the body alone, by which two people side by side are told apart.

    Returns:
        x, y, width and height, image pixels.
    """
    turn = np.abs(region(anchor).turn)
    extent = turn @ (np.array(_BODY) * _distance(anchor.points))
    return np.concatenate([anchor.points[0] - extent / 2, extent]).astype(np.float32)


def _distance(points: Float[np.ndarray, "2 2"]) -> float:
    return float(np.hypot(*(points[1] - points[0])))


def _step(cutoff: Float[np.ndarray, "2 2"] | float) -> Float[np.ndarray, "2 2"] | float:
    """Weight of what is new in a first-order low-pass filter; the cutoff is in hertz."""
    return 1 / (1 + _RATE / (2 * math.pi * cutoff))
