"""Opening files that may be anything: a first look that never waits, and one that refuses."""

import stat
import zlib
from pathlib import Path

from temporal_pose.errors import DataError
from temporal_pose.formats.documents.texts import Original

_FIRST = 1 << 18  # bytes of a first look; headers of tables are long


def beginning(path: Path, size: int = _FIRST) -> bytes:
    """The first bytes of a regular file; none of anything else, or where it cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for ever
            return b""
        with path.open("rb") as file:
            return file.read(size)
    except (OSError, ValueError):
        return b""


def regular(path: Path) -> Path:
    """The path of a regular file that has something in it and may be read.

    Raises:
        DataError: it is none.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
            raise DataError(f"{path} is {what}; expected a keypoint file")
        if not status.st_size:
            raise DataError(f"{path} is empty; write or copy the file again")
        with path.open("rb"):
            return path
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read: {reason}") from error


def contents(path: Path) -> bytes:
    """All of a regular file.

    Raises:
        DataError: see `regular`.
    """
    try:
        return regular(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def checked(path: Path) -> Original:
    """A file that is read in another way.

    Raises:
        DataError: see `regular`.
    """
    checksum = 0
    try:
        with regular(path).open("rb") as file:
            while piece := file.read(_FIRST):
                checksum = zlib.crc32(piece, checksum)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    return Original(path.absolute(), checksum)


def original(path: Path, content: bytes) -> Original:
    """A file whose content was read."""
    return Original(path.absolute(), zlib.crc32(content))
