"""NumPy's files, and whatever else a library reads: damage is one error that names the file."""

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from temporal_pose.errors import DataError, UserError
from temporal_pose.files.documents import check_regular


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turns what a library raises at a damaged file into an error that says what to do.

    Damage raises anything, from `BadZipFile` to `TokenError`; so nothing of ours belongs in it.

    Args:
        kind: of file, such as '.npz'.

    Raises:
        DataError: in place of all but errors that a user can mend already.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        found = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            f"{path}: cannot be read as {kind} ({found}); copy or download the file again"
        ) from error


def sound_archive(path: Path) -> bool:
    """Whether the checksums of an archive fit, and nothing stands before it; torch, which keeps
    its tensors in one, does not look at the former and would read the latter.

    Raises:
        Exception: it is damaged beyond that.
    """
    with zipfile.ZipFile(path) as archive:
        begins = min((member.header_offset for member in archive.infolist()), default=0)
        return archive.testzip() is None and begins == 0


def arrays(path: Path, names: Iterable[str]) -> Mapping[str, Shaped[np.ndarray, "..."]]:
    """Those of the named arrays that an ``.npz`` file holds; objects in it are never unpickled.

    Raises:
        DataError: the file is damaged, not an ``.npz`` archive, or holds Python objects.
    """
    with reading(path, ".npz"):
        check_regular(path)
        with path.open("rb") as file:  # numpy leaves a damaged file open
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise ValueError("one array, not an archive of named arrays")
            return {name: native(archive[name]) for name in names if name in archive.files}


def mapped(path: Path) -> Shaped[np.ndarray, "..."]:
    """The array of an ``.npy`` file, left on disk.

    Raises:
        DataError: the file is damaged, an archive of several arrays, or holds Python objects.
    """
    with reading(path, ".npy"):
        check_regular(path)
        if zipfile.is_zipfile(path):
            raise ValueError("an archive of arrays; expected one, as numpy.save writes it")
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        return np.asarray(array)


def native(array: Shaped[np.ndarray, "*shape"]) -> Shaped[np.ndarray, "*shape"]:
    """The same numbers in the order of bytes that this machine has, as torch needs them."""
    return array.astype(array.dtype.newbyteorder("="), copy=False)
