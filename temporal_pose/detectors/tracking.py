"""The same people from frame to frame, among those that a detector sees."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from temporal_pose.errors import ConfigError


class Tracker:
    """Follows people by the overlap of boxes.

    A followed person is, in each frame, who overlaps that person's last box most, if enough; two
    followed people are given to two others so that the overlaps are largest together (Kuhn,
    1955). A followed person who is nowhere is missed for as many frames in a row as patience
    lasts. Then, as in the first frame, the most confident of those nobody else is takes the place;
    where everybody is followed, that person is gone, and whoever is new is followed as well.

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
        self._frames = 0
        self._boxes: list[Float[np.ndarray, " 4"] | None] = []
        self._missed: list[int] = []
        self._seen: list[bool] = []  # ever
        self._before: list[tuple[Float[np.ndarray, " 4"] | None, int, bool]] = []
        for _ in range(people if isinstance(people, int) else 0):
            self._add()

    @property
    def searching(self) -> bool:
        """Whether somebody is looked for in the next frame."""
        if not self.everybody:
            return any(self._missed) or any(box is None for box in self._boxes)
        sought = any(0 < missed <= self.patience for missed in self._missed)
        return sought or self._frames % self.every == 0

    def __call__(
        self, boxes: Float[np.ndarray, "people 4"], scores: Float[np.ndarray, " people"]
    ) -> list[int | None]:
        """Which of a frame's people each of the followed ones is; None for nobody.

        Args:
            boxes: x, y, width and height in image pixels.
            scores: how sure the detector is of each.
        """
        self._before = list(zip(self._boxes, self._missed, self._seen, strict=True))
        chosen = self._same(boxes)
        for who, found in enumerate(chosen):
            self._missed[who] = 0 if found is not None else self._missed[who] + 1
            if self._missed[who] > self.patience:
                self._boxes[who] = None
        for new in self._strangers(boxes, scores, chosen):
            place = self._free(chosen)
            if place is None and self.everybody:
                self._add()
                chosen.append(None)
                place = len(chosen) - 1
            if place is not None:
                chosen[place], self._missed[place] = new, 0
        for who, found in enumerate(chosen):
            if found is not None:
                self._boxes[who], self._seen[who] = boxes[found], True
        self._frames += 1
        return chosen

    def lost(self, followed: int) -> None:
        """Takes a choice of the last frame back: nobody is there, by a closer look."""
        known = followed < len(self._before)
        box, missed, seen = self._before[followed] if known else (None, self.patience, False)
        gone = missed + 1 > self.patience
        self._boxes[followed], self._missed[followed] = None if gone else box, missed + 1
        self._seen[followed] = seen

    def resume(self, boxes: Float[np.ndarray, "F P 4"]) -> None:
        """Takes the state it had after some frames.

        Args:
            boxes: of the followed people in every frame so far; NaN where one was not there.
        """
        self._frames = len(boxes)
        if self.everybody:
            self._boxes, self._missed, self._seen = [], [], []
            for _ in range(boxes.shape[1]):
                self._add()
        for who in range(boxes.shape[1]):
            seen = np.flatnonzero(np.isfinite(boxes[:, who]).all(-1))
            if len(seen):
                self._missed[who], self._seen[who] = len(boxes) - 1 - int(seen[-1]), True
            if len(seen) and self._missed[who] <= self.patience:
                self._boxes[who] = boxes[seen[-1], who]

    def _add(self) -> None:
        self._boxes.append(None)
        self._missed.append(self.patience)
        self._seen.append(False)

    def _same(self, boxes: Float[np.ndarray, "people 4"]) -> list[int | None]:
        """The people who overlap the last boxes."""
        chosen: list[int | None] = [None] * len(self._boxes)
        sought = [who for who, box in enumerate(self._boxes) if box is not None]
        last = [box for box in self._boxes if box is not None]
        if not last or not len(boxes):
            return chosen
        overlaps = np.stack([intersection_over_union(box, boxes) for box in last])
        near = np.where(overlaps >= self.overlap, overlaps, 0)
        for row, column in zip(*linear_sum_assignment(near, maximize=True), strict=True):
            if near[row, column] > 0:
                chosen[sought[row]] = int(column)
        return chosen

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


def intersection_over_union(
    box: Float[np.ndarray, " 4"], boxes: Float[np.ndarray, "N 4"]
) -> Float[np.ndarray, " N"]:
    """Area that a box shares with each of some others, over the area that the two cover.

    Args:
        box: x, y, width and height, as are those of ``boxes``.
    """
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(-1)
    return shared / (box[2:].prod() + boxes[:, 2:].prod(-1) - shared)
