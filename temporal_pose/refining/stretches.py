"""Frames that follow each other."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Int


def unbroken(usable: Bool[np.ndarray, " F"]) -> Iterator[Int[np.ndarray, " n"]]:
    """Runs of usable frames, as their numbers."""
    frames = np.flatnonzero(usable)
    for run in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1):
        if len(run):
            yield run
