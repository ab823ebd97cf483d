"""The paired layout: real detector output beside the truth, from whoever has both."""

import logging
import re
from collections import Counter
from collections.abc import Sequence as ListOf
from pathlib import Path

import numpy as np

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.finding import folder
from temporal_pose.formats.paired.fields import unlike
from temporal_pose.formats.paired.paired_video import NAMES, PairedVideo, load
from temporal_pose.pose.sequences import Detections, PoseSequence, fingerprint

log = logging.getLogger(__name__)

_MADE = (
    "python -m temporal_pose.detect makes one of a video or images, temporal_pose.data.write one "
    "of arrays"
)
_HOLDS = "files of the paired layout (*.npz, *.zarr)"


class Paired:
    """Reads files of the paired layout, one a video: see :mod:`temporal_pose.formats.paired`.

    Heatmaps stay in the files, and are read by the frame when windows are.

    Args:
        root: a folder of ``.npz`` and ``.zarr`` files, or one of them.
        group_pattern: regular expression with one group, searched in the file's name. What it
            finds is the sequence's group: ``_(ch\\d+)`` keeps the cameras of an AIST dance
            together. Without it each file stands alone.
        exclude: regular expression; files with it in their names are left out, and the log says
            how many.

    Raises:
        ConfigError: a pattern is no regular expression, or that of groups does not have one group.
    """

    def __init__(
        self, root: str | Path, group_pattern: str | None = None, exclude: str | None = None
    ) -> None:
        self.root = root
        self.group_pattern = None if group_pattern is None else _grouping(group_pattern)
        self.exclude = None if exclude is None else _compiled("data.exclude", exclude)

    def read(self) -> list[PoseSequence]:
        """One sequence a file, frames counted from 0.

        Raises:
            DataError: no files; one that is damaged or not in the layout, that holds no truth, or
                whose name does not match the pattern; or two with the same content.
        """
        files = self._kept(paired_files(self.root))
        sequences = [_sequence(load(path), self._group(path)) for path in files]
        _refuse_copies(files, sequences)
        return sequences

    def _kept(self, files: ListOf[Path]) -> ListOf[Path]:
        if self.exclude is None:
            return files
        kept = [path for path in files if not self.exclude.search(path.name)]
        log.info("left out: %d of %d files (data.exclude)", len(files) - len(kept), len(files))
        if not kept:
            raise DataError(f"data.exclude '{self.exclude.pattern}' leaves out every file")
        return kept

    def _group(self, path: Path) -> str:
        if self.group_pattern is None:
            return path.stem
        found = self.group_pattern.search(path.name)
        if not found or not found[1]:
            raise DataError(
                f"{path}: the name does not match data.group "
                f"'{self.group_pattern.pattern}'; rename the file or change the pattern"
            )
        return found[1]


def paired_files(root: str | Path, setting: str = "data.root") -> list[Path]:
    """The files of the layout in a folder, by name; or the one that ``root`` is itself.

    Args:
        setting: what the user set to it.

    Raises:
        DataError: there is none, one that is unfinished was asked for, or two have the same name.
    """
    path = Path(root).expanduser()
    if path.suffix == ".part":
        raise DataError(f"{path} is unfinished; let the command that writes it go on to its end")
    if (path.is_file() and path.suffix == ".npz") or (path.is_dir() and path.suffix == ".zarr"):
        return [path]
    if path.is_file():
        raise DataError(
            f"{setting} '{path}' is no file of the paired layout (*.npz, *.zarr); {_MADE}"
        )
    inside = folder(path, _HOLDS, setting).iterdir()
    files = sorted(file for file in inside if file.suffix in (".npz", ".zarr"))
    if not files:
        raise DataError(
            f"{setting} '{path}' has no file *.npz or *.zarr; expected {_HOLDS}: check {setting}, "
            f"and that the download was unpacked; {_MADE}"
        )
    names: dict[str, Path] = {}
    for file in files:
        if names.setdefault(file.stem, file) != file:
            raise DataError(f"{names[file.stem]} and {file} have the same name; remove one")
    return files


def _sequence(video: PairedVideo, group: str) -> PoseSequence:
    if video.truth is None or video.visible is None:
        expected = (
            f"one of {', '.join(NAMES)} (a detector's output has none; "
            "python -m temporal_pose.data.write adds it)"
        )
        raise unlike(video.path, "truth", "missing", expected)
    return PoseSequence(
        name=video.path.stem,
        keypoints=np.where(video.visible[..., None], video.truth, 0),
        visible=video.visible,
        frames=np.arange(len(video)),
        fps=video.fps,
        group=group,
        image_size=video.image_size,
        detections=detections(video),
        skeleton=video.skeleton,
    )


def detections(video: PairedVideo) -> Detections:
    """What the detector saw."""
    if video.detections is not None:
        found = ~np.isnan(video.detections[..., :2]).any(-1)
        seen = np.where(found[..., None], video.detections, 0)
        return Detections(seen[..., :2], found, seen[..., 2])
    if video.boxes is None:
        raise ValueError("a file has detections or boxes")
    somebody = np.isfinite(video.boxes).all(-1)[:, None]
    found = np.broadcast_to(somebody, (len(video), len(video.skeleton))).copy()
    scores = np.float32(1) if video.scores is None else video.scores
    nowhere = np.zeros((*found.shape, 2), np.float32)
    return Detections(nowhere, found, scores * found, video.boxes, video.heatmaps)


def _refuse_copies(files: ListOf[Path], sequences: ListOf[PoseSequence]) -> None:
    """A video that is there twice would stand on both sides of a split."""
    lengths = Counter(map(len, sequences))
    known: dict[str, Path] = {}
    for path, sequence in zip(files, sequences, strict=True):
        if lengths[len(sequence)] > 1:
            first = known.setdefault(fingerprint(sequence, detections=True), path)
            if first != path:
                raise DataError(f"{first} and {path} have the same content; remove one of them")


def _compiled(name: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"{name} '{pattern}' is no regular expression: {error}") from error


def _grouping(pattern: str) -> re.Pattern[str]:
    compiled = _compiled("data.group", pattern)
    if compiled.groups != 1:
        raise ConfigError(
            f"data.group '{pattern}' has {compiled.groups} groups; "
            r"expected one, such as '_(ch\d+)'"
        )
    return compiled
