"""Poses as a document lists them, one by one: what is common to all such documents."""

import reprlib
from itertools import chain
from typing import Any, NamedTuple

from temporal_pose.formats.documents.numbering import shown
from temporal_pose.formats.documents.spans import Place
from temporal_pose.formats.documents.texts import DamagedError

#: Which of x (0), y (1) and score (2) the lists of a pose hold, in turn.
Columns = tuple[tuple[int, ...], ...]

TRIPLES: Columns = ((0, 1, 2),)
PAIRS_AND_SCORES: Columns = ((0, 1), (2,))


class Pose(NamedTuple):
    """One person's pose in a document.

    Args:
        frame: what the document calls the frame.
        lists: of numbers, a few for each keypoint.
        columns: what the numbers are.
        places: of the lists in the text.
        id: number of the person; -1 for none.
        box: x, y, width, height.
    """

    frame: int | str
    lists: tuple[Any, ...]
    columns: Columns
    places: tuple[Place, ...]
    id: int = -1
    box: tuple[float, float, float, float] | None = None


def labelled(value: Any, where: object, what: str) -> int | str:
    """What a document calls a frame: a number or a name.

    Args:
        where: the file, for the message.
        what: name of the field.

    Raises:
        DamagedError: it is neither.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 62
    if not number and not (isinstance(value, str) and value):
        raise DamagedError(
            f"{where}: {what} is {reprlib.repr(value)}; expected a number or a name"
        )
    return value


def keyed(key: str) -> int | str:
    """What a document calls a frame by the name of a member: a number if it is one."""
    return int(key) if key.isascii() and key.isdigit() and len(key) <= 18 else key


def called(frame: int | str) -> str:
    """A frame in a message."""
    return f"frame {frame}" if isinstance(frame, int) else f"frame '{shown(frame[:100])}'"


def flat(nested: Any, *widths: int) -> Any:
    """Pairs or triples of numbers as one list; what is not such, as it is.

    Args:
        widths: numbers that each may have.
    """
    if not isinstance(nested, list) or not all(isinstance(one, list) for one in nested):
        return nested
    lengths = {len(one) for one in nested}
    fits = len(lengths) == 1 and lengths <= set(widths)
    return list(chain.from_iterable(nested)) if fits else nested


def whole(value: Any) -> int:
    """A number of a person, of whichever type and however wrapped; -1 for none."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return -1
    return int(value) if 0 <= value < 1 << 62 and value == int(value) else -1


def cornered(value: Any) -> tuple[float, float, float, float] | None:
    """A box given by two corners, as x, y, width, height; None for what is no box."""
    box = boxed(value[0] if isinstance(value, list) and len(value) == 1 else value)
    return None if box is None else (box[0], box[1], box[2] - box[0], box[3] - box[1])


def boxed(value: Any) -> tuple[float, float, float, float] | None:
    """Four numbers; None for what is not."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    if not all(isinstance(one, int | float) and abs(one) < 1e100 for one in value):
        return None
    x, y, width, height = map(float, value)
    return x, y, width, height
