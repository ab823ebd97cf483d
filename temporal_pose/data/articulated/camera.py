"""A camera that follows a synthetic person, and what it does not see."""

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.data.articulated.motion import Times, rotation, smoothed, wander
from temporal_pose.pose.skeletons import CLIMBALONG25

Points = Float[np.ndarray, "F 25 3"]

_SIDES = ("left", "right")
_TALL = 1.75  # metres


def view(rng: np.random.Generator, time: Times, points: Points, size: tuple[int, int]) -> Points:
    """Image pixels (x, y), and the distance to the camera in metres, of points in the world.

    The camera stands 3 to 8 m away, looks from up to 30 degrees to the side and 15 above or 10
    below, follows softly, zooms slowly, and shakes a little.
    """
    aim = smoothed(points.mean(1), time, rng.uniform(0.3, 1.2))
    aside, above = rng.uniform((-0.5, -0.17), (0.5, 0.26))
    turn = rotation(*np.array([[aside], [above], [0.0]]))
    far = rng.uniform(3.0, 8.0)
    placed = (points - aim[:, None]) @ turn[0].T
    distance = np.maximum(far - placed[..., 2], 0.5)
    zoom = rng.uniform(0.4, 0.75) * (1 + 0.06 * wander(rng, time, (), (0.05, 0.2)))
    focal = zoom[:, None] * size[1] / _TALL * far
    shake = 0.002 * size[1] * wander(rng, time, (1, 2), (0.3, 2.0))
    flat = (focal / distance)[..., None] * placed[..., :2] * (1, -1) + shake
    return np.concatenate((flat + np.array(size) / 2, distance[..., None]), axis=-1)


def seen(
    rng: np.random.Generator, time: Times, image: Points, size: tuple[int, int]
) -> Bool[np.ndarray, "F 25"]:
    """Which keypoints are in the picture and not hidden.

    What is hidden changes slowly, limb by limb, more often behind the torso or the head than
    before it; 8 to 20 % of a video's keypoints are.
    """
    limbs = wander(rng, time, (5,), (0.05, 0.5))[:, _LIMB]
    own = wander(rng, time, (len(CLIMBALONG25),), (0.1, 0.7))
    hidden = 0.8 * limbs + 0.5 * own + 1.2 * _behind(image)
    kept = hidden <= np.quantile(hidden, 1 - rng.uniform(0.08, 0.20))
    inside = (image[..., :2] >= 0) & (image[..., :2] <= np.array(size) - 1)
    return kept & inside.all(-1)


def _behind(image: Points) -> Float[np.ndarray, "F 25"]:
    """From -1, well before the torso, to 1, well behind it; 0 beside it. Heads hide their own."""
    trunk = [CLIMBALONG25.index(f"{side}_{j}") for j in ("shoulder", "hip") for side in _SIDES]
    middle = image[:, trunk].mean(1, keepdims=True)
    width = np.linalg.norm(image[:, trunk[0]] - image[:, trunk[3]], axis=-1)[:, None] / 2
    beside = np.linalg.norm((image - middle)[..., :2], axis=-1) / width
    behind = np.tanh((image - middle)[..., 2] / 0.2) * np.exp(-((beside / 1.5) ** 2))
    head = image[:, :3, 2]  # nose, left ear, right ear
    behind[:, :3] = np.tanh((head - head.mean(1, keepdims=True)) / 0.08)
    return behind


def _limb(keypoint: str) -> int:
    """Head 0, left and right arm 1 and 2, left and right leg 3 and 4."""
    side, _, joint = keypoint.partition("_")
    if joint in ("", "ear"):
        return 0
    leg = joint in ("hip", "knee", "ankle", "heel", "toes")
    return 1 + 2 * leg + _SIDES.index(side)


_LIMB = [_limb(keypoint) for keypoint in CLIMBALONG25.keypoints]
