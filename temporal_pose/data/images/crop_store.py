"""Crops are kept in a file that all workers share, so that only the first epoch decodes images."""

import os
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from temporal_pose.files.room import reserve


class CropStore:
    """Room for N crops in a temporary file, which the system keeps in memory where there is some.

    Args:
        count: how many crops, N.
        size: rows and columns of each.

    Raises:
        OSError: there is no room for the file.
    """

    def __init__(self, count: int, size: int) -> None:
        self._shape = (count, 3, size, size)
        handle, name = tempfile.mkstemp(prefix="temporal_pose_crops_")
        self._path = Path(name)
        weakref.finalize(self, _remove, self._path, os.getpid())
        try:
            reserve(handle, self.bytes + count)
        except OSError:
            self._path.unlink()
            raise
        finally:
            os.close(handle)
        self._pixels, self._there = self._opened()

    @property
    def bytes(self) -> int:
        """Of all crops."""
        return int(np.prod(self._shape))

    def get(self, index: int) -> UInt8[np.ndarray, "3 S S"] | None:
        """A crop that was put here before, by whatever process; None for none."""
        return np.array(self._pixels[index]) if self._there[index] else None

    def put(self, index: int, crop: UInt8[np.ndarray, "3 S S"]) -> None:
        """Keeps a crop."""
        self._pixels[index] = crop
        self._there[index] = 1

    def _opened(self) -> tuple[UInt8[np.ndarray, "N 3 S S"], UInt8[np.ndarray, " N"]]:
        there = np.memmap(self._path, np.uint8, "r+", self.bytes, self._shape[:1])
        return np.memmap(self._path, np.uint8, "r+", 0, self._shape), there

    def __getstate__(self) -> dict[str, Any]:
        return {"_shape": self._shape, "_path": self._path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._pixels, self._there = self._opened()


def _remove(path: Path, process: int) -> None:
    if os.getpid() == process:  # not where it was only inherited
        path.unlink(missing_ok=True)
