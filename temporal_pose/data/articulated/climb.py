"""How a synthetic person climbs: hold by hold, one limb at a time, the body following."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from temporal_pose.data.articulated.body import SIDES, Body, Posture, Trunk
from temporal_pose.data.articulated.motion import (
    Times,
    eased,
    rotation,
    smoothed,
    swung,
    turning_head,
    wander,
)

_WALL = (0.04, 0.04, 0.14, 0.14)  # from the wall to left and right wrist, left and right ankle
_ORDER = (1, 2, 0, 3)  # right hand, left foot, left hand, right foot


@dataclass(frozen=True)
class Move:
    """One limb's reach for the next hold.

    Args:
        limb: 0, 1 the left and right hand; 2, 3 the left and right foot.
        start, length: seconds.
        hold: place on the wall, metres to the right and up.
        centre: where the middle of the four holds should then have the pelvis.
    """

    limb: int
    start: float
    length: float
    hold: Float[np.ndarray, " 2"]
    centre: Float[np.ndarray, " 2"]


def climb(rng: np.random.Generator, time: Times, body: Body) -> Posture:
    """Climbs up a wall (z = 0), the face to it, so that the viewer sees the back."""
    home = _home(body)
    moves = _route(rng, time, home)
    limbs = np.stack([_limb(time, limb, home[limb], moves) for limb in range(4)], axis=1)
    trunk = _climbing_trunk(rng, time, body, moves)
    turns = wander(rng, time, (2, 2), (0.1, 0.7))
    hands, feet = swung(turns[:, 0], -0.6, 0.6), swung(turns[:, 1], 0.0, 0.5)
    return Posture(trunk, limbs[:, :2], limbs[:, 2:], hands, feet)


def _home(body: Body) -> Float[np.ndarray, "4 2"]:
    """Holds around the pelvis of somebody at rest; the left is on the viewer's left."""
    arms, legs = sum(body.arm), sum(body.leg)
    wide = np.concatenate((-SIDES * (body.shoulders + 0.12), -SIDES * (body.hips + 0.14)))
    high = np.repeat((body.spine + 0.62 * arms, -0.72 * legs), 2)
    return np.stack((wide, high), axis=1)


def _route(rng: np.random.Generator, time: Times, home: Float[np.ndarray, "4 2"]) -> list[Move]:
    pace, step = rng.uniform(0.35, 0.8), rng.uniform(0.10, 0.18)
    moves: list[Move] = []
    centre, start, turn = np.zeros(2), rng.uniform(0, 0.3), int(rng.integers(4))
    while start < time[-1]:
        limb = _ORDER[turn % 4]
        centre = centre + np.array((rng.normal(0, 0.04), step * rng.uniform(0.6, 1.4)))
        hold = centre + home[limb] + rng.normal(0, (0.09, 0.08)) + (0, 1.5 * step)
        length = pace * rng.uniform(0.35, 0.75)
        moves.append(Move(limb, start, length, hold, centre))
        start += length * rng.uniform(0.4, 0.9) + pace * rng.exponential(0.12)
        turn += 1 + int(rng.random() < 0.15)
    return moves


def _limb(
    time: Times, limb: int, first: Float[np.ndarray, " 2"], moves: list[Move]
) -> Float[np.ndarray, "F 3"]:
    """Path of a wrist or an ankle: on its holds, and off the wall between two of them."""
    path, off = np.tile(first, (len(time), 1)), np.zeros(len(time))
    last = first
    for move in (move for move in moves if move.limb == limb):
        progress = (time - move.start) / move.length
        path = path + eased(progress)[:, None] * (move.hold - last)
        off = off + 0.12 * eased(1 - np.abs(2 * progress - 1))
        last = move.hold
    return np.column_stack((path, _WALL[limb] + off))


def _climbing_trunk(rng: np.random.Generator, time: Times, body: Body, moves: list[Move]) -> Trunk:
    """The pelvis follows the moves and sways; hips and shoulders turn a little."""
    centre, last = np.zeros((len(time), 2)), np.zeros(2)
    for move in moves:
        centre = centre + eased((time - move.start) / move.length)[:, None] * (move.centre - last)
        last = move.centre
    sway = wander(rng, time, (3,), (0.2, 1.2)) * (0.05, 0.03, 0.03)
    away = np.full(len(time), 0.24 + 0.25 * body.leg[0])
    yaw, pitch, roll, twist, bend, lean = wander(rng, time, (6,), (0.1, 0.9)).T
    hips = rotation(
        np.pi + swung(yaw, -0.5, 0.5), swung(pitch, -0.1, 0.25), swung(roll, -0.2, 0.2)
    )
    own = rotation(swung(twist, -0.35, 0.35), swung(bend, -0.15, 0.2), swung(lean, -0.2, 0.2))
    chest = hips @ own
    pelvis = np.column_stack((smoothed(centre, time, 0.12), away)) + sway
    return Trunk(pelvis, hips, chest, turning_head(rng, time, chest))
