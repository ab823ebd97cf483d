"""Detections beside the truth: errors in shares of the pose's side, and what kind each is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.inputs.profiles import OUTLIER
from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton

#: A pair is exchanged where that explains its detections better by this factor.
_BETTER = 0.5


@dataclass(frozen=True)
class PairedTrack:
    """An unbroken stretch of one video: detections beside the truth; pixels of any frame.

    Args:
        truth: meaningless where not visible.
        visible: which keypoints have a truth.
        positions: meaningless where not detected.
        detected: which keypoints the detector found.
        scores: how sure it was; meaningless where not detected.
        fps: frames a second.
        video: name of the video.
    """

    truth: Float[np.ndarray, "F K 2"]
    visible: Bool[np.ndarray, "F K"]
    positions: Float[np.ndarray, "F K 2"]
    detected: Bool[np.ndarray, "F K"]
    scores: Float[np.ndarray, "F K"]
    fps: float
    video: str = ""


@dataclass(frozen=True)
class Residuals:
    """The errors of a track.

    Args:
        track: the detections.
        skeleton: tells left from right.
    """

    track: PairedTrack
    skeleton: Skeleton = CLIMBALONG25

    @cached_property
    def side(self) -> Float[np.ndarray, " F"]:
        """The longer side of the tight box around the true pose, pixels; NaN without a pose."""
        shown = np.where(self.track.visible[..., None], self.track.truth, np.nan)
        empty = ~self.track.visible.any(1)
        shown[empty] = 0
        side = (np.nanmax(shown, 1) - np.nanmin(shown, 1)).max(-1)
        return np.where(side > 0, side, np.nan)

    @cached_property
    def both(self) -> Bool[np.ndarray, "F K"]:
        """Where there is something to compare."""
        return self.track.visible & self.track.detected & np.isfinite(self.side)[:, None]

    @cached_property
    def errors(self) -> Float[np.ndarray, "F K 2"]:
        """Detected minus true position, in sides; NaN where one is missing."""
        return self._apart(self.track.truth, self.both)

    @cached_property
    def across(self) -> Float[np.ndarray, "F K 2"]:
        """Detected position minus the other side's true one, in sides; NaN where missing."""
        mirror = list(self.skeleton.mirror)
        pairs = np.array(mirror) != np.arange(len(mirror))
        there = self.both & self.track.visible[:, mirror] & pairs
        return self._apart(self.track.truth[:, mirror], there)

    @cached_property
    def swapped(self) -> Bool[np.ndarray, "F K"]:
        """Keypoints whose pair, exchanged, lies much nearer to its truth, and else is far off."""
        mirror = list(self.skeleton.mirror)
        own, other = (np.linalg.norm(errors, axis=-1) for errors in (self.errors, self.across))
        own, other = own + own[:, mirror], other + other[:, mirror]
        return (own > OUTLIER) & (other < _BETTER * own)

    @cached_property
    def far(self) -> Bool[np.ndarray, "F K"]:
        """Errors beyond `OUTLIER`, swaps aside."""
        return (np.linalg.norm(self.errors, axis=-1) > OUTLIER) & ~self.swapped

    @cached_property
    def onto(self) -> Bool[np.ndarray, "F K"]:
        """Outliers at the other side's keypoint: left and right were found at one place."""
        return self.far & (np.linalg.norm(self.across, axis=-1) < OUTLIER / 2)

    @cached_property
    def near(self) -> Float[np.ndarray, "F K 2"]:
        """Errors that are neither outliers nor swaps; NaN elsewhere."""
        return np.where((self.far | self.swapped)[..., None], np.nan, self.errors)

    @cached_property
    def missed(self) -> Bool[np.ndarray, "F K"]:
        """Keypoints with a truth that were not detected."""
        return self.track.visible & ~self.track.detected

    @cached_property
    def scores(self) -> Float[np.ndarray, "F K"]:
        """Scores; NaN where there is nothing to compare."""
        return np.where(self.both, self.track.scores, np.nan)

    def _apart(
        self, truth: Float[np.ndarray, "F K 2"], where: Bool[np.ndarray, "F K"]
    ) -> Float[np.ndarray, "F K 2"]:
        apart = (self.track.positions - truth) / self.side[:, None, None]
        return np.where(where[..., None], apart, np.nan)


def out_of_step(tracks: Sequence[PairedTrack], seconds: float = 2.0) -> float | None:
    """By how many seconds the detections of a video come after its truth, where they clearly do.

    Detections and truth that were recorded apart may not show the same moments. They clearly do
    not where a shift in time halves the median error.

    Args:
        tracks: of one video.
        seconds: the largest shift tried.

    Returns:
        None where they are in step, to what the motion can tell.
    """
    fps = tracks[0].fps
    shifts = sorted(range(-round(seconds * fps), round(seconds * fps) + 1), key=abs)
    errors = np.array([_shifted(tracks, shift) for shift in shifts])
    if not np.isfinite(errors[0]) or not errors[0] > 2 * np.nanmin(errors):
        return None
    return shifts[int(np.nanargmin(errors))] / fps


def _shifted(tracks: Sequence[PairedTrack], shift: int) -> float:
    """Median distance, pixels, of detections from the truth ``shift`` frames before."""
    apart = []
    for track in tracks:
        length = len(track.truth) - abs(shift)
        if length <= len(track.truth) // 2:
            continue
        late, early = slice(max(0, shift), None), slice(max(0, -shift), None)
        there = track.detected[late][:length] & track.visible[early][:length]
        gap = track.positions[late][:length] - track.truth[early][:length]
        squared = gap[..., 0] ** 2 + gap[..., 1] ** 2  # a sum along an axis of two takes longer
        apart.append(np.sqrt(squared[there]))
    joined = np.concatenate(apart) if apart else np.empty(0)
    return float(np.median(joined)) if len(joined) else float("nan")
