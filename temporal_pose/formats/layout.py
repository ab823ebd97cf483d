"""The paired layout as a format: what :mod:`temporal_pose.formats.paired` describes.

Positions are the file's ``detections``, or else the peaks of its ``heatmaps`` in their boxes.
Written are ``detections``, with the truth and all that a file says of its video beside them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped

from temporal_pose.errors import DataError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents.texts import Original
from temporal_pose.formats.tables import archives
from temporal_pose.formats.tables.grids import grid, seconds
from temporal_pose.formats.tables.places import Filled, Places, single
from temporal_pose.formats.tables.whole_files import contents, original, regular
from temporal_pose.pose.skeletons import SKELETONS

if TYPE_CHECKING:
    from temporal_pose.formats.paired.paired_video import PairedVideo

_PIECE = 64  # frames whose heatmaps are held at once
_LEAST = 5  # rows and columns that the sub-pixel decoder needs
_DETECTORS = ("detections", "heatmaps")


class StoredDetections(NamedTuple):
    """What it takes to give back a file.

    Args:
        original: the archive, where detections stand in one; None for anything else.
        about: fields of the layout, but for what a detector saw.
    """

    original: Original | None
    places: Places
    about: dict[str, Shaped[np.ndarray, "..."]]


class PairedLayout:
    """Reads files of the paired layout, ``.npz`` or ``.zarr``; writes either."""

    name: ClassVar[str] = "paired"
    suffix: ClassVar[str] = ".npz"

    def recognises(self, path: Path) -> bool:
        """Whether an archive, or a folder of zarr, has an array that the layout needs."""
        if any(name in archives.members(path) for name in _DETECTORS):
            return True
        group = path.suffix == ".zarr" and any(
            (path / name).is_file() for name in ("zarr.json", ".zgroup")
        )
        return group and any((path / name).is_dir() for name in _DETECTORS)

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The one person of a file.

        Raises:
            DataError: a damaged file, or one that is not of the layout.
        """
        from temporal_pose.formats.paired.paired_video import load  # brings torch and zarr

        kept: Original | None = None
        if not path.is_dir():
            kept = original(path, contents(regular(path)))
        video = load(path)
        values = _decoded(video) if video.detections is None else video.detections.astype(float)
        places = Places(np.arange(len(video)), values)
        about = {"fps": np.array(video.fps), "image_size": np.array(video.image_size)}
        about["skeleton"] = np.array(video.skeleton.name)
        if video.truth is not None and video.visible is not None:
            about |= {"truth": video.truth, "visible": video.visible}
        if video.times is not None:
            about["times"] = video.times
        archive = kept if video.detections is not None else None
        told: dict[str, Any] = {"fps": video.fps, "image_size": video.image_size}
        told |= {"times": video.times, "count": len(video)}
        told |= {"kept": StoredDetections(archive, places, about)}
        if video.boxes is not None:
            told["boxes"] = video.boxes[places.taken].astype(float)
            told["heatmaps"] = video.heatmaps
        return [places.clip(path.stem, video.skeleton, given, format=self.name, **told)]

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes a video; see `temporal_pose.formats.clips.Format`.

        Raises:
            DataError: several videos or people; a video of unknown size or frame rate; keypoints
                that no known skeleton names.
        """
        clip = single(clips, out)
        kept = clip.kept if clip.format == self.name else None
        if kept is not None and kept.original is not None and out.suffix != ".zarr":
            write_bytes(out, _replaced(kept.original, kept.places.filled(clip)))
            return
        if kept is None:
            detections, about = _all(clip, out)
        else:
            detections, about = _sure(kept.places.filled(clip).values), kept.about
        if out.suffix == ".zarr":
            _write_zarr(out, about, detections)
        else:
            exact = {"detections": detections.astype(np.float32), **about}
            write_bytes(out, archives.packed(exact))


def _decoded(video: "PairedVideo") -> Float[np.ndarray, "F K 3"]:
    """Peaks of heatmaps in image pixels, with the file's scores."""
    import torch

    from temporal_pose.pose.heatmaps import decode_argmax, decode_subpixel

    if video.heatmaps is None or video.boxes is None:
        raise ValueError("a file has detections, or heatmaps and boxes")
    rows, columns = video.heatmaps.looks.shape[2:]
    decode = decode_subpixel if min(rows, columns) >= _LEAST else decode_argmax
    values = np.full((len(video), len(video.skeleton), 3), np.nan)
    for start in range(0, len(video), _PIECE):
        frames = start + np.flatnonzero(video.heatmaps.somebody[start : start + _PIECE])
        if not len(frames):
            continue
        peaks, found = decode(torch.from_numpy(video.heatmaps.raw(frames)).clamp(min=0))
        inside = (peaks.double().numpy() + 0.5) / [columns, rows]
        boxes = video.boxes[frames, None].astype(float)
        seen = found.numpy()[..., None] > 0
        values[frames, :, :2] = np.where(seen, inside * boxes[..., 2:] + boxes[..., :2], np.nan)
        if video.scores is not None:
            values[frames, :, 2] = np.where(seen[..., 0], video.scores[frames], np.nan)
    return values


