"""What test predictions say beyond their means: paired differences, what became worse, and errors
by how wrong the input was, how fast the movement, and how sure the detector.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.runs.predictions import Predictions, read_predictions

#: Bootstrap samples; the interval's ends are then good to about 0.02 of its width.
SAMPLES = 4000

#: Errors of the input that part its bands, shares of the torso diameter: the thresholds of PCK.
ERROR_EDGES = (0.05, 0.1, 0.2)

#: Of all movements, the slower half, the fastest tenth, and what lies between.
SPEED_EDGES = (0.5, 0.9)

#: Of the detector's score.
SCORE_EDGES = (0.3, 0.6)


class Band(NamedTuple):
    """Some of the keypoints of a test set.

    Args:
        refined: mean position error of the predictions, heatmap pixels.
        raw: that of the unrefined input.
        share: of all keypoints that the kind of band sorts.
    """

    refined: float
    raw: float
    share: float


#: By what the bands sort, and by their names.
Bands = Mapping[str, Mapping[str, Band]]


@dataclass(frozen=True)
class KeptErrors:
    """Position errors of a run on the test set, heatmap pixels.

    Args:
        window: number of each window's first frame.
        video: of each window.
        cluster: what is drawn anew in the bootstrap: the window's group of videos, else its video.
        errors: of the predictions; 0 where there is no truth.
        identity: of the unrefined input.
        visible: where there is a truth, so that an error counts.
        bands: errors by what makes them large.
    """

    window: np.ndarray
    video: np.ndarray
    cluster: np.ndarray
    errors: Float[np.ndarray, "N T K"]
    identity: Float[np.ndarray, "N T K"]
    visible: Bool[np.ndarray, "N T K"]
    bands: Bands

    @classmethod
    def of(cls, kept: Predictions) -> "KeptErrors":
        """The errors of predictions."""
        there = kept.visible[..., None]
        with np.errstate(all="ignore"):  # what lies where there is no truth
            errors, identity = (
                np.linalg.norm(np.where(there, positions - kept.truth, 0), axis=-1)
                for positions in (kept.predicted, kept.observed)
            )
            masks = bands_of(kept, identity)
        cluster = kept.video if kept.group is None else kept.group
        bands = {kind: mean_by_band(errors, identity, own) for kind, own in masks.items() if own}
        return cls(kept.window, kept.video, cluster, errors, identity, kept.visible, bands)


def whole(folds: Sequence[KeptErrors]) -> KeptErrors:
    """The errors of all turns of a cross-validation as those of one run on the whole set.

    Bands, which are of one test set each, are left out.
    """
    if len(folds) == 1:
        return folds[0]
    names = ("window", "video", "cluster", "errors", "identity", "visible")
    parts = {name: np.concatenate([getattr(fold, name) for fold in folds]) for name in names}
    return KeptErrors(**parts, bands={})


def read_errors(file: Path) -> KeptErrors | None:
    """The errors of the predictions in a file, or None where there is none.

    Raises:
        RunFolderError: the file is damaged.
    """
    kept = read_predictions(file)
    return None if kept is None else KeptErrors.of(kept)


def mean_by_band(
    errors: Float[np.ndarray, "N T K"],
    identity: Float[np.ndarray, "N T K"],
    masks: Mapping[str, Bool[np.ndarray, "N T K"]],
) -> dict[str, Band]:
    """Errors of one kind of bands, and of their input."""
    every = sum(int(mask.sum()) for mask in masks.values())
    return {
        name: Band(float(errors[mask].mean()), float(identity[mask].mean()), mask.sum() / every)
        for name, mask in masks.items()
        if mask.any()
    }


def bands_of(
    kept: Predictions, identity: Float[np.ndarray, "N T K"]
) -> dict[str, dict[str, Bool[np.ndarray, "N T K"]]]:
    """Which keypoints are in which band, by kind and name.

    Args:
        identity: position errors of the input.
    """
    share = np.nan_to_num(identity / kept.torso[..., None], nan=np.inf)  # a torso may be 0
    by_error = _between(share, ERROR_EDGES, kept.visible)
    speed, moving = speeds(kept.truth, kept.visible)
    by_speed = {}
    if moving.any():
        slow, fast = np.quantile(speed[moving], SPEED_EDGES)
        by_speed = {
            "slower half": moving & (speed < slow),
            "between": moving & (slow <= speed) & (speed < fast),
            "fastest tenth": moving & (fast <= speed),
        }
    by_score = {} if kept.scores is None else _between(kept.scores, SCORE_EDGES, kept.visible)
    return {
        "Input's error (torsos)": by_error,
        "Movement": by_speed,
        "Detector's score": by_score,
    }


def _between(
    values: Float[np.ndarray, "N T K"], edges: Sequence[float], valid: Bool[np.ndarray, "N T K"]
) -> dict[str, Bool[np.ndarray, "N T K"]]:
    """Where a value is up to an edge and above the one before, or above all of them."""
    names = [*(f"to {edge:g}" for edge in edges), f"above {edges[-1]:g}"]
    ends = pairwise((-np.inf, *edges, np.inf))
    return {
        name: valid & (low < values) & (values <= high)
        for name, (low, high) in zip(names, ends, strict=True)
    }


def speeds(
    truth: Float[np.ndarray, "N T K 2"], visible: Bool[np.ndarray, "N T K"]
) -> tuple[Float[np.ndarray, "N T K"], Bool[np.ndarray, "N T K"]]:
    """How far each keypoint has moved since the window's frame before, and where that is known."""
    speed, moving = np.zeros(visible.shape, np.float32), np.zeros(visible.shape, bool)
    moving[:, 1:] = visible[:, 1:] & visible[:, :-1]
    steps = np.where(moving[:, 1:, :, None], np.diff(truth, axis=1), 0)
    speed[:, 1:] = np.linalg.norm(steps, axis=-1)
    return speed, moving


