"""What can be given a damaged file: a sample that it takes, and what it makes of a path.

The list is made of ``conf/``: each format in every suffix that it writes, each data set that has a
folder, each detector with weights, each model's checkpoint; then what a run folder holds, YAML of
one's own, and footage. A new format, data set, detector or model is in it without a word here, but
for a sample of a data set's or a detector's own files, which `fuzzing.samples` asks for.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class SilentError(Exception):
    """A result that is not what went in, and nothing that says so."""


@dataclass(frozen=True)
class Subject:
    """A reader, or a reader with the writer that gives back what it read.

    Args:
        name: kind and option, such as ``formats/coco.json``.
        write: puts a sample to a path, which nothing is at.
        read: everything that the sample says, as plain data, arrays and tensors.
        name_of_file: what the sample is called, which may tell its kind.
        heavy: takes seconds; the suite gives it fewer inputs.
        give: writes something that a writer may be given, and raises `SilentError` where it does
            not come back; None for what only reads.
    """

    name: str
    write: Callable[[Path], object]
    read: Callable[[Path], Any]
    name_of_file: str
    heavy: bool = False
    give: Callable[[random.Random, Path], Any] | None = None


def subjects() -> dict[str, Subject]:
    """All there are, by name."""
    from fuzzing import earlier, images, keypoints, networks, run_folders, samples, settings

    parts = (keypoints, samples, images, networks, run_folders, earlier, settings)
    return {one.name: one for part in parts for one in part.subjects()}
