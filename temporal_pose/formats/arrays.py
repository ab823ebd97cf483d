"""numpy's files: ``.npy`` of one array, ``.npz`` of several by name.

F frames, P people, K keypoints. An ``.npy`` has the shape (F, K, 2), (F, K, 3), (F, P, K, 2) or
(F, P, K, 3): x, y and, if there is a third, the score. An ``.npz`` holds such an array, called
``keypoints`` unless it is the only one, and if it likes

- ``scores`` (F, K) or (F, P, K);
- ``frames`` (F,), numbers of the frames; else they count from 0;
- ``times`` (F,), seconds;
- ``fps``, a number, or a text such as 30000/1001;
- ``image_size``, width and height in pixels;
- ``skeleton``, the name of a known one, or the K names of the keypoints.

NaN is what was not detected. Arrays of other names are kept as they are, unopened.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Shaped

from temporal_pose.errors import DataError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents.texts import Original
from temporal_pose.formats.tables import archives
from temporal_pose.formats.tables.archive_fields import Fields
from temporal_pose.formats.tables.grids import grid
from temporal_pose.formats.tables.places import Places, shares, single
from temporal_pose.formats.tables.whole_files import beginning, contents, original

_SHAPES = "(F, K, 2), (F, K, 3), (F, P, K, 2) or (F, P, K, 3)"
_LAYOUT = {"detections", "heatmaps"}  # of the paired layout


class StoredArray(NamedTuple):
    """What it takes to give back a file.

    Args:
        name: of the array of positions in an archive; None in a file of one array.
    """

    original: Original
    places: Places
    name: str | None

    def filled(self, clip: Clip) -> bytes:
        """The file with a clip's poses in it, all else as it was.

        Whole numbers and those of half precision become finer ones, if any of them changes.

        Raises:
            DataError: see `Places.filled`; or a file that has changed.
        """
        filled, content = self.places.filled(clip), self.original.content()
        if not filled.changed.any():
            return content
        arrays = _arrays(content, self.original.path, self.name)
        positions, scores = arrays["keypoints"], arrays.get("scores")
        wide = positions.shape[-1]
        shape = (*positions.shape[:-1], 3)
        values, changed = (a.reshape(shape) for a in (filled.values, filled.changed))
        new = {"keypoints": _patched(positions, values[..., :wide], changed[..., :wide])}
        if self.name is None:
            return archives.saved(new["keypoints"])
        if scores is not None and wide == 2:
            new["scores"] = _patched(scores, values[..., 2], changed[..., 2])
        patched = {self.name: new.pop("keypoints"), **new}
        return archives.replaced(content, self.original.path, patched)


class Arrays:
    """Reads and writes numpy's files."""

    name: ClassVar[str] = "arrays"
    suffix: ClassVar[str] = ".npz"

    def recognises(self, path: Path) -> bool:
        """Whether a file holds one array, or an archive those that are documented."""
        if beginning(path, len(archives.ARRAY)) == archives.ARRAY:
            return True
        names = archives.members(path)
        return not names & _LAYOUT and ("keypoints" in names or len(names) == 1)

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The video of a file; which of the two kinds it is, its content says.

        Raises:
            DataError: a damaged file, a pickle, or arrays of other shapes.
        """
        content = contents(path)
        name = _name(content, path)
        arrays = _arrays(content, path, name)
        fields = Fields(path, arrays, arrays["keypoints"].shape[0])
        values = _values(arrays, path)
        frames, people, keypoints = values.shape[:3]
        numbers = fields.frames()
        whole = values.reshape(-1, keypoints, 3)
        places = Places(np.repeat(numbers, people), whole, None, shares(whole[..., :2]))
        if people == 1:
            places.refuse_twice(path)
        times = fields.times()
        told: dict[str, Any] = {"fps": fields.fps(), "image_size": fields.image_size()}
        told |= {"times": None if times is None else np.repeat(times, people)}
        told |= {"count": frames if np.array_equal(numbers, np.arange(frames)) else None}
        told |= {"kept": StoredArray(original(path, content), places, name), "format": self.name}
        return [places.clip(path.stem, fields.skeleton(keypoints), given, **told)]

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes a video; see `temporal_pose.formats.clips.Format`.

        Raises:
            DataError: several videos, or frame numbers far apart.
        """
        clip = single(clips, out)
        kept, alone = clip.kept if clip.format == self.name else None, out.suffix == ".npy"
        if kept is not None and alone == (kept.name is None):
            write_bytes(out, kept.filled(clip))
        else:
            write_bytes(out, _new(clip, out, alone))


