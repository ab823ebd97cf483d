"""What every reader yields: sequences of poses, and nothing else."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.errors import DataError
from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton, remap


@runtime_checkable
class Heatmaps(Protocol):
    """The heatmaps of a video, read frame by frame where they are too many for memory."""

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of a map."""
        ...

    def read(self, frames: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n K h w"]:
        """Heatmaps of some frames, single precision, as the detector gave them.

        Args:
            frames: indices into the video's frames, in any order.

        Raises:
            DataError: a file that cannot be read, or values that are not finite.
        """
        ...

    def in_skeleton(self, target: Skeleton) -> "Heatmaps":
        """The same heatmaps by the keypoints of another skeleton; zero for those it lacks."""
        ...


@dataclass(frozen=True)
class Detections:
    """What a real detector saw of one person in one video, in image pixels.

    Args:
        keypoints: positions (x, y); zero where not detected, or where heatmaps stand for them.
        detected: which keypoints were found; where there are heatmaps, which they may show.
        scores: how sure the detector was, 1 where it does not say.
        boxes: x, y, width and height; NaN in frames where it found nobody. None for a detector
            that gives keypoints alone.
        heatmaps: of the boxes; None for a detector that gives keypoints alone.
        start: where a smoother has the keypoints, NaN where it does not know; None without one.

    Raises:
        DataError: arrays that do not fit each other, or heatmaps without boxes.
    """

    keypoints: Float[np.ndarray, "F K 2"]
    detected: Bool[np.ndarray, "F K"]
    scores: Float[np.ndarray, "F K"]
    boxes: Float[np.ndarray, "F 4"] | None = None
    heatmaps: Heatmaps | None = None
    start: Float[np.ndarray, "F K 2"] | None = None

    def __post_init__(self) -> None:
        shapes = (self.keypoints.shape[:2], self.detected.shape, self.scores.shape)
        boxes = self.detected.shape[:1] if self.boxes is None else self.boxes.shape[:1]
        if len(set(shapes)) > 1 or boxes != self.detected.shape[:1]:
            raise DataError(f"keypoints, detected, scores and boxes have shapes {shapes}, {boxes}")
        if self.heatmaps is not None and self.boxes is None:
            raise DataError("heatmaps need the boxes that they show")

    def in_skeleton(self, own: Skeleton, target: Skeleton) -> "Detections":
        """The same detections by the keypoints of another skeleton.

        Args:
            own: the skeleton they are in.
        """
        keypoints, detected = remap(self.keypoints, self.detected, own, target)
        scores, _ = remap(self.scores[..., None], self.detected, own, target)
        maps = None if self.heatmaps is None else self.heatmaps.in_skeleton(target)
        start = None if self.start is None else _remapped(self.start, own, target)
        return Detections(keypoints, detected, scores[..., 0], self.boxes, maps, start)

    @property
    def somebody(self) -> Bool[np.ndarray, " F"]:
        """Frames in which the detector found a person: a box, or two distinct keypoints."""
        if self.boxes is not None:
            return np.isfinite(self.boxes).all(-1)
        return spread(self.keypoints, self.detected)


def _remapped(
    start: Float[np.ndarray, "F K 2"], own: Skeleton, target: Skeleton
) -> Float[np.ndarray, "F J 2"]:
    known = np.isfinite(start).all(-1)
    places, there = remap(start, known, own, target)
    return np.where(there[..., None], places, np.nan)


def spread(
    keypoints: Float[np.ndarray, "F K 2"], visible: Bool[np.ndarray, "F K"]
) -> Bool[np.ndarray, " F"]:
    """Frames with at least two distinct visible keypoints: fewer make no box, so no pose."""
    mask = visible[..., None]
    low = np.where(mask, keypoints, np.inf).min(1)
    high = np.where(mask, keypoints, -np.inf).max(1)
    return np.asarray((high > low).any(-1))


@dataclass(frozen=True)
class PoseSequence:
    """The poses of one person in one video, in image pixels.

    The centre of the upper left pixel is (0, 0).

    Args:
        name: unique within its data set; error messages and splits use it.
        keypoints: positions (x, y); zero where ``visible`` is false.
        visible: which keypoints are annotated.
        frames: frame numbers in the video, increasing; a jump by more than one is a gap that no
            window crosses.
        fps: frames a second of the video, before any frames are left out.
        group: sequences of one group never stand on two sides of a split; the name by default.
        image_size: width and height in pixels, where known.
        detections: what a real detector saw in these frames, where there is one.
        skeleton: names of the K keypoints.

    Raises:
        DataError: arrays that do not fit each other or the skeleton, visible keypoints that are
            not finite, or frame numbers that do not increase.
    """

    name: str
    keypoints: Float[np.ndarray, "F K 2"]
    visible: Bool[np.ndarray, "F K"]
    frames: Int[np.ndarray, " F"]
    fps: float
    group: str = ""
    image_size: tuple[int, int] | None = None
    detections: Detections | None = None
    skeleton: Skeleton = CLIMBALONG25

    def __post_init__(self) -> None:
        if not self.group:
            object.__setattr__(self, "group", self.name)
        if not (self.fps > 0 and np.isfinite(self.fps)):
            raise DataError(f"{self.name}: fps is {self.fps}; expected a positive number")
        self._check_arrays()

    def in_skeleton(self, target: Skeleton) -> "PoseSequence":
        """The same poses by the keypoints of another skeleton, where it has them."""
        if target == self.skeleton:
            return self
        keypoints, visible = remap(self.keypoints, self.visible, self.skeleton, target)
        seen = self.detections and self.detections.in_skeleton(self.skeleton, target)
        return replace(
            self, keypoints=keypoints, visible=visible, detections=seen, skeleton=target
        )

    def _check_arrays(self) -> None:
        shapes = (self.keypoints.shape[:2], self.visible.shape, (*self.frames.shape, -1)[:1])
        if shapes[0] != shapes[1] or shapes[0][:1] != shapes[2]:
            raise DataError(f"{self.name}: keypoints, visible and frames have shapes {shapes}")
        if self.detections is not None and self.detections.detected.shape != self.visible.shape:
            found = self.detections.detected.shape
            raise DataError(f"{self.name}: detections have shape {found}, truth {shapes[1]}")
        if self.visible.shape[1] != len(self.skeleton):
            raise DataError(
                f"{self.name}: poses have {self.visible.shape[1]} keypoints; skeleton "
                f"'{self.skeleton.name}' has {len(self.skeleton)}"
            )
        bad = self.visible & ~np.isfinite(self.keypoints).all(-1)
        if bad.any():
            frame, keypoint = np.argwhere(bad)[0]
            raise DataError(
                f"{self.name}: keypoint {keypoint} of frame {self.frames[frame]} is "
                f"{self.keypoints[frame, keypoint].tolist()}; expected finite pixel coordinates, "
                "or visibility 0 for a keypoint that is not there"
            )
        steps = np.diff(self.frames)
        if (steps <= 0).any():
            at = int(self.frames[1:][steps <= 0][0])
            raise DataError(f"{self.name}: frame numbers do not increase at frame {at}")

    def __len__(self) -> int:
        return len(self.frames)


@runtime_checkable
class Reader(Protocol):
    """A data set: reads its files and yields their sequences."""

    def read(self) -> Iterable[PoseSequence]:
        """The sequences, in a fixed order.

        Raises:
            DataError: a missing folder, or a file that is damaged or lacks a field.
        """
        ...


def fingerprint(sequence: PoseSequence, detections: bool = False) -> str:
    """Tells a video by its true poses, whatever it is called and wherever it lies.

    Args:
        detections: whether what a detector saw counts as well, but for heatmaps.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256(sequence.visible.tobytes())
    poses = sequence.keypoints * sequence.visible[..., None]
    digest.update(np.ascontiguousarray(poses, np.float32).tobytes())
    seen = sequence.detections if detections else None
    if seen is not None:
        for array in (seen.keypoints, seen.scores, seen.boxes):
            digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
