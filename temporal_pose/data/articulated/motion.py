"""Smooth random signals, and how a synthetic person dances.

Every signal is a sum of sinusoids or of smooth pulses, so nothing jumps between two frames.
"""

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from temporal_pose.data.articulated.body import SIDES, Body, Posture, Rotations, Trunk, turned

Times = Float[np.ndarray, " F"]  # seconds

_WAVES = 6


def wander(
    rng: np.random.Generator, time: Times, shape: tuple[int, ...], band: tuple[float, float]
) -> Float[np.ndarray, "F ..."]:
    """Random signals of standard deviation 1 whose frequencies (Hz) lie in ``band``."""
    frequency = rng.uniform(*band, (_WAVES, *shape))
    phase = rng.uniform(0, 2 * np.pi, (_WAVES, *shape))
    height = rng.uniform(0.5, 1.0, (_WAVES, *shape))
    height = height * np.sqrt(2 / (height**2).sum(0))
    spread = time.reshape(-1, 1, *(1 for _ in shape))
    return (height * np.sin(2 * np.pi * frequency * spread + phase)).sum(1)


def swung(values: Float[np.ndarray, "*any"], low: float, high: float) -> Float[np.ndarray, "*any"]:
    """Signals of standard deviation 1 bent into the range from ``low`` to ``high``."""
    return (low + high) / 2 + (high - low) / 2 * np.tanh(0.8 * values)


