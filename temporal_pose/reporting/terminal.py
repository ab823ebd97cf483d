"""Tables in the terminal."""

from collections.abc import Sequence

from rich.text import Text

from temporal_pose.reporting.cells import Cell
from temporal_pose.reporting.table import Header, Table

_GAP = 2  # blanks between groups of columns; within a group there is one less


def terminal(table: Table, number: int) -> Text:
    """The table, narrow: means without their standard deviation; see the report for those."""
    stub = max(len(name) for name in _names(table))
    width = max(len(_plain(cell)) for _, cells in table.rows for cell in cells)
    width = max(width, *(len(text) for text, _ in table.headers[-1].spans)) + 1
    groups = [span for _, span in table.headers[0].spans]
    lines = [Text(f"Table {number}. {table.title}.", "italic")]
    lines += [_header(header, stub, width) for header in table.headers]
    rule = "─" * (stub + sum(groups) * width + _GAP * len(groups))
    lines += [Text(rule, "dim")]
    lines += [_row(name.ljust(stub), cells, groups, width) for name, cells in table.rows]
    return Text("\n").join([*lines, *(Text(line, "dim") for line in table.legend)])


def _names(table: Table) -> list[str]:
    return [header.name for header in table.headers] + [name for name, _ in table.rows]


def _header(header: Header, stub: int, width: int) -> Text:
    """Headings in the middle of their columns; those of one column end where its numbers end."""
    line = header.name.ljust(stub)
    for text, span in header.spans:
        line += text.rjust(width - 1) + " " if span == 1 else " " * _GAP + text.center(span * width)
    return Text(line)


def _row(name: str, cells: Sequence[Cell], groups: Sequence[int], width: int) -> Text:
    line, rest = Text(name), list(cells)
    for span in groups:
        line.append(" " * _GAP)
        for cell in rest[:span]:
            style = "bold" if cell.best else "dim" if cell.seeds == 0 else ""
            line.append(_plain(cell).rjust(width), style)
        rest = rest[span:]
    return line


def _plain(cell: Cell) -> str:
    """A number and the room for a sign behind it, so that numbers stand below each other."""
    return cell.number(with_sd=False) + (cell.signs or " ")
