"""Readers that come to grief in each way that a fuzzer has to tell."""

import os
import time
from pathlib import Path

from fuzzing.subjects import SilentError, Subject
from temporal_pose.errors import DataError


def _fill(path: Path) -> None:
    bytearray(3 << 30)


def _wait(path: Path) -> None:
    end = time.process_time() + 60
    while time.process_time() < end:
        pass


def _raise(error: Exception) -> None:
    raise error


_WAYS = {
    "accepted": lambda path: path.name,
    "clear error": lambda path: _raise(DataError("a line")),
    "crash": lambda path: os.abort(),
    "hang": _wait,
    "memory": _fill,
    "silent": lambda path: _raise(SilentError("less than there was")),
    "trace": lambda path: _raise(KeyError("a")),
}


def subjects() -> dict[str, Subject]:
    """By the outcome; the sample itself is read without grief."""
    return {
        name: Subject(name, lambda path: path.write_text("1 2"), _after(read), "a")
        for name, read in _WAYS.items()
    }


def _after(read: object) -> object:
    """Goes well the first time."""
    calls: list[Path] = []

    def reading(path: Path) -> object:
        calls.append(path)
        return read(path) if len(calls) > 1 else None  # type: ignore[operator]

    return reading
