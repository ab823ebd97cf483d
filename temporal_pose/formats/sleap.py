"""SLEAP's analysis HDF5: arrays of tracks, and names of the nodes and tracks.

``tracks`` (T, 2, K, F) holds positions, NaN where a node or the whole animal was not found,
``point_scores`` (T, K, F) how sure SLEAP was; ``track_occupancy`` (F, T) says who is in a frame.
Files whose axes are in another order say so (``dims``), or are the other way round.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped

from temporal_pose.errors import DataError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents.texts import Original
from temporal_pose.formats.tables import hdf5
from temporal_pose.formats.tables.grids import Grid, grid
from temporal_pose.formats.tables.names import named
from temporal_pose.formats.tables.places import Places, single
from temporal_pose.formats.tables.whole_files import contents, original
from temporal_pose.pose.rates import rate_told

_AXES = ("track", "xy", "node", "frame")
_WANTED = ("frame", "track", "node", "xy")
_READING = "reading SLEAP's analysis.h5"


class StoredTracks(NamedTuple):
    """What it takes to give back a file.

    Args:
        axes: of ``tracks`` as stored.
    """

    original: Original
    places: Places
    axes: tuple[str, ...]
    shape: tuple[int, int]

    def filled(self, clip: Clip) -> bytes:
        """The file with a clip's poses in it, all else as it was.

        Raises:
            DataError: see `Places.filled`; or a file that has changed.
        """
        filled = self.places.filled(clip)
        values, changed = (
            array.reshape(*self.shape, -1, 3) for array in (filled.values, filled.changed)
        )
        new = ~self.places.taken.reshape(self.shape) & changed.any((2, 3))

        def change(file: Any) -> None:
            _put(file, "tracks", values[..., :2], changed[..., :2], _order(_WANTED, self.axes))
            three = _order(_WANTED[:3], self.axes)
            _put(file, "point_scores", values[..., 2], changed[..., 2], three)
            occupancy = file.get("track_occupancy")
            if new.any() and occupancy is not None:
                before = occupancy[()]
                before[new if before.shape == new.shape else new.T] = 1
                occupancy[...] = before

        content = self.original.content()
        if not changed.any():
            return content
        return hdf5.edited(self.original.path, content, change, _READING)


class Sleap:
    """Reads and writes SLEAP's analysis HDF5."""

    name: ClassVar[str] = "sleap"
    suffix: ClassVar[str] = ".h5"

    def recognises(self, path: Path) -> bool:
        """Whether a file is HDF5 and has the names of nodes."""
        return hdf5.holds(path, "node_names")

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The video of a file; frames count from 0.

        Raises:
            DataError: a damaged file, or arrays that do not fit each other.
            ConfigError: h5py is not installed.
        """
        content = contents(path)
        with hdf5.opened(path, content, _READING) as file:
            nodes, names = (
                _names(file, one, path, content) for one in ("node_names", "track_names")
            )
            tracks = hdf5.array(file, "tracks", path, len(content))
            scores = None
            if "point_scores" in file:
                scores = hdf5.array(file, "point_scores", path, len(content))
            axes = _axes(file, tracks.shape, len(nodes), len(names), path)
            fps = rate_told(file.attrs.get("fps"))
        values = _values(tracks, scores, axes, path)
        length, people = values.shape[:2]
        ids = np.tile(np.arange(people), length) if len(names) == people else None
        frames = np.repeat(np.arange(length), people)
        places = Places(frames, values.reshape(length * people, *values.shape[2:]), ids)
        kept = StoredTracks(original(path, content), places, axes, (length, people))
        told: dict[str, Any] = {"fps": fps, "count": length, "kept": kept, "format": self.name}
        return [places.clip(path.name.split(".")[0], named(nodes, "sleap"), given, **told)]

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes a video; see `temporal_pose.formats.clips.Format`.

        Raises:
            DataError: several videos; see `temporal_pose.formats.tables.grids.grid`.
            ConfigError: h5py is not installed.
        """
        clip = single(clips, out)
        if clip.format == self.name and clip.kept is not None:
            write_bytes(out, clip.kept.filled(clip))
            return
        whole = grid(clip, out)
        if whole.first < 0:
            raise DataError(f"{out}: frame {whole.first}; expected frames from 0 on")
        write_bytes(out, hdf5.edited(out, b"", lambda file: _new(file, whole, clip), _READING))


