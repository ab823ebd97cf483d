"""Tables in text files, whose cells can be changed one by one.

Python's ``csv`` forgets how a cell was written: its quotes, its digits, its spaces. Here what
nobody changes is given back letter by letter.
"""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from temporal_pose.errors import DataError
from temporal_pose.formats.documents.texts import Original
from temporal_pose.formats.tables.cells import MARK, delimiter_of, shown, split, unquoted
from temporal_pose.formats.tables.whole_files import beginning, checked, regular

_MISSING = frozenset(("", "nan", "-nan", "na", "n/a", "#n/a", "null", "none"))
_COMMA = re.compile(r'\s*"?-?\d+,\d+(e[-+]?\d+)?"?\s*', re.IGNORECASE)
_AT_ONCE = 4096  # rows that are put together, so that a file is not there twice
_SAMPLE = 200  # rows that are looked at for how numbers and missing ones are written


@dataclass(frozen=True)
class Table:
    """A text file of rows and cells.

    Args:
        path: for messages.
        encoding: of the file; a byte order mark stays in the first line.
        lines: rows with their ends, as they stand in the file.
        delimiter: between cells.
        decimal: a point or a comma.
        missing: how the file writes a number that is not there.
        original: the file, for `again`.
    """

    path: Path
    encoding: str
    lines: Sequence[str]
    delimiter: str
    decimal: str = "."
    missing: str = ""
    original: Original | None = None

    def put_away(self) -> "Table":
        """The same without its lines, which take more room than all else."""
        return replace(self, lines=())

    def again(self) -> list[str]:
        """The lines that were put away.

        Raises:
            DataError: the file is gone, or another one by now.
        """
        if self.original is None:
            return list(self.lines)
        self.original.refuse_change(checked(self.original.path).checksum)
        return _lines(self.original.path)[1]

    def cells(self, row: int) -> list[str]:
        """The cells of a row as they stand, without the line's end."""
        return split(self.lines[row], self.delimiter)

    def texts(self, row: int) -> list[str]:
        """The cells of a row without quotes and surrounding spaces."""
        return [unquoted(cell) for cell in self.cells(row)]

    def filled(self, start: int) -> list[int]:
        """Rows from `start` on that have something in them."""
        nothing = f' \t\r\n"{self.delimiter}'
        return [row for row in range(start, len(self.lines)) if self.lines[row].strip(nothing)]

    def numbers(self, row: int, columns: Sequence[int], width: int, least: int = 0) -> list[float]:
        """Cells of a row as numbers, NaN where they are empty.

        Args:
            width: cells that a row has; more are allowed if they are empty.
            least: cells that a row may end after; 0 for all.

        Raises:
            DataError: a cell that is no number, or a row that is too short or too long.
        """
        cells = self.cells(row)
        if len(cells) != width:
            cells = self._of_width(row, cells, width, least or width)
        try:
            return [float(cells[column]) for column in columns]
        except ValueError:
            return [self.number(row, column, cells[column]) for column in columns]

    def number(self, row: int, column: int, cell: str) -> float:
        """A cell as a number, NaN where it is empty.

        Raises:
            DataError: it is none.
        """
        text = unquoted(cell)
        if text.lower() in _MISSING:
            return float("nan")
        try:
            return float(text.replace(",", "."))
        except ValueError:
            raise DataError(
                f"{self.at(row)}: cell {column + 1} is {shown(text)}; expected a number, or "
                "nothing for what is missing"
            ) from None

    def at(self, row: int) -> str:
        """The file and the number of a row's line, for messages."""
        line = 1 + sum(line.rstrip("\r\n").count("\n") + 1 for line in self.lines[:row])
        return f"{self.path}, line {line}"

    def written(self, value: float) -> str:
        """A number as the file writes them; it reads as the same number again."""
        if np.isnan(value):
            return self.missing
        text = repr(float(value)).replace(".", self.decimal)
        return f'"{text}"' if self.decimal == self.delimiter else text

    def all_written(self, values: Float[np.ndarray, " n"]) -> list[str]:
        """Numbers as `written` writes each, in a third of the time."""
        if self.decimal != ".":
            return [self.written(value) for value in values.tolist()]
        texts = list(map(repr, values.tolist()))
        for place in np.flatnonzero(np.isnan(values)).tolist():
            texts[place] = self.missing
        return texts

    def quoted(self, text: str) -> str:
        """Text as a cell."""
        special = (self.delimiter, '"', "\n", "\r")
        if not any(letter in text for letter in special):
            return text
        return '"' + text.replace('"', '""') + '"'

    def encoded(self, lines: list[str]) -> bytes:
        """Rows as the bytes of a file; the list is emptied, for the sake of memory."""
        buffer = io.BytesIO()
        lines.reverse()
        while lines:
            piece = lines[: -_AT_ONCE - 1 : -1]
            del lines[-_AT_ONCE:]
            buffer.write("".join(piece).encode(self.encoding))
        return buffer.getvalue()

    def _of_width(self, row: int, cells: list[str], width: int, least: int) -> list[str]:
        if len(cells) < least or any(unquoted(cell) for cell in cells[width:]):
            raise DataError(
                f"{self.at(row)}: {len(cells)} cells; expected {width}, as in the header: the "
                "file may be cut short, or written with another delimiter"
            )
        return [*cells[:width], *[""] * (width - len(cells))]


