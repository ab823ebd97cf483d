"""What stands in a table: a score's mean over seeds, its spread, and how it compares."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from temporal_pose.reporting.results import Results, Run


@dataclass(frozen=True)
class Score:
    """A score and the way it is shown.

    Args:
        key: its name in ``metrics.json``, without ``test/`` or ``identity/``.
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
        disputed: the runs of the experiment disagree about it.
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
        """Marks behind the number."""
        return "†" * self.worse + "‡" * self.disputed

    def number(self, with_sd: bool = True) -> str:
        """The mean, and where there are several seeds, plus or minus the standard deviation."""
        if self.seeds == 0:
            return "–"
        if self.mean is None:
            return "n/a"
        mean = f"{self.mean:{'+' if self.signed else ''}z.{self.digits}f}"
        if self.interval is not None:
            low, high = (f"{end:+z.{self.digits}f}" for end in self.interval)
            return f"{mean} [{low}, {high}]"
        spread = f" ± {self.sd:.{self.digits}f}" if with_sd and self.sd is not None else ""
        return f"{mean}{spread}"


def model_cell(runs: Sequence[Run], score: Score) -> Cell:
    """The cell of a model from its runs of one experiment, a run a seed."""
    cell = cell_of([run.scores.get(f"test/{score.key}") for run in runs], score)
    return mark_worse(cell, [run.scores.get(f"identity/{score.key}") for run in runs], score)


def mark_worse(cell: Cell, identity: Sequence[float | None], score: Score) -> Cell:
    """Marks what is worse than the unrefined input; not for a lag, which that cannot have.

    Args:
        identity: the score of the same runs' input.
    """
    own = cell_of(identity, score)
    if cell.mean is None or own.mean is None or score.signed:
        return cell
    return replace(cell, worse=score.better(own.mean, cell.mean))


def identity_cell(results: Results, setup: str, k: float, score: Score) -> Cell:
    """The unrefined input of an experiment: as the identity's runs have it, else any other's."""
    name = f"identity/{score.key}"
    sources = identity_sources(results, setup, k)
    sources.sort(key=lambda run: run.scores.get(name) is None)  # an older version may lack it
    by_seed = {run.seed: run for run in reversed(sources)}
    return cell_of([by_seed[seed].scores.get(name) for seed in sorted(by_seed)], score)


def identity_sources(results: Results, setup: str, k: float) -> list[Run]:
    """The runs of an experiment in the order in which they are asked for the identity."""
    there = [run for run in results.runs if (run.setup, run.k) == (setup, k)]
    return sorted(there, key=lambda run: run.model != "identity")


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
