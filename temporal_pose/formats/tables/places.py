"""Where the poses of a file stand in it, and putting them back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.pose.skeletons import Skeleton

#: Positions that were scaled and scaled back differ from what they were by rounding alone.
_ROUNDING = 1e-12
#: Shares of an image are nearly all, this share of them, at most so many times its size.
_NEAR, _NEARLY = 2.0, 0.9


class Filled(NamedTuple):
    """What a file holds after poses were put back.

    Args:
        values: x, y and score at each place.
        changed: which of them differ from what stood there.
        added: those poses, by their number in the clip, that no place was there for.
    """

    values: Float[np.ndarray, "M K 3"]
    changed: Bool[np.ndarray, "M K 3"]
    added: Int[np.ndarray, " A"]


@dataclass(frozen=True)
class Places:
    """The M places of a file that hold a pose, or could.

    Args:
        frames: number of each place's frame.
        values: x, y and score as they stand in the file; NaN where there is nothing.
        ids: whose place it is, where the file says so; -1 for nobody's in particular.
        normalised: whether positions are shares of the image.
    """

    frames: Int[np.ndarray, " M"]
    values: Float[np.ndarray, "M K 3"]
    ids: Int[np.ndarray, " M"] | None = None
    normalised: bool = False

    @property
    def taken(self) -> Bool[np.ndarray, " M"]:
        """Places in which something stands."""
        return np.asarray(~np.isnan(self.values[..., :2]).all((1, 2)))

    def refuse_twice(self, where: object) -> None:
        """Refuses two poses of one person in one frame.

        Args:
            where: the file, for the message.

        Raises:
            DataError: there are such.
        """
        whose = np.zeros_like(self.frames) if self.ids is None else self.ids
        known = self.taken & (whose >= 0)
        pairs, count = np.unique(
            np.stack([self.frames[known], whose[known]], 1), axis=0, return_counts=True
        )
        for frame, person in pairs[count > 1][:1].tolist():
            who = "" if self.ids is None else f" for person {person}"
            raise DataError(
                f"{where}: frame {frame} stands there twice{who}; expected one pose a frame and "
                "person: remove one of them"
            )

    def clip(
        self,
        name: str,
        skeleton: Skeleton | None,
        given: Given,
        *,
        fps: float | None = None,
        image_size: tuple[int, int] | None = None,
        times: Float[np.ndarray, " M"] | None = None,
        **more: Any,
    ) -> Clip:
        """The poses that are there; what a person gives goes before what the file says.

        Args:
            times: seconds, of each place.
            more: other fields of a clip.

        Raises:
            DataError: a skeleton of another number of keypoints.
        """
        rows = np.flatnonzero(self.taken)
        return Clip(
            name=name,
            frames=self.frames[rows],
            keypoints=self.values[rows, :, :2],
            scores=self.values[rows, :, 2],
            skeleton=given.skeleton or skeleton,
            fps=given.fps or fps,
            image_size=given.image_size or image_size,
            times=None if times is None else times[rows],
            ids=None if self.ids is None else self.ids[rows],
            normalised=self.normalised,
            rows=rows,
            **more,
        )

    def filled(self, clip: Clip) -> Filled:
        """Puts poses back to where they were read, and new ones to where nothing stands.

        Raises:
            DataError: poses of another number of keypoints, or shares of an image of unknown size.
        """
        keypoints = self.values.shape[1]
        if clip.keypoints.shape[1] != keypoints:
            raise DataError(
                f"{clip.name}: {clip.keypoints.shape[1]} keypoints a pose; the file that it was "
                f"read from holds {keypoints}: choose a format by to="
            )
        rows = self._rows(clip)
        there = np.flatnonzero(rows >= 0)
        put = np.concatenate([scaled(clip, self.normalised), clip.scores[..., None]], -1)[there]
        before = self.values[rows[there]]
        if clip.normalised != self.normalised:
            put = np.where(np.isclose(put, before, rtol=_ROUNDING, atol=0), before, put)
        values, changed = self.values.copy(), np.zeros(self.values.shape, bool)
        values[rows[there]] = put
        changed[rows[there]] = (put != before) & ~(np.isnan(put) & np.isnan(before))
        return Filled(values, changed, np.flatnonzero(rows < 0))

    def _rows(self, clip: Clip) -> Int[np.ndarray, " N"]:
        """The place of each pose; -1 where there is none."""
        rows = clip.rows.copy()
        if not (rows < 0).any():
            return rows
        free = defaultdict(list)
        empty = ~self.taken
        empty[rows[rows >= 0]] = False
        for place in np.flatnonzero(empty)[::-1].tolist():
            person = -1 if self.ids is None else int(self.ids[place])
            for key in {person, -1}:
                free[int(self.frames[place]), key].append(place)
        for pose in np.flatnonzero(rows < 0).tolist():
            known = self.ids is not None and clip.ids is not None
            person = int(clip.ids[pose]) if known and clip.ids is not None else -1
            fitting = [p for p in free[int(clip.frames[pose]), person] if empty[p]]
            if fitting:
                rows[pose] = fitting[-1]
                empty[fitting[-1]] = False
        return rows


def scaled(clip: Clip, normalised: bool) -> Float[np.ndarray, "N K 2"]:
    """Positions as shares of the image, or in pixels.

    Args:
        normalised: whether shares are wanted.

    Raises:
        DataError: the size of the image is not known.
    """
    if clip.normalised == normalised:
        return clip.keypoints
    if clip.image_size is None:
        raise DataError(
            f"{clip.name}: positions have to be scaled by the size of the image, which is not "
            "known: set image_size="
        )
    size = np.array(clip.image_size, float)
    return clip.keypoints / size if normalised else clip.keypoints * size


def shares(positions: Float[np.ndarray, "*poses 2"]) -> bool:
    """Whether positions look like shares of an image: nearly all at most twice its size.

    Zeros and -1 do not count, as they may stand for what is missing.
    """
    counted = np.isfinite(positions) & (positions != 0) & (positions != -1)
    near = np.count_nonzero(counted & (np.abs(positions) <= _NEAR))
    number = np.count_nonzero(counted)
    return bool(number and near >= _NEARLY * number)


def single(clips: Sequence[Clip], out: Path) -> Clip:
    """The one video that a file can hold.

    Raises:
        DataError: none, or several.
    """
    if len(clips) != 1:
        raise DataError(
            f"{out}: {len(clips)} videos; expected one, as a file holds no more: give each a "
            "source of its own, or choose to=coco, which holds several"
        )
    return clips[0]
