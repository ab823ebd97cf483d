"""Poses put back into the file they came from: which of its numbers change, and to what."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip
from temporal_pose.formats.documents.parting import Kept
from temporal_pose.formats.documents.poses import Pose
from temporal_pose.formats.documents.spans import Edit, Spans, renumbered

PIXELS, SHARES, SCORES = 3, 6, 6  # digits after the point
_MOST_FRAMES = 1_000_000  # that are listed although nobody may be in them
_SAME = 1e-9  # what going to pixels and back may add


@dataclass(frozen=True)
class Renewal:
    """What becomes of poses that were in a file.

    Args:
        values: x, y, score, rounded.
        changed: those that differ from what the file says.
        places: index of each pose of which something changed, by its row in the file.
    """

    values: Float[np.ndarray, "N K 3"]
    changed: Bool[np.ndarray, "N K 3"]
    places: Mapping[int, int]

    def numbers(self, row: int, columns: Sequence[int]) -> list[str | None]:
        """New numbers of a pose, in the order of its list; None for those that stay."""
        place = self.places[row]
        changed = self.changed[place][:, columns].ravel().tolist()
        values = self.values[place][:, columns].ravel().tolist() if any(changed) else changed
        return [
            written(value) if new else None for value, new in zip(values, changed, strict=True)
        ]


def renewal(clip: Clip, kept: Kept) -> Renewal:
    """What becomes of a clip's poses that were in the file.

    A number that is as it was stays as it was written. A missing keypoint stays missing in the
    file's own way; one that is missing now becomes (0, 0) with score 0.

    Raises:
        DataError: the clip has other keypoints than the file, or no image size to scale with.
    """
    refuse_other(clip, kept)
    rows = clip.rows[clip.rows >= 0]
    old = kept.values[np.searchsorted(kept.rows, rows)]
    new = measured(clip, kept.shares)[clip.rows >= 0]
    gone = missing(old, kept.hides)
    still = gone & np.isclose(new[..., :2], old[..., :2], _SAME, _SAME).all(-1)
    lost = still | ~np.isfinite(new[..., :2]).all(-1)
    given = np.isnan(new[..., 2]) | kept.graded
    score = np.where(given, np.where(gone, 1.0, old[..., 2]), new[..., 2])
    new = np.where(lost[..., None], 0.0, np.concatenate([new[..., :2], score[..., None]], -1))
    same = np.isclose(new, old, rtol=_SAME, atol=_SAME, equal_nan=True)
    changed = ~(same | (lost & gone)[..., None])
    places = np.flatnonzero(changed.any((1, 2)))
    return Renewal(
        rounded(new, kept.shares), changed, {int(rows[place]): int(place) for place in places}
    )


def refuse_other(clip: Clip, kept: Kept) -> None:
    """Raises :class:`DataError` for a clip that does not fit into the file it came from."""
    there, here = kept.values.shape[1], clip.scores.shape[1]
    rows = clip.rows[clip.rows >= 0]
    if len(rows) and (there != here or not np.isin(rows, kept.rows).all()):
        raise DataError(
            f"{clip.name}: poses of {here} keypoints do not fit into {kept.original.path}, which "
            f"has {there}; write another format, by to="
        )


def missing(
    values: Float[np.ndarray, "*poses K 3"], hides: bool = False
) -> Bool[np.ndarray, "*poses K"]:
    """Keypoints that a file has no position of: (0, 0), (-1, -1) or NaN.

    Args:
        hides: whether a score of 0 means the same.
    """
    x, y = values[..., 0], values[..., 1]
    no_number = ~(np.isfinite(x) & np.isfinite(y))
    placeholder = (x == y) & ((x == 0) | (x == -1))
    return no_number | placeholder | (hides & (values[..., 2] == 0))


def measured(clip: Clip, shares: bool) -> Float[np.ndarray, "N K 3"]:
    """Positions in the measure of a file, and scores.

    Args:
        shares: of the image, not pixels.

    Raises:
        DataError: there is no image size to scale with.
    """
    keypoints = clip.keypoints
    if clip.normalised != shares:
        if clip.image_size is None:
            raise DataError(
                f"{clip.name}: the image size is not known, and positions have to be scaled by "
                "it; set image_size=WIDTH,HEIGHT"
            )
        size = np.array(clip.image_size, float)
        keypoints = keypoints / size if shares else keypoints * size
    return np.concatenate([keypoints, clip.scores[..., None]], -1)


def new_numbers(clip: Clip, shares: bool = False) -> Float[np.ndarray, "N K 3"]:
    """Numbers of poses that were in no file: (0, 0, 0) where there is no position.

    A position without a score is sure of itself: 1.

    Raises:
        DataError: there is no image size to scale with.
    """
    values = measured(clip, shares)
    lost = missing(values)
    score = np.where(np.isfinite(values[..., 2]), values[..., 2], 1.0)
    known = np.concatenate([values[..., :2], score[..., None]], -1)
    return rounded(np.where(lost[..., None], 0.0, known), shares)


def rounded(values: Float[np.ndarray, "N K 3"], shares: bool) -> Float[np.ndarray, "N K 3"]:
    """To a thousandth of a pixel or a millionth of the image; never to -0."""
    digits = np.array([SHARES, SHARES, SCORES] if shares else [PIXELS, PIXELS, SCORES])
    scale = 10.0**digits
    small = np.abs(values) < 1e9
    return np.where(small, np.round(np.where(small, values, 0) * scale) / scale + 0.0, values)


def spanned(clip: Clip) -> range:
    """The frames from a clip's first pose to its last; none where that would be too many."""
    if not len(clip) or np.ptp(clip.frames) > _MOST_FRAMES:
        return range(0)
    return range(int(clip.frames.min()), int(clip.frames.max()) + 1)


def tight(values: Float[np.ndarray, "K 3"], digits: int = PIXELS) -> list[int | float]:
    """The box around the keypoints that are there: x, y, width, height; zeros for none."""
    there = values[~missing(values), :2]
    if not len(there):
        return [0, 0, 0, 0]
    low, size = there.min(0), np.ptp(there, 0)
    return [json_number(round(side, digits)) for side in (*low.tolist(), *size.tolist())]


def written(number: float) -> str:
    """A number as JSON has it, a whole one without a point."""
    return repr(number).removesuffix(".0")


def json_number(number: float) -> int | float:
    """A number for JSON, a whole one as such."""
    return int(number) if number == int(number) and abs(number) < 1e15 else number


def by_row(found: Iterable[Renewal]) -> Mapping[int, Renewal]:
    """The rows of a file of which something changes, and what."""
    return {row: one for one in found for row in one.places}


def renewals(
    text: str, poses: Iterable[Pose], changes: Mapping[int, Renewal], first: int = 0
) -> Iterator[Edit]:
    """Changes to a document that bring poses back to their places.

    Args:
        poses: all of the document, in its order.
        changes: what becomes of those of which something changes.
        first: row of the first of `poses`.
    """
    spans = Spans(text)
    for row, pose in enumerate(poses, first):
        if row not in changes:
            continue
        for place, columns in zip(pose.places, pose.columns, strict=True):
            numbers = changes[row].numbers(row, columns)
            if any(numbers):
                start, end = spans.of(place)
                yield Edit(start, end, renumbered(text[start:end], numbers))
