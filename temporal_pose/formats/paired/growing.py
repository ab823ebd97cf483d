"""An unfinished ``.zarr`` file: it grows by whole chunks and remembers how many are safe."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from zarr.codecs import ZstdCodec

from temporal_pose.errors import DataError
from temporal_pose.files.documents import UnreadableError, read_json
from temporal_pose.formats.paired.folder import RegularStore

#: Frames in a chunk of heatmaps. A window of 5 frames at a random place touches 1.5 such chunks
#: and decompresses 12 frames; with 16 it would be 20 frames, with 4 twice as many files.
CHUNK = 8

#: Frames in a chunk of everything else, which is read whole: few files, opened at once.
LONG_CHUNK = 2048


#: What this package says of each file that it writes, and knows its own files by.
ABOUT = ("skeleton", "fps", "image_size", "heatmap_size", "dtype", "settings")


class GrowingStore:
    """Arrays that grow together along their first axis.

    The attribute ``frames`` is written after the frames it counts, so what a killed process had
    only half written is not counted and written over. (zarr replaces files in one step.)

    ``names`` are the arrays that every frame has, none before the first frame.

    Args:
        path: of the unfinished file.
        about: attributes; those of an unfinished file must be the same.
        resume: keeps the whole chunks of what is there.

    Raises:
        DataError: an unfinished file with other attributes, one that cannot be read, or one that
            this package did not write.
    """

    def __init__(self, path: Path, about: Mapping[str, Any], resume: bool) -> None:
        self.path, self.about = path, dict(about)
        self.frames, self.names = 0, frozenset[str]()
        self._arrays: dict[str, zarr.Array[Any]] = {}  # opened
        found = self._found() if resume else {}
        self.frames = self._whole(found.get("frames", 0))
        if self.frames:
            self._compare(found)
            self._open()
        else:
            self._start()

    def append(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Adds frames of all arrays; all but the last call bring whole chunks."""
        end = self.frames + len(next(iter(arrays.values())))
        for name, array in arrays.items():
            if name not in self._arrays:
                self._arrays[name] = self._array(name, array)
            grown = self._arrays[name]
            if grown.shape[0] < end:
                grown.resize((end + _room(name), *array.shape[1:]))
            grown[self.frames : end] = array
        self.group.update_attributes({"frames": end})
        self.frames, self.names = end, frozenset(arrays)

    def stored(self, name: str) -> np.ndarray:
        """What is safely stored of an array; no rows where nothing is."""
        try:
            array = self.group.get(name)
            if not isinstance(array, zarr.Array):
                return np.empty((0, 0))
            return np.asarray(array[: self.frames])
        except Exception as error:  # damage raises anything
            raise self._damaged(str(error)) from error

    def finish(self) -> Path:
        """Cuts the arrays to the frames written; the path of the file that is now complete."""
        for _, array in self.group.arrays():
            array.resize((self.frames, *array.shape[1:]))
        return self.path

    def _array(self, name: str, like: np.ndarray) -> zarr.Array[Any]:
        if self.frames or name in self.group:
            found = self.group[name]
            if isinstance(found, zarr.Array):
                return found
        return create(self.group, name, (_room(name), *like.shape[1:]), like.dtype)

    def _start(self) -> None:
        discard(self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.group = zarr.create_group(self.path, attributes=self.about, zarr_format=3)

    def _found(self) -> dict[str, Any]:
        """Attributes of what an interrupted writer left; none where it left nothing of use."""
        if not (self.path / "zarr.json").is_file():
            return {}
        try:
            return dict(self._group_in("r").attrs)
        except Exception as error:  # damage raises anything
            raise self._damaged(str(error)) from error

    def _whole(self, frames: Any) -> int:
        """Frames of whole chunks."""
        if type(frames) is not int or frames < 0:
            raise self._damaged(f"frames is {frames!r}")
        return frames // CHUNK * CHUNK

    def _open(self) -> None:
        try:
            self.group = self._group_in("r+")
            lengths = {name: array.shape[0] for name, array in self.group.arrays()}
        except Exception as error:  # damage raises anything
            raise self._damaged(str(error)) from error
        if not lengths or min(lengths.values()) < self.frames:
            raise self._damaged(f"of {self.frames} frames it has {lengths or 'none'}")
        self.names = frozenset(lengths)

    def _group_in(self, mode: Literal["r", "r+"]) -> zarr.Group:
        store = RegularStore(self.path, read_only=mode == "r")
        return zarr.open_group(store, mode=mode, use_consolidated=False)

    def _damaged(self, found: str) -> DataError:
        found = " ".join(found.split())
        return DataError(f"{self.path}: cannot be resumed ({found}); remove it to start again")

    def _compare(self, found: Mapping[str, Any]) -> None:
        for name, wanted in self.about.items():
            if found.get(name) != wanted:
                raise DataError(
                    f"{self.path}: was begun with {name} {found.get(name)}, not {wanted}; "
                    "remove it to start again, or give the settings it was begun with"
                )


def written_here(path: Path) -> bool:
    """Whether this package wrote a folder, finished or not; or it is empty."""
    if path.is_symlink() or not path.is_dir():
        return False
    try:
        attributes = read_json(path / "zarr.json")["attributes"]
        return all(name in attributes for name in ABOUT)
    except FileNotFoundError:
        return not any(path.iterdir())
    except (OSError, UnreadableError, KeyError, TypeError):
        return False


def discard(path: Path) -> None:
    """Deletes what this package wrote, if anything is there.

    Raises:
        DataError: somebody else's, as far as anything shows.
    """
    if not path.exists() and not path.is_symlink():
        return
    if not written_here(path):
        raise DataError(
            f"{path} is in the way, and nothing shows that this package wrote it; move it away, "
            "or choose another name"
        )
    shutil.rmtree(path)


def _room(name: str) -> int:
    """Frames that a full array grows by.

    In the end zarr deletes what is too much, chunk by chunk, whether or not they are there: of
    2048 frames' heatmaps that takes as long as to write a hundred.
    """
    return 32 * CHUNK if name == "heatmaps" else LONG_CHUNK


def create(
    group: zarr.Group, name: str, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> zarr.Array[Any]:
    """An array of the layout, cut into chunks along its frames."""
    return group.create_array(
        name,
        shape=shape,
        chunks=(CHUNK if name == "heatmaps" else LONG_CHUNK, *shape[1:]),
        dtype=dtype,
        compressors=ZstdCodec(level=1, checksum=True),  # half of 3's time; as small, of heatmaps
        config={"write_empty_chunks": True},  # so that a missing chunk is a damaged file
    )
