"""Tables as LaTeX."""

from collections.abc import Sequence

from temporal_pose.reporting.cells import Cell
from temporal_pose.reporting.table import Header, Table

_SIGNS = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "–": "--",
        "±": r"$\pm$",
        "†": r"$^\dagger$",
        "‡": r"$^\ddagger$",
        "²": r"$^2$",
    }
)


def latex(tables: Sequence[Table]) -> str:
    """All tables, to be read by ``\\input`` in a document that uses booktabs."""
    start = "% \\usepackage{booktabs} in the preamble, then \\input{tables}\n"
    return start + "".join(f"\n{_table(table)}" for table in tables)


def _table(table: Table) -> str:
    width = len(table.headers[0].columns)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_escape(f'{table.title}. ' + ' '.join(table.legend))}}}",
        rf"\label{{tab:{table.key}}}",
        *((r"\scriptsize", r"\setlength{\tabcolsep}{2pt}") if width > 9 else (r"\small",)),
        rf"\begin{{tabular}}{{l{'r' * width}}}",
        r"\toprule",
        *(line for header in table.headers for line in _header(header)),
        r"\midrule",
        *(_line([_escape(name), *map(_cell, cells)]) for name, cells in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _header(header: Header) -> list[str]:
    """The headings, and below those over several columns a rule each."""
    if all(width == 1 for _, width in header.spans):
        return [_line([_escape(header.name), *(_escape(text) for text, _ in header.spans)])]
    spans = [rf"\multicolumn{{{width}}}{{c}}{{{_escape(text)}}}" for text, width in header.spans]
    rules, start = [], 2
    for _, width in header.spans:
        rules.append(rf"\cmidrule(lr){{{start}-{start + width - 1}}}")
        start += width
    return [_line([_escape(header.name), *spans]), "".join(rules)]


def _cell(cell: Cell) -> str:
    number = _escape(cell.number())
    return (rf"\textbf{{{number}}}" if cell.best else number) + _escape(cell.signs)


def _line(cells: Sequence[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _escape(text: str) -> str:
    return text.translate(_SIGNS)