def _name(content: bytes, path: Path) -> str | None:
    """Name of the array of positions in an archive; None where the file is an array."""
    if content.startswith(archives.ARRAY):
        return None
    if not content.startswith(archives.ARCHIVE):
        what = "is a pickle, which is not opened" if content[:1] == b"\x80" else "is not numpy's"
        raise DataError(f"{path} {what}, as its first bytes show; expected .npy or .npz")
    names = sorted(archives.members(path))
    if "keypoints" in names or len(names) != 1:
        return "keypoints"
    return names[0]


def _arrays(content: bytes, path: Path, name: str | None) -> dict[str, Shaped[np.ndarray, "..."]]:
    """The documented arrays that are there, that of positions as ``keypoints``."""
    if name is None:
        return {"keypoints": _numbers(archives.parsed(content, path), path, "the array")}
    arrays = archives.unpacked(content, path, {name, "scores", *Fields.NAMES})
    if name not in arrays:
        found = ", ".join(sorted(archives.members(path))) or "nothing"
        raise DataError(f"{path} holds {found}; expected an array 'keypoints'")
    arrays["keypoints"] = _numbers(arrays.pop(name), path, f"'{name}'")
    return arrays


def _numbers(array: Shaped[np.ndarray, "..."], path: Path, what: str) -> Shaped[np.ndarray, "..."]:
    if array.dtype.kind not in "fiu":
        raise DataError(f"{path}: {what} is {array.dtype}; expected numbers")
    if array.ndim not in (3, 4) or array.shape[-1] not in (2, 3) or not array.shape[-2]:
        raise DataError(f"{path}: {what} has shape {array.shape}; expected {_SHAPES}")
    return array


def _values(
    arrays: Mapping[str, Shaped[np.ndarray, "..."]], path: Path
) -> Float[np.ndarray, "F P K 3"]:
    """x, y and score of everybody."""
    found = arrays["keypoints"]
    shape = found.shape if found.ndim == 4 else (found.shape[0], 1, *found.shape[1:])
    values = np.full((*shape[:3], 3), np.nan)
    values[..., : shape[-1]] = found.reshape(shape)
    scores = arrays.get("scores")
    if scores is not None and shape[-1] == 2:
        if scores.shape != found.shape[:-1] or scores.dtype.kind not in "fiu":
            raise DataError(
                f"{path}: 'scores' is {scores.dtype} of shape {scores.shape}; expected numbers of "
                f"shape {found.shape[:-1]}"
            )
        values[..., 2] = scores.reshape(shape[:3])
    third = values[..., 2]
    negative = (third < 0) & (third != -1)
    if negative.sum() > 0.1 * np.isfinite(third).sum():
        raise DataError(
            f"{path}: many scores are negative; expected x, y and score: leave out what is a depth"
        )
    return values


def _patched(
    stored: Shaped[np.ndarray, "*shape"],
    values: Float[np.ndarray, "*shape"],
    changed: Bool[np.ndarray, "*shape"],
) -> Shaped[np.ndarray, "*shape"]:
    """An array with other values where they changed."""
    if not changed.any():
        return stored
    fine = stored.dtype.kind == "f" and stored.dtype.itemsize >= 4
    new = stored.copy() if fine else stored.astype(float)
    new[changed] = values[changed]
    return new


def _new(clip: Clip, out: Path, alone: bool) -> bytes:
    """A file from nothing but poses."""
    whole = grid(clip, out, normalised=clip.normalised)
    values = whole.values[:, 0] if whole.values.shape[1] == 1 else whole.values
    if alone:
        return archives.saved(values)
    frames = np.arange(len(values)) + whole.first
    arrays: dict[str, Any] = {"keypoints": values[..., :2], "scores": values[..., 2]}
    arrays |= {"frames": frames}
    if clip.fps is not None:
        arrays["fps"] = np.float64(clip.fps)
    if clip.times is not None:
        arrays["times"] = np.full(len(values), np.nan)
        arrays["times"][clip.frames - whole.first] = clip.times
    if clip.image_size is not None:
        arrays["image_size"] = np.array(clip.image_size)
    if clip.skeleton is not None:
        arrays["skeleton"] = np.array(clip.skeleton.keypoints)
    return archives.packed(arrays)
