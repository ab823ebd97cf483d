"""The same people from frame to frame, among those that a detector sees."""

from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from temporal_pose.detectors.meetings import ALIKE, Box, Meetings
from temporal_pose.detectors.overlap import intersection_over_union
from temporal_pose.errors import ConfigError

_LONGEST = 10  # times the patience, for which somebody may be hidden by somebody else


class Tracker:
    """Follows people by the overlap of boxes.

    A followed person is, in each frame, who overlaps that person's last box most, if enough; two
    followed people are given to two others so that the overlaps are largest together (Kuhn,
    1955). A followed person who is nowhere is missed for as many frames in a row as patience
    lasts. Then, as in the first frame, the most confident of those nobody else is takes the place;
    where everybody is followed, that person is gone, and whoever is new is followed as well.
    Somebody who was lost where somebody else is may be hidden, and is waited for longer, where
    the walk goes on to; see `temporal_pose.detectors.meetings`.

    Args:
        people: how many are followed, or 'all'.
        overlap: least intersection over union with the last box.
        patience: frames in a row in which a person may be missed.
        every: where everybody is followed, frames from one search for new people to the next;
            frames in which somebody is missed are searched in any case.

    Raises:
        ConfigError: a value out of its range.
    """

    def __init__(
        self, people: int | str = 1, overlap: float = 0.3, patience: int = 5, every: int = 10
    ) -> None:
        if people != "all" and (not isinstance(people, int) or isinstance(people, bool)):
            raise ConfigError(f"person is {people!r}; expected a whole number from 1, or all")
        if isinstance(people, int) and people < 1:
            raise ConfigError(f"person is {people}; expected a whole number from 1, or all")
        if not 0 < overlap < 1:
            raise ConfigError(f"tracker.overlap is {overlap}; expected more than 0, less than 1")
        if patience < 0:
            raise ConfigError(f"tracker.patience is {patience}; expected 0 or more frames")
        if every < 1:
            raise ConfigError(f"tracker.every is {every}; expected 1 frame or more")
        self.overlap, self.patience, self.every = overlap, patience, every
        self.everybody = people == "all"
        self._boxes: list[Box | None] = []
        self._missed: list[int] = []
        self._seen: list[bool] = []  # ever
        self._row: list[Box | None] | None = None  # of the last frame, while it may change
        self._begin(people if isinstance(people, int) else 0)

    @property
    def searching(self) -> bool:
        """Whether somebody is looked for in the next frame."""
        self._settle()
        if not self.everybody:
            return any(self._missed) or any(box is None for box in self._boxes)
        sought = any(0 < missed <= self.patience for missed in self._missed)
        return sought or (self.meetings.frame + 1) % self.every == 0

    def __call__(
        self, boxes: Float[np.ndarray, "people 4"], scores: Float[np.ndarray, " people"]
    ) -> list[int | None]:
        """Which of a frame's people each of the followed ones is; None for nobody.

        Args:
            boxes: x, y, width and height in image pixels.
            scores: how sure the detector is of each.
        """
        self._settle()
        for one in self.meetings.mistaken(self._boxes):
            self._boxes[one.hidden] = self._boxes[one.seen]
            self.meetings.turn(one)
            self._boxes[one.seen] = self.meetings.place(one.seen)
        chosen = self._same(boxes)
        for who, found in enumerate(chosen):
            gone = self._missed[who] + 1 > self.patience and who not in self.meetings.now
            if found is None and gone:
                self._boxes[who] = None
        for new in self._strangers(boxes, scores, chosen):
            place = self._free(chosen)
            if place is None and self.everybody:
                self._add()
                chosen.append(None)
                place = len(chosen) - 1
            if place is not None:
                chosen[place] = new
        self._row = [None if found is None else boxes[found] for found in chosen]
        return chosen

    def lost(self, followed: int) -> None:
        """Takes a choice of the last frame back: nobody is there, by a closer look."""
        if self._row is not None:
            self._row[followed] = None

    def resume(self, boxes: Float[np.ndarray, "F P 4"]) -> None:
        """Takes the state it had after some frames.

        Args:
            boxes: of the followed people in every frame so far; NaN where one was not there.
        """
        self._begin(boxes.shape[1])
        there = np.isfinite(boxes).all(-1)
        for row, seen in zip(boxes, there, strict=True):
            self._row = [box if is_seen else None for box, is_seen in zip(row, seen, strict=True)]
            self._settle()

    def _begin(self, people: int) -> None:
        """Forgets everything."""
        self._boxes, self._missed, self._seen, self._row = [], [], [], None
        self.meetings = Meetings(self.patience, _LONGEST * self.patience)
        for _ in range(people):
            self._add()

    def _settle(self) -> None:
        """Takes for true who was seen in the last frame."""
        row, self._row = self._row, None
        if row is None:
            return
        self.meetings.record(row)
        for who, box in enumerate(row):
            self._missed[who] = 0 if box is not None else self._missed[who] + 1
            hidden = self.meetings.place(who)
            if hidden is not None:
                self._missed[who], box = min(self._missed[who], self.patience), hidden
            if box is not None:
                self._boxes[who] = box
            elif self._missed[who] > self.patience:
                self._boxes[who] = None
            self._seen[who] = self._seen[who] or row[who] is not None

    def _add(self) -> None:
        self._boxes.append(None)
        self._missed.append(self.patience)
        self._seen.append(False)

    def _same(self, boxes: Float[np.ndarray, "people 4"]) -> list[int | None]:
        """The people who overlap the last boxes; whoever is hidden is none of those seen."""
        chosen: list[int | None] = [None] * len(self._boxes)
        hidden = self.meetings.now.keys()
        self._match(boxes, chosen, {*range(len(chosen))} - hidden, self.overlap)
        self._match(boxes, chosen, hidden, max(self.overlap, ALIKE))
        return chosen

    def _match(
        self,
        boxes: Float[np.ndarray, "people 4"],
        chosen: list[int | None],
        people: Collection[int],
        overlap: float,
    ) -> None:
        """Gives some of the followed people boxes that nobody has, by overlap."""
        last = [(who, box) for who in sorted(people) if (box := self._boxes[who]) is not None]
        free = [one for one in range(len(boxes)) if one not in chosen]
        if not last or not free:
            return
        overlaps = np.stack([intersection_over_union(box, boxes[free]) for _, box in last])
        near = np.where(overlaps >= overlap, overlaps, 0)
        for row, column in zip(*linear_sum_assignment(near, maximize=True), strict=True):
            if near[row, column] > 0:
                chosen[last[row][0]] = free[column]

    def _strangers(
        self,
        boxes: Float[np.ndarray, "people 4"],
        scores: Float[np.ndarray, " people"],
        chosen: Sequence[int | None],
    ) -> list[int]:
        """People whom nobody followed is, the most confident first; not the same one twice."""
        taken, new = [found for found in chosen if found is not None], list[int]()
        for one in np.argsort(-scores, kind="stable").tolist():
            overlaps = intersection_over_union(boxes[one], boxes[[*taken, *new]])
            if not (overlaps >= self.overlap).any():
                new.append(one)
        return new

    def _free(self, chosen: Sequence[int | None]) -> int | None:
        """A place for somebody new: of one who is gone, or among everybody, who never was."""
        for who, box in enumerate(self._boxes):
            taken = self.everybody and self._seen[who]
            if box is None and chosen[who] is None and not taken:
                return who
        return None
