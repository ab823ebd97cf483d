"""A table as data: what it says, not how a page, a sheet or TeX writes it."""

from collections.abc import Sequence
from dataclasses import dataclass

from temporal_pose.reporting.cells import Cell


@dataclass(frozen=True)
class Header:
    """A line of headings above the columns.

    Args:
        name: what the line is about.
        spans: headings, each with the number of columns it stands over.
    """

    name: str
    spans: tuple[tuple[str, int], ...]

    @property
    def columns(self) -> list[str]:
        """The heading of each column."""
        return [text for text, width in self.spans for _ in range(width)]


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        key: its file name.
        title: what it shows.
        headers: lines above the columns; the first and the last together tell columns apart.
        rows: names and cells.
        legend: what its signs mean, and what else must be known to read it.
    """

    key: str
    title: str
    headers: tuple[Header, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    legend: tuple[str, ...]


def signs_legend(rows: Sequence[tuple[str, Sequence[Cell]]]) -> list[str]:
    """What the signs mean that are there."""
    cells = [cell for _, row in rows for cell in row]
    lines = {
        "Bold: best of its column.": any(cell.best for cell in cells),
        "†: worse than the identity function.": any(cell.worse for cell in cells),
        "–: no finished run.": any(cell.seeds == 0 for cell in cells),
        "n/a: the data has nothing to measure it by, or the run has not kept it.": any(
            cell.seeds > 0 and cell.mean is None for cell in cells
        ),
    }
    return [line for line, needed in lines.items() if needed]


def seeds_legend(counts: Sequence[tuple[str, Sequence[int]]]) -> list[str]:
    """How many seeds are behind a number: of all where that is the same, else of each model.

    Args:
        counts: names of models and the numbers of runs in their experiments.
    """
    own = {name: sorted(set(numbers) - {0}) for name, numbers in counts}
    every = {number for numbers in own.values() for number in numbers}
    if every <= {1}:
        return ["One seed."] if every else []
    if len(every) == 1:
        return [f"Mean ± sample standard deviation over {every.pop()} seeds."]
    listed = "; ".join(
        f"{n} {' or '.join(map(str, numbers))}" for n, numbers in own.items() if numbers
    )
    return [f"Mean ± sample standard deviation over seeds. Number of seeds: {listed}."]