@dataclass(frozen=True)
class Worsened:
    """What refinement has made worse, as shares from 0 to 1.

    Args:
        videos: whose mean position error is above their input's.
        cells: pairs of a video and a keypoint of which that is true.
    """

    videos: float
    cells: float


def worsened(tested: Sequence[KeptErrors]) -> Worsened | None:
    """What the mean over runs of one model, one a seed, has made worse; None without any run, or
    if they were not tested on the same windows.
    """
    if not tested or not all(same_windows(one, tested[0]) for one in tested):
        return None
    first = tested[0]
    gaps = np.where(first.visible, _mean_errors(tested) - first.identity, 0).sum(1)
    _, number = np.unique(first.video, return_inverse=True)
    cells, counts = (
        np.stack([np.bincount(number, column) for column in part.T], 1)
        for part in (gaps, first.visible.sum(1))
    )
    videos = cells.sum(1)[counts.sum(1) > 0]
    return Worsened(float((videos > 0).mean()), float((cells[counts > 0] > 0).mean()))


@dataclass(frozen=True)
class Difference:
    """By how much the mean position error of one model is less (negative) or more than another's.

    Args:
        mean: heatmap pixels.
        interval: ends of the 95 % interval; None where there is but one cluster to draw.
    """

    mean: float
    interval: tuple[float, float] | None


def paired_difference(
    tested: Sequence[KeptErrors | None], others: Sequence[KeptErrors | None] | None
) -> Difference | None:
    """Difference of mean position errors, with a paired bootstrap interval by cluster.

    Clusters (persons, dances, or videos where those are not known), not frames, are drawn with
    replacement (Efron, Annals of Statistics, 1979): frames of a video resemble each other. Both
    models are scored on the same draws.

    Args:
        tested: runs of one model and experiment, one a seed; None for one without predictions.
        others: of the other model; None for the unrefined input of the same runs.

    Returns:
        None where predictions are missing, or the two were not tested on the same windows.
    """
    ours = [one for one in tested if one is not None]
    theirs = ours if others is None else [one for one in others if one is not None]
    missing = len(ours) < len(tested) or (others is not None and len(theirs) < len(others))
    if missing or not ours or not theirs:
        return None
    first = ours[0]
    if not all(same_windows(one, first) for one in (*ours, *theirs)):
        return None
    baseline = (
        np.mean([one.identity for one in ours], 0) if others is None else _mean_errors(theirs)
    )
    gaps = np.where(first.visible, _mean_errors(ours) - baseline, 0)
    return _bootstrap(gaps, first.visible, first.cluster)


def _mean_errors(tested: Sequence[KeptErrors]) -> Float[np.ndarray, "N T K"]:
    return np.mean([one.errors for one in tested], 0)


def same_windows(one: KeptErrors, other: KeptErrors) -> bool:
    """Whether two runs were tested on the same frames, with the same keypoints in them."""
    same_frames = np.array_equal(one.window, other.window)
    same_videos = np.array_equal(one.video, other.video)
    return same_frames and same_videos and np.array_equal(one.visible, other.visible)


def _bootstrap(
    gaps: Float[np.ndarray, "N T K"], visible: Bool[np.ndarray, "N T K"], cluster: np.ndarray
) -> Difference:
    _, number = np.unique(cluster, return_inverse=True)
    sums = np.bincount(number, gaps.sum((1, 2)))
    counts = np.bincount(number, visible.sum((1, 2)))
    size, mean = len(sums), float(sums.sum() / counts.sum())
    if size < 2:
        return Difference(mean, None)
    drawn = np.random.default_rng(0).multinomial(size, np.full(size, 1 / size), SAMPLES)
    total = drawn @ counts
    means = (drawn @ sums)[total > 0] / total[total > 0]
    low, high = np.quantile(means, [0.025, 0.975])
    return Difference(mean, (float(low), float(high)))
