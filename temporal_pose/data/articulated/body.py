"""An articulated body: limb lengths, a posture, and the 25 keypoints that follow from both.

Metres. A body's own axes: x to its left, y up, z forward. The world's: y up, z to the viewer.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Vectors = Float[np.ndarray, "*rows 3"]
Rotations = Float[np.ndarray, "F 3 3"]

#: The left side first, as in every skeleton; a body's left is its positive x.
SIDES = np.array([1.0, -1.0])


@dataclass(frozen=True)
class Body:
    """Lengths of a grown-up of 1.75 m; those of a subject are scaled."""

    spine: float = 0.50
    shoulders: float = 0.18  # from the middle to one shoulder
    hips: float = 0.11
    arm: tuple[float, float] = (0.29, 0.26)
    leg: tuple[float, float] = (0.43, 0.42)
    hand: float = 0.10
    foot: float = 0.19
    head: float = 0.20  # from the neck to between the ears

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Body":
        """A person: 1.55 to 1.95 m tall, with proportions of their own."""
        tall = rng.uniform(0.89, 1.11)

        def length(usual: float) -> float:
            return float(usual * tall * np.clip(rng.normal(1, 0.05), 0.88, 1.12))

        return cls(
            spine=length(cls.spine),
            shoulders=length(cls.shoulders),
            hips=length(cls.hips),
            arm=(length(cls.arm[0]), length(cls.arm[1])),
            leg=(length(cls.leg[0]), length(cls.leg[1])),
            hand=length(cls.hand),
            foot=length(cls.foot),
            head=length(cls.head),
        )


@dataclass(frozen=True)
class Trunk:
    """Where the torso is and how it is turned.

    Args:
        pelvis: position of its middle.
        hips: orientation of the pelvis.
        chest: orientation of the shoulders.
        head: orientation of the head.
    """

    pelvis: Float[np.ndarray, "F 3"]
    hips: Rotations
    chest: Rotations
    head: Rotations

    def hip_joints(self, body: Body) -> Float[np.ndarray, "F 2 3"]:
        """Left and right hip."""
        sideways = SIDES[:, None] * [body.hips, 0, 0]
        return self.pelvis[:, None] + turned(self.hips, sideways)

    def neck(self, body: Body) -> Float[np.ndarray, "F 3"]:
        """The lower half of the spine turns with the pelvis, the upper one with the chest."""
        half = np.array([0, body.spine / 2, 0])
        return self.pelvis + self.hips @ half + self.chest @ half

    def shoulder_joints(self, body: Body) -> Float[np.ndarray, "F 2 3"]:
        """Left and right shoulder."""
        sideways = SIDES[:, None] * [body.shoulders, 0, 0] - [0, 0.03, 0]
        return self.neck(body)[:, None] + turned(self.chest, sideways)


@dataclass(frozen=True)
class Posture:
    """A trunk, where hands and feet reach to, and how these turn about their limbs (radians)."""

    trunk: Trunk
    wrists: Float[np.ndarray, "F 2 3"]
    ankles: Float[np.ndarray, "F 2 3"]
    hand_turn: Float[np.ndarray, "F 2"]
    foot_turn: Float[np.ndarray, "F 2"]


def keypoints(body: Body, posture: Posture) -> Float[np.ndarray, "F 25 3"]:
    """Positions of :data:`temporal_pose.pose.skeletons.CLIMBALONG25` in the world.

    Wrists and ankles come as near to where they reach as the limbs allow: an elbow or a knee
    bends by 10 to 150 degrees, and only the way it can.
    """
    trunk = posture.trunk
    shoulders, hips = trunk.shoulder_joints(body), trunk.hip_joints(body)
    elbow_side = turned(trunk.chest, _mirrored([0.6, -0.4, -0.7]))
    knee_side = turned(trunk.hips, _mirrored([0.35, 0.6, 1.0]))
    elbows, wrists = _two_bones(shoulders, posture.wrists, body.arm, elbow_side)
    knees, ankles = _two_bones(hips, posture.ankles, body.leg, knee_side)
    thumb_side = turned(trunk.chest, _mirrored([-0.8, 0.3, 0.5]))
    hands = _hands(body, wrists, unit(wrists - elbows), thumb_side, posture.hand_turn)
    feet = _feet(body, ankles, unit(ankles - knees), knee_side, posture.foot_turn)
    pairs = (shoulders, elbows, wrists, *hands, hips, knees, ankles, *feet)
    return np.concatenate((_head(body, trunk), *pairs), axis=1)


def turned(rotation: Rotations, vectors: Vectors) -> Float[np.ndarray, "F N 3"]:
    """N vectors of a body part, the same in all frames or not, in the world."""
    return np.einsum("fij,...nj->fni" if vectors.ndim == 2 else "fij,fnj->fni", rotation, vectors)


def unit(vectors: Vectors) -> Vectors:
    """Vectors of length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _mirrored(left: list[float]) -> Float[np.ndarray, "2 3"]:
    """A direction of the left side, and its mirror image."""
    return unit(np.array(left) * np.stack((SIDES, [1, 1], [1, 1]), axis=1))


