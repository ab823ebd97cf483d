"""What the names of a table's columns mean: frame, time, person, and coordinates of keypoints."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import DataError
from temporal_pose.formats.tables.cells import shown, unquoted
from temporal_pose.formats.tables.text import Table

#: How columns and fields of frame numbers, and of times, are called; see `plain`.
FRAME = re.compile(r"(video_?)?frames?(_?(id|no|nr|num|number|idx|index|count))?")
_PERSON = re.compile(
    r"(person|people|player|subject|individual|instance|identity|track|pose|who|human)s?"
    r"(_?(id|no|nr|num|number|idx|index|name))?|id"
)
TIME = re.compile(
    r"(?:(?:elapsed_)?(?:time|timestamp|time_stamp|t)(?:_in)?)_?"
    r"(s|secs?|seconds?|ms|msecs?|millis|milliseconds?|us|microseconds?|ns|nanoseconds?)?"
    r"|(secs?|seconds?|ms|msecs?|millis|milliseconds?)"
)
_AXES = {
    "x": "x",
    "y": "y",
    "z": "z",
    **dict.fromkeys(("score", "s", "conf", "confidence", "c", "likelihood"), "score"),
    **dict.fromkeys(("visibility", "vis", "v"), "visibility"),
    **dict.fromkeys(("presence", "pres", "p"), "presence"),
}
_WORDS = "|".join(sorted(_AXES, key=len, reverse=True))
_NAMING = (
    re.compile(rf"(?P<key>.*\S)[ _.:/-](?P<axis>{_WORDS})", re.IGNORECASE),  # left knee.x, 11_x
    re.compile(rf"(?P<key>.*\d)(?P<axis>{_WORDS})", re.IGNORECASE),  # 11x
    re.compile(rf"(?P<axis>{_WORDS})[ _.-]?(?P<key>\d+)", re.IGNORECASE),  # x11, x_11
    re.compile(rf"(?P<axis>{_WORDS})[ _.:](?P<key>\D.*)", re.IGNORECASE),  # x_nose
    re.compile(r"(?P<key>.*[a-z\d])(?P<axis>[XYZ]|Score|Visibility)"),  # leftKneeX
)
_NUMBERED = re.compile(r"(?:(?:pose|landmark|lm|kp|keypoint|joint|point)s?[ _.-]?)*(\d+)", re.I)
_BOXES = re.compile(r"(.*[ _.-])?(bbox|box|bb|roi|image)([ _.-].*|\d.*)?", re.I)
_UNITS = (
    ("ms", 1e-3),
    ("mil", 1e-3),
    ("us", 1e-6),
    ("mic", 1e-6),
    ("n", 1e-9),
    ("s", 1.0),
)


class Index(NamedTuple):
    """Numbers of the columns that say what a row is of; None for one that is not there.

    Args:
        unit: seconds that one step of the time column stands for.
    """

    frame: int | None = None
    time: int | None = None
    person: int | None = None
    unit: float = 1.0

    @property
    def known(self) -> list[int]:
        """The columns that are there."""
        return [column for column in (self.frame, self.time, self.person) if column is not None]


def plain(name: str) -> str:
    """A column's name in small letters, words joined by a low line."""
    return re.sub(r"\W+", "_", name.strip().lower()).strip("_")


def index_of(header: Sequence[str], but: Sequence[int] = ()) -> Index:
    """The columns of frame, time and person.

    Args:
        header: names of all columns.
        but: columns that are something else.
    """
    names = {i: plain(name) for i, name in enumerate(header) if i not in but}
    found = {
        what: next((i for i, name in names.items() if pattern.fullmatch(name)), None)
        for what, pattern in (("frame", FRAME), ("time", TIME), ("person", _PERSON))
    }
    return Index(found["frame"], found["time"], found["person"])


def coordinates(header: Sequence[str], where: object) -> dict[str, dict[str, int]]:
    """Columns of each keypoint that has x and y, by axis: x, y, z, score, visibility, presence.

    Keypoints come in the order of the file, called as it calls them.

    Raises:
        DataError: two columns of one keypoint and axis.
    """
    found: dict[str, dict[str, int]] = {}
    for column, name in enumerate(header):
        match = next((m for m in (one.fullmatch(name.strip()) for one in _NAMING) if m), None)
        if match is None or _BOXES.fullmatch(match["key"]):
            continue
        axes, axis = found.setdefault(match["key"], {}), _AXES[match["axis"].lower()]
        if axis in axes:
            raise DataError(f"{where}: two columns are '{name}'; expected one: rename the other")
        axes[axis] = column
    return {key: axes for key, axes in found.items() if {"x", "y"} <= axes.keys()}


def number_of(key: str) -> int | None:
    """The number by which a table calls a keypoint; None for a name."""
    match = _NUMBERED.fullmatch(key)
    return int(match[1]) if match and len(match[1]) < 6 else None


def frame_numbers(table: Table, rows: Sequence[int], column: int) -> Int[np.ndarray, " n"]:
    """Frame numbers of rows; of the name of an image, the last number in it.

    Raises:
        DataError: a cell without a whole number.
    """
    found = []
    for row in rows:
        cells = table.cells(row)
        text = unquoted(cells[column]) if column < len(cells) else ""
        if text.isdecimal() and len(text) < 16:
            found.append(int(text))
        else:
            found.append(frame_number(text, table.at(row)))
    return np.array(found, np.int64)


def frame_number(text: str, where: object) -> int:
    """The frame that a text tells; of the name of an image, the last number in it.

    Raises:
        DataError: no whole number.
    """
    numbers = re.findall(r"\d+", text.rpartition(".")[0] or text)  # of img0012.png
    plainly = re.fullmatch(r"[-+\d.,\seE]*|[a-z]*", text) or not numbers
    try:
        value = float(text.replace(",", ".") if plainly else numbers[-1])
        if value != int(value) or abs(value) > 2**53:
            raise ValueError
    except (ValueError, OverflowError):
        raise DataError(f"{where}: the frame is {shown(text)}; expected a whole number") from None
    return int(value)


def seconds(
    table: Table, rows: Sequence[int], index: Index, name: str
) -> tuple[Float[np.ndarray, " n"], float]:
    """Times of rows, and how many seconds the column counts by.

    Args:
        index: with a column of times.
        name: of that column, see `unit_of`.

    Raises:
        DataError: a cell that is no number.
    """
    column = -1 if index.time is None else index.time
    cells = (table.cells(row) for row in rows)
    texts = [some[column] if column < len(some) else "" for some in cells]
    found = [table.number(row, column, text) for row, text in zip(rows, texts, strict=True)]
    times = np.array(found, float)
    for row in np.flatnonzero(~np.isfinite(times))[:1].tolist():
        raise DataError(f"{table.at(rows[row])}: the time is missing; expected a number")
    scale = unit_of(name, times)
    return times * scale, scale


def unit_of(name: str, times: Float[np.ndarray, " n"]) -> float:
    """Seconds that one step of times stands for: by their name, or by how far apart they are.

    No camera takes a picture every two seconds, or every two milliseconds.
    """
    match = TIME.fullmatch(plain(name))
    unit = match and (match[1] or match[2])
    if unit:
        return next(scale for begin, scale in _UNITS if unit.startswith(begin))
    steps = np.diff(np.unique(times))
    step = float(np.median(steps)) if len(steps) else 0.0
    sizes = ((2, 1.0), (2e3, 1e-3), (2e6, 1e-6))
    return next((scale for most, scale in sizes if step <= most), 1e-9)