def _order(before: Sequence[str], after: Sequence[str]) -> tuple[int, ...]:
    """Axes in another order, those that an array lacks left out."""
    return tuple(before.index(axis) for axis in after if axis in before)


def _names(file: Any, name: str, path: Path, content: bytes) -> list[str]:
    if name not in file:
        return []
    return hdf5.texts(hdf5.array(file, name, path, len(content)))


def _axes(
    file: Any, shape: tuple[int, ...], nodes: int, tracks: int, path: Path
) -> tuple[str, ...]:
    """Order of the axes of ``tracks``: as the file says, or whichever fits the names."""
    with suppress(ValueError, TypeError, KeyError):
        told = tuple(json.loads(hdf5.texts(np.asarray(file["tracks"].attrs["dims"]))[0]))
        if sorted(told) == sorted(_AXES) and len(shape) == 4:
            return told
    for axes in (_AXES, _AXES[::-1], ("frame", "node", "xy", "track")):
        sizes = dict(zip(axes, shape, strict=False))
        fits = (sizes.get("xy"), sizes.get("node")) == (2, nodes)
        if len(shape) == 4 and fits and (not tracks or sizes["track"] == tracks):
            return axes
    raise DataError(
        f"{path}: 'tracks' has shape {shape} for {nodes} nodes and {tracks} tracks; expected "
        "(tracks, 2, nodes, frames)"
    )


def _values(
    tracks: Shaped[np.ndarray, "..."],
    scores: Shaped[np.ndarray, "..."] | None,
    axes: tuple[str, ...],
    path: Path,
) -> Float[np.ndarray, "F T K 3"]:
    """x, y and score by frame, track and node."""
    positions = tracks.transpose(_order(axes, _WANTED)).astype(float)
    values = np.concatenate([positions, np.full((*positions.shape[:3], 1), np.nan)], -1)
    if scores is not None:
        three = [axis for axis in axes if axis != "xy"]
        if scores.ndim != 3 or scores.transpose(_order(three, _WANTED)).shape != values.shape[:3]:
            raise DataError(
                f"{path}: 'point_scores' has shape {scores.shape}, tracks {tracks.shape}; "
                "expected (tracks, nodes, frames)"
            )
        values[..., 2] = scores.transpose(_order(three, _WANTED))
    return values


def _put(
    file: Any,
    name: str,
    values: Float[np.ndarray, "F T K *xy"],
    changed: Shaped[np.ndarray, "F T K *xy"],
    order: tuple[int, ...],
) -> None:
    """Changed values into a dataset, if there is one."""
    if changed.any() and name in file:
        stored = file[name][()]
        where = changed.transpose(order)
        stored[where] = values.transpose(order)[where]
        file[name][...] = stored


def _new(file: Any, whole: Grid, clip: Clip) -> None:
    """A file from nothing but poses, as SLEAP writes them."""
    values, count = whole.values, clip.scores.shape[1]
    nodes = clip.skeleton.keypoints if clip.skeleton else [f"node{i}" for i in range(count)]
    people = [f"track_{person}" for person in whole.people.tolist()]
    there = ~np.isnan(values[..., :2]).all((2, 3))
    arrays = {
        "tracks": values[..., :2].transpose(1, 3, 2, 0),
        "point_scores": values[..., 2].transpose(1, 2, 0),
        "instance_scores": np.where(there, 1.0, np.nan).T,
        "tracking_scores": np.where(there, 0.0, np.nan).T,
        "track_occupancy": there.astype(np.uint8),
        "node_names": np.array([node.encode() for node in nodes]),
        "track_names": np.array([person.encode() for person in people]),
        "edge_names": np.empty((0, 2)),
        "edge_inds": np.empty((0, 2)),
    }
    for name, array in arrays.items():
        file.create_dataset(
            name, data=array, **({"compression": "gzip"} if array.ndim > 1 else {})
        )
    for name, text in {"labels_path": "", "provenance": "{}", "video_path": clip.name}.items():
        file.create_dataset(name, data=text)
    file.create_dataset("video_ind", data=0)
