"""What refining did to a track, told without a truth: calmer, and at what price."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.refining.calmness import (
    MotionKept,
    accelerations,
    band_kept,
    limb_variation,
    mean_of,
    range_kept,
    usual_step,
)
from temporal_pose.refining.cleaning import Cleaned, body_size
from temporal_pose.refining.moments import Moment, worst_moments
from temporal_pose.refining.vectors import both, length

#: Distances beyond so many body sizes are all the same.
_FAR = 10


class Largest(NamedTuple):
    """The largest displacement: where on the track's axis, of which keypoint, pixels."""

    place: int
    keypoint: int
    pixels: float


@dataclass(frozen=True)
class Diagnosis:
    """One person's track before and after, in image pixels.

    Args:
        frames: on the track's axis.
        size: of the body, pixels.
        jitter: mean norm of the second difference, px/frame², of raw and of refined, in the frames
            in which raw was there.
        frame_s: the usual time between frames, seconds; jitter / frame_s² is in px/s².
        cutoff_hz: up to which frequency motion is looked at.
        band: motion below the cut-off, and the share of its power that is kept.
        range: range of motion, and the share that is kept.
        noise: of raw, pixels an axis, of each keypoint, told from its fastest changes.
        displacement: mean distance of refined from raw where raw was used, pixels.
        largest: the largest one; None where raw was nowhere used.
        given: detections that there were.
        filled: positions that refined has, and raw had not or were set aside, of each keypoint.
        frames_filled: frames in which there was nothing to go by.
        aside: how many detections were set aside, by reason.
        swaps: moments in which left and right were exchanged and set aside.
        lasting: detections with left and right exchanged for too long to set them aside.
        changes: how often the file's number of the person changes.
        limbs: coefficient of variation of a limb's length, median over limbs, before and after.
        worst: the moments worth a look, the worst first.
    """

    frames: int
    size: float
    jitter: tuple[float, float]
    frame_s: float
    cutoff_hz: float
    band: MotionKept
    range: MotionKept
    noise: Float[np.ndarray, " K"]
    displacement: float
    largest: Largest | None
    given: int
    filled: Int[np.ndarray, " K"]
    frames_filled: int
    aside: dict[str, int]
    swaps: int
    lasting: int
    changes: int
    limbs: tuple[float, float]
    worst: tuple[Moment, ...]


def diagnose(
    cleaned: Cleaned,
    refined: Float[np.ndarray, "F K 2"],
    times: Float[np.ndarray, " F"],
    skeleton: Skeleton | None = None,
    cutoff_hz: float = 5.0,
    changes: int = 0,
) -> Diagnosis:
    """Measures a track before and after.

    Args:
        cleaned: raw, and what was set aside.
        refined: image pixels; NaN where there is no refined position.
        times: seconds of each frame, growing.
        skeleton: whose limbs are measured; None for nobody knows.
        cutoff_hz: motion up to this frequency is to be kept.
        changes: how often the file's number of the person changes.
    """
    raw, after = cleaned.keypoints, both(np.isfinite(refined))
    refined = np.where(after[..., None], refined, 0.0)
    shown, used = ~cleaned.missing & ~cleaned.outside & after, cleaned.usable & after
    rough, size = accelerations(raw, shown, times), body_size(raw, cleaned.usable)
    moved = length(refined - raw)
    seen = np.where(~cleaned.missing & after, np.minimum(moved, _FAR * size), np.nan)
    limbs = () if skeleton is None else skeleton.limb_indices
    return Diagnosis(
        frames=len(times),
        size=size,
        jitter=(mean_of(rough), mean_of(accelerations(refined, shown, times))),
        frame_s=usual_step(times),
        cutoff_hz=cutoff_hz,
        band=band_kept(raw, refined, used, times, cutoff_hz),
        range=range_kept(raw, refined, used),
        noise=_noise(np.where(used, rough, np.nan)),
        displacement=mean_of(np.where(used, moved, np.nan)),
        largest=_largest(np.where(used, moved, -1.0)),
        given=int((~cleaned.missing).sum()),
        filled=(after & ~cleaned.usable).sum(0),
        frames_filled=int((after.any(1) & ~cleaned.usable.any(1)).sum()),
        aside=cleaned.reasons,
        swaps=_moments(np.asarray(cleaned.exchanged.any(1))),
        lasting=int(cleaned.lasting.sum()),
        changes=changes,
        limbs=(limb_variation(raw, used, limbs), limb_variation(refined, used, limbs)),
        worst=worst_moments(cleaned, seen, rough, usual_step(times)),
    )


def _noise(acceleration: Float[np.ndarray, "F K"]) -> Float[np.ndarray, " K"]:
    """Of white noise of that size an axis, half of the second differences are longer."""
    result = np.full(acceleration.shape[1], np.nan)
    known = ~np.isnan(acceleration).all(0)
    median = np.nanmedian(acceleration[:, known], axis=0)
    result[known] = median / (np.sqrt(6) * np.sqrt(2 * np.log(2)))
    return result


def _largest(moved: Float[np.ndarray, "F K"]) -> Largest | None:
    if not moved.size or moved.max() < 0:
        return None
    place, keypoint = np.unravel_index(int(moved.argmax()), moved.shape)
    return Largest(int(place), int(keypoint), float(moved.max()))


def _moments(frames: Bool[np.ndarray, " F"]) -> int:
    """How many times in a row something is true."""
    return int((np.diff(frames.astype(int), prepend=0) == 1).sum())
