"""Reading tables that have a row a pose."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.tables.cells import unquoted
from temporal_pose.formats.tables.columns import Index, frame_numbers, seconds
from temporal_pose.formats.tables.places import Places
from temporal_pose.formats.tables.sheets import Sheet
from temporal_pose.formats.tables.text import Table
from temporal_pose.pose.skeletons import Skeleton


class TablePoses(NamedTuple):
    """What a table says of its places.

    Args:
        times: seconds of each place; None where the table does not tell them.
        remarks: see `temporal_pose.formats.clips.Clip`.
    """

    sheet: Sheet
    times: Float[np.ndarray, " M"] | None
    remarks: tuple[str, ...]

    def clip(self, name: str, skeleton: Skeleton | None, given: Given, **more: Any) -> Clip:
        """The poses that are there; see `Places.clip`."""
        told = {"times": self.times, "remarks": self.remarks, "kept": self.sheet, **more}
        return self.sheet.places.clip(name, skeleton, given, **told)


class When(NamedTuple):
    """Whose rows are, and of when."""

    frames: Int[np.ndarray, " n"]
    times: Float[np.ndarray, " n"] | None
    ids: Int[np.ndarray, " n"] | None
    people: Sequence[str]
    columns: Index
    remarks: tuple[str, ...]


def poses(
    table: Table,
    columns: Int[np.ndarray, "K 3"],
    index: Index,
    shares: Callable[[Float[np.ndarray, "M K 2"]], bool] = lambda positions: False,
) -> TablePoses:
    """Poses of a table with one row of header and then a row a pose.

    Args:
        columns: of x, y and score; -1 for none.
        shares: whether such positions are shares of the image.

    Raises:
        DataError: cells that are no numbers, or one person twice in a frame.
    """
    rows, width = table.filled(1), len(table.cells(0))
    values = numbers(table, rows, columns, width)
    when = read_when(table, rows, index)
    places = Places(when.frames, values, when.ids, shares(values[..., :2]))
    if when.ids is not None:
        places.refuse_twice(table.path)
    where = np.broadcast_to(np.array(rows, np.int64)[:, None], values.shape[:2])
    whole = np.broadcast_to(columns, values.shape)
    sheet = Sheet(table.put_away(), places, where, whole, when.columns, when.people, width=width)
    return TablePoses(sheet, when.times, (*when.remarks, *_shared(when)))


def _shared(when: When) -> Iterator[str]:
    """Of a table of one person, it seems, the frames that are there twice."""
    frames, counts = np.unique(when.frames, return_counts=True)
    twice = frames[counts > 1]
    if when.ids is None and 0 < len(twice) <= len(frames) / 2:
        more = f", and {len(twice) - 1} more," if len(twice) > 1 else ""
        yield (
            f"frame {twice[0]}{more} is in more than one row: without a column 'person' these are "
            "taken for several people"
        )


def numbers(
    table: Table, rows: Sequence[int], columns: Int[np.ndarray, "*some 3"], width: int
) -> Float[np.ndarray, "M *some 3"]:
    """Cells of rows as numbers; NaN where there are none.

    Raises:
        DataError: see `Table.numbers`.
    """
    wanted = columns[columns >= 0]
    order = wanted.tolist()
    values = np.full((len(rows), *columns.shape), np.nan)
    found = np.empty((len(rows), len(order)))
    for place, row in enumerate(rows):
        found[place] = table.numbers(row, order, width)
    values[:, columns >= 0] = found
    return values


def read_when(table: Table, rows: Sequence[int], index: Index) -> When:
    """Frames, times and people of rows.

    Where no column numbers the frames, each row is one, or each time if a column names people.

    Raises:
        DataError: a frame that is no whole number; times that are no numbers, where no frames are.
    """
    ids, people = None, list[str]()
    if index.person is not None:
        ids, people = _people([_text(table, row, index.person) for row in rows])
    times, remarks = None, list[str]()
    if index.time is not None:
        try:
            name = table.texts(0)[index.time]
            times, unit = seconds(table, rows, index, name)
            index = index._replace(unit=unit)
        except DataError as error:
            if index.frame is None:
                raise
            remarks.append(f"times were not read: {error}")
    if index.frame is not None:
        frames = frame_numbers(table, rows, index.frame)
    elif times is not None and ids is not None:
        frames = np.unique(times, return_inverse=True)[1].astype(np.int64)
    else:
        frames = np.arange(len(rows))
    if times is not None and not _agree(frames, times):
        times = None
        remarks.append("times were not read: they do not increase from frame to frame")
    return When(frames, times, ids, people, index, tuple(remarks))


def _agree(frames: Int[np.ndarray, " n"], times: Float[np.ndarray, " n"]) -> bool:
    """Whether each frame has one time, later than those before."""
    order = np.lexsort((times, frames))
    later, same = np.diff(times[order]) > 0, np.diff(frames[order]) == 0
    return bool((later ^ same).all())


def _people(texts: Sequence[str]) -> tuple[Int[np.ndarray, " n"], list[str]]:
    """Numbers of people, and the name of each number; -1 for an empty cell."""
    if all(text.isdecimal() and len(text) < 10 for text in texts if text):
        return np.array([int(text) if text else -1 for text in texts], np.int64), []
    names = list(dict.fromkeys(text for text in texts if text))
    number = {name: i for i, name in enumerate(names)} | {"": -1}
    return np.array([number[text] for text in texts], np.int64), names


def _text(table: Table, row: int, column: int) -> str:
    cells = table.cells(row)
    text = unquoted(cells[column]) if column < len(cells) else ""
    return text.removesuffix(".0")