def opened(path: Path, header: int = 1, delimiter: str | None = None) -> Table:
    """A table of a text file.

    Args:
        header: rows before the numbers; the last of them shows the delimiter.
        delimiter: None to recognise a comma, a semicolon or a tab.

    Raises:
        DataError: a file that cannot be read, or is no text.
    """
    encoding, lines = _lines(regular(path))
    if any("\0" in line for line in lines):
        raise DataError(f"{path} is no text; expected a table of text, such as CSV")
    if len(lines) <= header - 1:
        raise DataError(f"{path} has {len(lines)} lines; expected {header} of header, and poses")
    mark = delimiter or delimiter_of(lines[header - 1])
    table = Table(path, encoding, lines, mark, original=checked(path))
    decimal, missing = _habits(table, header)
    return replace(table, decimal=decimal, missing=missing)


def first_rows(path: Path, rows: int) -> list[list[str]]:
    """Cells, without quotes, of the first rows of what may be a table; fewer where it is none."""
    start = beginning(path)
    if not start or start.startswith((b"PK", b"\x89HDF", b"\x93NUMPY")):
        return []
    text = start.decode(_marked(start) or "latin-1", "ignore").removeprefix(MARK)
    if "\0" in text:
        return []
    lines = re.split(r"\r?\n|\r", text, maxsplit=rows)[:rows]
    tables = (Table(path, "", [line], delimiter_of(line)) for line in lines)
    return [table.texts(0) for table in tables]


def _marked(start: bytes) -> str | None:
    """Encoding by a byte order mark."""
    marks = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\xef\xbb\xbf": "utf-8"}
    return next((name for mark, name in marks.items() if start.startswith(mark)), None)


def _lines(path: Path) -> tuple[str, list[str]]:
    """Encoding and lines; those of a quoted cell that spans several are one."""
    marked = _marked(beginning(path, 4))
    for encoding in [marked] if marked else ["utf-8", "cp1252", "latin-1"]:
        try:
            with path.open(encoding=encoding, newline="\n") as file:
                lines = list(file)
        except UnicodeError:
            continue
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}") from error
        if len(lines) == 1 and "\r" in lines[0].rstrip("\r\n"):  # as old spreadsheets end lines
            lines = re.findall(r"[^\r]*\r|[^\r]+$", lines[0])
        return encoding, list(_whole(lines))
    raise DataError(f"{path} begins as {marked} text and is none; write or copy the file again")


def _whole(lines: Sequence[str]) -> Iterator[str]:
    waiting = ""
    for line in lines:
        if '"' not in line:
            if waiting:
                waiting += line
            else:
                yield line
            continue
        waiting += line
        if waiting.count('"') % 2 == 0:
            yield waiting
            waiting = ""
    if waiting:  # a quote that is never closed: no quotes, then
        yield from re.findall(r"[^\n]*\n|[^\n]+$", waiting)


def _habits(table: Table, header: int) -> tuple[str, str]:
    """How numbers are written: the decimal mark, and what stands for a missing one."""
    decimal, missing = ".", None
    for row in table.filled(header)[:_SAMPLE]:
        for cell in table.cells(row):
            if (table.delimiter != "," or '"' in cell) and _COMMA.fullmatch(cell):
                decimal = ","
            if missing is None and unquoted(cell).lower() in _MISSING:
                missing = cell.strip()
    return decimal, missing or ""
