"""Tables that have a row a landmark: frame, which landmark, x, y, and whatever else."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from temporal_pose.errors import DataError
from temporal_pose.formats.tables.cells import shown, unquoted
from temporal_pose.formats.tables.columns import Index, index_of, plain, seconds
from temporal_pose.formats.tables.landmark_names import LANDMARKS, landmark
from temporal_pose.formats.tables.places import Places, shares
from temporal_pose.formats.tables.rows import TablePoses, When, read_when
from temporal_pose.formats.tables.sheets import Sheet
from temporal_pose.formats.tables.text import Table

_NAMED = re.compile(
    r"(pose_?)?(landmark|keypoint|joint|point|lm|kp|body_?part)s?"
    r"(_?(id|no|nr|num|number|idx|index|name))?"
)
_ELSE = ("name", "id", "index", "idx", "part", "label")
_SCORES = ("visibility", "vis", "v", "score", "presence", "likelihood", "confidence")


class Columns(NamedTuple):
    """Numbers of a table's columns.

    Args:
        which: those that say which landmark a row is of; the first one counts.
        kind: that which says what a row is of, a pose or a hand; None if all are of poses.
        score: -1 for none.
    """

    which: list[int]
    x: int
    y: int
    score: int
    kind: int | None


def columns_of(header: Sequence[str]) -> Columns | None:
    """The columns of a table of landmarks; None for another table."""
    names = [plain(name) for name in header]
    which = [i for i, name in enumerate(names) if _NAMED.fullmatch(name)]
    which = which or [names.index(name) for name in _ELSE if name in names]
    if not which or not {"x", "y"} <= set(names):
        return None
    score = next((names.index(name) for name in _SCORES if name in names), -1)
    kind = names.index("type") if "type" in names else None
    return Columns(which, names.index("x"), names.index("y"), score, kind)


def poses(table: Table, columns: Columns) -> tuple[TablePoses, list[int]]:
    """The poses of a table, and the numbers of the landmarks that it has rows of.

    A pose ends where its frame or person does, or where a landmark comes again.

    Raises:
        DataError: a landmark that is none, cells that are no numbers, a person's landmark twice.
    """
    every = table.filled(1)
    if columns.kind is not None:
        every = [row for row in every if table.texts(row)[columns.kind].lower() == "pose"]
    if not every:
        raise DataError(f"{table.path}: no row is a landmark's; expected rows below the header")
    which = [_landmark(table, row, columns.which[0]) for row in every]
    columns = columns._replace(which=_telling(table, every, which, columns.which))
    header = table.texts(0)
    index = index_of(header, [*columns.which, columns.x, columns.y, columns.score])
    when = _when(table, every, index, which)
    where = _gathered(table, every, which, when)
    cells = [c for c in (columns.x, columns.y, columns.score) if c >= 0]
    known = sorted(set(which))
    rows = np.array([[pose.get(number, -1) for number in known] for pose, _ in where], np.int64)
    values = np.full((*rows.shape, 3), np.nan)
    for place, keypoint in np.argwhere(rows >= 0):
        found = table.numbers(int(rows[place, keypoint]), cells, len(header))
        values[place, keypoint, : len(found)] = found
    firsts = np.array([first for _, first in where])
    ids = None if when.ids is None else when.ids[firsts]
    places = Places(when.frames[firsts], values, ids, shares(values[..., :2]))
    times = None if when.times is None else when.times[firsts]
    three = np.array([columns.x, columns.y, columns.score])
    labels = _labels(table, dict(zip(which, every, strict=True)), columns, known)
    all_columns = np.broadcast_to(three, values.shape)
    named: dict[str, Any] = {"people": when.people, "labels": labels, "width": len(header)}
    sheet = Sheet(table.put_away(), places, rows, all_columns, when.columns, **named)
    return TablePoses(sheet, times, when.remarks), known


def _landmark(table: Table, row: int, column: int) -> int:
    cells = table.cells(row)
    text = unquoted(cells[column]) if column < len(cells) else ""
    number = int(text) if re.fullmatch(r"\d{1,3}", text) else landmark(text)
    if number is None or number >= LANDMARKS:
        raise DataError(
            f"{table.at(row)}: {shown(text)} is no landmark; expected a number from 0 to 32, or "
            "one of MediaPipe's names"
        )
    return number


def _telling(
    table: Table, rows: Sequence[int], which: Sequence[int], columns: Sequence[int]
) -> list[int]:
    """Those columns that are the same in all rows of a landmark, and not in those of others.

    An ``id`` beside a ``name`` may be a person's.
    """
    found = list(columns[:1])
    for column in columns[1:]:
        texts = [table.texts(row)[column] for row in rows]
        pairs = set(zip(which, texts, strict=True))
        if len(pairs) == len(set(which)) == len(set(texts)):
            found.append(column)
    return found


def _when(table: Table, rows: Sequence[int], index: Index, which: Sequence[int]) -> When:
    """Frames, times and people of rows.

    Without numbers of frames each time is one; without times as well, one ends where a landmark
    comes again.
    """
    if index.frame is not None:
        return read_when(table, rows, index)
    when = read_when(table, rows, Index(person=index.person))
    if index.time is not None:
        times, unit = seconds(table, rows, index, table.texts(0)[index.time])
        frames = np.unique(times, return_inverse=True)[1].astype(np.int64)
        return when._replace(frames=frames, times=times, columns=index._replace(unit=unit))
    seen: set[int] = set()
    frame, counted = 0, []
    for number in which:
        if number in seen:
            frame, seen = frame + 1, set()
        seen.add(number)
        counted.append(frame)
    return when._replace(frames=np.array(counted, np.int64))


def _gathered(
    table: Table, rows: Sequence[int], which: Sequence[int], when: When
) -> list[tuple[dict[int, int], int]]:
    """The row of each landmark of each pose, and which of the rows is the pose's first."""
    found: list[tuple[dict[int, int], int]] = []
    latest: dict[tuple[int, int], int] = {}
    people = np.full(len(rows), -1) if when.ids is None else when.ids
    each = zip(rows, which, when.frames.tolist(), people.tolist(), strict=True)
    for place, (row, number, frame, person) in enumerate(each):
        last = latest.get((frame, person))
        if last is None or number in found[last][0]:
            if last is not None and person >= 0:
                raise DataError(
                    f"{table.at(row)}: landmark {number} of person {person} is twice in frame "
                    f"{frame}; expected one row: remove the other"
                )
            latest[frame, person] = last = len(found)
            found.append(({}, place))
        found[last][0][number] = row
    return found


def _labels(
    table: Table, rows: Mapping[int, int], columns: Columns, known: Sequence[int]
) -> list[dict[int, str]]:
    """Cells that say which landmark a row is of.

    Args:
        rows: one of each landmark.
    """
    told = columns.which if columns.kind is None else [*columns.which, columns.kind]
    cells = {number: table.cells(rows[number]) for number in known}
    return [{column: cells[number][column] for column in told} for number in known]
