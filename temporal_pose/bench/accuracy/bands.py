"""Errors of all files together, by how wrong detections were, how fast keypoints, how sure."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float

from temporal_pose.bench.accuracy.videos import JudgedVideo, Measured
from temporal_pose.pose.metrics import torso_diameter
from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.reporting.comparisons import Band, bands_of, mean_by_band
from temporal_pose.runs.predictions import Predictions


def by_band(
    videos: Sequence[JudgedVideo], found: Sequence[Measured]
) -> dict[str, dict[str, Band]]:
    """What files came to, image pixels, by kind of band and its name; all points count alike."""
    kept = _together(videos)
    identity = np.linalg.norm(kept.observed - kept.truth, axis=-1)
    errors = _padded([one.errors for one in found])
    masks = bands_of(kept, identity)
    return {kind: mean_by_band(errors, identity, own) for kind, own in masks.items() if own}


def _together(videos: Sequence[JudgedVideo]) -> Predictions:
    """Every file as one long window; what a shorter one lacks is not visible."""
    truth, visible = (_padded([getattr(v, name) for v in videos]) for name in ("truth", "visible"))
    raw, scores = _padded([v.raw for v in videos]), _padded([v.seen.scores for v in videos])
    raw = np.where(visible[..., None], raw, 0)
    return Predictions(
        window=np.arange(len(videos)),
        video=np.array([video.name for video in videos]),
        predicted=raw,
        observed=raw,
        truth=np.where(visible[..., None], truth, 0),
        visible=visible,
        torso=_torsos(truth, visible, videos[0].seen.skeleton),
        scores=scores,
    )


def _torsos(
    truth: Float[np.ndarray, "V F K 2"], visible: np.ndarray, skeleton: Skeleton | None
) -> Float[np.ndarray, "V F"]:
    if skeleton is None:
        return np.full(truth.shape[:2], np.nan)
    places, there = torch.from_numpy(np.nan_to_num(truth)), torch.from_numpy(visible)
    return torso_diameter(places, there, skeleton).numpy()


def _padded(arrays: Sequence[np.ndarray]) -> np.ndarray:
    longest = max(len(array) for array in arrays)
    whole = np.zeros((len(arrays), longest, *arrays[0].shape[1:]), arrays[0].dtype)
    for own, array in zip(whole, arrays, strict=True):
        own[: len(array)] = array
    return whole
