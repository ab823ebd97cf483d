"""All poses of a document as arrays."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.formats.documents.gathering import Gathering, finite, refuse_crowd
from temporal_pose.formats.documents.poses import TRIPLES, Columns, Pose, called
from temporal_pose.formats.documents.texts import DamagedError


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
        label = called(pose.frame)
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
    parts: Sequence[Float[np.ndarray, "_ _ _"]], columns: Columns, where: object
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
