"""Lists that hold one person a frame, and not always the same one."""

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.refining.bodies import Bodies, displacements

#: A body that takes more than this share of the frames is a person and no fault.
_RARE = 0.2
#: People who take turns are nearer to where they were themselves than this share of the distance
#: between them; a body that moves fast is not.
_APART = 1 / 3
#: A body does not move farther from frame to frame, in sizes.
_JUMP = 1.0


def alone(found: Bodies) -> Bool[np.ndarray, " N"]:
    """Which poses are the only ones of their frames."""
    _, inverse, counts = np.unique(found.frames, return_inverse=True, return_counts=True)
    return counts[inverse] == 1


def one_body(found: Bodies, person: Int[np.ndarray, " N"]) -> Int[np.ndarray, " N"]:
    """Joins people who seem to take turns, but are one body that moves fast.

    Args:
        person: the number of each pose's person.
    """
    switches = np.flatnonzero((np.diff(person) != 0) & alone(found)[1:] & alone(found)[:-1]) + 1
    across = _distances(found, switches - 1, switches)
    earlier = _earlier(person)[switches]
    own = np.where(earlier < 0, np.nan, _distances(found, np.maximum(earlier, 0), switches))
    pairs = np.sort(np.stack([person[switches - 1], person[switches]], axis=-1), axis=-1)
    result = person.copy()
    kinds, inverse = np.unique(pairs, axis=0, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    bounds = np.searchsorted(inverse.ravel()[order], np.arange(len(kinds) + 1))
    for (first, second), start, stop in zip(kinds, bounds[:-1], bounds[1:], strict=True):
        which = order[start:stop]
        back = which[earlier[which] >= 0]
        if len(back) and across[which].max() <= _JUMP:
            first, second = (result[np.flatnonzero(person == one)[0]] for one in (first, second))
            ours = (result == first) | (result == second)
            together = len(np.unique(found.frames[ours])) < ours.sum()
            if first != second and not together and own[back].sum() > _APART * across[back].sum():
                result[ours] = min(first, second)
    return result


def _distances(
    found: Bodies, before: Int[np.ndarray, " n"], after: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Between poses, in body sizes."""
    sizes = np.maximum(found.sizes[before], found.sizes[after])
    one, other = (found.points[before], found.there[before]), found.points[after]
    return displacements(*one, other, found.there[after], sizes)[1]


def _earlier(person: Int[np.ndarray, " N"]) -> Int[np.ndarray, " N"]:
    """The place of each pose's person's pose before; -1 for the first."""
    order = np.argsort(person, kind="stable")
    result = np.full(len(person), -1)
    same = np.diff(person[order]) == 0
    result[order[1:][same]] = order[:-1][same]
    return result


def absorbed(
    found: Bodies, person: Int[np.ndarray, " N"]
) -> tuple[Int[np.ndarray, " N"], Bool[np.ndarray, " N"]]:
    """Gives whole-body jumps of one frame back to the person that they stand in for.

    They are people of whom each pose is alone in its frame, between two poses of one and the same
    other person, and who are rare in the time from their first pose to their last.

    Args:
        person: the number of each pose's person.

    Returns:
        The same with these poses as the other person's, and which these are.
    """
    host = np.full(len(person), -1)
    host[1:-1] = np.where(person[:-2] == person[2:], person[:-2], -1)
    host[~alone(found) | (host == person)] = -1
    result, faulty = person.copy(), np.zeros(len(person), bool)
    order = np.argsort(person, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(person[order])) + 1):
        others = np.unique(host[places])
        if len(others) > 1 or others[0] < 0:
            continue
        within = person[places[0] : places[-1] + 1] == others[0]
        if len(places) <= max(1, _RARE * within.sum()):
            result[places], faulty[places] = others[0], True
    return result, faulty


def alternating(found: Bodies, person: Int[np.ndarray, " N"]) -> dict[int, int]:
    """People who take turns with another in a list of one person a frame, and with whom.

    They are never in the same frame, and one is there between two poses of the other.
    """
    order = np.argsort(person, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(person[order])) + 1)
    single = alone(found)
    places = {int(person[part[0]]): part for part in parts if single[part].mean() > 0.5}
    turns: dict[int, int] = {}
    switches = np.flatnonzero(np.diff(person)) + 1
    for one, other in {(int(person[at - 1]), int(person[at])) for at in switches}:
        if one not in places or other not in places:
            continue
        first, second = places[one], places[other]
        apart = max(first[0], second[0]) > min(first[-1], second[-1])
        if not apart and not np.isin(found.frames[first], found.frames[second]).any():
            turns.setdefault(one, other)
            turns.setdefault(other, one)
    return turns
