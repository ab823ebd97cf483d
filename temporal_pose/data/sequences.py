"""What every reader yields: sequences of poses, and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.errors import DataError


@dataclass(frozen=True)
class Sequence:
    """The poses of one person in one video.

    Keypoints are those of :data:`temporal_pose.pose.skeletons.CLIMBALONG25`, in image pixels, the
    centre of the upper left pixel being (0, 0).

    Args:
        name: unique within its data set; error messages and splits use it.
        keypoints: positions (x, y); zero where ``visible`` is false.
        visible: which keypoints are annotated.
        frames: frame numbers in the video, increasing; a jump by more than one is a gap that no
            window crosses.
        fps: frames per second of the video, before any frames are left out.
        group: sequences of one group never stand on two sides of a split; the name by default.
        image_size: width and height in pixels, where known.

    Raises:
        DataError: arrays that do not fit each other, visible keypoints that are not finite, or
            frame numbers that do not increase.
    """

    name: str
    keypoints: Float[np.ndarray, "F K 2"]
    visible: Bool[np.ndarray, "F K"]
    frames: Int[np.ndarray, " F"]
    fps: float
    group: str = ""
    image_size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not self.group:
            object.__setattr__(self, "group", self.name)
        if not (self.fps > 0 and np.isfinite(self.fps)):
            raise DataError(f"{self.name}: fps is {self.fps}; expected a positive number")
        self._check_arrays()

    def _check_arrays(self) -> None:
        shapes = (self.keypoints.shape[:2], self.visible.shape, (*self.frames.shape, -1)[:1])
        if shapes[0] != shapes[1] or shapes[0][:1] != shapes[2]:
            raise DataError(f"{self.name}: keypoints, visible and frames have shapes {shapes}")
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

    def read(self) -> Iterable[Sequence]:
        """The sequences, in a fixed order.

        Raises:
            DataError: a missing folder, or a file that is damaged or lacks a field.
        """
        ...
