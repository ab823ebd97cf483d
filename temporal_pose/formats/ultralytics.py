"""Ultralytics (YOLO): a folder of pose labels, a text file for each frame."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents import frame_files, label_files, labels
from temporal_pose.formats.documents.frame_files import KeptFolder, ReadVideo
from temporal_pose.formats.documents.gathering import finite
from temporal_pose.formats.documents.label_files import LabelFiles
from temporal_pose.formats.documents.labels import BOX, Layout
from temporal_pose.formats.documents.naming import by_number
from temporal_pose.formats.documents.numbering import sibling
from temporal_pose.formats.documents.parting import Kept, are_grades, read_off
from temporal_pose.formats.documents.renewal import (
    SHARES,
    Renewal,
    by_row,
    missing,
    new_numbers,
    renewal,
    written,
)
from temporal_pose.formats.documents.spans import renumbered
from temporal_pose.formats.documents.texts import (
    Original,
    decoded,
    encoded,
    head,
)

_EXAMPLE = "NAME_12.txt"


class Ultralytics:
    """Labels of Ultralytics' pose models: a person a line, ``class cx cy w h`` of the box, then
    x, y and mostly visibility or confidence of each keypoint, all but these as shares of the
    image; after them perhaps a confidence and the id of a track.

    The last number in a file's name is the frame; what stands before it tells the video.
    Visibilities 0, 1, 2 become scores 0, 0.5, 1. A file that is damaged leaves its frame without
    poses, and is not written.

    Source: https://docs.ultralytics.com/datasets/pose and `Results.save_txt`.
    """

    name: ClassVar[str] = "ultralytics"
    suffix: ClassVar[str] = ""

    def recognises(self, path: Path) -> bool:
        """Whether a folder has text files that begin with the label of a pose."""
        return any(
            label_files.is_label(head(file, 1 << 14)) for file in frame_files.samples(path, ".txt")
        )

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The videos of a folder.

        Raises:
            DataError: no file can be read, they have different numbers of keypoints, or nothing
                tells how many.
        """
        found = frame_files.read_videos(path, ".txt", _EXAMPLE, label_files.read)
        layout = label_files.layout_of(path, [video.content for video in found], given)
        return [_clip(path, video, layout, given) for video in found]

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes a folder, a file for each frame with a person.

        Raises:
            DataError: the files that were read have changed, or positions cannot be scaled.
            OSError: the disk is full or the folder cannot be written.
        """
        files: list[Iterator[tuple[str, bytes]]] = []
        for clip, stem in zip(clips, frame_files.stems(clips), strict=True):
            known = clip.format == self.name and isinstance(clip.kept, _Kept)
            files.append(_renewed(clip, clip.kept) if known else _new(clip, stem))
        frame_files.write(out, (file for one in files for file in one))


class _Kept(NamedTuple):
    folder: KeptFolder
    layout: Layout


def _clip(folder: Path, video: ReadVideo[LabelFiles], layout: Layout, given: Given) -> Clip:
    read = video.content
    values, odd = finite(labels.values(read.lines, layout), folder)
    graded, rows = are_grades(values[..., 2]), np.arange(len(values))
    kept = Kept(Original(folder.absolute(), 0), rows, values, graded, {}, shares=True)
    frames = np.array([file.frame for file in read.files], np.int64)
    keypoints, scores = read_off(kept)
    ids, boxes = labels.ids(read.lines, layout), labels.boxes(read.lines)
    return Clip(
        video.title,
        np.repeat(frames, [file.poses for file in read.files]),
        keypoints,
        scores,
        skeleton=by_number(values.shape[1], given),
        fps=given.fps,
        image_size=given.image_size,
        ids=ids if (ids >= 0).any() else None,
        boxes=boxes * np.tile(given.image_size, 2) if given.image_size else None,
        count=video.count,
        normalised=True,
        rows=rows,
        kept=_Kept(KeptFolder(folder.absolute(), read.files, kept), layout),
        format=Ultralytics.name,
        remarks=video.remarks + odd,
    )


def _renewed(clip: Clip, kept: _Kept) -> Iterator[tuple[str, bytes]]:
    """The files that were read, with the clip's poses in them, and those of new frames."""
    folder, layout = kept.folder, kept.layout
    changes = by_row([renewal(clip, folder.poses)])
    new, row = _additions(clip, clip.rows < 0, layout, folder.poses.graded), 0
    for file in folder.files:
        original = Original(folder.folder / file.name, file.checksum)
        content, rows = original.content(), range(row, row + file.poses)
        lines = new.pop(file.frame, [])
        if lines or any(one in changes for one in rows):
            there = decoded(content, original)
            text = _relabelled(there.text, changes, row, layout)
            content = encoded(_with(text, lines), there.encoding)
        yield file.name, content
        row = rows.stop
    for frame, lines in new.items():
        yield sibling(folder.files[0].name, frame), encoded(_with("", lines))