def eased(progress: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    """Minimum-jerk movement from 0 to 1 (Flash and Hogan, 1985)."""
    s = np.clip(progress, 0, 1)
    return s**3 * (10 - 15 * s + 6 * s**2)


def strikes(
    rng: np.random.Generator, time: Times, every: float, lasting: tuple[float, float]
) -> Float[np.ndarray, " F"]:
    """Pulses from 0 to 1 and back at random times, on average one in ``every`` seconds."""
    count = rng.poisson((time[-1] + 1) / every)
    middle = rng.uniform(time[0], time[-1] + 1e-9, (count, 1))
    half = rng.uniform(*lasting, (count, 1)) / 2
    pulses = eased(1 - np.abs(time - middle) / half)
    return pulses.max(0, initial=0)


def smoothed(
    values: Float[np.ndarray, "F ..."], time: Times, seconds: float
) -> Float[np.ndarray, "F ..."]:
    """Signals after a Gaussian filter of that standard deviation over time."""
    step = time[1] - time[0] if len(time) > 1 else seconds
    return gaussian_filter1d(values, float(seconds / step), axis=0, mode="nearest")


def rotation(
    yaw: Float[np.ndarray, "*any"],
    pitch: Float[np.ndarray, "*any"],
    roll: Float[np.ndarray, "*any"],
) -> Rotations:
    """Turn about the vertical, then bend forward, then lean to the right; radians."""
    zero, one = np.zeros_like(yaw), np.ones_like(yaw)

    def matrix(*rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Rotations:
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    about_y = matrix((cy, zero, sy), (zero, one, zero), (-sy, zero, cy))
    about_x = matrix((one, zero, zero), (zero, cp, -sp), (zero, sp, cp))
    about_z = matrix((cr, -sr, zero), (sr, cr, zero), (zero, zero, one))
    return about_y @ about_x @ about_z


def turning_head(rng: np.random.Generator, time: Times, chest: Rotations) -> Rotations:
    """Looks about: up to 60 degrees to the sides, 30 up and down."""
    sideways, nod, tilt = wander(rng, time, (3,), (0.1, 0.8)).T
    own = rotation(swung(sideways, -1.0, 1.0), swung(nod, -0.5, 0.5), swung(tilt, -0.25, 0.25))
    return chest @ own


def dance(rng: np.random.Generator, time: Times, body: Body) -> Posture:
    """Dances on the floor (y = 0), facing the viewer more or less; steps, kicks, turns, hops."""
    beat = rng.uniform(0.7, 1.3)
    trunk = _dancing_trunk(rng, time, beat)
    ankles = trunk.hip_joints(body) + turned(trunk.hips, _legs(rng, time, body, beat))
    lowest = -smoothed(np.logaddexp.reduce(-ankles[..., 1] / 0.05, axis=1), time, 0.08) * 0.05
    hop = 0.25 * strikes(rng, time, 4.0, (0.4, 0.6))
    up = np.stack((0 * hop, 0.09 - lowest + hop, 0 * hop), axis=-1)
    trunk = Trunk(trunk.pelvis + up, trunk.hips, trunk.chest, trunk.head)
    wrists = trunk.shoulder_joints(body) + turned(trunk.chest, _arms(rng, time, body, beat))
    turns = wander(rng, time, (2, 2), (0.2, 1.5))
    hands, feet = swung(turns[:, 0], -1.0, 1.0), swung(turns[:, 1], -0.2, 0.7)
    return Posture(trunk, wrists, ankles + up[:, None], hands, feet)


def _dancing_trunk(rng: np.random.Generator, time: Times, beat: float) -> Trunk:
    slow, quick = wander(rng, time, (3,), (0.05, 0.4)), wander(rng, time, (6,), (0.2, beat))
    turn = rng.choice([0, 0, 1]) * 2 * np.pi * eased((time - rng.uniform(0, time[-1])) / 1.1)
    yaw = rng.normal(0, 0.5) + 0.6 * slow[:, 2] + turn
    pitch = swung(quick[:, 0], -0.15, rng.uniform(0.3, 0.9))
    hips = rotation(yaw, pitch, swung(quick[:, 1], -0.25, 0.25))
    bend = (swung(quick[:, i + 2], -most, most) for i, most in enumerate((0.5, 0.3, 0.3)))
    chest = hips @ rotation(*bend)
    place = np.stack((0.35 * slow[:, 0], 0 * time, 0.25 * slow[:, 1]), axis=-1)
    return Trunk(place, hips, chest, turning_head(rng, time, chest))


def _arms(
    rng: np.random.Generator, time: Times, body: Body, beat: float
) -> Float[np.ndarray, "F 2 3"]:
    """From shoulders to wrists, in the chest's axes."""
    raised, sideways, stretch = np.moveaxis(_grooves(rng, time, beat, (3, 2)), 1, 0)
    punch = np.stack([strikes(rng, time, 2.5, (0.3, 0.6)) for _ in SIDES], axis=-1)
    up = swung(raised, -1.35, 0.9) * (1 - punch) + 0.35 * punch
    out = swung(sideways, -0.2, 1.7) * (1 - punch) + 0.6 * punch
    reach = swung(stretch, 0.45, 0.98) * (1 - punch) + 0.98 * punch
    direction = (SIDES * np.cos(up) * np.sin(out), np.sin(up), np.cos(up) * np.cos(out))
    return sum(body.arm) * (reach * np.stack(direction)).transpose(1, 2, 0)


def _legs(
    rng: np.random.Generator, time: Times, body: Body, beat: float
) -> Float[np.ndarray, "F 2 3"]:
    """From hips to ankles, in the pelvis's axes."""
    swing, spread, stretch = np.moveaxis(_grooves(rng, time, beat, (3, 2)), 1, 0)
    kick = np.stack([strikes(rng, time, 3.0, (0.4, 0.8)) for _ in SIDES], axis=-1)
    kick[:, 1] *= 1 - kick[:, 0]  # one leg stays on the floor
    forward = swung(swing, -0.35, 0.6) * (1 - kick) + 1.35 * kick
    out = swung(spread, 0.0, 0.6) * (1 - kick) + 0.25 * kick
    reach = swung(stretch, 0.72, 0.99) * (1 - kick) + 0.95 * kick
    flat = np.cos(out)
    direction = (SIDES * np.sin(out), -np.cos(forward) * flat, np.sin(forward) * flat)
    return sum(body.leg) * (reach * np.stack(direction)).transpose(1, 2, 0)


def _grooves(
    rng: np.random.Generator, time: Times, beat: float, shape: tuple[int, ...]
) -> Float[np.ndarray, "F ..."]:
    """Signals that partly keep the beat (Hz) and partly do not."""
    free, beats = wander(rng, time, shape, (0.1, 0.6)), wander(rng, time, shape, (beat, beat))
    return 0.8 * free + 0.6 * beats
