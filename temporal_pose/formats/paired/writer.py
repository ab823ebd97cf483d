"""Writes the paired layout as it comes, a few frames at a time, in constant memory."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.formats.paired.fields import dimensions, fits, unlike, written
from temporal_pose.formats.paired.growing import CHUNK, GrowingStore, discard, written_here
from temporal_pose.formats.paired.packing import DTYPES, packed
from temporal_pose.pose.skeletons import skeleton as skeleton_of


class LayoutWriter:
    """Writes one ``.zarr`` file of the paired layout.

    What is written lies in ``NAME.zarr.part`` until `close` renames it, so that nothing unfinished
    looks complete. Whole chunks of frames are safe there from a process that is killed; with
    ``resume`` the next writer goes on after them. As a context it closes itself, unless left by
    an exception.

    Args:
        path: ends in ``.zarr``.
        skeleton: name of the keypoints' order.
        fps: frames a second.
        image_size: width and height in pixels.
        heatmap_size: rows and columns of the heatmaps; None for a detector of keypoints alone.
        dtype: of the heatmaps: float16, float32, or uint8 with a scale a map, which keeps nothing
            below zero.
        settings: plain data that say what made the file; kept in it, and compared on resuming.
        resume: goes on with what an interrupted writer left; without it that is thrown away.
        overwrite: replaces a finished file, once this one is finished.

    Raises:
        ConfigError: an unknown skeleton or dtype, or an fps or a size that is not positive.
        DataError: a file that exists already or is somebody else's, or an unfinished one of other
            settings.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        skeleton: str,
        fps: float,
        image_size: tuple[int, int],
        heatmap_size: tuple[int, int] | None = None,
        dtype: str = "float16",
        settings: Mapping[str, Any] | None = None,
        resume: bool = False,
        overwrite: bool = False,
    ) -> None:
        self.path, self.keypoints = Path(path), len(skeleton_of(skeleton))
        self.heatmap_size, self.dtype = heatmap_size, dtype
        _check_numbers(fps, image_size, heatmap_size, dtype)
        if self.path.suffix != ".zarr":
            raise DataError(f"{path}: cannot be written; expected a name that ends in .zarr")
        if self.path.exists() and not overwrite:
            raise DataError(f"{path} exists already; remove it, overwrite it, or choose a name")
        if (self.path.exists() or self.path.is_symlink()) and not written_here(self.path):
            raise DataError(f"{path} was not written by this package; remove it or choose a name")
        about = {"skeleton": skeleton, "fps": float(fps), "image_size": list(image_size)}
        about["heatmap_size"] = None if heatmap_size is None else list(heatmap_size)
        about |= {"dtype": dtype, "settings": json.loads(json.dumps(dict(settings or {})))}
        self._store = GrowingStore(self.path.with_name(self.path.name + ".part"), about, resume)
        self._waiting: list[dict[str, np.ndarray]] = []

    @property
    def frames(self) -> int:
        """Frames that are safely stored: those of whole chunks."""
        return self._store.frames

    def stored(self, name: str) -> np.ndarray:
        """What is safely stored of an array, such as its ``memory``; no rows where nothing is."""
        return self._store.stored(name)

    def append(
        self,
        *,
        heatmaps: np.ndarray | None = None,
        boxes: np.ndarray | None = None,
        scores: np.ndarray | None = None,
        detections: np.ndarray | None = None,
        truth: np.ndarray | None = None,
        visible: np.ndarray | None = None,
        times: np.ndarray | None = None,
        memory: np.ndarray | None = None,
    ) -> None:
        """Adds any number of frames, of the same arrays every time.

        Args:
            heatmaps: (n, K, h, w); scores (n, K) and boxes (n, 4) belong to them.
            boxes: x, y, width, height in image pixels; NaN where the detector found nobody.
            detections: (n, K, 3): x, y, score; NaN where not detected.
            truth: (n, K, 2), image pixels, finite where ``visible``, bool (n, K), is true.
            times: (n,), seconds.
            memory: (n, M), what a detector needs to go on after an interruption; a finished file
                has it no more.

        Raises:
            DataError: arrays that are missing, of the wrong shape, other ones than before, or of
                values that the layout does not allow.
        """
        given = {"heatmaps": heatmaps, "boxes": boxes, "scores": scores, "detections": detections}
        given |= {"truth": truth, "visible": visible, "times": times, "memory": memory}
        arrays = {name: np.asarray(array) for name, array in given.items() if array is not None}
        self._check(arrays)
        first = self.frames + self._waiting_frames
        self._waiting.append(packed(self.path, arrays, self.dtype, first))
        self._write(self._waiting_frames // CHUNK * CHUNK)

    def close(self) -> None:
        """Writes what is left and gives the file its name.

        Raises:
            DataError: no frame was written.
        """
        self._write(self._waiting_frames)
        if not self.frames:
            raise DataError(f"{self.path}: no frame was written; expected at least one")
        part = self._store.finish()
        discard(self.path)
        part.rename(self.path)
        shutil.rmtree(self.path / "memory", ignore_errors=True)  # of use to one who goes on

    def discard(self) -> None:
        """Throws away what was written, and what an interrupted writer had left for it."""
        shutil.rmtree(self._store.path)

    def __enter__(self) -> "LayoutWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()

    @property
    def _waiting_frames(self) -> int:
        return sum(len(next(iter(arrays.values()))) for arrays in self._waiting)

    def _write(self, frames: int) -> None:
        """Stores the first of the waiting frames."""
        if frames:
            joined = self._waiting[0]
            if len(self._waiting) > 1:  # or each is copied for nothing
                joined = {n: np.concatenate([w[n] for w in self._waiting]) for n in joined}
            self._store.append({name: array[:frames] for name, array in joined.items()})
            rest = {name: array[frames:].copy() for name, array in joined.items()}
            self._waiting = [rest] if len(rest[next(iter(rest))]) else []

    def _check(self, arrays: Mapping[str, np.ndarray]) -> None:
        known = self._store.names or set(self._waiting[0] if self._waiting else arrays)
        if set(arrays) != known - {"heatmap_scale"}:
            raise DataError(
                f"{self.path}: was begun with {', '.join(sorted(known))}; expected the same "
                f"arrays in every frame, not {', '.join(sorted(arrays))}"
            )
        needed = ("detections",) if self.heatmap_size is None else ("heatmaps", "boxes")
        for name in needed:
            if name not in arrays:
                raise unlike(self.path, name, "missing", f"{' and '.join(needed)}")
        if ("truth" in arrays) != ("visible" in arrays):
            raise unlike(self.path, "truth", "without 'visible' or the reverse", "both or none")
        frames = len(arrays[needed[0]]) if arrays[needed[0]].ndim else 0
        sizes = {"F": frames, "K": self.keypoints}
        if self.heatmap_size is not None:
            sizes |= dict(zip("hw", self.heatmap_size, strict=True))
        for name, array in arrays.items():
            wanted = dimensions(name, **sizes)
            if not fits(array.shape, wanted):
                found = f"of shape {written(array.shape)}"
                raise unlike(self.path, name, found, f"{written(wanted)}, F > 0")


def _check_numbers(
    fps: float, image_size: tuple[int, int], heatmap_size: tuple[int, int] | None, dtype: str
) -> None:
    if not 0 < fps < float("inf"):
        raise ConfigError(f"fps is {fps}; expected a positive number")
    for name, size in {"image_size": image_size, "heatmap_size": heatmap_size}.items():
        if size is not None and (len(size) != 2 or not all(n > 0 for n in size)):
            raise ConfigError(f"{name} is {tuple(size)}; expected 2 positive numbers")
    if dtype not in DTYPES:
        raise ConfigError(f"dtype is '{dtype}'; expected one of {', '.join(DTYPES)}")
