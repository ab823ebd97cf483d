"""Arrays as numpy writes them, one a file or several in an archive; pickles are never opened."""

import io
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError

import numpy as np
from jaxtyping import Shaped

from temporal_pose.errors import DataError
from temporal_pose.formats.tables.whole_files import beginning

ARRAY, ARCHIVE = b"\x93NUMPY", b"PK"

_DAMAGED = (
    zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, LookupError, RuntimeError,
    NotImplementedError, SyntaxError, TypeError, MemoryError, RecursionError, OverflowError,
    TokenError,
)  # fmt: skip
_MOST = 8 << 30  # bytes of one array


def members(path: Path) -> frozenset[str]:
    """Names of the arrays in an archive; none of what is no archive. Never raises."""
    if beginning(path, 2) != ARCHIVE:
        return frozenset()
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except _DAMAGED:
        return frozenset()
    return frozenset(name.removesuffix(".npy") for name in names if name.endswith(".npy"))


def parsed(content: bytes, where: object) -> Shaped[np.ndarray, "..."]:
    """The array of a file.

    Args:
        where: the file, for messages.

    Raises:
        DataError: a damaged file, or one of Python objects.
    """
    with _readable(where), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # files that Python 2 wrote are read all the same
        file = io.BytesIO(content)
        modern = np.lib.format.read_magic(file) > (1, 0)
        read = (
            np.lib.format.read_array_header_2_0 if modern else np.lib.format.read_array_header_1_0
        )
        shape, _, dtype = read(file)
        if dtype.hasobject:
            raise DataError(
                f"{where} holds Python objects, a pickle, which is not opened; expected numbers: "
                "save them as an array of one type"
            )
        claimed = int(np.prod(shape, dtype=float)) * dtype.itemsize
        if claimed > len(content):
            raise ValueError(f"{claimed} bytes by its header, {len(content)} there")
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)


def unpacked(
    content: bytes, where: object, wanted: Collection[str]
) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Those arrays of an archive that are wanted and there.

    Raises:
        DataError: a damaged archive, an array too large for memory, or one of Python objects.
    """
    found = {}
    with _readable(where), zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if name in wanted:
                if info.file_size > _MOST:
                    raise ValueError(f"'{name}' has more than {_MOST >> 30} GB")
                found[name] = parsed(archive.read(info), f"{where}: '{name}'")
    return found


def saved(array: Shaped[np.ndarray, "..."]) -> bytes:
    """An array as the bytes of a file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


def packed(arrays: Mapping[str, Shaped[np.ndarray, "..."]]) -> bytes:
    """Arrays as the bytes of an archive; the same ones for the same arrays."""
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def replaced(
    content: bytes, where: object, arrays: Mapping[str, Shaped[np.ndarray, "..."]]
) -> bytes:
    """An archive in which some arrays are others; all else, pickles too, is copied unopened.

    Raises:
        DataError: an archive that is damaged where nobody has looked before.
    """
    file = io.BytesIO()
    with (
        _readable(where),
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(file, "w") as after,
    ):
        for info in before.infolist():
            array = arrays.get(info.filename.removesuffix(".npy"))
            after.writestr(info, before.read(info) if array is None else saved(array))
    return file.getvalue()


@contextmanager
def _readable(where: object) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        found = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            f"{where}: cannot be read as numpy's ({found}); copy or download the file again"
        ) from error
