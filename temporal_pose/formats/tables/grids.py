"""Poses of a video as one array of frames and people, as many formats hold them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip
from temporal_pose.formats.tables.places import scaled


class Grid(NamedTuple):
    """F frames in a row, P people.

    Args:
        first: number of the first frame.
        people: the file's numbers of them; those of their places where it has none.
        values: x, y and score; NaN where there is nothing.
    """

    first: int
    people: Int[np.ndarray, " P"]
    values: Float[np.ndarray, "F P K 3"]


def grid(clip: Clip, where: object, start: int | None = 0, normalised: bool = False) -> Grid:
    """All frames of a video from the first to the last, whether they hold poses or not.

    Args:
        where: the file to be written, for messages.
        start: the first frame, unless there are earlier ones; None for that of the first pose.
        normalised: whether shares of the image are wanted, not pixels.

    Raises:
        DataError: one person twice in a frame; frame numbers so far apart that nearly nothing of
            the array would be a pose; shares of an image of unknown size.
    """
    frames = clip.frames
    first = int(min(frames.min(initial=2**60), 2**60 if start is None else start))
    first = 0 if first == 2**60 else first
    length = int(max(frames.max(initial=first - 1) + 1 - first, (clip.count or 0) - first))
    if length > 1000 * (len(clip) + 10):
        raise DataError(
            f"{where}: {len(clip)} poses lie in {length} frames; expected the frames of a "
            "video, one by one, as this kind of file has a row for each: choose another by to="
        )
    people, whose = _whose(clip, where)
    values = np.full((length, len(people), *clip.keypoints.shape[1:2], 3), np.nan)
    values[frames - first, whose, :, :2] = scaled(clip, normalised)
    values[frames - first, whose, :, 2] = clip.scores
    return Grid(first, people, values)


def seconds(clip: Clip, whole: Grid) -> Float[np.ndarray, " F"] | None:
    """Time of each frame of a grid: the clip's own, in a straight line between and beyond those.

    Returns:
        None where the clip has none.
    """
    if clip.times is None or not len(clip):
        return None
    known, first = np.unique(clip.frames, return_index=True)
    own = clip.times[first]
    steps = np.diff(own) / np.diff(known)
    step = float(np.median(steps)) if len(steps) else 1 / (clip.fps or 30)
    frames = np.arange(len(whole.values)) + whole.first
    beyond = frames - frames.clip(known[0], known[-1])
    return np.interp(frames, known, own) + step * beyond


def _whose(clip: Clip, where: object) -> tuple[Int[np.ndarray, " P"], Int[np.ndarray, " N"]]:
    """Numbers of the people, and the place of each pose's among them."""
    if clip.ids is not None and (clip.ids >= 0).all():
        people, whose = np.unique(clip.ids, return_inverse=True)
        pairs, counts = np.unique(np.stack([clip.frames, whose], 1), axis=0, return_counts=True)
        for frame, person in pairs[counts > 1][:1].tolist():
            who = people[person]
            raise DataError(f"{where}: person {who} is twice in frame {frame}; expected one pose")
        return people, whose
    order = np.argsort(clip.frames, kind="stable")
    starts = np.flatnonzero(np.diff(clip.frames[order], prepend=np.iinfo(np.int64).min))
    lengths = np.diff([*starts, len(order)])
    whose = np.empty(len(order), np.int64)
    whose[order] = np.arange(len(order)) - np.repeat(starts, lengths)
    return np.arange(whose.max(initial=0) + 1), whose
