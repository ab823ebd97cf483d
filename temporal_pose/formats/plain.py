"""Plain CSV: a row a pose, named columns.

The first row has the names: ``frame``, and if there is need ``person`` and ``time`` (seconds),
then of each keypoint ``NAME_x``, ``NAME_y`` and ``NAME_score`` (or ``x0``, ``y0``, ``s0`` where
they have no names), in any order, the score being optional. Cells are parted by commas,
semicolons or tabs; between the latter two a number may have a decimal comma. An empty cell is
what was not detected. Columns of other names are kept as they are.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from temporal_pose.errors import DataError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.tables.columns import coordinates, index_of, number_of
from temporal_pose.formats.tables.landmark_names import landmarks
from temporal_pose.formats.tables.names import spelled
from temporal_pose.formats.tables.places import shares, single
from temporal_pose.formats.tables.rows import poses
from temporal_pose.formats.tables.text import Table, first_rows, opened
from temporal_pose.pose.skeletons import Skeleton

_SCORES = ("score", "visibility", "presence")


class PlainCSV:
    """Reads and writes the documented plain CSV."""

    name: ClassVar[str] = "csv"
    suffix: ClassVar[str] = ".csv"

    def recognises(self, path: Path) -> bool:
        """Whether the first row names frames or times, and keypoints that are no landmarks."""
        header = next(iter(first_rows(path, 1)), [])
        index = index_of(header)
        if index.frame is None and index.time is None:
            return False
        try:
            keypoints = coordinates(header, path)
        except DataError:  # of two columns of one name: to be told when it is read
            return True
        return bool(keypoints) and landmarks(keypoints) is None

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The video of a file.

        Raises:
            DataError: a file that cannot be read; no coordinates; cells that are no numbers; a row
                that is too short; one person twice in a frame.
        """
        table = opened(path)
        header = table.texts(0)
        keypoints = coordinates(header, path)
        if not keypoints:
            raise DataError(
                f"{path}: no column is a keypoint's; expected NAME_x and NAME_y, or x0 and y0, in "
                "the first row"
            )
        order, skeleton = _ordered(keypoints, path.stem)
        columns = np.array([_columns(keypoints[key]) for key in order])
        found = poses(table, columns, index_of(header, columns.ravel().tolist()), shares)
        return [found.clip(path.stem, skeleton, given, format=self.name)]

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes a video; see `temporal_pose.formats.clips.Format`.

        Raises:
            DataError: several videos.
        """
        clip = single(clips, out)
        mine = clip.format == self.name
        write_bytes(out, clip.kept.filled(clip) if mine else _new(clip, out))


def _ordered(
    keypoints: Mapping[str, Mapping[str, int]], called: str
) -> tuple[Sequence[str], Skeleton | None]:
    """Keypoints in the order of their numbers, or with a skeleton of their names."""
    numbers = {key: number_of(key) for key in keypoints}
    known = {number: key for key, number in numbers.items() if number is not None}
    if len(known) < len(keypoints):
        return list(keypoints), spelled(list(keypoints), called)
    return [known[number] for number in sorted(known)], None


def _columns(axes: Mapping[str, int]) -> list[int]:
    score = next((axes[name] for name in _SCORES if name in axes), -1)
    return [axes["x"], axes["y"], score]


def _new(clip: Clip, out: Path) -> bytes:
    """A file from nothing but poses."""
    count = clip.scores.shape[1]
    names = None if clip.skeleton is None else clip.skeleton.keypoints
    form = ("{}_x", "{}_y", "{}_score") if names else ("x{}", "y{}", "s{}")
    table = Table(out, "utf-8", [], ",")
    header = ["frame", *(["person"] if clip.ids is not None else [])]
    header += ["time"] if clip.times is not None else []
    header += [one.format(name) for name in names or range(count) for one in form]
    values = np.concatenate([clip.keypoints, clip.scores[..., None]], -1).reshape(len(clip), -1)
    lines = [",".join(map(table.quoted, header)) + "\n"]
    for pose, row in enumerate(values):
        cells = [str(int(clip.frames[pose]))]
        if clip.ids is not None:
            cells.append(str(int(clip.ids[pose])) if clip.ids[pose] >= 0 else "")
        if clip.times is not None:
            cells.append(table.written(float(clip.times[pose])))
        lines.append(",".join([*cells, *table.all_written(row)]) + "\n")
    return table.encoded(lines)
