"""The schema of ``predictions.npz``: what a run made of its test set, windows or single people."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.errors import DataError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.files.documents import check_regular
from temporal_pose.files.reading import arrays, reading
from temporal_pose.runs.results import damaged

_MOST_BYTES = 1 << 30  # unpacked
_FAR = 1e6  # heatmap pixels; nothing is further off


class Predictions(NamedTuple):
    """What a model made of a set of windows; positions in heatmap pixels.

    Args:
        window: number of each window's first frame in the data set.
        video: name of each window's video.
        observed: the input.
        visible: where there is a truth.
        torso: diameter in each frame.
        scores: the detector's; None where they were not kept.
        group: name of each window's group of videos, such as the person; None for the video.
    """

    window: Int[np.ndarray, " N"]
    video: np.ndarray
    predicted: Float[np.ndarray, "N T K 2"]
    observed: Float[np.ndarray, "N T K 2"]
    truth: Float[np.ndarray, "N T K 2"]
    visible: Bool[np.ndarray, "N T K"]
    torso: Float[np.ndarray, "N T"]
    scores: Float[np.ndarray, "N T K"] | None = None
    group: np.ndarray | None = None

    def save(self, path: Path) -> None:
        """Writes a compressed ``.npz`` file with these names, atomically."""
        _write(path, self._asdict())


class CropPredictions(NamedTuple):
    """What a detector made of N people, each in a crop; positions in image pixels.

    Args:
        person: name of each, unique in the data set.
        keypoints: that were found.
        scores: from 0 to 1.
        labels: COCO's: 0 for a keypoint without a truth, 1 for one that is hidden, 2 for one that
            is seen.
        boxes: x, y, width and height.
    """

    person: np.ndarray
    keypoints: Float[np.ndarray, "N K 2"]
    scores: Float[np.ndarray, "N K"]
    truth: Float[np.ndarray, "N K 2"]
    labels: Int[np.ndarray, "N K"]
    boxes: Float[np.ndarray, "N 4"]

    def save(self, path: Path) -> None:
        """Writes a compressed ``.npz`` file with these names, atomically."""
        _write(path, self._asdict())


def _write(path: Path, named: Mapping[str, Any]) -> None:
    buffer = io.BytesIO()
    kept = {name: array for name, array in named.items() if array is not None}
    np.savez_compressed(buffer, **kept)
    write_bytes(path, buffer.getvalue())


#: By field the kinds of its numbers, as numpy's letters, and its axes.
_LAYOUT = {
    **{"window": ("iu", "N"), "video": ("U", "N"), "group": ("U", "N")},
    **dict.fromkeys(("predicted", "observed", "truth"), ("f", "NTK2")),
    **{"visible": ("b", "NTK"), "scores": ("f", "NTK"), "torso": ("f", "NT")},
}


def read_predictions(file: Path) -> Predictions | None:
    """The predictions that a run has kept, or None where it has kept none.

    Raises:
        RunFolderError: the file is unreadable or damaged, or its arrays do not fit together.
    """
    if not file.exists() and not file.is_symlink():
        return None
    try:
        _check_extent(file)
        return _fitting(arrays(file, _LAYOUT))
    except DataError as error:
        raise damaged(file, error.__cause__ or error) from None
    except ValueError as error:
        raise damaged(file, error) from None


def _check_extent(file: Path) -> None:
    """A small archive may unpack to more than memory holds."""
    with reading(file, ".npz"):
        check_regular(file)
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
    if size > _MOST_BYTES:
        raise ValueError("unpacked it would be larger than any test set")


def _fitting(found: Mapping[str, np.ndarray]) -> Predictions:
    """Arrays as predictions, if they can be."""
    for name in (n for n in Predictions._fields if n not in Predictions._field_defaults):
        if not isinstance(found.get(name), np.ndarray):
            raise ValueError(f"it holds no array {name}")
    sizes = dict(zip("NTK2", (*found["truth"].shape, 0, 0, 0, 0), strict=False)) | {"2": 2}
    for name, array in found.items():
        kinds, axes = _LAYOUT[name]
        shape = tuple(sizes[axis] for axis in axes)
        if array.dtype.kind not in kinds or array.shape != shape:
            raise ValueError(
                f"{name} is {array.dtype} of shape {array.shape}; expected {shape} of kind {kinds}"
            )
    if not found["visible"].any():
        raise ValueError("it holds no keypoint with a truth")
    with np.errstate(all="ignore"):  # what overflows is found below
        floats = {n: a.astype(np.float32, copy=False) for n, a in found.items() if _real(a)}
    for name in ("predicted", "observed", "truth"):
        if not np.abs(floats[name][found["visible"]]).max() < _FAR:
            raise ValueError(f"{name} is not finite where there is a truth")
    return Predictions(**(dict(found) | floats))


def _real(array: np.ndarray) -> bool:
    return array.dtype.kind == "f"
