"""A figure that dances before a camera that stands still: frames, and where its keypoints are."""

from typing import NamedTuple

import numpy as np

from temporal_pose.data.articulated.body import Body, keypoints
from temporal_pose.data.articulated.motion import dance
from temporal_pose.data.images.painting import Figure, backdrop, paint


class Shown(NamedTuple):
    """A video and its truth, image pixels."""

    frames: np.ndarray
    keypoints: np.ndarray


def dancer(frames: int = 30, fps: float = 25.0, seed: int = 5, size: int = 160) -> Shown:
    """Somebody who fills most of the picture, in the same clothes in every frame."""
    rng = np.random.default_rng((seed, 0))
    body = Body.drawn(rng)
    poses = keypoints(body, dance(rng, np.arange(frames) / fps, body))
    flat = (poses - poses.mean((0, 1)))[..., :2] * (1, -1)
    low, high = flat.min((0, 1)), flat.max((0, 1))
    metre = 0.8 * size / float((high - low).max())
    places = metre * (flat - (low + high) / 2) + size / 2
    depth = 4 - poses[..., 2:]
    behind = backdrop(np.random.default_rng((seed, 1)), (size, size))
    pictures = [
        paint(
            behind,
            [Figure(np.concatenate([place, far], -1), metre, 1.0, 0.23 * metre)],
            np.zeros((0, 4)),
            np.random.default_rng((seed, 2)),
        )
        for place, far in zip(places, depth, strict=True)
    ]
    return Shown(np.stack(pictures), places)
