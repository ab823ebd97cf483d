"""Tables as Markdown."""

from collections.abc import Sequence

from temporal_pose.reporting.cells import Cell
from temporal_pose.reporting.table import Header, Table


def markdown(table: Table, number: int) -> str:
    """A caption, the table, and its legend.

    Markdown knows one line of headings and no heading over several columns, so the further lines
    are rows, and a heading stands over the first of its columns, as in a thesis's plain text.
    """
    first, *others = table.headers
    width = len(first.columns)
    rule = ["---", *("---:" for _ in range(width))]
    lines = [_line([_escape(first.name), *_heads(first)]), _line(rule)]
    lines += [_line([_escape(header.name), *_heads(header)]) for header in others]
    lines += [_line([_escape(name), *map(_cell, cells)]) for name, cells in table.rows]
    caption = f"**Table {number}.** {_escape(table.title)}."
    legend = "<br>\n".join(_escape(line) for line in table.legend)
    return "\n".join([caption, "", *lines, "", legend, ""])


def _heads(header: Header) -> list[str]:
    return [
        _escape(text) if place == 0 else ""
        for text, width in header.spans
        for place in range(width)
    ]


def _cell(cell: Cell) -> str:
    number = cell.number()
    return (f"**{number}**" if cell.best else number) + cell.signs


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    for sign in "\\|*_<":
        text = text.replace(sign, f"\\{sign}")
    return text
