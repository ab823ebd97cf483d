"""What every format reads and writes: the poses of a video, one by one, as a file lists them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import DataError
from temporal_pose.pose.sequences import Heatmaps
from temporal_pose.pose.skeletons import Skeleton


@dataclass(frozen=True)
class Clip:
    """N poses of one video, in the order of the file: any people, any number of them a frame.

    Nothing is cleaned here: what stands for a missing keypoint, be it (0, 0), -1 or NaN, is given
    as the file has it. Which poses are the same person's is not decided either.

    Args:
        name: of the video, unique within a file.
        frames: number of each pose's frame, as the file counts; a pose's own, in any order.
        keypoints: positions (x, y), image pixels, or shares of width and height if `normalised`.
        scores: how sure the detector was; NaN where the file does not say.
        skeleton: names of the K keypoints; None where the file does not tell them.
        fps: frames a second; None where the file does not say.
        times: seconds of each pose, where the file has time stamps.
        image_size: width and height in pixels, where the file says.
        ids: the file's own number of the person, where it has one; -1 for none.
        boxes: x, y, width and height in image pixels, where the file has them; NaN for none.
        count: frames of the video, those without a pose included; None where nobody knows.
        normalised: whether positions are shares of the image.
        rows: place of each pose in the file that was read; -1 for one that was not in it.
        kept: whatever the format needs to give back all the rest of the file; nobody else's.
        format: name of the format that `kept` belongs to.
        remarks: sentences on what was found in the file, such as a part of it that is damaged.
        heatmaps: of the poses' boxes, by frame, where a file of one person has them; `frames` then
            counts from 0.

    Raises:
        DataError: arrays that do not fit each other.
    """

    name: str
    frames: Int[np.ndarray, " N"]
    keypoints: Float[np.ndarray, "N K 2"]
    scores: Float[np.ndarray, "N K"]
    skeleton: Skeleton | None = None
    fps: float | None = None
    times: Float[np.ndarray, " N"] | None = None
    image_size: tuple[int, int] | None = None
    ids: Int[np.ndarray, " N"] | None = None
    boxes: Float[np.ndarray, "N 4"] | None = None
    count: int | None = None
    normalised: bool = False
    rows: Int[np.ndarray, " N"] = field(default_factory=lambda: np.empty(0, np.int64))
    kept: Any = None
    format: str = ""
    remarks: tuple[str, ...] = ()
    heatmaps: Heatmaps | None = None

    def __post_init__(self) -> None:
        if not self.rows.size:
            object.__setattr__(self, "rows", np.arange(len(self.frames)))
        n, k = self.scores.shape
        fitting = self.keypoints.shape == (n, k, 2) and self.frames.shape == self.rows.shape == (
            n,
        )
        optional = [a for a in (self.times, self.ids, self.boxes) if a is not None]
        if not fitting or any(len(array) != n for array in optional):
            raise DataError(
                f"{self.name}: keypoints have shape {self.keypoints.shape}, scores "
                f"{self.scores.shape}, frames {self.frames.shape}; expected as many poses in each"
            )
        if self.skeleton is not None and len(self.skeleton) != k:
            raise DataError(
                f"{self.name}: {k} keypoints a pose; skeleton '{self.skeleton.name}' has "
                f"{len(self.skeleton)}: set skeleton= to the one it was detected with"
            )

    def __len__(self) -> int:
        return len(self.frames)


class Given(NamedTuple):
    """What a person says of files, in place of what they say themselves or do not say.

    Args:
        fps: frames a second.
        skeleton: names of the keypoints.
        image_size: width and height, pixels.
    """

    fps: float | None = None
    skeleton: Skeleton | None = None
    image_size: tuple[int, int] | None = None


@runtime_checkable
class Format(Protocol):
    """A kind of keypoint file; stateless.

    Attributes:
        name: that of its YAML file in ``conf/formats``.
        suffix: what a new file of this kind is called by, such as ``.json``; empty for a folder.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]

    def recognises(self, path: Path) -> bool:
        """Whether a file or folder looks like this format, by name and a first look inside.

        It never raises for what other formats or damaged files hold, and reads little.
        """
        ...

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The videos of a file or folder, at least one.

        Raises:
            DataError: a file that is damaged, or not of this format; it is named, with the frame
                or line where that helps.
        """
        ...

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes videos to a new file or folder, whole or not at all.

        Where `kept` is of this format, everything else in the file that was read is given back as
        it was: poses go to their `rows`, those that were not in the file (-1) are added to their
        frames if the format can hold them. NaN positions become what the format knows as missing.

        Args:
            out: of this format's `suffix`.

        Raises:
            DataError: the format cannot hold such clips.
        """
        ...
