"""Pieces of tracks joined to people: one ends where another begins, and no other fits better."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.refining.bodies import Bodies
from temporal_pose.refining.following import (
    Ends,
    aged,
    assigned,
    distances,
    joined,
    last_seen,
    starts,
)
from temporal_pose.refining.vectors import length

#: A body that is farther from where it was, in sizes, is parted from it.
_JUMP = 1.0
#: What it costs to call a body by another of the file's numbers than before, in sizes.
_RENAMED = 0.3
#: What it costs to leave a piece alone, in sizes.
_ALONE = 1.0


class Parting(NamedTuple):
    """What ended in the frame before a person appears, too far away to be the same.

    Args:
        place: of its last pose.
        sizes: how far away, in body sizes.
    """

    place: int
    sizes: float


def joined_pieces(
    found: Bodies, piece: Int[np.ndarray, " N"], max_gap: int, by_id: bool
) -> tuple[Int[np.ndarray, " N"], dict[int, Parting]]:
    """Joins pieces to people.

    Args:
        piece: of each pose.
        max_gap: frames that may lie between two pieces of a person.
        by_id: whether ids tell who is who where nothing else does.

    Returns:
        The number of each pose's person; and what each person was parted from, by the place of its
        first pose.
    """
    order = np.argsort(piece, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(piece[order])) + 1)
    first = np.array([part[0] for part in parts])
    final = found.frames[[part[-1] for part in parts]]
    ended, done = np.argsort(final, kind="stable"), 0
    before = np.arange(len(parts))
    partings: dict[int, Parting] = {}
    waiting = starts(found, np.zeros(0, int), np.zeros(0, int))
    for frame in np.unique(found.frames[first]):
        stop = int(np.searchsorted(final[ended], frame))
        new = [last_seen(found, parts[one], one) for one in ended[done:stop].tolist()]
        waiting, done = _fresh(joined([waiting, *new]), int(frame) - max_gap - 1), stop
        begun = np.flatnonzero(found.frames[first] == frame)
        if not len(waiting.pieces):
            continue
        one, other = assigned(_costs(found, waiting, first[begun], by_id), _ALONE)
        before[begun[other]] = waiting.pieces[one]
        alone = np.setdiff1d(np.arange(len(begun)), other)
        waiting = waiting.chosen(np.setdiff1d(np.arange(len(waiting.pieces)), one))
        for place in first[begun[alone]]:
            partings |= _parting(found, parts, waiting, int(place))
    return _people(before)[piece], partings


def _fresh(ends: Ends, oldest: int) -> Ends:
    return ends.chosen(np.flatnonzero(ends.frames >= oldest))


def _costs(
    found: Bodies, ends: Ends, places: Int[np.ndarray, " p"], by_id: bool
) -> Float[np.ndarray, "n p"]:
    mean, median, gaps = distances(ends, found, places)
    costs = np.where(median <= _JUMP, mean + aged(gaps)[:, None], np.inf)
    return costs + _RENAMED * (by_id & (ends.ids[:, None] != found.ids[places]))


def _parting(
    found: Bodies, parts: list[np.ndarray], waiting: Ends, place: int
) -> dict[int, Parting]:
    """The nearest of the pieces that ended in the frame before; empty if none did."""
    previous = found.frames[np.searchsorted(found.frames, found.frames[place]) - 1]
    there = np.flatnonzero(waiting.frames == previous)
    if not len(there):
        return {}
    sizes = np.maximum(waiting.sizes[there], found.sizes[place])
    apart = length(waiting.centres[there] - found.centres[place]) / sizes
    nearest = int(np.argmin(apart))
    last = int(parts[int(waiting.pieces[there[nearest]])][-1])
    return {place: Parting(last, float(apart[nearest]))}


def _people(before: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """The first piece of each piece's chain; a piece before is always of a smaller number or it
    begins earlier, so chains have no rings."""
    people = before.copy()
    while (people != before[people]).any():
        people = before[people]
    return people
