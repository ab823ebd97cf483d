"""The format: which of the kinds a file is, and writing one anew."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from temporal_pose.errors import DataError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.mediapipe import landmark_lists, long
from temporal_pose.formats.tables.columns import coordinates, index_of
from temporal_pose.formats.tables.landmark_names import LANDMARKS, NAMES, landmarks, skeleton_of
from temporal_pose.formats.tables.places import scaled, shares, single
from temporal_pose.formats.tables.rows import TablePoses, poses
from temporal_pose.formats.tables.sheets import Sheet
from temporal_pose.formats.tables.text import Table, first_rows, opened
from temporal_pose.formats.tables.whole_files import beginning

_SCORES = ("visibility", "presence")
_TELLING = re.compile(r'"(pose_?)?landmarks?"|"visibility"', re.IGNORECASE)
_BARE = re.compile(r'(\[\s*|\{\s*"\D*\d+"\s*:\s*)\[+\s*\{\s*"x"')


class MediaPipe:
    """Reads tables with a row a pose or a row a landmark, and JSON; writes the like."""

    name: ClassVar[str] = "mediapipe"
    suffix: ClassVar[str] = ".csv"

    def recognises(self, path: Path) -> bool:
        """Whether columns are called as landmarks are, or JSON has landmarks."""
        start = beginning(path).decode("utf-8", "ignore").removeprefix("\ufeff").lstrip()
        if start.startswith(("[", "{")):
            told = _TELLING.search(start) or _BARE.match(start)
            return bool(told) and not re.search('"keypoints"|_keypoints_2d"', start)
        header = next(iter(first_rows(path, 1)), [])
        if long.columns_of(header) is not None:
            return True
        try:
            return landmarks(coordinates(header, path)) is not None
        except DataError:
            return False

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The video of a file; positions are shares of the image, as MediaPipe gives them.

        Raises:
            DataError: a file that cannot be read, that holds other points than pose landmarks, or
                landmarks of the world, in metres.
        """
        start = beginning(path).removeprefix(b"\xef\xbb\xbf").lstrip()
        if start.startswith((b"[", b"{")):
            clip = landmark_lists.read(path, given, self.name)
        else:
            found, numbers = _table(path)
            clip = found.clip(path.stem, skeleton_of(numbers), given, format=self.name)
        _refuse_world(clip.keypoints, path)
        return [clip]

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes a video; see `temporal_pose.formats.clips.Format`.

        Raises:
            DataError: several videos, other keypoints than the 33 landmarks, or an image of
                unknown size.
        """
        clip, written = single(clips, out), out.suffix.lower() == ".json"
        kept = clip.kept if clip.format == self.name else None
        if kept is not None and written != isinstance(kept, Sheet):
            write_bytes(out, kept.filled(clip))
            return
        if (
            clip.skeleton is None
            or clip.skeleton.keypoints != skeleton_of(range(LANDMARKS)).keypoints
        ):
            called = clip.skeleton.name if clip.skeleton else "not known"
            raise DataError(f"{out}: the skeleton is {called}; expected blazepose33")
        write_bytes(out, _document(clip) if written else _rows(clip, out))


def _table(path: Path) -> tuple[TablePoses, Sequence[int]]:
    """Poses of a table, and the numbers of their landmarks."""
    table = opened(path)
    header = table.texts(0)
    columns = long.columns_of(header)
    if columns is not None:
        return long.poses(table, columns)
    keypoints = coordinates(header, path)
    numbers = landmarks(keypoints)
    if numbers is None:
        raise DataError(
            f"{path}: its columns are not those of MediaPipe's 33 landmarks; expected x0, y0 ... "
            "or NOSE_x, NOSE_y ...; choose another format by format="
        )
    order = np.argsort(numbers)
    keys = [list(keypoints)[place] for place in order.tolist()]
    cells = []
    for axes in map(keypoints.__getitem__, keys):
        score = next((axes[name] for name in _SCORES if name in axes), -1)
        cells.append([axes["x"], axes["y"], score])
    index = index_of(header, np.ravel(cells).tolist())
    return poses(table, np.array(cells), index, shares), sorted(numbers)


def _refuse_world(positions: Float[np.ndarray, "N K 2"], path: Path) -> None:
    """World landmarks lie around the hips; those of an image are hardly ever left of it."""
    known = positions[np.isfinite(positions) & (positions != -1)]
    if (known < 0).sum() > 0.25 * len(known) > 0:
        raise DataError(
            f"{path}: {(known < 0).mean():.0%} of the coordinates are negative, as those of "
            "world landmarks are, in metres around the hips; expected shares of the image"
        )


def _rows(clip: Clip, out: Path) -> bytes:
    """A table from nothing but poses; the depth, which nobody knows, stays empty."""
    table = Table(out, "utf-8", [], ",")
    header = ["frame", *["timestamp_ms"] * (clip.times is not None)]
    header += ["person"] * (clip.ids is not None)
    header += [f"{name}_{axis}" for name in NAMES for axis in ("x", "y", "z", "visibility")]
    lines = [",".join(header) + "\n"]
    for pose, row in enumerate(_four(clip)):
        told = [str(int(clip.frames[pose]))]
        if clip.times is not None:
            told.append(table.written(float(clip.times[pose]) * 1000))
        if clip.ids is not None:
            told.append(str(int(clip.ids[pose])))
        lines.append(",".join([*told, *table.all_written(row.ravel())]) + "\n")
    return table.encoded(lines)


def _document(clip: Clip) -> bytes:
    """JSON from nothing but poses: a list of frames, each with the landmarks of its people."""
    frames: dict[int, dict[str, Any]] = {}
    for pose, row in enumerate(_four(clip).tolist()):
        frame = frames.setdefault(int(clip.frames[pose]), {"frame": int(clip.frames[pose])})
        if clip.times is not None:
            frame["timestamp_ms"] = float(clip.times[pose]) * 1000
        names = ("x", "y", "z", "visibility")
        points = [
            {name: value for name, value in zip(names, four, strict=True) if value == value}
            for four in row
        ]
        frame.setdefault("pose_landmarks", []).append(points)
    return json.dumps(list(frames.values())).encode()


def _four(clip: Clip) -> Float[np.ndarray, "N 33 4"]:
    """x, y, an unknown depth, and the score."""
    values = [scaled(clip, True), np.full((*clip.scores.shape, 1), np.nan), clip.scores[..., None]]
    return np.concatenate(values, -1)