def _across(vectors: Vectors, along: Vectors) -> Vectors:
    """The part of ``vectors`` at right angles to the unit vectors ``along``, of length 1."""
    return unit(vectors - (vectors * along).sum(-1, keepdims=True) * along)


def _two_bones(
    root: Vectors, target: Vectors, lengths: tuple[float, float], side: Vectors
) -> tuple[Vectors, Vectors]:
    """Middle and end of a limb that starts at ``root``, its middle bent towards ``side``."""
    upper, lower = lengths
    nearest, farthest = (
        np.sqrt(upper**2 + lower**2 + 2 * upper * lower * np.cos(np.radians(bend)))
        for bend in (150, 10)
    )
    wanted = np.linalg.norm(target - root, axis=-1, keepdims=True)
    along = (target - root) / wanted
    reach = nearest + _soft_limit(wanted - nearest, farthest - nearest)
    foot_point = (upper**2 - lower**2 + reach**2) / (2 * reach)
    height = np.sqrt(upper**2 - foot_point**2)
    middle = root + foot_point * along + height * _across(side, along)
    return middle, root + reach * along


def _soft_limit(values: np.ndarray, limit: float, softness: float = 0.02) -> np.ndarray:
    """Values kept between 0 and ``limit`` without a kink."""
    low, high = np.logaddexp(0, values / softness), np.logaddexp(0, (values - limit) / softness)
    return softness * (low - high)


def _hands(
    body: Body, wrists: Vectors, forearm: Vectors, thumb_side: Vectors, turn: np.ndarray
) -> tuple[Vectors, Vectors, Vectors]:
    """Knuckles of little and index finger, and the thumb."""
    level = _across(thumb_side, forearm)
    turn = turn[..., None]
    thumb = np.cos(turn) * level + np.sin(turn) * np.cross(forearm, level)
    long = body.hand
    pinky = wrists + long * (0.85 * forearm - 0.35 * thumb)
    index = wrists + long * (1.0 * forearm + 0.30 * thumb)
    return pinky, index, wrists + long * (0.50 * forearm + 0.55 * thumb)


def _feet(
    body: Body, ankles: Vectors, shank: Vectors, toe_side: Vectors, turn: np.ndarray
) -> tuple[Vectors, Vectors]:
    """Heels and toes; a foot turned by 0 stands at right angles to the shank."""
    level = _across(toe_side, shank)
    turn = turn[..., None]
    forward = np.cos(turn) * level + np.sin(turn) * shank
    down = np.cos(turn) * shank - np.sin(turn) * level
    long = body.foot
    return (
        ankles + long * (0.35 * down - 0.25 * forward),
        ankles + long * (0.40 * down + 0.75 * forward),
    )


def _head(body: Body, trunk: Trunk) -> Float[np.ndarray, "F 3 3"]:
    """Nose, left ear, right ear."""
    points = body.head * np.array([[0, 0.85, 0.62], [0.38, 1, 0.1], [-0.38, 1, 0.1]])
    return trunk.neck(body)[:, None] + turned(trunk.head, points)
