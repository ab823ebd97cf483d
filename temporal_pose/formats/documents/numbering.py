"""Frame numbers and videos, as the names of files and images tell them."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from temporal_pose.errors import DataError

_ROBOFLOW = ".rf."  # what it adds to names, before a hash
_DIGITS = re.compile(r"([0-9]+)")
_LONGEST_STEP = 60  # from one frame to the next that was looked at
_SPARSEST = 10  # times as many frames as have a pose
_MOST_DIGITS = 18  # of a number of 64 bits


class Numbered(NamedTuple):
    """A name of a frame, taken apart.

    Args:
        video: what stands before the number; folders included.
        frame: the number.
    """

    video: str
    frame: int


def taken_apart(name: str) -> Numbered | None:
    """Video and frame number of a name such as ``cam 1/NAME_000000000012_keypoints.json``.

    The last number in it is the frame's; None where there is none.
    """
    stem = name.partition(_ROBOFLOW)[0] if _ROBOFLOW in name else name
    parts = _DIGITS.split(stem)
    if len(parts) == 1 or len(parts[-2].lstrip("0")) > _MOST_DIGITS:
        return None
    start = parts[0] if len(parts) == 3 else "".join(parts[:-2])
    return Numbered(shown(start.rstrip(" ._-")), int(parts[-2]))


def sibling(name: str, frame: int) -> str:
    """What another frame is called beside one of that name."""
    stem, cut, rest = name.partition(_ROBOFLOW)
    *before, digits, after = ["", *_DIGITS.split(stem)]
    ending = f".{rest.rpartition('.')[2]}" if cut else ""
    if not digits:
        return f"{name}_{frame:012d}"
    width = len(digits) if digits[0] == "0" else 0
    return f"{''.join(before)}{frame:0{width}d}{after}{ending}"


def numbered(names: Sequence[str], where: object) -> list[Numbered]:
    """Videos and frame numbers of all frames of a file or folder.

    Args:
        names: each once.
        where: the file or folder, for the message.

    Raises:
        DataError: a name without a number, two of one frame, or numbers that count something
            else than frames.
    """
    apart = [taken_apart(name) for name in names]
    if len(names) == 1 and apart[0] is None:
        return [Numbered("", 0)]
    frames = [one for one in apart if one is not None]
    if len(frames) < len(names):
        name = shown(names[apart.index(None)])
        raise DataError(
            f"{where}: '{name}' has no frame number; expected names such as NAME_000000000012"
        )
    if len(set(frames)) < len(frames):
        _refuse_twice(names, frames, where)
    if len({one.video for one in frames}) == len(names) > 2:
        raise DataError(
            f"{where}: '{shown(names[0])}', '{shown(names[1])}' ... look like {len(names)} videos "
            "of one frame; expected the last number of a name to be the frame's"
        )
    return frames


def _refuse_twice(names: Sequence[str], frames: Sequence[Numbered], where: object) -> None:
    first: dict[tuple[str, int], str] = {}
    for name, one in zip(names, frames, strict=True):
        other = first.setdefault((one.video, one.frame), name)
        if other != name:
            raise DataError(
                f"{where}: '{shown(other)}' and '{shown(name)}' are both frame {one.frame}; "
                "remove one of them"
            )


def titles(videos: Sequence[str], alone: str) -> Mapping[str, str]:
    """What to call the videos of a file, each differently.

    Args:
        videos: what their frames' names begin with.
        alone: name of the file, for the only one.
    """
    if len(videos) == 1:
        return {videos[0]: shown(alone)}
    return {video: video or shown(alone) for video in videos}


def shown(name: str) -> str:
    """A name that can be printed and encoded, whatever bytes it had."""
    return name if name.isascii() else name.encode("utf-8", "replace").decode("utf-8")


def fluent(numbers: Sequence[int]) -> bool:
    """Whether numbers look like those of frames: regular steps, and not too many left out.

    Args:
        numbers: sorted, each once.
    """
    steps = [after - before for before, after in pairwise(numbers)]
    usual = math.gcd(*steps)
    return usual <= _LONGEST_STEP and sum(steps) <= _SPARSEST * usual * len(steps)
