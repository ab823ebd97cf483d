"""Who is who: the poses of a clip, in whatever order a file lists them, as tracks of people.

The first person of a frame's list is nobody in particular. Poses that follow each other closely
make pieces of tracks; pieces are joined where one ends and another begins not more than a body's
size away.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip
from temporal_pose.refining.bodies import Bodies, bodies
from temporal_pose.refining.following import pieces
from temporal_pose.refining.joining import Parting, joined_pieces
from temporal_pose.refining.strays import absorbed, alternating, one_body
from temporal_pose.refining.vectors import length

#: People in a frame; more are no people, and to compare them would take too long.
MOST_PEOPLE = 1_000
#: Share of steps between poses of one id that a body can make, if ids are people's.
_CONSISTENT = 0.9


class PersonTrack(NamedTuple):
    """One person's poses, by frame.

    Args:
        rows: places of the poses in the clip.
        frames: their frames, growing.
        faulty: poses that are none of this person's, in a list of one person a frame: for a frame
            the whole body is somewhere else.
        changes: how often the file's number of the person changes, where numbers are people's.
        remarks: why the track is parted from another, and what is odd about it. They call people
            "person 1", "person 2", or another noun, in the order in which `associate` gives them.
    """

    rows: Int[np.ndarray, " n"]
    frames: Int[np.ndarray, " n"]
    faulty: Bool[np.ndarray, " n"]
    changes: int
    remarks: tuple[str, ...]


def associate(clip: Clip, max_gap: int = 30, noun: str = "person") -> list[PersonTrack]:
    """Parts the poses of a clip into people's tracks, in the order in which people appear.

    Position, size, the file's boxes and the pose itself say who is who; so do the file's numbers,
    where bodies of the same number move as bodies do. Poses without any keypoint are in no track.

    Args:
        clip: in image pixels; its frames by number, so that those left out are gaps.
        max_gap: frames in a row without a person that a track may contain.
        noun: what remarks call a track: "person 1", "person 2".

    Raises:
        DataError: more than a thousand people in a frame.
    """
    found = bodies(clip)
    _check_number(clip.name, found)
    if not len(found.rows):
        return []
    by_id = _consistent(found)
    piece = pieces(found, max_gap, by_id)
    person, partings = joined_pieces(found, piece, max_gap, by_id)
    person, faulty = absorbed(found, one_body(found, person))
    order = np.argsort(person, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(person[order])) + 1)
    parts.sort(key=lambda places: places[0])
    names = {int(person[places[0]]): f"{noun} {n}" for n, places in enumerate(parts, 1)}
    turns = alternating(found, person)
    told = _Remarks(found, person, names, partings, turns, by_id, max_gap)
    return [
        PersonTrack(
            rows=found.rows[places],
            frames=found.frames[places],
            faulty=faulty[places],
            changes=len(_changes(found, places[~faulty[places]])) if by_id else 0,
            remarks=tuple(told.of(places, faulty[places])),
        )
        for places in parts
    ]


def numbers(clip: Clip, tracks: Sequence[PersonTrack]) -> Int[np.ndarray, " N"]:
    """Whose each pose is: the file's own numbers where these are people's, else from 1 on.

    Args:
        tracks: of all people, as `associate` gives them.

    Returns:
        -1 for poses in no track.
    """
    if clip.ids is not None and (clip.ids >= 0).all() and _consistent(bodies(clip)):
        return clip.ids
    whose = np.full(len(clip), -1)
    for number, track in enumerate(tracks, 1):
        whose[track.rows] = number
    return whose


def _check_number(name: str, found: Bodies) -> None:
    frames, counts = np.unique(found.frames, return_counts=True)
    if len(counts) and counts.max() > MOST_PEOPLE:
        worst = int(np.argmax(counts))
        raise DataError(
            f"{name}: frame {frames[worst]} holds {counts[worst]:,} people; expected at most "
            f"{MOST_PEOPLE:,}: check that frames are numbered as they should be, or leave out "
            "people of low scores"
        )


def _consistent(found: Bodies) -> bool:
    """Whether the ids are people's: one a frame, and they move as bodies do."""
    if not (found.ids >= 0).all():
        return False
    order = np.lexsort((found.frames, found.ids))
    ids, frames, centres = (field[order] for field in (found.ids, found.frames, found.centres))
    same = np.diff(ids) == 0
    if (same & (np.diff(frames) == 0)).any():
        return False
    sizes = np.maximum(found.sizes[order][1:], found.sizes[order][:-1])
    near = length(np.diff(centres, axis=0)) <= sizes
    return bool(near[same].mean() >= _CONSISTENT) if same.any() else True


