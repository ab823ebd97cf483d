"""Whether every pose has arrived in the file that was written."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip, Format, Given
from temporal_pose.refining.cleaning import missing


def left_out(out: Path, to: Format, clips: Sequence[Clip], same: bool) -> tuple[str, ...]:
    """A sentence on poses that a file has no place for, from reading it again.

    Nothing can be lost, and nothing is read, where all poses go back to the places that they were
    read from.

    Args:
        clips: that were written.
        same: whether the file is of the format that they were read from.
    """
    if same and all((clip.rows >= 0).all() for clip in clips):
        return ()
    given = Given(clips[0].fps, clips[0].skeleton, clips[0].image_size)
    try:
        arrived = _poses(to.read(out, given))
    except DataError as error:
        return (f"the result cannot be read again: {error}",)
    expected = _poses(clips)
    if arrived >= expected:
        return ()
    return (
        f"{expected - arrived:,} of {expected:,} poses are left out, for {out.name} has no place "
        f"for them as '{to.name}'; to=csv has one for all",
    )


def _poses(clips: Sequence[Clip]) -> int:
    """Poses that show a keypoint."""
    return sum(int((~missing(np.asarray(clip.keypoints))).any(-1).sum()) for clip in clips)
