"""Tables and runs as CSV, for spreadsheets and programs."""

import csv
import io
from collections.abc import Iterable, Sequence

from temporal_pose.reporting.cells import Cell
from temporal_pose.reporting.results import Results
from temporal_pose.reporting.table import Table


def sheet(table: Table) -> str:
    """The table with a column each for mean, standard deviation and number of seeds.

    What is missing or cannot be measured is empty.
    """
    heads = zip(table.headers[0].columns, table.headers[-1].columns, strict=True)
    names = [f"{first} {last}" for first, last in heads]
    head = [f"{name}{part}" for name in names for part in ("", " sd", " seeds")]
    rows = ([name, *(v for cell in cells for v in _values(cell))] for name, cells in table.rows)
    return _csv([[table.headers[0].name, *head], *rows])


def _values(cell: Cell) -> list[str]:
    numbers = ("" if value is None else f"{value:.6g}" for value in (cell.mean, cell.sd))
    return [*numbers, str(cell.seeds)]


def tidy(results: Results) -> str:
    """One row per run and metric."""
    head = ["stage", "model", "setup", "k", "seed", "metric", "value", "config_hash", "git"]
    rows = (
        [
            *(results.stage, run.model, run.setup, f"{run.k:g}", str(run.seed), metric),
            *("" if value is None else repr(value), run.config_hash, run.git),
        ]
        for run in results.runs
        for metric, value in run.scores.items()
    )
    return _csv([head, *rows])


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
