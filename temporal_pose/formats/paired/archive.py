"""The paired layout in ``.npz``."""

import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped

from temporal_pose.formats.paired.source import Header, readable

_DAMAGED = (
    zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, LookupError, RuntimeError,
    NotImplementedError, SyntaxError, TypeError, MemoryError, OverflowError, TokenError,
)  # fmt: skip


class Archive:
    """Arrays of an ``.npz`` file; objects in it are never unpickled.

    An array of which some frames are asked for is read whole the first time, as compression leaves
    no other way, and kept.

    Raises:
        DataError: the file is damaged or not an ``.npz`` archive.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept: dict[str, np.ndarray] = {}
        with readable(path, *_DAMAGED):
            if not zipfile.is_zipfile(path):
                raise ValueError("no archive of named arrays")
            with zipfile.ZipFile(path) as file:
                self._members = {name.removesuffix(".npy") for name in file.namelist()}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_kept": {}}

    def header(self, name: str) -> Header | None:
        """Shape and type of an array, from its first bytes."""
        if name not in self._members:
            return None
        with (
            readable(self.path, *_DAMAGED),
            zipfile.ZipFile(self.path) as file,
            file.open(f"{name}.npy") as member,
        ):
            modern = np.lib.format.read_magic(member) > (1, 0)
            read = "read_array_header_2_0" if modern else "read_array_header_1_0"
            shape, _, dtype = getattr(np.lib.format, read)(member)
            return Header(shape, dtype)

    def array(self, name: str) -> Shaped[np.ndarray, "..."]:
        """All of an array."""
        with (
            readable(self.path, *_DAMAGED),
            self.path.open("rb") as file,  # numpy leaves a damaged file open
            np.load(file, allow_pickle=False) as archive,
        ):
            return np.asarray(archive[name])

    def rows(self, name: str, frames: Int[np.ndarray, " n"]) -> Shaped[np.ndarray, "n ..."]:
        """Some frames of an array."""
        if name not in self._kept:
            self._kept[name] = self.array(name)
        return self._kept[name][frames]

    def lacks(self, name: str, frames: Int[np.ndarray, " n"]) -> str | None:
        """Nothing: an archive is whole, or not one."""
        return None
