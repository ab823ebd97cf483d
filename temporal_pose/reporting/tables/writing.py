"""Tables as Markdown, LaTeX, CSV and text; whatever they hold is escaped for where it goes."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise

from rich.text import Text

from temporal_pose.files.escaping import for_csv, for_markdown, for_tex, one_line
from temporal_pose.reporting.finished import Results
from temporal_pose.reporting.tables.result_table import Cell, Headings, ResultTable
from temporal_pose.runs.results import CONFIG_HASH, GIT, SEED

_GAP = "  "  # between groups of columns in the terminal
_STUB = 34  # characters of a row's name there


def markdown(table: ResultTable, number: int) -> str:
    """A caption, the table, and its legend.

    Markdown knows one line of headings and no heading over several columns, so the further lines
    are rows, and a heading stands over the first of its columns, as in a thesis's plain text.
    """
    first, *others = table.headings
    rule = ["---", *("---:" for _ in first.columns)]
    lines = [_markdown_line([for_markdown(first.name), *_markdown_heads(first)])]
    lines += [_markdown_line(rule)]
    lines += [_markdown_line([for_markdown(o.name), *_markdown_heads(o)]) for o in others]
    for name, cells in table.rows:
        lines.append(_markdown_line([for_markdown(name), *map(_markdown_cell, cells)]))
    caption = f"**Table {number}.** {for_markdown(table.title)}."
    legend = "<br>\n".join(map(for_markdown, table.notes("Bold")))
    return "\n".join([caption, "", *lines, "", legend, ""])


def _markdown_heads(line: Headings) -> list[str]:
    return [
        for_markdown(text) if place == 0 else ""
        for text, width in line.spans
        for place in range(width)
    ]


def _markdown_cell(cell: Cell) -> str:
    number = cell.number()
    return (f"**{number}**" if cell.best else number) + cell.signs


def _markdown_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def latex(tables: Sequence[ResultTable]) -> str:
    """All tables, to be read by ``\\input`` in a document that uses booktabs."""
    start = "% \\usepackage{booktabs} in the preamble, then \\input{tables}\n"
    return start + "".join(f"\n{_latex_table(table)}" for table in tables)


def _latex_table(table: ResultTable) -> str:
    width = len(table.headings[0].columns)
    caption = " ".join([f"{table.title}.", *table.notes("Bold")])
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{for_tex(caption, 10_000)}}}",
        rf"\label{{tab:{table.key}}}",
        *((r"\scriptsize", r"\setlength{\tabcolsep}{2pt}") if width > 9 else (r"\small",)),
        rf"\begin{{tabular}}{{l{'r' * width}}}",
        r"\toprule",
        *(line for headings in table.headings for line in _latex_headings(headings)),
        r"\midrule",
        *(_latex_line([for_tex(name), *map(_latex_cell, cells)]) for name, cells in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _latex_headings(headings: Headings) -> list[str]:
    """The headings, and below those over several columns a rule each."""
    name, spans = for_tex(headings.name), headings.spans
    if all(width == 1 for _, width in spans):
        return [_latex_line([name, *(for_tex(text) for text, _ in spans)])]
    heads = [rf"\multicolumn{{{width}}}{{c}}{{{for_tex(text)}}}" for text, width in spans]
    ends = list(accumulate((width for _, width in spans), initial=1))
    rules = [rf"\cmidrule(lr){{{start + 1}-{end}}}" for start, end in pairwise(ends)]
    return [_latex_line([name, *heads]), "".join(rules)]


def _latex_cell(cell: Cell) -> str:
    number = for_tex(cell.number())
    return (rf"\textbf{{{number}}}" if cell.best else number) + for_tex(cell.signs)


def _latex_line(cells: Sequence[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def sheet(table: ResultTable) -> str:
    """The table as CSV, with a column each for mean, standard deviation and number of seeds.

    What is missing or cannot be measured is empty.
    """
    heads = zip(table.headings[0].columns, table.headings[-1].columns, strict=True)
    alone = len(table.headings) == 1
    names = [first if alone else f"{first} {last}".strip() for first, last in heads]
    head = [f"{name}{part}" for name in names for part in ("", " sd", " seeds")]
    rows = [
        [for_csv(name), *(value for cell in cells for value in _values(cell))]
        for name, cells in table.rows
    ]
    return _csv([list(map(for_csv, [table.headings[0].name, *head])), *rows])


def _values(cell: Cell) -> list[str]:
    numbers = ("" if value is None else f"{value:.6g}" for value in (cell.mean, cell.sd))
    return [*numbers, str(cell.seeds)]


def tidy(results: Results) -> str:
    """One row per run and metric, as CSV."""
    head = [
        "stage",
        "model",
        "setup",
        "k",
        SEED,
        "fold",
        "metric",
        "value",
        CONFIG_HASH,
        GIT,
    ]
    rows = (
        [
            *map(for_csv, (results.stage, run.model, run.setup, f"{run.k:g}", str(run.seed))),
            str(run.fold or ""),
            *(for_csv(metric), "" if value is None else repr(value)),
            *map(for_csv, (run.config_hash, run.git)),
        ]
        for run in results.runs
        for metric, value in run.scores.items()
    )
    return _csv([head, *rows])


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def terminal(table: ResultTable, number: int, width: int = 100) -> Text:
    """The table for a terminal: means without their standard deviation, the best with a star,
    which shows where bold type does not; in parts below each other where it is wider.

    Args:
        width: characters of a line.
    """
    lines = [Text(one_line(f"Table {number}. {table.title}."), "italic")]
    for part in _parts(table, width):
        lines += _lines(part)
    lines += [Text(one_line(line, 1000), "dim") for line in table.notes("*")]
    return Text("\n").join(lines)


def _parts(table: ResultTable, width: int) -> Iterator[ResultTable]:
    """Groups of columns that fit into a line, a group at least in part."""
    room = width - _stub(table)
    column, groups = _column(table), [span for _, span in table.headings[0].spans]
    most = max(1, (room - len(_GAP)) // column)  # columns of one group
    pieces = [min(most, span - at) for span in groups for at in range(0, span, most)]
    start = stop = used = 0
    for piece in pieces:
        needed = piece * column + len(_GAP)
        if used and used + needed > room:
            yield table.part(start, stop)
            start, used = stop, 0
        stop, used = stop + piece, used + needed
    yield table.part(start, stop)


def _lines(table: ResultTable) -> list[Text]:
    stub, width = _stub(table), _column(table)
    groups = [span for _, span in table.headings[0].spans]
    rule = "─" * (stub + sum(groups) * width + len(_GAP) * len(groups))
    lines = [_heading(headings, stub, width, groups) for headings in table.headings]
    rows = [_row(_name(name).ljust(stub), cells, width, groups) for name, cells in table.rows]
    return [*lines, Text(rule, "dim"), *rows]


def _stub(table: ResultTable) -> int:
    names = [headings.name for headings in table.headings] + [name for name, _ in table.rows]
    return max(len(_name(name)) for name in names)


def _column(table: ResultTable) -> int:
    """Characters of a column; a heading over several of them has more room than it needs."""
    shown = [len(_plain(cell)) for _, cells in table.rows for cell in cells]
    heads = [-(-(len(one_line(t, 40)) + 1) // n) for line in table.headings for t, n in line.spans]
    return 1 + max([*shown, *heads])


def _name(name: str) -> str:
    return one_line(name, _STUB)


def _heading(headings: Headings, stub: int, width: int, groups: Sequence[int]) -> Text:
    """Headings in the middle of their columns; those of one column end where its numbers end."""
    line, column = _name(headings.name).ljust(stub), 0
    starts = set(accumulate(groups, initial=0))
    for text, span in headings.spans:
        shown = one_line(text, 40)
        line += _GAP if column in starts else ""
        line += f"{shown} ".rjust(width) if span == 1 else shown.center(span * width)
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
    return cell.number(with_sd=False) + (("*" * cell.best + cell.signs) or " ")
