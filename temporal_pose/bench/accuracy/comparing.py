"""Every filter by its defaults, and tuned on other groups than the one that it is tried on."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.bench.accuracy.videos import JudgedVideo, Measured
from temporal_pose.refining.filtering import FilterRefiner
from temporal_pose.refining.saved import filter_named

_SAMPLES = 10_000  # of the bootstrap


class Compared(NamedTuple):
    """A filter's figures against those of the detections, over all files.

    Args:
        settings: those that were used, the tuned ones in the order of the groups.
        error: mean distance from the truth, px.
        jitter: mean length of the error's second difference, px/frame².
        less_error: change of the error, share of the detections'; and its 95 % interval.
        less_jitter: change of the jitter; and its 95 % interval.
        files: how many have a larger error than the detections.
        cells: share of all pairs of a file and a keypoint that have.
    """

    name: str
    settings: str
    error: float
    jitter: float
    less_error: tuple[float, float, float]
    less_jitter: tuple[float, float, float]
    files: int
    cells: float


def compare(
    videos: Sequence[JudgedVideo], names: Sequence[str], seed: int = 0
) -> Iterator[Compared]:
    """The detections, then each filter, by its defaults and tuned with each group left out."""
    groups = np.unique([video.group for video in videos], return_inverse=True)[1]
    raw = [video.measured(video.raw) for video in videos]
    yield compared("raw", "", raw, raw, groups, seed)
    for name in names:
        usual = filter_named(name)
        found = [video.measured(usual.smoothed(video.seen)) for video in videos]
        yield compared(name, "defaults", raw, found, groups, seed)
        if usual.smoother is not None:
            chosen, found = tuned(videos, usual, groups)
            words = "; ".join(dict.fromkeys(map(_written, chosen)))
            yield compared(name, f"tuned: {words}", raw, found, groups, seed)


def of_runs(videos: Sequence[JudgedVideo], name: str, found: Sequence[Measured]) -> Compared:
    """What trained networks came to."""
    groups = np.unique([video.group for video in videos], return_inverse=True)[1]
    raw = [video.measured(video.raw) for video in videos]
    return compared(name, "trained", raw, found, groups, seed=0)


def compared(
    name: str,
    settings: str,
    raw: Sequence[Measured],
    found: Sequence[Measured],
    groups: Int[np.ndarray, " V"],
    seed: int,
) -> Compared:
    """What files came to beside their detections; each file counts alike."""
    before, after = (np.array([(one.error, one.jitter) for one in some]) for some in (raw, found))
    less_error, less_jitter = (change(before[:, i], after[:, i], groups, seed) for i in range(2))
    pairs = [
        new > old
        for was, became in zip(raw, found, strict=True)
        for old, new in zip(was.keypoints, became.keypoints, strict=True)
    ]
    error, jitter = after.mean(0).tolist()
    worse = int((after[:, 0] > before[:, 0]).sum())
    cells = float(np.mean(pairs))
    return Compared(name, settings, error, jitter, less_error, less_jitter, worse, cells)


def change(
    before: Float[np.ndarray, " V"],
    after: Float[np.ndarray, " V"],
    groups: Int[np.ndarray, " V"],
    seed: int,
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


def tuned(
    videos: Sequence[JudgedVideo], usual: FilterRefiner, groups: Int[np.ndarray, " V"]
) -> tuple[list[Mapping[str, float]], list[Measured]]:
    """The settings of least mean error on the other groups, for each; and what they give in it."""
    smoother = usual.smoother
    if smoother is None:
        raise ValueError("only a filter has settings")
    names, values = list(smoother.grid), itertools.product(*smoother.grid.values())
    grid = [dict(zip(names, some, strict=True)) for some in values]
    tried = [
        [video.measured(refiner.smoothed(video.seen)) for video in videos]
        for refiner in (FilterRefiner(smoother.with_settings(**one)) for one in grid)
    ]
    errors = np.array([[one.error for one in row] for row in tried])
    best = [int(errors[:, groups != own].mean(1).argmin()) for own in range(groups.max() + 1)]
    return [grid[i] for i in best], [tried[best[own]][v] for v, own in enumerate(groups)]


def _written(settings: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in settings.items())