def _sure(values: Float[np.ndarray, "F K 3"]) -> Float[np.ndarray, "F K 3"]:
    """The same with scores of 1 where positions have none, and no position by halves."""
    seen = ~np.isnan(values[..., :2]).any(-1)
    scores = np.where(seen & np.isnan(values[..., 2]), 1.0, values[..., 2])
    positions = np.where(seen[..., None], values[..., :2], np.nan)
    return np.concatenate([positions, scores[..., None]], -1)


def _replaced(read: Original, filled: Filled) -> bytes:
    """The archive that was read with other detections."""
    content = read.content()
    if not filled.changed.any():
        return content
    stored = archives.unpacked(content, read.path, {"detections"})["detections"]
    new = stored.copy() if stored.dtype.kind == "f" else stored.astype(np.float32)
    poses = filled.changed.any(2)
    new[poses] = _sure(filled.values)[poses]
    return archives.replaced(content, read.path, {"detections": new})


def _all(
    clip: Clip, out: Path
) -> tuple[Float[np.ndarray, "F K 3"], dict[str, Shaped[np.ndarray, "..."]]]:
    """What a clip of another format saw, a pose a frame, and what the layout says of a video."""
    whole = grid(clip, out)
    if whole.values.shape[1] > 1:
        raise DataError(
            f"{out}: {whole.values.shape[1]} people; expected one, as the paired layout has one a "
            "file: choose one by person="
        )
    if not len(whole.values):
        raise DataError(f"{out}: no frame; expected at least one")
    about, times = _about(clip, out), seconds(clip, whole)
    return _sure(whole.values[:, 0]), about if times is None else about | {"times": times}


def _about(clip: Clip, out: Path) -> dict[str, Shaped[np.ndarray, "..."]]:
    """What the layout says of a video."""
    lacking = [name for name in ("fps", "image_size", "skeleton") if getattr(clip, name) is None]
    if lacking:
        needed = " and ".join(f"{name}=" for name in lacking)
        raise DataError(f"{out}: the paired layout needs what is not known: set {needed}")
    name = "" if clip.skeleton is None else clip.skeleton.name
    if name not in SKELETONS:
        raise DataError(
            f"{out}: the skeleton is '{name}'; expected one of {', '.join(SKELETONS)}, as the "
            "paired layout has it by name"
        )
    about: dict[str, Any] = {"fps": clip.fps, "image_size": clip.image_size, "skeleton": name}
    return {what: np.array(value) for what, value in about.items()}


def _write_zarr(
    out: Path, about: dict[str, Shaped[np.ndarray, "..."]], detections: Float[np.ndarray, "F K 3"]
) -> None:
    from temporal_pose.formats.paired import LayoutWriter

    width, height = (int(number) for number in about["image_size"])
    fps, skeleton = float(about["fps"]), str(about["skeleton"])
    told: dict[str, Any] = {"skeleton": skeleton, "fps": fps, "image_size": (width, height)}
    truth = {name: about[name] for name in ("truth", "visible", "times") if name in about}
    with LayoutWriter(out, overwrite=True, **told) as writer:
        writer.append(detections=detections.astype(np.float32), **truth)
