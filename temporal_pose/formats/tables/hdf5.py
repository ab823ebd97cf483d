"""HDF5 files, opened by h5py in memory; none of what they hold is ever run."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Shaped

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.formats.tables.whole_files import beginning

SIGNATURE = b"\x89HDF\r\n\x1a\n"

_DAMAGED = (
    OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError,
    NotImplementedError, MemoryError,
)  # fmt: skip
_DEFLATE = 1032  # bytes that zlib can make of one
_SMALL = 1 << 24  # bytes of an array that any file may have: a few frames of nothing take no room


def library(doing: str) -> ModuleType:
    """The module h5py.

    Args:
        doing: what it is needed for, such as "reading SLEAP's analysis.h5".

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise ConfigError(
            f"{doing} needs h5py, which pip install 'temporal-pose[formats]' adds"
        ) from None
    return h5py


@contextmanager
def opened(path: Path, content: bytes, doing: str) -> Iterator[Any]:
    """The ``h5py.File`` of a content, for reading.

    Args:
        path: for messages.
        doing: see `library`.

    Raises:
        ConfigError: h5py is not installed.
        DataError: a damaged file, whenever that shows.
    """
    h5py = library(doing)
    if not content.startswith(SIGNATURE):
        raise DataError(f"{path} is no HDF5 file, as its first bytes show; expected one")
    with _readable(path), h5py.File(io.BytesIO(content), "r") as file:
        yield file


def edited(path: Path, content: bytes, change: Callable[[Any], object], doing: str) -> bytes:
    """The content of a file after changes to it.

    Args:
        path: for messages.
        content: of a file that could be read; empty for a new one.
        change: is given the ``h5py.File``.

    Raises:
        ConfigError: h5py is not installed.
        DataError: a file that is damaged where nobody has looked before.
    """
    h5py, buffer = library(doing), io.BytesIO(content)
    with _readable(path), h5py.File(buffer, "r+" if content else "w") as file:
        change(file)
    return buffer.getvalue()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        found = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            f"{path}: cannot be read as HDF5 ({found}); copy or download the file again"
        ) from error


def array(file: Any, name: str, where: Path, size: int) -> Shaped[np.ndarray, "..."]:
    """All of a dataset that a file of so many bytes can hold.

    Args:
        file: or a group.
        size: bytes of the file.

    Raises:
        DataError: none of that name, or one that claims to be larger than the file allows.
    """
    found = file.get(name)
    if found is None or not hasattr(found, "shape") or found.shape is None:
        raise DataError(f"{where}: '{name}' is missing; expected it in a file of this kind")
    claimed = int(np.prod(found.shape, dtype=float)) * found.dtype.itemsize
    if claimed > max(_SMALL, size * _DEFLATE):
        raise DataError(
            f"{where}: '{name}' says it has {claimed >> 20} MB, more than the file can hold; copy "
            "or download the file again"
        )
    return np.asarray(found[()])


def texts(values: Shaped[np.ndarray, "*shape"]) -> list[str]:
    """Strings of a dataset, whichever way they are stored."""
    flat = values.ravel().tolist()
    return [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in flat]


def signed(path: Path) -> bool:
    """Whether a file begins as HDF5 does."""
    return beginning(path, len(SIGNATURE)) == SIGNATURE


def holds(path: Path, name: str) -> bool:
    """Whether a file is HDF5 with something of that name in it; never raises.

    Where h5py is missing, or cannot read the file, its first bytes have to tell.
    """
    start = beginning(path)
    if not start.startswith(SIGNATURE):
        return False
    try:
        import h5py

        with h5py.File(path, "r") as file:
            return name in file
    except (ImportError, *_DAMAGED):
        return name.encode() in start
