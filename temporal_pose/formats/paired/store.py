"""The paired layout in ``.zarr``."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from jaxtyping import Int, Shaped
from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from temporal_pose.errors import DataError
from temporal_pose.files.reading import native, reading
from temporal_pose.formats.paired.fields import unlike
from temporal_pose.formats.paired.folder import RegularStore
from temporal_pose.formats.paired.source import Header

_METADATA = ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")


class WholeStore(RegularStore):
    """A folder in which a chunk that is missing is an error.

    zarr takes it for a chunk of fill values: part of a store that was not copied whole would
    silently be zero.
    """

    async def get(
        self,
        key: str,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """What is stored under a key; None for metadata that are not there.

        Raises:
            DataError: a chunk that is not there.
        """
        found = await super().get(key, prototype, byte_range)
        if found is None and key.rsplit("/", 1)[-1] not in _METADATA:
            raise absent(Path(self.root), key)
        return found


class Store:
    """Arrays, and attributes that stand for arrays, of a ``.zarr`` folder of format 2 or 3.

    It is opened when first asked for something.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}  # another process opens it again

    @cached_property
    def _group(self) -> zarr.Group:
        with reading(self.path, self.path.suffix):
            store = WholeStore(self.path, read_only=True)
            return zarr.open_group(store, mode="r", use_consolidated=False)

    @cached_property
    def _arrays(self) -> dict[str, zarr.Array[Any]]:
        return {}

    def header(self, name: str) -> Header | None:
        """Shape and type of an array, from its metadata."""
        found = self._found(name)
        return None if found is None else Header(found.shape, np.dtype(found.dtype))

    def array(self, name: str) -> Shaped[np.ndarray, "..."]:
        """All of an array."""
        with reading(self.path, self.path.suffix):
            found = self._found(name)
            return native(np.asarray(found[...] if isinstance(found, zarr.Array) else found))

    def rows(self, name: str, frames: Int[np.ndarray, " n"]) -> Shaped[np.ndarray, "n ..."]:
        """Some frames of an array; no chunk is decompressed twice.

        Frames of the same or of neighbouring chunks are read as one slice: measured, half the time
        of zarr's own selection by numbers, and a third more than without zarr.
        """
        array = self._array(name)
        with reading(self.path, self.path.suffix):
            out = np.empty((len(frames), *array.shape[1:]), array.dtype)
            apart = np.diff(frames // _rows_in_chunk(array)) > 1
            for run in np.split(np.arange(len(frames)), np.flatnonzero(apart) + 1):
                if len(run):
                    first, last = frames[run[0]], frames[run[-1]]
                    block, place = np.asarray(array[first : last + 1]), out[run[0] : run[-1] + 1]
                    np.take(block, frames[run] - first, 0, out=place, mode="clip")
        return native(out)

    def lacks(self, name: str, frames: Int[np.ndarray, " n"]) -> str | None:
        """Path, inside the file, of a chunk that is not there."""
        array = self._array(name)
        with reading(self.path, self.path.suffix):
            for chunk in np.unique(frames // _rows_in_chunk(array)).tolist():
                key = array.metadata.encode_chunk_key((chunk, *[0] * (array.ndim - 1)))
                if not (self.path / name / key).exists():
                    return f"{name}/{key}"
        return None

    def _array(self, name: str) -> zarr.Array[Any]:
        if name not in self._arrays:
            found = self._found(name)
            if not isinstance(found, zarr.Array):
                what = "missing" if found is None else "an attribute"
                raise unlike(self.path, name, what, "an array")
            self._arrays[name] = found
        return self._arrays[name]

    def _found(self, name: str) -> zarr.Array[Any] | np.ndarray | None:
        with reading(self.path, self.path.suffix):
            member = self._group.get(name)
            if isinstance(member, zarr.Array):
                return member
            if name in self._group.attrs:
                return np.asarray(self._group.attrs[name])
        if (self.path / name).exists():  # or its values would be taken for what was never there
            raise DataError(
                f"{self.path}: '{name}' is there without its zarr.json or .zarray; copy the file "
                "again"
            )
        return None


def absent(path: Path, key: str) -> DataError:
    """The error for a chunk that is not there."""
    return DataError(
        f"{path}: '{key}' is missing; copy the file again, or, if zarr left the chunk out because "
        "it held nothing but its fill value, write it with write_empty_chunks=True"
    )


def _rows_in_chunk(array: zarr.Array[Any]) -> int:
    """Frames in what lies in one file.

    Raises:
        ValueError: none, it says.
    """
    rows = (array.shards or array.chunks)[0]
    if rows < 1:
        raise ValueError(f"chunks of {array.chunks}")
    return rows
