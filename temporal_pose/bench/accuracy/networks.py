"""Trained networks on videos that they have not seen, by what `refine` gives."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from temporal_pose.bench.accuracy.videos import JudgedVideo, Measured
from temporal_pose.errors import RunFolderError
from temporal_pose.refining.refined import Refiner
from temporal_pose.refining.saved import load
from temporal_pose.runs.folders import RunFolder


def finished(root: Path) -> list[RunFolder]:
    """The finished runs below a folder: those of a cross-validation, say, of several seeds.

    Raises:
        RunFolderError: there is none.
    """
    runs = [RunFolder(file.parent) for file in sorted(root.rglob("metrics.json"))]
    runs = [run for run in runs if run.best.is_file() and run.config_file.is_file()]
    if not runs:
        raise RunFolderError(f"{root} holds no finished run; expected what `finetune` wrote")
    return runs


def judged(videos: Sequence[JudgedVideo], runs: Sequence[RunFolder]) -> list[Measured]:
    """Each video's figures, the mean over all runs that were not taught or chosen by it.

    Whether one was is told by the poses, not by names.

    Raises:
        RunFolderError: a video that every run has seen.
    """
    found: list[list[Measured]] = [[] for _ in videos]
    for run in runs:
        refiner, seen = load(run.path), run.trained_on()
        for video, own in zip(videos, found, strict=True):
            if video.fingerprint not in seen:
                own.append(video.measured(_refined(video, refiner)))
    for video, own in zip(videos, found, strict=True):
        if not own:
            raise RunFolderError(
                f"every run has been taught with {video.name}; expected runs of a "
                "cross-validation, such as finetune data.folds=5 makes"
            )
    return [_mean(own) for own in found]


def _refined(video: JudgedVideo, refiner: Refiner) -> np.ndarray:
    seen = video.seen
    places = np.where(seen.found[..., None], seen.keypoints, np.nan)
    refined = refiner.refine(places, seen.scores, fps=seen.fps, skeleton=seen.skeleton)
    return np.asarray(refined.keypoints)


def _mean(several: Sequence[Measured]) -> Measured:
    error, jitter = (float(np.mean([one[i] for one in several])) for i in range(2))
    keypoints = np.mean([one.keypoints for one in several], 0).tolist()
    return Measured(error, jitter, keypoints, np.mean([one.errors for one in several], 0))
