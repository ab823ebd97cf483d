"""Refining arrays as files are: a body that jumps is parted there, and remarks tell of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.formats.clips import Clip
from temporal_pose.pose.rates import frame_rate
from temporal_pose.pose.rates import image_size as size_of
from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.refining.cleaning import clean
from temporal_pose.refining.clip_refining import Track, refine_clip
from temporal_pose.refining.diagnosis import diagnose
from temporal_pose.refining.person import person
from temporal_pose.refining.refined import Refined, Refiner, each
from temporal_pose.refining.remarks import remarks

#: What is parted of somebody's array; the array's people are told apart by their axis.
_NOUN = "part"


@dataclass(frozen=True)
class ArrayRefiner:
    """Refines each person of an array, of whom it may hold several in turn.

    Args:
        inner: refines one who moves without jumps.
    """

    inner: Refiner

    def refine(
        self,
        keypoints: Any,
        scores: Any = None,
        *,
        fps: Any = None,
        times: Any = None,
        skeleton: Skeleton | str | None = None,
        image_size: Any = None,
    ) -> Refined:
        """Refines every frame; see `temporal_pose.refining.refined.Refiner.refine`.

        Raises:
            DataError: also of poses that no body of the skeleton can have.
        """
        rate = frame_rate(fps) if isinstance(fps, str) else fps
        about = {"fps": rate, "times": times, "skeleton": skeleton}
        about["image_size"] = None if image_size is None else size_of(image_size)
        return each(partial(self._refine, **about), keypoints, scores)

    def _refine(self, keypoints: Any, scores: Any, **about: Any) -> Refined:
        seen = person(keypoints, scores, **about)
        frames = np.arange(len(seen.times))
        places = np.where(seen.found[..., None], seen.keypoints, np.nan)
        clip = Clip("keypoints", frames, places, seen.scores, seen.skeleton, seen.fps)
        clock = seen.times if about["times"] is not None else None
        clip = replace(clip, times=clock, image_size=seen.image_size)
        after, tracks = refine_clip(clip, self.inner, noun=_NOUN)
        own = np.isin(frames, np.concatenate([frames[:0], *(track.rows for track in tracks)]))
        lost = int((seen.found.any(1) & ~own).sum())
        left_out = (f"{lost:,} poses are left out: they are nowhere near an image",) * (lost > 0)
        told = (*left_out, *_told(tracks, seen.skeleton))
        return Refined(*_in_place(after, own), told)


def _in_place(
    after: Clip, own: Bool[np.ndarray, " F"]
) -> tuple[Float[np.ndarray, "F K 2"], Float[np.ndarray, "F K"]]:
    """A pose a frame, and its scores; what was added stands where nobody was seen.

    Args:
        own: frames whose pose is somebody's.
    """
    places, scores = after.keypoints[: len(own)].copy(), after.scores[: len(own)]
    places[~own] = np.nan
    for frame, pose in zip(after.frames[len(own) :], after.keypoints[len(own) :], strict=True):
        if not own[frame]:
            places[frame] = pose
    return places, np.where(np.isfinite(places).all(-1), scores, 0)


def _told(tracks: Sequence[Track], skeleton: Skeleton | None) -> Iterator[str]:
    """Remarks, of each part of what was given as one person."""
    for track in tracks:
        whole = track.refined.cleaned
        if whole is None or track.faulty.any():
            whole = clean(track.raw, track.times, skeleton, faulty=track.faulty)
        found = diagnose(whole, track.refined.keypoints, track.times, skeleton)
        for line in (*track.refined.remarks, *remarks(found, skeleton, track.frames)):
            part = f"{_NOUN} {track.person}: " if len(tracks) > 1 else ""
            yield part + line
