"""Files of labels: the numbers in them, line by line."""

import os
import zlib
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Given
from temporal_pose.formats.documents.frame_files import MOST, FrameFile, KeptFile
from temporal_pose.formats.documents.gathering import refuse_crowd
from temporal_pose.formats.documents.labels import BOX, Layout, Lines, layouts, likely
from temporal_pose.formats.documents.texts import DamagedError, Original, contents, decoded


class LabelFiles(NamedTuple):
    """What could be read of a video's files.

    Args:
        files: those that were read, frame after frame.
        lines: of all of them.
    """

    files: tuple[KeptFile, ...]
    lines: Lines


def is_label(text: str) -> bool:
    """Whether a text begins with the label of a pose."""
    first = text.split("\n", 1)[0].split()
    try:
        numbers = [float(word) for word in first]
    except ValueError:
        return False
    box = numbers[1:BOX]
    return (
        len(numbers) >= BOX + 4
        and numbers[0].is_integer()
        and all(0 <= side <= 1.01 for side in box)
        and all(-1 <= number <= 2 for number in numbers[BOX : BOX + 4])
    )


def read(folder: Path, files: Sequence[FrameFile], damaged: list[DamagedError]) -> LabelFiles:
    """What can be read of a video's files; the errors of the others are put to `damaged`."""
    numbers, lengths, read = array("d"), array("q"), []
    before = f"{folder}{os.sep}"
    for file in files:
        path = before + file.name
        try:
            content = contents(path, MOST)
            lines = _lines(decoded(content, Original(Path(path), 0)).text, path)
        except DamagedError as error:
            damaged.append(error)
            continue
        for line in lines:
            numbers.fromlist(line)
            lengths.append(len(line))
        read.append(KeptFile(*file, zlib.crc32(content), len(lines)))
    found = Lines(np.array(numbers, float), np.array(lengths, np.int64))
    return LabelFiles(tuple(read), found)


def _lines(text: str, path: str) -> list[list[float]]:
    """The numbers of each line that has any."""
    lines = []
    for place, line in enumerate(text.split("\n"), 1):
        words = line.split()
        try:
            numbers = [float(word) for word in words]
        except ValueError as error:
            raise DamagedError(f"{path}: line {place} has something else than numbers") from error
        if 0 < len(numbers) <= BOX:
            raise DamagedError(f"{path}: line {place} ends in the middle, or labels no keypoints")
        if numbers:
            lines.append(numbers)
    refuse_crowd(len(lines), path, "it")
    return lines


def layout_of(folder: Path, read: Sequence[LabelFiles], given: Given) -> Layout:
    """The layout of all lines of a folder.

    Raises:
        DataError: the number of keypoints changes, or nothing tells it.
    """
    lines = Lines(
        np.concatenate([one.lines.numbers for one in read]),
        np.concatenate([one.lines.lengths for one in read]),
    )
    lengths = np.unique(lines.lengths).tolist()
    if not lengths:
        return Layout(len(given.skeleton) if given.skeleton else 0, 3)
    candidates = layouts(lengths, given)
    if not candidates:
        raise DataError(_unlike(folder, read, lengths, given))
    layout = likely(lines, candidates)
    if layout is None:
        raise DataError(
            f"{folder}: lines of {lengths[0]} numbers do not tell how many keypoints they label; "
            "set skeleton= to the one they were detected with"
        )
    return layout


def _unlike(folder: Path, read: Sequence[LabelFiles], lengths: Sequence[int], given: Given) -> str:
    """Why no layout fits: the first line is odd by itself, or another one beside it."""
    names = [f.name for one in read for f in one.files for _ in range(f.poses)]
    there = [length for one in read for length in one.lines.lengths.tolist()]
    for name, length in zip(names, there, strict=True):
        if not layouts([length], given):
            k = f"{len(given.skeleton)} " if given.skeleton else ""
            return (
                f"{folder}: {name} has a line of {length} numbers; expected 5, and 2 or 3 for "
                f"each of {k}keypoints"
            )
    width = 2 if (there[0] - BOX) % 3 else 3
    other = next(n for n, length in enumerate(there) if not layouts([there[0], length], given))
    k, before = ((there[n] - BOX) // width for n in (other, 0))
    return (
        f"{folder}: {names[other]} has {k} keypoints a pose, {names[0]} has {before}; expected "
        "one skeleton throughout"
    )
