"""All poses of a document as arrays, and the clips that they become."""

import reprlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.gathering import Gathering, finite, refuse_crowd
from temporal_pose.formats.poses import TRIPLES, Columns, Pose
from temporal_pose.formats.texts import DamagedError, Original
from temporal_pose.pose.skeletons import Skeleton


class Listing(NamedTuple):
    """All poses of a document, in its order.

    Args:
        frames: what the document calls each one's frame.
        values: x, y, score as they are in the file; NaN for what is not.
        ids: of the persons; -1 for none.
        boxes: x, y, width, height; NaN for none.
        remarks: on what was found.
    """

    frames: Sequence[int | str]
    values: Float[np.ndarray, "N K 3"]
    ids: Int[np.ndarray, " N"]
    boxes: Float[np.ndarray, "N 4"]
    remarks: tuple[str, ...] = ()


class Kept(NamedTuple):
    """What brings poses back to their places in a document.

    Args:
        original: the document.
        rows: place of each pose among all of the document's.
        values: x, y, score as they are in it.
        graded: whether scores are 0, 1, 2 for missing, hidden and visible.
        labels: what the document calls the frames, by number.
    """

    original: Original
    rows: Int[np.ndarray, " N"]
    values: Float[np.ndarray, "N K 3"]
    graded: bool
    labels: Mapping[int, int | str]


def gathered(poses: Iterable[Pose], where: object) -> Listing:
    """All poses as arrays.

    Args:
        where: the file, for messages.

    Raises:
        DataError: what is no list of numbers; lists that do not fit each other.
    """
    frames: list[int | str] = []
    ids, boxes = [], []
    people: Counter[int | str] = Counter()
    parts: list[Gathering] = []
    columns: Columns = TRIPLES
    for pose in poses:
        if not parts:
            columns = pose.columns
            parts = [Gathering(where, len(part)) for part in columns]
        label = f"frame {reprlib.repr(pose.frame)}"
        _add(parts, pose, columns, label, where)
        people[pose.frame] += 1
        refuse_crowd(people[pose.frame], where, label)
        frames.append(pose.frame)
        ids.append(pose.id)
        boxes.append(pose.box or (np.nan,) * 4)
    values, remarks = finite(_joined([part.array() for part in parts], columns, where), where)
    places = np.array(boxes, float).reshape(-1, 4)
    return Listing(frames, values, np.array(ids, np.int64), places, remarks)


def _add(
    parts: Sequence[Gathering], pose: Pose, columns: Columns, label: str, where: object
) -> None:
    if pose.columns != columns:
        raise DamagedError(f"{where}: {label} is written in another way than the frames before it")
    for part, numbers in zip(parts, pose.lists, strict=True):
        part.add([numbers], label)


def _joined(
    parts: Sequence[Float[np.ndarray, "N _ W"]], columns: Columns, where: object
) -> Float[np.ndarray, "N K 3"]:
    if not parts:
        return np.empty((0, 0, 3))
    numbers = sorted({part.shape[1] for part in parts})
    if len(numbers) > 1:
        raise DamagedError(
            f"{where} has positions and scores of {numbers[0]} and {numbers[1]} keypoints"
        )
    values = np.full((len(parts[0]), numbers[0], 3), np.nan)
    for part, held in zip(parts, columns, strict=True):
        values[..., held] = part
    return values


def clip(
    name: str,
    listing: Listing,
    frames: Int[np.ndarray, " N"],
    rows: Int[np.ndarray, " n"],
    *,
    original: Original,
    format: str,
    given: Given,
    skeleton: Skeleton | None = None,
    graded: bool = False,
    normalised: bool = False,
    **more: Any,
) -> Clip:
    """One video of a listing.

    Args:
        frames: number of each pose's frame.
        rows: those of the listing that are in the video.
        skeleton: that the file tells; what is given says more.
        graded: whether scores are 0, 1, 2 for missing, hidden and visible.
        more: the clip's other fields.
    """
    values = listing.values[rows]
    keypoints, scores = read_off(values, graded)
    if not len(rows) and given.skeleton is not None:
        keypoints, scores = (
            np.empty((0, len(given.skeleton), 2)),
            np.empty((0, len(given.skeleton))),
        )
    labels = {int(frames[row]): listing.frames[row] for row in rows}
    ids, boxes = listing.ids[rows], listing.boxes[rows]
    return Clip(
        name,
        frames[rows],
        keypoints,
        scores,
        skeleton=given.skeleton or skeleton,
        fps=given.fps,
        ids=ids if (ids >= 0).any() else None,
        boxes=boxes if np.isfinite(boxes).any() else None,
        rows=rows,
        kept=Kept(original, rows, values, graded, labels),
        format=format,
        normalised=normalised,
        **{"image_size": given.image_size, "remarks": listing.remarks} | more,
    )


def read_off(
    values: Float[np.ndarray, "N K 3"], graded: bool
) -> tuple[Float[np.ndarray, "N K 2"], Float[np.ndarray, "N K"]]:
    """Positions and scores; a keypoint graded 0 has no position, whatever the file says."""
    keypoints, scores = values[..., :2], values[..., 2]
    if not graded:
        return keypoints, scores
    hidden = (scores == 0) & keypoints.any(-1)
    best = max(1.0, float(scores.max(initial=1)))
    return np.where(hidden[..., None], np.nan, keypoints), scores / best


def are_grades(scores: Float[np.ndarray, "*shape"]) -> bool:
    """Whether scores are 0, 1 and 2: for missing, hidden and visible."""
    return bool(scores.any()) and bool(np.isin(scores, (0, 1, 2)).all())
