"""One person's detections over time, checked, with what is missing marked."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.pose.skeletons import skeleton as skeleton_of
from temporal_pose.refining.cleaning import Cleaned, clean, missing
from temporal_pose.refining.shares import in_pixels

#: Relative differences between time steps that still count as one frame rate.
_EVEN = 0.01


@dataclass(frozen=True)
class DetectedPerson:
    """Detections of one person in F frames.

    Args:
        keypoints: image pixels; zero where not found.
        found: which keypoints count as detected.
        scores: how sure the detector was, 1 where it does not say; zero where not found.
        times: seconds of each frame.
        fps: frames a second, in the median.
        skeleton: names of the keypoints, where they are known.
        image_size: width and height in pixels, where they are known.
    """

    keypoints: Float[np.ndarray, "F K 2"]
    found: Bool[np.ndarray, "F K"]
    scores: Float[np.ndarray, "F K"]
    times: Float[np.ndarray, " F"]
    fps: float
    skeleton: Skeleton | None = None
    image_size: tuple[int, int] | None = None

    @property
    def even(self) -> bool:
        """Whether all frames are one step of time apart."""
        steps = np.diff(self.times) * self.fps
        return bool((np.abs(steps - 1) <= _EVEN).all())

    def cleaned(self) -> tuple["DetectedPerson", Cleaned]:
        """The same without detections that are not to be believed, and which these are."""
        places = np.where(self.found[..., None], self.keypoints, np.nan)
        why = clean(places, self.times, self.skeleton, self.image_size)
        found = self.found & ~why.aside
        kept = replace(
            self,
            keypoints=np.where(found[..., None], self.keypoints, 0),
            found=found,
            scores=np.where(found, self.scores, 0),
        )
        return kept, why


def set_aside(why: Cleaned) -> tuple[str, ...]:
    """A line that counts the detections that were set aside, if any were."""
    counts = ", ".join(f"{count} {reason}" for reason, count in why.reasons.items() if count)
    return (f"set aside before smoothing: {counts}",) if counts else ()


def person(
    keypoints: Any,
    scores: Any = None,
    *,
    fps: float | None = None,
    times: Any = None,
    skeleton: Skeleton | str | None = None,
    image_size: tuple[int, int] | None = None,
) -> DetectedPerson:
    """Detections of one person from arrays, as `Refiner.refine` takes them.

    Raises:
        DataError: arrays that do not fit each other, or no frames.
        ConfigError: neither ``fps`` nor ``times``, or one out of range; another number of
            keypoints than the skeleton has.
    """
    places = _numbers("keypoints", keypoints)
    if places.ndim != 3 or places.shape[-1] not in (2, 3) or not places.shape[0]:
        raise DataError(
            f"keypoints have shape {places.shape}; expected (frames, keypoints, 2), or 3 with "
            "scores, and at least one frame"
        )
    if scores is None and places.shape[-1] == 3:
        scores = places[..., 2]
    places = places[..., :2]
    sure = np.ones(places.shape[:2]) if scores is None else _numbers("scores", scores)
    if sure.shape != places.shape[:2]:
        raise DataError(f"scores have shape {sure.shape}; expected {places.shape[:2]}")
    names = skeleton_of(skeleton) if isinstance(skeleton, str) else skeleton
    if names is not None and len(names) != places.shape[1]:
        raise ConfigError(
            f"skeleton '{names.name}' has {len(names)} keypoints, these poses {places.shape[1]}; "
            "name the skeleton that they were detected with, or none"
        )
    found = ~missing(places)
    places = in_pixels(places, found, image_size, "keypoints")
    seconds, rate = _clock(len(places), fps, times)
    sure = np.where(np.isfinite(sure), sure, 1)
    places[~found], sure[~found] = 0, 0  # copies of what was given
    return DetectedPerson(places, found, sure, seconds, rate, names, image_size)


def _numbers(name: str, values: Any) -> Float[np.ndarray, "..."]:
    """An array in double precision.

    Raises:
        DataError: it holds something else than real numbers.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise DataError(f"{name} are of type {array.dtype}; expected real numbers")
    return array.astype(np.float64)


def _clock(frames: int, fps: float | None, times: Any) -> tuple[Float[np.ndarray, " F"], float]:
    """Seconds of each frame, and frames a second."""
    if fps is not None and not 0 < float(fps) < float("inf"):
        raise ConfigError(f"fps is {fps}; expected a positive number, frames a second")
    if times is None:
        if fps is None:
            raise ConfigError(
                "fps is not set; add fps=, frames a second, or times=, the second of each frame"
            )
        return np.arange(frames) / float(fps), float(fps)
    seconds = _numbers("times", times)
    if seconds.shape != (frames,):
        raise DataError(f"times have shape {seconds.shape}; expected ({frames},), one a frame")
    steps = np.diff(seconds)
    if not np.isfinite(seconds).all() or not (steps > 0).all():
        wrong = int(np.argmin(steps > 0)) + 1 if len(steps) else 0
        raise DataError(f"times do not increase at frame {wrong}; expected seconds in order")
    step = float(np.median(steps)) if len(steps) else 1 / float(fps or 30)
    return seconds, 1 / step if fps is None else float(fps)
