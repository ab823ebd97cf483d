"""Numbers of many poses, gathered one pose after the other in little memory."""

import math
import reprlib
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from temporal_pose.errors import DataError
from temporal_pose.formats.documents.texts import DamagedError

#: More people in one frame than any detector finds.
MOST_PEOPLE = 10_000


class Gathering:
    """Lists of numbers of one length: those of a pose each.

    Args:
        where: the file, for messages.
        width: numbers a keypoint.
    """

    def __init__(self, where: object, width: int) -> None:
        self._where, self._width = where, width
        self._numbers = array("d")
        self._length, self._first = 0, ""

    def add(self, lists: Sequence[Any], frame: str) -> None:
        """Takes the poses of a frame, all or none of them.

        Args:
            lists: numbers of each.
            frame: name of the frame, such as "frame 3".

        Raises:
            DamagedError: what is no list of numbers.
            DataError: another number of keypoints than in the poses before.
        """
        refuse_crowd(len(lists), self._where, frame)
        before = len(self._numbers)
        try:
            for numbers in lists:
                self._add(numbers, frame)
        except DataError:
            del self._numbers[before:]
            raise

    def _add(self, numbers: Any, frame: str) -> None:
        if not isinstance(numbers, list):
            shown = reprlib.repr(numbers)
            raise DamagedError(f"{self._where}: {frame} has {shown}; expected a list of numbers")
        if len(numbers) != self._length:
            for number in numbers:
                self._mended(number, frame)
            self._check(len(numbers), frame)
        try:
            self._numbers.fromlist(numbers)
        except (TypeError, OverflowError):
            self._numbers.fromlist([self._mended(number, frame) for number in numbers])

    def _check(self, length: int, frame: str) -> None:
        if length % self._width or not length:
            raise DamagedError(
                f"{self._where}: {frame} has a pose of {length} numbers; expected "
                f"{self._width} for each keypoint"
            )
        if self._length:
            k, before = (number // self._width for number in (length, self._length))
            raise DataError(
                f"{self._where}: {frame} has {k} keypoints a pose, {self._first} has {before}; "
                "expected one skeleton throughout"
            )
        self._length, self._first = length, frame

    def _mended(self, number: Any, frame: str) -> float:
        """A number that C has no room for, or none at all."""
        if number is None:
            return math.nan
        if not isinstance(number, int | float):
            shown = reprlib.repr(number)
            raise DamagedError(f"{self._where}: {frame} has {shown}; expected a number")
        try:
            return float(number)
        except OverflowError:
            return math.inf

    def array(self) -> Float[np.ndarray, "N K W"]:
        """The numbers of all poses."""
        if not self._numbers:
            return np.empty((0, 0, self._width))
        k = self._length // self._width
        return np.frombuffer(self._numbers).reshape(-1, k, self._width).copy()


def refuse_crowd(people: int, where: object, frame: str) -> None:
    """Raises :class:`DamagedError` for more people in a frame than there can be."""
    if people > MOST_PEOPLE:
        raise DamagedError(
            f"{where}: {frame} lists {people} people; expected at most {MOST_PEOPLE}"
        )


def finite(
    numbers: Float[np.ndarray, "*shape"], where: object
) -> tuple[Float[np.ndarray, "*shape"], tuple[str, ...]]:
    """Numbers with NaN for those that are infinite, and a remark if there were any."""
    infinite = np.isinf(numbers)
    if not infinite.any():
        return numbers, ()
    count = int(infinite.sum())
    return np.where(infinite, np.nan, numbers), (
        f"{where}: {count} of its numbers are infinite: taken as missing",
    )
