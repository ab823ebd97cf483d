"""Skeletons, told by the names or the number of the keypoints in a file."""

from collections.abc import Sequence
from typing import Any

from temporal_pose.formats.clips import Given
from temporal_pose.formats.documents.poses import whole
from temporal_pose.pose.skeletons import SKELETONS, Skeleton

#: What detectors of people mean by so many keypoints, where the file does not say.
_BY_NUMBER = {17: "coco17", 26: "halpe26", 133: "wholebody133"}
_ALIKE = 17  # keypoints that are called the same in halpe26 and wholebody133, whoever writes them


def by_number(k: int, given: Given) -> Skeleton | None:
    """What is given, or else the skeleton that people's detectors mean by K keypoints."""
    known = _BY_NUMBER.get(k)
    return given.skeleton or (SKELETONS[known] if known else None)


def by_names(names: Any, name: str, joined: Any = None) -> Skeleton | None:
    """The skeleton of these keypoints: one of ours if it has them, or else one of its own.

    Args:
        names: of the keypoints, in turn; None if they are no names.
        name: what the file calls the skeleton.
        joined: pairs of keypoints that a drawing joins, by number from 0.
    """
    if not _distinct(names):
        return None
    for known in SKELETONS.values():
        if len(known) == len(names) and _same(known.keypoints, names):
            return known
    return Skeleton(name, tuple(names), _limbs(names, joined))


def _distinct(names: Any) -> bool:
    if not isinstance(names, list) or not names:
        return False
    return all(isinstance(one, str) for one in names) and len(set(names)) == len(names)


def _same(known: Sequence[str], names: Sequence[str]) -> bool:
    """Halpe calls the top of the head otherwise, and the points of faces have many names."""
    said = [one.lower().replace(" ", "_") for one in names]
    return list(known) == said or (
        len(known) in (26, 133) and list(known[:_ALIKE]) == said[:_ALIKE]
    )


def _limbs(names: Sequence[str], joined: Any) -> tuple[tuple[str, str], ...]:
    limbs = []
    for pair in joined if isinstance(joined, list) else ():
        ends = [whole(end) for end in pair] if isinstance(pair, list) else []
        if len(ends) == 2 and all(0 <= end < len(names) for end in ends):
            limbs.append((names[ends[0]], names[ends[1]]))
    return tuple(limbs)
