"""Lines of numbers that label a person each: which of them are positions, scores and ids."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.formats.clips import Given

BOX = 5  # numbers before the keypoints: class, and the box's center, width and height
_EXTRAS = range(3)  # after them: nothing, confidence or id, both
_INSIDE = 0.9  # of the positions, in a box half as large again, if they are positions
_MOSTLY = 0.5  # of the positions of one keypoint
_ROWS = 200  # looked at
_PEOPLE = 17  # keypoints of the detectors that come along


class Layout(NamedTuple):
    """What the numbers after the box are.

    Args:
        keypoints: K.
        width: 3 with visibility or confidence, 2 without.
        extras: most numbers after the keypoints.
        tracked: whether the last of the extras is an id, not a confidence.
    """

    keypoints: int
    width: int
    extras: int = 0
    tracked: bool = False

    @property
    def end(self) -> int:
        """Where the keypoints of a line end."""
        return BOX + self.keypoints * self.width


class Lines(NamedTuple):
    """Numbers of many lines.

    Args:
        numbers: of all lines, one line after the other.
        lengths: of the lines.
    """

    numbers: Float[np.ndarray, " total"]
    lengths: Int[np.ndarray, " N"]

    def alike(self) -> Iterator[tuple[Int[np.ndarray, " n"], Float[np.ndarray, "n length"]]]:
        """Lines of one length each time: their places, and their numbers."""
        starts = np.cumsum(self.lengths) - self.lengths
        for length in np.unique(self.lengths):
            places = np.flatnonzero(self.lengths == length)
            yield places, self.numbers[starts[places, None] + np.arange(length)]


def values(lines: Lines, layout: Layout) -> Float[np.ndarray, "N K 3"]:
    """x, y and visibility or confidence of each keypoint, which is NaN where there is none."""
    found = np.full((len(lines.lengths), layout.keypoints, 3), np.nan)
    for places, rows in lines.alike():
        points = rows[:, BOX : layout.end].reshape(len(rows), layout.keypoints, layout.width)
        found[places, :, : layout.width] = points
    return found


def boxes(lines: Lines) -> Float[np.ndarray, "N 4"]:
    """x, y, width and height of each box, as shares of the image."""
    found = np.empty((len(lines.lengths), 4))
    for places, rows in lines.alike():
        center, size = rows[:, 1:3], rows[:, 3:BOX]
        found[places] = np.concatenate([center - size / 2, size], 1)
    return found


def ids(lines: Lines, layout: Layout) -> Int[np.ndarray, " N"]:
    """Number of each person's track; -1 for none."""
    found = np.full(len(lines.lengths), -1, np.int64)
    for places, rows in lines.alike():
        last = rows[:, -1]
        sane = (last >= 0) & (last < 1 << 53) & (last == np.floor(last))
        if layout.tracked and rows.shape[1] in (layout.end + 2, layout.end + layout.extras):
            found[places] = np.where(sane, last, -1).astype(np.int64)
    return found


def layouts(lengths: Sequence[int], given: Given) -> list[Layout]:
    """All layouts that lines of these lengths may have; none if they do not go together."""
    found = []
    for width in (3, 2):
        for k in range(1, (min(lengths, default=0) - BOX) // width + 1):
            if given.skeleton is not None and k != len(given.skeleton):
                continue
            if all(length - BOX - k * width in _EXTRAS for length in lengths):
                found.append(Layout(k, width))
    return found


def likely(lines: Lines, candidates: Sequence[Layout]) -> Layout | None:
    """The layout whose positions are in the boxes; None if none is, or it could be another.

    Of several that differ in what follows the keypoints it is the one with more keypoints; of
    others, the one with as many as the detectors that come along.
    """
    good = [one for one in candidates if _fits(lines, one)] if len(candidates) > 1 else candidates
    usual = [one for one in good if one.keypoints == _PEOPLE]
    if len({one.width for one in good}) > 1 or len(usual) == 1:
        good = usual
    if not good:
        return None
    best = max(good, key=lambda one: one.keypoints)
    extras = int(lines.lengths.max()) - best.end
    return best._replace(extras=extras, tracked=extras == 2 or _tracked(lines, best))


def _fits(lines: Lines, layout: Layout) -> bool:
    """Whether nearly all positions are in the boxes, and most of each keypoint's."""
    parts = [_inside(rows[:: max(1, len(rows) // _ROWS)], layout) for _, rows in lines.alike()]
    near, there = (np.concatenate(side) for side in zip(*parts, strict=True))
    each = (near & there).sum(0) >= _MOSTLY * there.sum(0)
    return bool((near & there).sum() >= _INSIDE * there.sum() and each.all())


def _inside(
    rows: Float[np.ndarray, "n length"], layout: Layout
) -> tuple[Bool[np.ndarray, "n K"], Bool[np.ndarray, "n K"]]:
    """Which of the positions are near the box, and which are there at all."""
    points = rows[:, BOX : layout.end].reshape(len(rows), layout.keypoints, layout.width)
    offset = np.abs(points[..., :2] - rows[:, None, 1:3])
    near = np.asarray((offset <= 0.75 * rows[:, None, 3:5] + 1e-6).all(-1))
    if layout.width == 3:
        near &= (points[..., 2] >= 0) & (points[..., 2] <= 2)
    return near, np.asarray(points[..., :2].any(-1))


def _tracked(lines: Lines, layout: Layout) -> bool:
    """Whether single further numbers are ids: whole, and not all of them 0 or 1."""
    last = [rows[:, -1] for _, rows in lines.alike() if rows.shape[1] == layout.end + 1]
    numbers = np.concatenate([np.empty(0), *last])
    return bool((numbers == np.floor(numbers)).all() and (numbers > 1).any())
