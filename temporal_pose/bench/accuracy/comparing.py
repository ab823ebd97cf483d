"""Every filter by its defaults, and tuned on other groups than the one that it is tried on."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.bench.accuracy.videos import JudgedVideo, Measured
from temporal_pose.filters.base import Filter
from temporal_pose.refining.filtering import FilterRefiner
from temporal_pose.refining.named_filters import filter_named

_SAMPLES = 10_000  # of the bootstrap

#: The default of `refine`, whose jitter others may have when they are tuned for calm.
USUAL = "robust"


class Compared(NamedTuple):
    """A filter's figures against those of the detections, over all files.

    Args:
        settings: those that were used, the tuned ones in the order of the groups.
        error: mean distance from the truth, px.
        jitter: mean length of the error's second difference, px/frame².
        less_error: change of the error, share of the detections'; and its 95 % interval.
        less_jitter: change of the jitter; and its 95 % interval.
        than_usual: change of the error as a share of that of the default filter by its defaults;
            and its 95 % interval.
        files: how many have a larger error than the detections.
        cells: share of all pairs of a file and a keypoint that have.
        measured: each file's figures.
    """

    name: str
    settings: str
    error: float
    jitter: float
    less_error: tuple[float, float, float]
    less_jitter: tuple[float, float, float]
    than_usual: tuple[float, float, float]
    files: int
    cells: float
    measured: Sequence[Measured]


class FilterComparison:
    """What every row is compared with.

    Args:
        videos: all files.
    """

    def __init__(self, videos: Sequence[JudgedVideo]) -> None:
        self.videos = videos
        self.groups = np.unique([video.group for video in videos], return_inverse=True)[1]
        self.raw = [video.measured(video.raw) for video in videos]
        self.usual = self._of(filter_named(USUAL))

    def detections(self) -> Compared:
        """The row of what was not refined."""
        return self.row("raw", "", self.raw)

    def of_filter(self, name: str) -> Iterator[Compared]:
        """The rows of a filter: by its defaults, and tuned with each group left out in turn.

        Tuned by error alone, filters stay jittery; so also with the jitter bounded.
        """
        own = filter_named(name)
        yield self.row(name, "defaults", self.usual if name == USUAL else self._of(own))
        if own.smoother is None:
            return
        grid = [dict(zip(own.smoother.grid, some, strict=True)) for some in _values(own.smoother)]
        smoothers = (own.smoother.with_settings(**settings) for settings in grid)
        tried = [self._of(FilterRefiner(smoother)) for smoother in smoothers]
        for words, calm in (("tuned", False), (f"tuned, as calm as {USUAL} or calmest", True)):
            best = [self._best(tried, group, calm) for group in range(self.groups.max() + 1)]
            settings = "; ".join(dict.fromkeys(_written(grid[i]) for i in best))
            found = [tried[best[group]][video] for video, group in enumerate(self.groups)]
            yield self.row(name, f"{words}: {settings}", found)

    def row(self, name: str, settings: str, found: Sequence[Measured]) -> Compared:
        """What files came to beside their detections; each file counts alike."""
        raw, usual, after = map(_figures, (self.raw, self.usual, found))
        less_error, less_jitter = (self._change(raw[:, i], after[:, i]) for i in range(2))
        pairs = [
            new > old
            for was, became in zip(self.raw, found, strict=True)
            for old, new in zip(was.keypoints, became.keypoints, strict=True)
        ]
        error, jitter = after.mean(0).tolist()
        return Compared(
            name=name,
            settings=settings,
            error=error,
            jitter=jitter,
            less_error=less_error,
            less_jitter=less_jitter,
            than_usual=self._change(usual[:, 0], after[:, 0]),
            files=int((after[:, 0] > raw[:, 0]).sum()),
            cells=float(np.mean(pairs)),
            measured=found,
        )

    def _of(self, refiner: FilterRefiner) -> list[Measured]:
        return [video.measured(refiner.smoothed(video.seen)) for video in self.videos]

    def _best(self, tried: Sequence[Sequence[Measured]], group: int, calm: bool) -> int:
        """Number of the settings of least mean error on all groups but one.

        Args:
            calm: of those alone that leave no more jitter than the default filter; where none
                does, the calmest.
        """
        others = self.groups != group
        errors, jitters = np.array([_figures(row)[others].mean(0) for row in tried]).T
        bound = _figures(self.usual)[others, 1].mean() if calm else np.inf
        errors[jitters > max(bound, jitters.min())] = np.inf
        return int(errors.argmin())

    def _change(
        self, before: Float[np.ndarray, " V"], after: Float[np.ndarray, " V"]
    ) -> tuple[float, float, float]:
        return change(before, after, self.groups)


def _figures(some: Sequence[Measured]) -> Float[np.ndarray, "V 2"]:
    return np.array([(one.error, one.jitter) for one in some])


def _values(smoother: Filter) -> Iterator[tuple[float, ...]]:
    return itertools.product(*smoother.grid.values())


def change(
    before: Float[np.ndarray, " V"],
    after: Float[np.ndarray, " V"],
    groups: Int[np.ndarray, " V"],
    seed: int = 0,
) -> tuple[float, float, float]:
    """Change of a mean as a share of what it was, and the 95 % interval of a bootstrap of groups.

    Args:
        groups: number of each file's; they are drawn whole, for their files share a motion.
    """
    each = np.arange(groups.max() + 1)
    sums = np.stack([[some[groups == one].sum() for one in each] for some in (before, after)])
    drawn = np.random.default_rng(seed).choice(each, (_SAMPLES, len(each)))
    old, new = sums[:, drawn].sum(-1)
    low, high = np.quantile(new / old - 1, (0.025, 0.975)).tolist()
    return float(after.mean() / before.mean() - 1), low, high


def _written(settings: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in settings.items())
