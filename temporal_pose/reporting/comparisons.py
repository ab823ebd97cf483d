"""What the test predictions say beyond their means: paired differences, and the fastest movements.

Both need ``predictions.npz`` of the runs, the test set's predictions beside input and truth.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.errors import RunFolderError
from temporal_pose.reporting.results import Run

#: Bootstrap samples; the interval's ends are then good to about 0.02 of its width.
SAMPLES = 4000


@dataclass(frozen=True)
class Tested:
    """Position errors of a run on the test set, heatmap pixels.

    Args:
        window: number of each window's first frame.
        video: of each window.
        errors: of the predictions.
        identity: of the unrefined input.
        visible: where there is a truth, so that an error counts.
        fast: the fastest 10 % of the movements from one frame to the next, at the later frame.
    """

    window: np.ndarray
    video: np.ndarray
    errors: Float[np.ndarray, "N T K"]
    identity: Float[np.ndarray, "N T K"]
    visible: Bool[np.ndarray, "N T K"]
    fast: Bool[np.ndarray, "N T K"]


@lru_cache(maxsize=64)
def read_tested(run: Path) -> Tested | None:
    """The errors of a run, or None where it has kept no predictions.

    Raises:
        RunFolderError: the file is damaged.
    """
    file = run / "predictions.npz"
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        truth, visible = arrays["truth"], arrays["visible"]
        errors = np.linalg.norm(arrays["predicted"] - truth, axis=-1)
        identity = np.linalg.norm(arrays["observed"] - truth, axis=-1)
        where = (arrays["window"], arrays["video"])
        return Tested(*where, errors, identity, visible, fastest(truth, visible))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise RunFolderError(f"{file} is damaged ({error}); repeat the run") from None


def fastest(
    truth: Float[np.ndarray, "N T K 2"], visible: Bool[np.ndarray, "N T K"], share: float = 0.1
) -> Bool[np.ndarray, "N T K"]:
    """The fastest movements from one frame of a window to the next, marked at the later frame.

    Args:
        share: how many of all movements between two visible positions.
    """
    speed = np.full(visible.shape, -np.inf)
    speed[:, 1:] = np.linalg.norm(np.diff(truth, axis=1), axis=-1)
    speed[:, 1:][~(visible[:, 1:] & visible[:, :-1])] = -np.inf
    moving = speed[np.isfinite(speed)]
    if not moving.size:
        return np.zeros(visible.shape, bool)
    return np.isfinite(speed) & (speed >= np.quantile(moving, 1 - share))


def fast_error(run: Run, of_identity: bool = False) -> float | None:
    """Mean position error on the fastest 10 % of movements, heatmap pixels."""
    tested = read_tested(run.path)
    if tested is None or not tested.fast.any():
        return None
    errors = tested.identity if of_identity else tested.errors
    return float(errors[tested.fast].mean())


@dataclass(frozen=True)
class Difference:
    """By how much the mean position error of one model is less (negative) or more than another's.

    Args:
        mean: heatmap pixels.
        low: lower end of the 95 % interval.
        high: its upper end.
    """

    mean: float
    low: float
    high: float


def paired_difference(runs: Sequence[Run], others: Sequence[Run] | None) -> Difference | None:
    """Difference of mean position errors, with a paired bootstrap interval by video.

    Videos, not frames, are drawn with replacement (Efron, Annals of Statistics, 1979): frames of a
    video resemble each other. Both models are scored on the same drawn videos.

    Args:
        runs: of one model and experiment, one a seed.
        others: of the other model; None for the unrefined input of the same runs.

    Returns:
        None where predictions are missing, or the two were not tested on the same windows.
    """
    first = [read_tested(run.path) for run in runs]
    second = first if others is None else [read_tested(run.path) for run in others]
    if not first or not second or None in first or None in second:
        return None
    a = [t for t in first if t is not None]
    b = [t for t in second if t is not None]
    if any(not same_windows(t, a[0]) for t in (*a, *b)):
        return None
    ours = np.mean([tested.errors for tested in a], 0)
    theirs = np.mean([t.identity if others is None else t.errors for t in b], 0)
    return _bootstrap(np.where(a[0].visible, ours - theirs, 0), a[0].visible, a[0].video)


def same_windows(one: Tested, other: Tested) -> bool:
    """Whether two runs were tested on the same frames, with the same keypoints in them."""
    same_frames = np.array_equal(one.window, other.window)
    same_videos = np.array_equal(one.video, other.video)
    return same_frames and same_videos and np.array_equal(one.visible, other.visible)


def _bootstrap(
    gaps: Float[np.ndarray, "N T K"], visible: Bool[np.ndarray, "N T K"], video: np.ndarray
) -> Difference:
    _, number = np.unique(video, return_inverse=True)
    sums = np.bincount(number, gaps.sum((1, 2)))
    counts = np.bincount(number, visible.sum((1, 2)))
    videos = len(sums)
    drawn = np.random.default_rng(0).multinomial(videos, np.full(videos, 1 / videos), SAMPLES)
    total = drawn @ counts
    means = (drawn @ sums)[total > 0] / total[total > 0]
    low, high = np.quantile(means, [0.025, 0.975])
    return Difference(float(sums.sum() / counts.sum()), float(low), float(high))
