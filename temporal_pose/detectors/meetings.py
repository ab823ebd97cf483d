"""People who hide one another for a while: who is whom is told by how they walked before."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from temporal_pose.detectors.overlap import intersection_over_union

Box = Float[np.ndarray, " 4"]

_BEFORE = 20  # frames in which a walk is measured
_FEWEST = 4  # frames of them in which somebody has to be seen
_NEAR = 0.15  # overlap from which somebody may be hidden by somebody
#: Overlap from which who comes into sight is who was hidden, and no box about both.
ALIKE = 0.5

_CLEARLY = 0.5  # of the other's distance from where one would be
_MOVED = 0.25  # of a body's width, by which that other has to be away


class Course(NamedTuple):
    """Where somebody was last, and walks to.

    Args:
        box: x, y, width and height in image pixels.
        step: pixels a frame, of x and y.
        frame: number of the frame in which the box was seen.
    """

    box: Box
    step: Float[np.ndarray, " 2"]
    frame: int

    def at(self, frame: int) -> Box:
        """Where the box would be in a frame."""
        moved = self.box.astype(np.float32, copy=True)
        moved[:2] += (frame - self.frame) * self.step
        return moved


class Meeting(NamedTuple):
    """Somebody hidden by somebody else.

    Args:
        hidden: place among the followed people of who is not seen.
        seen: place of the one in front.
        courses: of the two, as they were when they met.
        since: number of the frame.
    """

    hidden: int
    seen: int
    courses: tuple[Course, Course]
    since: int

    def turned(self) -> "Meeting":
        """The same, with each in the other's place."""
        return self._replace(hidden=self.seen, seen=self.hidden, courses=self.courses[::-1])


class Meetings:
    """Who hides whom, from the boxes in which people were seen.

    Args:
        patience: frames after the last in which somebody was seen and may turn out to be hidden.
        longest: frames for which somebody may be hidden.
    """

    def __init__(self, patience: int, longest: int) -> None:
        self.patience, self.longest, self.frame = patience, longest, -1
        self.now: dict[int, Meeting] = {}
        self._rows: list[list[Box | None]] = []

    def record(self, row: Sequence[Box | None]) -> None:
        """Takes the boxes of the next frame.

        Args:
            row: of the followed people; None where one is not seen.
        """
        self.frame += 1
        self._rows = [*self._rows[-_BEFORE:], list(row)]
        for one in list(self.now.values()):
            self._go_on(one, row)
        for who, box in enumerate(row):
            if box is None and who not in self.now and (course := self._course(who)) is not None:
                self._begin(who, course, row)

    def place(self, who: int) -> Box | None:
        """Where a hidden person would be in the next frame; None for who is not hidden."""
        one = self.now.get(who)
        return None if one is None else one.courses[0].at(self.frame + 1)

    def mistaken(self, boxes: Sequence[Box | None]) -> list[Meeting]:
        """Meetings of whom the one who is seen walks as the hidden one did.

        Args:
            boxes: last of each of the followed people.
        """
        return [one for one in self.now.values() if self._mistaken(one, boxes[one.seen])]

    def turn(self, one: Meeting) -> None:
        """Takes each of the two for the other: the one who was seen is hidden."""
        del self.now[one.hidden]
        self.now[one.seen] = one.turned()

    def _mistaken(self, one: Meeting, box: Box | None) -> bool:
        if box is None:
            return False
        own, others = (_distance(box, course.at(self.frame)) for course in one.courses[::-1])
        return others < _CLEARLY * own and own > _MOVED * float(box[2])

    def _go_on(self, one: Meeting, row: Sequence[Box | None]) -> None:
        del self.now[one.hidden]
        if row[one.hidden] is not None:
            if row[one.seen] is not None:
                return  # both are seen again
            one = one.turned()
        if self.frame - one.since <= self.longest:
            self.now[one.hidden] = one

    def _begin(self, who: int, course: Course, row: Sequence[Box | None]) -> None:
        """Somebody has just been lost, perhaps behind somebody."""
        if self.frame - course.frame > self.patience:
            return
        for other, box in enumerate(row):
            if box is None or (beside := self._course(other)) is None:
                continue
            if float(intersection_over_union(course.at(self.frame), box[None])[0]) >= _NEAR:
                self.now[who] = Meeting(who, other, (course, beside), self.frame)
                return

    def _course(self, who: int) -> Course | None:
        """How somebody walks; None of who was hardly seen lately."""
        rows = [row[who] if who < len(row) else None for row in self._rows]
        first = self.frame - len(rows) + 1
        seen = [(first + at, box) for at, box in enumerate(rows) if box is not None]
        if len(seen) < _FEWEST:
            return None
        frames = np.array([frame for frame, _ in seen], float)
        middles = np.array([box[:2] + box[2:] / 2 for _, box in seen], float)
        step, middle = _line(frames - frames[-1], middles)
        size = np.median([box[2:] for _, box in seen], 0)
        return Course(np.concatenate([middle - size / 2, size]), step, seen[-1][0])


def _line(
    frames: Float[np.ndarray, " n"], places: Float[np.ndarray, "n 2"]
) -> tuple[Float[np.ndarray, " 2"], Float[np.ndarray, " 2"]]:
    """The line that fits best whatever becomes of a third of the places (Theil, 1950; Sen, 1968).

    Who is about to be hidden is often taken for the other one already.

    Returns:
        Its slope, and where it is in frame 0.
    """
    one, other = np.triu_indices(len(frames), 1)
    slopes = (places[other] - places[one]) / (frames[other] - frames[one])[:, None]
    step = np.median(slopes, 0)
    return step, np.median(places - frames[:, None] * step, 0)


def _distance(one: Box, other: Box) -> float:
    """Between the middles of two boxes."""
    return float(np.hypot(*(one[:2] + one[2:] / 2 - other[:2] - other[2:] / 2)))
