"""Pieces of tracks (tracklets): poses that follow each other so closely that nothing else can be
meant.

A person who moves by half a body from one frame to the next starts a new piece; whether it is the
same person is decided when all pieces are known.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.refining.bodies import Bodies, displacements, medians
from temporal_pose.refining.vectors import length

#: Sizes that a body moves within a piece from one frame to the next, or so many times more than is
#: usual in this clip; more for each frame missed; and at most.
_NEAR, _USUAL, _NEAR_A_FRAME, _NEAR_AT_MOST = 0.25, 3.0, 0.05, 0.75
#: What it costs not to have been seen in the last frame, in sizes a frame, and at most.
_AGE, _AGE_AT_MOST = 0.02, 0.15
#: What it costs to leave a pose alone, in sizes.
_ALONE = 0.5
#: Bodies farther apart than this are not compared, in sizes.
_COMPARED = 1.5
#: Pieces that may go on at a time; those seen longest ago end.
_OPEN = 2_000
#: A body's speed: the share of the newest step, and how many frames it is trusted for.
_NEWEST, _TRUSTED = 0.5, 5
#: How much of a body's size is kept from frame to frame where less of it is seen.
_KEPT = 0.98


class Ends(NamedTuple):
    """Where n pieces were last seen, and how they moved; image pixels and frames."""

    pieces: Int[np.ndarray, " n"]
    frames: Int[np.ndarray, " n"]
    points: Float[np.ndarray, "n M 2"]
    there: Bool[np.ndarray, "n M"]
    centres: Float[np.ndarray, "n 2"]
    sizes: Float[np.ndarray, " n"]
    speeds: Float[np.ndarray, "n 2"]
    ids: Int[np.ndarray, " n"]

    def chosen(self, which: Int[np.ndarray, " m"]) -> "Ends":
        """Some of them, by their places."""
        return Ends(*(field[which] for field in self))


def starts(found: Bodies, places: Int[np.ndarray, " n"], pieces: Int[np.ndarray, " n"]) -> Ends:
    """Pieces that begin with poses of the bodies; standing still, for all that is known."""
    here = (found.points, found.there, found.centres, found.sizes)
    fields = (field[places] for field in here)
    points, there, centres, sizes = fields
    still = np.zeros((len(places), 2))
    at = found.frames[places]
    return Ends(pieces, at, points, there, centres, sizes, still, found.ids[places])


def joined(several: list[Ends]) -> Ends:
    """One after the other."""
    return Ends(*(np.concatenate(fields) for fields in zip(*several, strict=True)))


def distances(
    ends: Ends, found: Bodies, places: Int[np.ndarray, " p"]
) -> tuple[Float[np.ndarray, "n p"], Float[np.ndarray, "n p"], Int[np.ndarray, " n"]]:
    """How far poses of one frame are from where pieces should be by now, in sizes.

    Returns:
        Mean and median, see `displacements`, infinite where too far to be compared; and frames
        since each piece was seen.
    """
    gaps = int(found.frames[places[0]]) - ends.frames
    moved = ends.speeds * np.minimum(gaps, _TRUSTED)[:, None]
    sizes = np.maximum(ends.sizes[:, None], found.sizes[places])
    apart = length((ends.centres + moved)[:, None] - found.centres[places])
    one, other = np.nonzero(apart <= _COMPARED * sizes)
    mean, median = np.full((2, len(gaps), len(places)), np.inf)
    if len(one):
        there = places[other]
        mean[one, other], median[one, other] = displacements(
            ends.points[one] + moved[one, None],
            ends.there[one],
            found.points[there],
            found.there[there],
            sizes[one, other],
        )
    return mean, median, gaps


def aged(gaps: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """What it costs not to have been seen for so long, in sizes."""
    return np.minimum(_AGE * (gaps - 1), _AGE_AT_MOST)


def assigned(
    costs: Float[np.ndarray, "n p"], alone: float
) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    """Pairs of the least total cost (Kuhn, 1955); what cannot be costs a bit more than `alone`."""
    if 1 in costs.shape:
        pair = np.unravel_index([np.argmin(costs)], costs.shape)
    else:
        from scipy.optimize import linear_sum_assignment  # here, for one person needs it not

        dear = alone + 1e-3 * np.minimum(costs, 10)
        pair = linear_sum_assignment(np.where(costs < alone, costs, dear))
    good = costs[pair] < np.inf
    return pair[0][good], pair[1][good]


def pieces(found: Bodies, max_gap: int, by_id: bool) -> Int[np.ndarray, " N"]:
    """Number of the piece that each pose belongs to.

    Args:
        max_gap: frames without a pose that a piece may contain.
        by_id: whether a piece has one id.
    """
    result = np.full(len(found.frames), -1)
    first = np.flatnonzero(np.diff(found.frames, prepend=found.frames[0] - 1))
    bounds = np.append(first, len(result))
    single = np.diff(bounds) == 1
    near = min(max(_NEAR, _USUAL * _usual(found, first, single)), _NEAR_AT_MOST)
    easy = single[1:] & single[:-1] & (_steps(found, first, 1) <= near)
    easy &= np.diff(found.frames[first]) <= max_gap + 1
    easy &= (not by_id) | (found.ids[first[1:]] == found.ids[first[:-1]])
    stops = np.append(np.flatnonzero(~easy) + 1, len(first))
    until = stops[np.searchsorted(stops, np.arange(len(first)), side="right")]
    ends, count, frame = starts(found, first[:0], first[:0]), 0, 0
    while frame < len(first):
        places = np.arange(bounds[frame], bounds[frame + 1])
        ends = _recent(ends, int(found.frames[places[0]]) - max_gap - 1)
        ends, count = _followed(found, ends, places, near, by_id, count, result)
        frame += 1
        if len(ends.pieces) == 1 and single[frame - 1] and until[frame - 1] > frame:
            run = np.arange(bounds[frame], bounds[until[frame - 1]])
            result[run] = ends.pieces[0]
            ends, frame = _after_run(found, ends, run), int(until[frame - 1])
    return result


def _recent(ends: Ends, oldest: int) -> Ends:
    """Those that may still go on."""
    fresh = np.flatnonzero(ends.frames >= oldest)
    if len(fresh) > _OPEN:
        fresh = fresh[np.argsort(-ends.frames[fresh], kind="stable")[:_OPEN]]
    return ends if len(fresh) == len(ends.frames) else ends.chosen(fresh)


def _followed(
    found: Bodies,
    ends: Ends,
    places: Int[np.ndarray, " p"],
    near: float,
    by_id: bool,
    count: int,
    result: Int[np.ndarray, " N"],
) -> tuple[Ends, int]:
    """Gives the poses of one frame to pieces, or makes new ones; fills `result`.

    Args:
        near: how far a body moves from one frame to the next, in sizes.
        by_id: whether a piece has one id.
        count: of the pieces so far.
    """
    one, other = places[:0], places[:0]
    if len(ends.pieces):
        mean, _, gaps = distances(ends, found, places)
        most = np.minimum(near + _NEAR_A_FRAME * (gaps - 1), _NEAR_AT_MOST)
        costs = np.where(mean <= most[:, None], mean + aged(gaps)[:, None], np.inf)
        if by_id:
            costs[ends.ids[:, None] != found.ids[places]] = np.inf
        one, other = assigned(costs, _ALONE)
    result[places[other]] = ends.pieces[one]
    ends = moved(ends, one, found, places[other])
    new = np.setdiff1d(places, places[other], assume_unique=True)
    if not len(new):
        return ends, count
    numbers = np.arange(count, count + len(new))
    result[new] = numbers
    return joined([ends, starts(found, new, numbers)]), count + len(new)


def moved(
    ends: Ends, one: Int[np.ndarray, " m"], found: Bodies, places: Int[np.ndarray, " m"]
) -> Ends:
    """Pieces after some of them were seen again; what is not seen of a body moves along.

    Args:
        one: places of these pieces among the ends.
        places: of the poses that they are seen as.
    """
    if not len(one):
        return ends
    new, there = found.points[places], found.there[places]
    both = there & ends.there[one]
    moves = new - ends.points[one]
    step = np.stack([medians(moves[..., axis], both) for axis in (0, 1)], axis=-1)
    step = np.where(np.isfinite(step), step, found.centres[places] - ends.centres[one])
    points = np.where(there[..., None], new, ends.points[one] + step[:, None])
    speed = step / (found.frames[places] - ends.frames[one])[:, None]
    result = Ends(*(field.copy() for field in ends))
    result.frames[one] = found.frames[places]
    result.points[one], result.there[one] = points, there | ends.there[one]
    result.centres[one] = found.centres[places]
    result.sizes[one] = np.maximum(found.sizes[places], _KEPT * ends.sizes[one])
    result.speeds[one] = (1 - _NEWEST) * ends.speeds[one] + _NEWEST * speed
    result.ids[one] = found.ids[places]
    return result


def _usual(found: Bodies, first: Int[np.ndarray, " F"], single: Bool[np.ndarray, " F"]) -> float:
    """The median step of bodies that are alone in their frames, in sizes.

    It is the shorter one of those to the next two frames: two people may take turns.
    """
    one, two = (_steps(found, first, apart) for apart in (1, 2))
    both = np.minimum(one[: len(two)], two)[single[2:] & single[1:-1] & single[:-2]]
    return float(np.median(both)) if len(both) else 0.0


def _steps(found: Bodies, first: Int[np.ndarray, " F"], apart: int) -> Float[np.ndarray, " n"]:
    """Distance of each frame's first pose to that of a later frame, in sizes."""
    result = np.zeros(max(len(first) - apart, 0))
    for start in range(0, len(result), 4096):
        after = first[apart:][start : start + 4096]
        before = first[start : start + len(after)]
        poses = (found.points[before], found.there[before], found.points[after])
        sizes = np.maximum(found.sizes[before], found.sizes[after])
        result[start : start + len(after)] = displacements(*poses, found.there[after], sizes)[0]
    return result


def _after_run(found: Bodies, ends: Ends, run: Int[np.ndarray, " n"]) -> Ends:
    """The one piece after a run of poses: as if the last ones had been followed one by one."""
    for place in run[-8:]:
        ends = moved(ends, np.array([0]), found, np.array([place]))
    return ends


def last_seen(found: Bodies, places: Int[np.ndarray, " n"], piece: int) -> Ends:
    """Where a piece that consists of these poses was last seen."""
    begun = starts(found, places[-8:][:1], np.array([piece]))
    return _after_run(found, begun, places[-8:][1:])
