"""Skeletons of the names that a file gives its keypoints."""

import re
from collections.abc import Sequence

from temporal_pose.pose.skeletons import SKELETONS, Skeleton

#: OpenPose's, Pose2Sim's and Sports2D's names for keypoints in the middle of the body.
_MIDDLE = {"hip": "pelvis", "mid_hip": "pelvis", "head": "head_top"}
_SIDES = {"l": "left", "r": "right", "left": "left", "right": "right"}


def named(names: Sequence[str], called: str) -> Skeleton:
    """The known skeleton of exactly these names in this order, else one of its own.

    Args:
        called: name of the new skeleton.
    """
    for known in SKELETONS.values():
        if known.keypoints == tuple(names):
            return known
    return Skeleton(called, tuple(names), pairs=_pairs(names))


def spelled(names: Sequence[str], called: str) -> Skeleton:
    """As `named`, but names that a known skeleton spells in another way become its own.

    Sports2D's ``RShoulder`` is ``right_shoulder``. Names stay as they are unless all of them are
    of one known skeleton.
    """
    ours = [_canonical(name) for name in names]
    fitting = [one for one in SKELETONS.values() if set(ours) <= set(one.keypoints)]
    if not fitting or len(set(ours)) < len(ours):
        return named(names, called)
    exact = next((one for one in fitting if one.keypoints == tuple(ours)), None)
    closest = min(fitting, key=len)
    limbs = tuple(limb for limb in closest.limbs if set(limb) <= set(ours))
    other = {name: also for name, also in closest.stands_for.items() if name in ours}
    return exact or Skeleton(called, tuple(ours), limbs, other)


def _canonical(name: str) -> str:
    """Words in small letters, joined by low lines; the side in front, in full."""
    words = re.sub(r"([a-z\d])([A-Z])|([LR])(?=[A-Z][a-z])", r"\1\3_\2", name.strip())
    parts = [part for part in re.split(r"[\W_]+", words.lower()) if part]
    if parts and parts[0] in _SIDES:
        parts[0] = _SIDES[parts[0]]
    joined = "_".join(parts)
    return _MIDDLE.get(joined, joined)


def _pairs(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Names that differ in nothing but a word for the side: ``paw_l`` and ``paw_r``."""
    found = []
    for name in names:
        parts = re.split(r"([\W_]+)", name)
        for place, part in enumerate(parts):
            other = {"l": "r", "L": "R", "left": "right", "Left": "Right", "LEFT": "RIGHT"}.get(
                part
            )
            if other is not None:
                there = "".join([*parts[:place], other, *parts[place + 1 :]])
                found += [(name, there)] if there in names else []
    return tuple(found)
