"""A table as data: what it says, not how a page, a sheet or TeX writes it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev


@dataclass(frozen=True)
class Score:
    """A score and the way it is shown.

    Args:
        key: its name in ``metrics.json``, without the side.
        unit: what a stored value is multiplied by: 100 makes a share a percentage.
        digits: behind the point.
        higher_is_better: or lower.
        signed: it has a sign, and the nearest to zero is best.
    """

    key: str
    unit: float = 100
    digits: int = 1
    higher_is_better: bool = True
    signed: bool = False

    def merit(self, value: float) -> float:
        """The higher, the better."""
        if self.signed:
            return -abs(value)
        return value if self.higher_is_better else -value

    def better(self, a: float, b: float) -> bool:
        """Whether a is better than b in the digits that are shown."""
        return self.merit(round(a, self.digits)) > self.merit(round(b, self.digits))


@dataclass(frozen=True)
class Cell:
    """One score of one model in one experiment.

    Args:
        seeds: how many runs there are; 0: the run is missing.
        mean: over those; None where the data has nothing to measure it by.
        sd: their sample standard deviation; None for a single run.
        digits: behind the point.
        best: of its column.
        worse: than the unrefined input of the same runs.
        disputed: the runs that it is of disagree.
        interval: ends of the mean's 95 % interval.
        signed: shown with its sign.
    """

    seeds: int = 0
    mean: float | None = None
    sd: float | None = None
    digits: int = 1
    best: bool = False
    worse: bool = False
    disputed: bool = False
    interval: tuple[float, float] | None = None
    signed: bool = False

    @property
    def signs(self) -> str:
        """Marks behind the number, but for that of the best."""
        return "†" * self.worse + "‡" * self.disputed

    def number(self, with_sd: bool = True) -> str:
        """The mean, and where there are several seeds, plus or minus the standard deviation."""
        if self.seeds == 0:
            return "–"
        if self.mean is None:
            return "n/a"
        mean = f"{self.mean:{'+' if self.signed else ''}z,.{self.digits}f}"
        if self.interval is not None:
            low, high = (f"{end:+z.{self.digits}f}" for end in self.interval)
            return f"{mean} [{low}, {high}]"
        spread = f" ± {self.sd:.{self.digits}f}" if with_sd and self.sd is not None else ""
        return f"{mean}{spread}"


def cell_of(values: Sequence[float | None], score: Score) -> Cell:
    """The mean and spread of a score over seeds; None stands for what could not be measured."""
    there = [value * score.unit for value in values if value is not None]
    return Cell(
        seeds=len(values),
        mean=fmean(there) if there else None,
        sd=stdev(there) if len(there) > 1 else None,
        digits=score.digits,
        signed=score.signed,
    )


def mark_worse(cell: Cell, identity: Sequence[float | None], score: Score) -> Cell:
    """Marks what is worse than the unrefined input; not for a lag, which that cannot have.

    Args:
        identity: the score of the same runs' input.
    """
    own = cell_of(identity, score)
    if cell.mean is None or own.mean is None or score.signed:
        return cell
    return replace(cell, worse=score.better(own.mean, cell.mean))


def mark_best(column: Sequence[Cell], score: Score) -> list[Cell]:
    """Marks the best of a column, and what equals it in the digits shown; none of a lone one."""
    means = [cell.mean for cell in column if cell.mean is not None]
    if len(means) < 2:
        return list(column)
    best = max(means, key=score.merit)
    return [
        replace(cell, best=cell.mean is not None and not score.better(best, cell.mean))
        for cell in column
    ]


@dataclass(frozen=True)
class Headings:
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

    def part(self, start: int, stop: int) -> "Headings":
        """The headings of some columns, each over those of its own that are left."""
        spans, column = [], 0
        for text, width in self.spans:
            left = min(stop, column + width) - max(start, column)
            spans += [(text, left)] if left > 0 else []
            column += width
        return Headings(self.name, tuple(spans))


def each(name: str, texts: Iterable[str], times: int = 1) -> Headings:
    """A line of headings over as many columns each."""
    return Headings(name, tuple((text, times) for text in texts))


#: A row's name and its cells.
TableRow = tuple[str, tuple[Cell, ...]]


@dataclass(frozen=True)
class ResultTable:
    """A table.

    Args:
        key: its file name.
        title: what it shows.
        headings: lines above the columns; the first and the last together tell columns apart.
        rows: names and cells.
        legend: what must be known to read it, beside what signs mean.
        best_of: what a best one is the best of.
    """

    key: str
    title: str
    headings: tuple[Headings, ...]
    rows: tuple[TableRow, ...]
    legend: tuple[str, ...] = ()
    best_of: str = "its column"

    def notes(self, best: str) -> list[str]:
        """The legend, and what the signs mean that are there.

        Args:
            best: how the best is marked where this is written.
        """
        cells = [cell for _, row in self.rows for cell in row]
        signs = {
            f"{best}: best of {self.best_of}.": any(cell.best for cell in cells),
            "†: worse than the identity function.": any(cell.worse for cell in cells),
            "–: no finished run.": any(cell.seeds == 0 for cell in cells),
            "n/a: the data has nothing to measure it by, or the run has not kept it.": any(
                cell.seeds > 0 and cell.mean is None for cell in cells
            ),
        }
        return [*self.legend, *(line for line, needed in signs.items() if needed)]

    def part(self, start: int, stop: int) -> "ResultTable":
        """Some columns of the table."""
        headings = tuple(line.part(start, stop) for line in self.headings)
        rows = tuple((name, cells[start:stop]) for name, cells in self.rows)
        return replace(self, headings=headings, rows=rows)


def table_rows(
    names: Sequence[str], columns: Iterable[tuple[Sequence[Cell], Score | None]]
) -> tuple[TableRow, ...]:
    """Rows of columns, the best of each column marked.

    Args:
        columns: cells, and by which score the best is found; None marks none.
    """
    marked = [mark_best(cells, score) if score else cells for cells, score in columns]
    return tuple(zip(names, zip(*marked, strict=True), strict=True))


def seeds_legend(counts: Mapping[str, Iterable[int]]) -> list[str]:
    """How many seeds are behind a number: of all where that is the same, else of each model.

    Args:
        counts: by the name of a model, how many runs its experiments have.
    """
    own = {name: sorted(set(numbers) - {0}) for name, numbers in counts.items()}
    every = {number for numbers in own.values() for number in numbers}
    if every <= {1}:
        return ["One seed."] if every else []
    if len(every) == 1:
        return [f"Mean ± sample standard deviation over {every.pop()} seeds."]
    listed = "; ".join(
        f"{n} {' or '.join(map(str, numbers))}" for n, numbers in own.items() if numbers
    )
    return [f"Mean ± sample standard deviation over seeds. Number of seeds: {listed}."]
