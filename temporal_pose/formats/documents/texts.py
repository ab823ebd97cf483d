"""Text files as other people's programs write them: read whole and within limits, or refused."""

import json
import os
import sys
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from temporal_pose.errors import DataError
from temporal_pose.files.atomic import write_bytes

#: Bytes of the largest file that is read: hours of several people.
MOST = 1 << 30


_AT_ONCE = 1 << 20  # bytes that the system gives in one piece
_NEVER_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # for a named pipe


class DamagedError(DataError):
    """The content of one file cannot be read; others beside it may well be."""


class Original(NamedTuple):
    """A file that was read, to be read again when its result is written.

    Args:
        path: absolute.
        checksum: of its content.
    """

    path: Path
    checksum: int

    def content(self) -> bytes:
        """What was read.

        Raises:
            DataError: the file is gone, or another one by now.
        """
        content = contents(self.path, sys.maxsize)  # it was within limits when it was read
        self.refuse_change(zlib.crc32(content))
        return content

    def refuse_change(self, checksum: int) -> None:
        """Refuses a content that has another checksum.

        Raises:
            DataError: it has.
        """
        if checksum != self.checksum:
            raise DataError(f"{self.path} has changed since it was read; run the command again")


class Document(NamedTuple):
    """The text of a file, and what it takes to write it in the same way.

    Args:
        original: the file.
        text: its content; line ends are as they were.
        encoding: Python's name for that of the file, its byte order mark included.
    """

    original: Original
    text: str
    encoding: str


def contents(path: str | Path, most: int = MOST) -> bytes:
    """All bytes of a file.

    Thousands of small files are read without Python's own file objects, in half the time.

    Raises:
        DamagedError: it cannot be read, or has more than `most` bytes.
    """
    try:
        handle = os.open(path, os.O_RDONLY | _NEVER_WAIT)
        try:
            size = os.fstat(handle).st_size
            if size <= _AT_ONCE:
                return os.read(handle, size)
            if size <= most:
                return Path(path).read_bytes()
        finally:
            os.close(handle)
    except OSError as error:
        raise DamagedError(f"{path} cannot be read: {error.strerror}") from error
    raise DamagedError(
        f"{path} has {size >> 20} MB; expected at most {most >> 20} MB: split the file"
    )


def document(path: Path) -> Document:
    """The text of a file, in whatever encoding of Unicode.

    Raises:
        DamagedError: it cannot be read, or is no text.
    """
    if not path.is_file():
        raise DamagedError(f"{path} is no file; expected one of text")
    content = contents(path)
    return decoded(content, Original(path.absolute(), zlib.crc32(content)))


def decoded(content: bytes, original: Original) -> Document:
    """The text of a content.

    Raises:
        DamagedError: it is no text.
    """
    encoding = json.detect_encoding(content)
    try:
        return Document(original, content.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        raise DamagedError(
            f"{original.path} is no text: byte {error.start} is not {encoding}; expected UTF-8"
        ) from error


def read_again(original: Original) -> Document:
    """The text of a file that was read before.

    Raises:
        DataError: the file is gone, or another one by now.
    """
    return decoded(original.content(), original)


def encoded(text: str, encoding: str = "utf-8") -> bytes:
    """The bytes of a text; half a character, which JSON can name, becomes its escape."""
    return text.encode(encoding, "backslashreplace")


def save(out: Path, text: str, encoding: str = "utf-8") -> None:
    """Writes a text, whole or not at all.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    write_bytes(out, encoded(text, encoding))


def parsed(content: bytes | str, where: object) -> Any:
    """What JSON says.

    Args:
        where: the file, for the message.

    Raises:
        DamagedError: it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{where} {fault(error)}") from error


def fault(error: Exception) -> str:
    """What an error of Python's JSON reader means, as the end of a sentence."""
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        if not error.doc.strip():
            return "is empty"
        place = f"line {error.lineno}, column {error.colno}"
        if not error.doc[error.pos :].strip() or error.doc.rstrip()[-1] not in "]}":
            return f"ends in the middle ({place})"
        return f"is not JSON ({error.msg[0].lower()}{error.msg[1:]}, {place})"
    if isinstance(error, UnicodeDecodeError):
        return f"is no text (byte {error.start} is not {error.encoding})"
    return "has a number that is too long"


def head(path: Path, most: int = 1 << 16) -> str:
    """The beginning of a file, for a first look; empty where there is none to be read."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            content = file.read(most)
    except OSError:
        return ""
    return content.decode(json.detect_encoding(content), "ignore")
