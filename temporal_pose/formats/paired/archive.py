"""The paired layout in ``.npz``."""

import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped

from temporal_pose.files.documents import check_regular
from temporal_pose.files.reading import arrays, reading
from temporal_pose.formats.paired.source import Header


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
        with reading(path, path.suffix):
            check_regular(path)
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
            reading(self.path, self.path.suffix),
            zipfile.ZipFile(self.path) as file,
            file.open(f"{name}.npy") as member,
        ):
            modern = np.lib.format.read_magic(member) > (1, 0)
            read = "read_array_header_2_0" if modern else "read_array_header_1_0"
            shape, _, dtype = getattr(np.lib.format, read)(member)
            there = file.getinfo(f"{name}.npy").file_size - member.tell()
            if math.prod(shape) * dtype.itemsize != there and not dtype.hasobject:
                raise ValueError(f"'{name}' claims {shape} of {dtype}, and has {there} bytes")
            return Header(shape, dtype)

    def array(self, name: str) -> Shaped[np.ndarray, "..."]:
        """All of an array."""
        return arrays(self.path, [name])[name]

    def rows(self, name: str, frames: Int[np.ndarray, " n"]) -> Shaped[np.ndarray, "n ..."]:
        """Some frames of an array."""
        if name not in self._kept:
            self._kept[name] = self.array(name)
        return self._kept[name][frames]

    def lacks(self, name: str, frames: Int[np.ndarray, " n"]) -> str | None:
        """Nothing: an archive is whole, or not one."""
        return None
