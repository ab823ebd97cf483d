"""What results are made of and with, and whether one that is there was made of the same."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from temporal_pose.errors import DataError

_SHOWN = 40  # letters


def content_hash(path: Path) -> str:
    """A fingerprint of a file's bytes; of a folder's files by name, size and time, for speed.

    Returns:
        16 hexadecimal digits.
    """
    if path.is_file():
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()[:16]
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            stat = file.stat()
            digest.update(f"{file.relative_to(path)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def refuse_other(out: Path, made: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuses to replace a result that is not what is wanted.

    Args:
        out: the result that is there.
        made: plain data that it depends on; empty where nobody noted it.
        wanted: the same of what would replace it.

    Raises:
        DataError: it was made of something else, or with other settings; the first is named.
    """
    differs = [name for name, value in wanted.items() if made.get(name) != value]
    if not differs:
        return
    why = _difference(differs[0], made, wanted) if made else "by something else"
    raise DataError(
        f"{out} exists already, made {why}; choose another out=, or force=true to replace it"
    )


def _difference(name: str, made: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    values = made.get(name, "unknown"), wanted[name]
    if any(isinstance(value, dict) or not _telling(str(value)) for value in values):
        return f"with another {name}"
    return f"with {name} {values[0]}, not {values[1]}"


def _telling(value: str) -> bool:
    """Whether it says something to a person: it is neither long nor a fingerprint."""
    return len(value) <= _SHOWN and not re.fullmatch("[0-9a-f]{16}", value)
