"""Tracks as arrays: one column a keypoint of a window, with the size of its person."""

import numpy as np
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from temporal_pose.errors import DataError
from temporal_pose.filters.resampling import frame_times
from temporal_pose.filters.stretches import Detected
from temporal_pose.pose.observations import Tracks


def columns_of(tracks: Tracks) -> Detected:
    """Tracks side by side, of the type they have.

    A keypoint without a score, or one that is NaN, counts as sure.

    Raises:
        DataError: times that do not increase.
    """
    keypoints = tracks.positions.shape[2]
    positions = _flat(tracks.positions)
    detected = _flat(tracks.detected)
    scores = np.ones((1, 1))
    if tracks.scores is not None:
        scores = _flat(tracks.scores)
        scores = np.where(np.isnan(scores), scores.dtype.type(1), scores)
    fps, times = _clocks(tracks)
    sizes = [
        person_size(*pair)
        for pair in zip(_array(tracks.positions), _array(tracks.detected), strict=True)
    ]
    return Detected(
        positions,
        detected,
        fps.repeat(keypoints),
        np.broadcast_to(scores, detected.shape),
        np.array(sizes).repeat(keypoints),
        None if times is None else times.repeat(keypoints, axis=1),
    )


def person_size(positions: Float[np.ndarray, "T K 2"], detected: Bool[np.ndarray, "T K"]) -> float:
    """Median over frames of the longer side of the tight box of what was detected.

    Frames with fewer than two detections have none; 0 if all have.
    """
    some = detected.sum(1) > 1
    found = detected[some, :, None]
    high = np.where(found, positions[some], -np.inf).max(1, initial=-np.inf)
    low = np.where(found, positions[some], np.inf).min(1, initial=np.inf)
    return float(np.median((high - low).max(1))) if some.any() else 0.0


def _clocks(
    tracks: Tracks,
) -> tuple[Float[np.ndarray, " B"], Float[np.ndarray, "T B"] | None]:
    """Frames per second of each row, and the times of its frames in steps of one over that."""
    fps = _array(tracks.fps.double())
    if tracks.times is None:
        return fps, None
    seconds = _array(tracks.times.double())
    wrong = np.argwhere(~(np.diff(seconds, axis=1) > 0))
    if len(wrong):
        raise DataError(
            f"times do not increase at frame {wrong[0, 1] + 1}; expected seconds in order"
        )
    clocks = [frame_times(*pair) for pair in zip(seconds, fps.tolist(), strict=True)]
    rates = np.array([rate for rate, _ in clocks])
    even = np.arange(seconds.shape[1], dtype=float)
    if all(times is None for _, times in clocks):
        return rates, None
    return rates, np.stack([even if times is None else times for _, times in clocks], 1)


def _flat(tensor: Shaped[Tensor, "B T K *rest"]) -> Shaped[np.ndarray, "T N *rest"]:
    return _array(tensor.transpose(0, 1).flatten(1, 2))


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