def _relabelled(text: str, changes: Mapping[int, Renewal], row: int, layout: Layout) -> str:
    """A file with the poses that change, the first of which has that row."""
    lines = text.split("\n")
    for place, line in enumerate(lines):
        words = len(line.split())
        if row in changes and words:
            numbers = changes[row].numbers(row, range(layout.width))
            rest = [None] * (words - layout.end)
            lines[place] = renumbered(line, [*[None] * BOX, *numbers, *rest])
        row += words > 0
    return "\n".join(lines)


def _with(text: str, lines: Sequence[str]) -> str:
    """A text with further lines; it ends without a line end if it did."""
    if not lines:
        return text
    ending = "" if text and not text.endswith("\n") else "\n"
    return text + ("\n" if not ending else "") + "\n".join(lines) + ending


def _additions(
    clip: Clip, chosen: Bool[np.ndarray, " N"], layout: Layout, graded: bool
) -> dict[int, list[str]]:
    """Lines of poses that were in no file, by frame."""
    lines: dict[int, list[str]] = {}
    values = new_numbers(clip, shares=True) if chosen.any() else clip.keypoints
    for place in np.flatnonzero(chosen):
        box = _box(clip, values[place], place)
        score = values[place, :, 2].mean()
        shown = np.where(missing(values[place]), 0, 2 if graded else values[place, :, 2])
        points = np.concatenate([values[place, :, :2], shown[:, None]], 1)[:, : layout.width]
        extras = [] if layout.extras - layout.tracked < 1 else [float(score)]
        if layout.tracked and clip.ids is not None and clip.ids[place] >= 0:
            extras.append(float(clip.ids[place]))
        numbers = [0.0, *box, *points.ravel().tolist(), *extras]
        line = " ".join(written(round(number, SHARES)) for number in numbers)
        lines.setdefault(int(clip.frames[place]), []).append(line)
    return lines


def _box(clip: Clip, values: Float[np.ndarray, "K 3"], place: Any) -> list[float]:
    """Center and size of a person's box, as shares of the image."""
    there = values[~missing(values), :2]
    low, size = (there.min(0), np.ptp(there, 0)) if len(there) else np.zeros((2, 2))
    if clip.boxes is not None and clip.image_size and np.isfinite(clip.boxes[place]).all():
        low, size = clip.boxes[place].reshape(2, 2) / np.array(clip.image_size, float)
    return [*(low + size / 2).tolist(), *size.tolist()]


def _new(clip: Clip, stem: str) -> Iterator[tuple[str, bytes]]:
    """Files of a clip that came from elsewhere."""
    k, tracked = clip.scores.shape[1], clip.ids is not None
    layout = Layout(k, 3, int(tracked), tracked)
    for frame, lines in _additions(clip, np.ones(len(clip), bool), layout, False).items():
        yield f"{stem}_{frame:06d}.txt", encoded(_with("", lines))
