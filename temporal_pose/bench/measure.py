"""Timing two things against each other, and what a measurement is compared with."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

#: Of the shorter of two things, in a turn.
MOST_CALLS = 20


@dataclass(frozen=True)
class Pair:
    """Seconds of two things that were timed in turns.

    Args:
        a: of a call of the first, turn by turn.
        b: of a call of the second.
    """

    a: tuple[float, ...]
    b: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """How many times as long as the second the first took, turn by turn."""
        return [a / b for a, b in zip(self.a, self.b, strict=True)]

    @property
    def ratio(self) -> float:
        """Median of the ratios: a load that comes and goes meets both sides of most of them."""
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """Quartiles of the ratios."""
        return quartiles(self.ratios)


def measure(
    a: Callable[[], object],
    b: Callable[[], object],
    repeats: int,
    clock: Callable[[], float] | None = None,
) -> Pair:
    """Times two things in turns, so that what else the machine does meets both alike.

    Both are called before, untimed. The shorter one is called several times a turn, so that both
    turns are about equally long: a short call right after a long one would find its data gone
    from the caches and torch's threads asleep, which in the midst of a training they are not.

    Args:
        clock: ``time.process_time`` where both have threads, which other processes keep waiting:
            it counts what all of them compute.
    """
    a(), b()
    ratio = seconds(a, clock=clock) / seconds(b, clock=clock)
    calls = [min(MOST_CALLS, max(1, round(times))) for times in (1 / ratio, ratio)]
    turns = [(seconds(a, calls[0], clock), seconds(b, calls[1], clock)) for _ in range(repeats)]
    return Pair(*zip(*turns, strict=True))


def seconds(
    function: Callable[[], object], calls: int = 1, clock: Callable[[], float] | None = None
) -> float:
    """How long one call takes, on average of so many, by a clock; None for that on the wall."""
    now = time.perf_counter if clock is None else clock
    started = now()
    for _ in range(calls):
        function()
    return (now() - started) / calls


def quartiles(values: list[float]) -> tuple[float, float]:
    """First and third quartile."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high


@dataclass(frozen=True)
class Row:
    """One measurement.

    Args:
        what: was measured.
        value: in ``unit``.
        limit: what it should be at least, or at most; None where nothing is asked of it.
        unit: 'x' for a ratio.
        at_least: whether large values are good.
        spread: quartiles of the value, where it was measured more than once.
    """

    what: str
    value: float | int
    limit: float | int | None
    unit: str = "x"
    at_least: bool = True
    spread: tuple[float, float] | None = None

    @classmethod
    def of(cls, what: str, pair: Pair, limit: float | int | None, at_least: bool = True) -> "Row":
        """The ratio of a pair."""
        return cls(what, pair.ratio, limit, at_least=at_least, spread=pair.spread)

    @property
    def ok(self) -> bool:
        """Whether the target is met, if there is one."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a file."""
        return asdict(self) | {"ok": self.ok}
