"""The cells of a line of a table, as they stand in it."""

import re
from collections.abc import Mapping

#: Of byte order; part of the first line.
MARK = "\ufeff"

_CELL = r'((?:[^"{0}]|"(?:[^"]|"")*"?)*)(?:{0}|$)'


def split(line: str, delimiter: str) -> list[str]:
    """The cells of a line as they stand, without the line's end."""
    line = line.rstrip("\r\n").removeprefix(MARK)
    if '"' not in line:
        return line.split(delimiter)
    cells = [match[1] for match in re.finditer(_CELL.format(re.escape(delimiter)), line)]
    return cells if line.endswith(delimiter) else cells[:-1]


def changed(line: str, delimiter: str, cells: Mapping[int, str]) -> str:
    """A line in which some cells are others."""
    before = split(line, delimiter)
    before.extend([""] * (max(cells, default=0) + 1 - len(before)))
    for column, text in cells.items():
        before[column] = text
    mark = MARK if line.startswith(MARK) else ""
    return mark + delimiter.join(before) + end_of(line)


def end_of(line: str) -> str:
    """What ends a line; nothing for the last one of many files."""
    return line[len(line.rstrip("\r\n")) :]


def unquoted(cell: str) -> str:
    """The text of a cell, without quotes and surrounding spaces."""
    text = cell.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('""', '"').strip()
    return text


def shown(text: str) -> str:
    """The beginning of a text for a message of one line."""
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def delimiter_of(line: str) -> str:
    """The delimiter that a row has most of; a comma where it has none."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(",;\t", key=bare.count)
