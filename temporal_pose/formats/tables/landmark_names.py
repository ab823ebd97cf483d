"""MediaPipe's pose landmarks, by the many names that people's tables give them."""

import re
from collections.abc import Mapping, Sequence

from temporal_pose.formats.tables.columns import number_of
from temporal_pose.pose.skeletons import SKELETONS, Skeleton

_BLAZEPOSE = SKELETONS["blazepose33"]

#: How many there are.
LANDMARKS = len(_BLAZEPOSE)

_OTHERWISE = {
    "mouth_left": "left_mouth",
    "mouth_right": "right_mouth",
    "left_index": "left_index_finger",
    "right_index": "right_index_finger",
    "left_foot_index": "left_toes",
    "right_foot_index": "right_toes",
}

#: MediaPipe's names of the landmarks, in their order.
NAMES: tuple[str, ...] = tuple(
    next((name for name, our in _OTHERWISE.items() if our == one), one).upper()
    for one in _BLAZEPOSE.keypoints
)

_WORDS = re.compile(r"(?<=[a-z\d])(?=[A-Z])|\W+|_+")


def landmark(name: str) -> int | None:
    """Number of a landmark by its name, as MediaPipe or as we spell it; None for another name."""
    words = [word.lower() for word in _WORDS.split(name.strip()) if word]
    while words and words[0] in ("pose", "landmark", "landmarks", "poselandmark", "lm"):
        del words[0]
    joined = "_".join(words)
    joined = _OTHERWISE.get(joined, joined)
    return _BLAZEPOSE.index(joined) if joined in _BLAZEPOSE.keypoints else None


def landmarks(keypoints: Mapping[str, Mapping[str, int]]) -> Sequence[int] | None:
    """Numbers of the landmarks that a table's keypoints are; None where they are others.

    All 33 tell themselves. Fewer need what MediaPipe's landmarks have and others lack: a z if
    they are numbered, a z or a visibility if they have names.

    Args:
        keypoints: columns of each, by axis.
    """
    axes = set.intersection(*(set(one) for one in keypoints.values())) if keypoints else set()
    if not axes or "score" in axes:
        return None
    counted = [number_of(key) for key in keypoints]
    known = [number for number in counted if number is not None]
    if len(known) == len(counted):
        first = min(known)
        if sorted(known) == list(range(first, first + LANDMARKS)) and first in (0, 1):
            return [number - first for number in known]
        return known if "z" in axes and max(known) < LANDMARKS else None
    named = [number for number in map(landmark, keypoints) if number is not None]
    if len(set(named)) < len(keypoints):
        return None
    return named if len(named) == LANDMARKS or axes & {"z", "visibility"} else None


def skeleton_of(numbers: Sequence[int]) -> Skeleton:
    """BlazePose's skeleton, or the part of it that some landmarks are."""
    names = tuple(_BLAZEPOSE.keypoints[number] for number in numbers)
    if names == _BLAZEPOSE.keypoints:
        return _BLAZEPOSE
    limbs = tuple(limb for limb in _BLAZEPOSE.limbs if set(limb) <= set(names))
    return Skeleton("part of blazepose33", names, limbs)