def _changes(found: Bodies, places: Int[np.ndarray, " n"]) -> Int[np.ndarray, " m"]:
    """Places of poses that have another id than the one before."""
    ids = found.ids[places]
    return places[1:][(np.diff(ids) != 0) & (ids[1:] >= 0) & (ids[:-1] >= 0)]


class _Remarks(NamedTuple):
    """What there is to say of each track.

    Args:
        names: of the people, by their numbers in `person`.
        partings: by the place of a person's first pose.
        turns: who takes turns with whom.
        by_id: whether ids were used.
        max_gap: see `associate`.
    """

    found: Bodies
    person: Int[np.ndarray, " N"]
    names: dict[int, str]
    partings: dict[int, Parting]
    turns: dict[int, int]
    by_id: bool
    max_gap: int

    def of(self, places: Int[np.ndarray, " n"], faulty: Bool[np.ndarray, " n"]) -> Iterator[str]:
        """Remarks of the track that consists of these poses."""
        one = int(self.person[places[0]])
        if places[0] == 0 and not self.by_id and (self.found.ids >= 0).any():  # said once
            yield "the file's numbers of people jump from body to body, and are not used"
        alike = list(self._called_alike(int(places[0]))) if self.by_id else []
        yield from alike
        parting = self.partings.get(int(places[0]))
        if parting is not None and self.person[parting.place] != one and not alike:
            yield (
                f"parted at frame {self.found.frames[places[0]]}: it begins {parting.sizes:.1f} "
                f"body sizes from where {self.names[int(self.person[parting.place])]} ends"
            )
        lonely = self._frames_before(int(places[0]))
        if lonely:
            yield f"begins after {lonely} frames without anybody"
        if one in self.turns:
            yield f"takes turns with {self.names[self.turns[one]]}: the list holds one of them"
        yield from self._renamed(places[~faulty])
        if faulty.any():
            count = int(faulty.sum())
            yield (
                f"{count} whole {'poses are' if count > 1 else 'pose is'} set aside: for a frame "
                "the body is somewhere else"
            )

    def _frames_before(self, place: int) -> int:
        """Frames without anybody before a pose, if they are too many for a track to contain."""
        gap = self._gap(place - 1, place) if place else 0
        return gap if gap > self.max_gap else 0

    def _gap(self, one: int, other: int) -> int:
        """Frames between two poses."""
        return int(self.found.frames[other] - self.found.frames[one]) - 1

    def _called_alike(self, place: int) -> Iterator[str]:
        """Who had the number before that the file gives to the first pose of somebody."""
        number = self.found.ids[place]
        earlier = np.flatnonzero(self.found.ids[:place] == number)
        if number >= 0 and len(earlier):
            last = int(earlier[-1])
            name, gap = self.names[int(self.person[last])], self._gap(last, place)
            apart = f"it jumps by {self._apart(last, place):.1f} body sizes"
            yield (
                f"parted from {name} at frame {self.found.frames[place]}, though the file calls "
                f"both {number}: {f'away for {gap} frames' if gap > self.max_gap else apart}"
            )

    def _apart(self, one: int, other: int) -> float:
        """How far two poses are from each other, in body sizes."""
        size = max(self.found.sizes[one], self.found.sizes[other])
        return float(length(self.found.centres[one] - self.found.centres[other])) / size

    def _renamed(self, places: Int[np.ndarray, " n"]) -> Iterator[str]:
        changed = _changes(self.found, places) if self.by_id else places[:0]
        for place in changed[:3]:
            before = self.found.ids[places[np.searchsorted(places, place) - 1]]
            yield (
                f"the file calls this person {before}, and {self.found.ids[place]} from frame "
                f"{self.found.frames[place]} on"
            )
        if len(changed) > 3:
            yield f"the file's number changes {len(changed) - 3} more times"
