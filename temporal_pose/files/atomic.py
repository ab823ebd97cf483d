"""Files that are either whole or not there."""

import io
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def make_folder(path: Path) -> None:
    """Makes a folder, and makes sure that it can be written into.

    Raises:
        OSError: it cannot be made or written into.
    """
    path.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path):
        pass


def write_text(path: Path, text: str) -> None:
    """Writes a file atomically: a reader sees the old content or the new, never half of it.

    Raises:
        OSError: the disk is full or the folder cannot be written; the old content stays.
    """
    write_bytes(path, text.encode())


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a JSON object atomically; see `write_text`."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def write_tensors(path: Path, content: Mapping[str, Any]) -> None:
    """Writes what ``torch.load(path, weights_only=True)`` reads, atomically; see `write_text`."""
    import torch  # here, for what only reads and writes text starts within a second without

    buffer = io.BytesIO()
    torch.save(dict(content), buffer)
    write_bytes(path, buffer.getvalue())


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file atomically; see `write_text`."""
    prefix = f".{path.name}."  # tells what a killed process has left here
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=prefix, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
