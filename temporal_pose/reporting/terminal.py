"""Tables in the terminal."""

from collections.abc import Sequence
from itertools import accumulate

from rich.text import Text

from temporal_pose.reporting.cells import Cell
from temporal_pose.reporting.table import Header, Table

_GAP = "  "  # between groups of columns


def terminal(table: Table, number: int) -> Text:
    """The table, narrow: means without their standard deviation; see the report for those."""
    stub = max(len(header.name) for header in table.headers)
    stub = max([stub, *(len(name) for name, _ in table.rows)])
    shown = [len(_plain(cell)) for _, cells in table.rows for cell in cells]
    width = 1 + max([*shown, *(len(text) + 1 for text, _ in table.headers[-1].spans)])
    groups = [span for _, span in table.headers[0].spans]
    lines = [Text(f"Table {number}. {table.title}.", "italic")]
    lines += [_header(header, stub, width, groups) for header in table.headers]
    lines += [Text("─" * (stub + sum(groups) * width + len(_GAP) * len(groups)), "dim")]
    lines += [_row(name.ljust(stub), cells, width, groups) for name, cells in table.rows]
    return Text("\n").join([*lines, *(Text(line, "dim") for line in table.legend)])


def _header(header: Header, stub: int, width: int, groups: Sequence[int]) -> Text:
    """Headings in the middle of their columns; those of one column end where its numbers end."""
    line, column, starts = header.name.ljust(stub), 0, set(accumulate(groups, initial=0))
    for text, span in header.spans:
        line += _GAP if column in starts else ""
        line += (text + " ").rjust(width) if span == 1 else text.center(span * width)
        column += span
    return Text(line)


def _row(name: str, cells: Sequence[Cell], width: int, groups: Sequence[int]) -> Text:
    line, starts = Text(name), set(accumulate(groups, initial=0))
    for column, cell in enumerate(cells):
        style = "bold" if cell.best else "dim" if cell.seeds == 0 else ""
        line.append(_GAP if column in starts else "")
        line.append(_plain(cell).rjust(width), style)
    return line


def _plain(cell: Cell) -> str:
    """A number and the room for a sign behind it, so that numbers stand below each other."""
    return cell.number(with_sd=False) + (cell.signs or " ")
