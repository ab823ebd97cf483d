"""What an archive of arrays says of a video beside its positions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int, Shaped

from temporal_pose.errors import DataError
from temporal_pose.formats.tables.names import named
from temporal_pose.pose.rates import rate_told
from temporal_pose.pose.skeletons import SKELETONS, Skeleton


@dataclass(frozen=True)
class Fields:
    """Arrays by name.

    Args:
        path: of the archive, for messages.
        length: frames of the positions.
    """

    NAMES: ClassVar[tuple[str, ...]] = ("frames", "times", "fps", "image_size", "skeleton")

    path: Path
    arrays: Mapping[str, Shaped[np.ndarray, "..."]]
    length: int

    def frames(self) -> Int[np.ndarray, " F"]:
        """Numbers of the frames, counted from 0 where there are none.

        Raises:
            DataError: not a whole number a frame.
        """
        found = self.arrays.get("frames", np.arange(self.length))
        numeric = found.dtype.kind in "fiu" and bool((np.abs(found) < 2**53).all())
        if found.shape != (self.length,) or not numeric or (found != np.round(found)).any():
            raise self._unlike("frames", found, "a whole number for each frame")
        return found.astype(np.int64)

    def times(self) -> Float[np.ndarray, " F"] | None:
        """Seconds of the frames.

        Raises:
            DataError: not a number a frame.
        """
        found = self.arrays.get("times")
        if found is None:
            return None
        if found.shape != (self.length,) or found.dtype.kind not in "fiu":
            raise self._unlike("times", found, "seconds of each frame")
        return found.astype(float)

    def fps(self) -> float | None:
        """Frames a second; None where that is missing, or no rate."""
        found = self.arrays.get("fps")
        return rate_told(found.item()) if found is not None and found.size == 1 else None

    def image_size(self) -> tuple[int, int] | None:
        """Width and height in pixels.

        Raises:
            DataError: other than two positive numbers.
        """
        found = self.arrays.get("image_size")
        if found is None:
            return None
        good = found.size == 2 and found.dtype.kind in "fiu" and np.isfinite(found).all()
        if not good or (found < 1).any():
            raise self._unlike("image_size", found, "width and height in pixels")
        width, height = (int(number) for number in found.flat)
        return width, height

    def skeleton(self, keypoints: int) -> Skeleton | None:
        """The skeleton of a name, or of as many names as there are keypoints.

        Raises:
            DataError: an unknown name, or another number of names.
        """
        found = self.arrays.get("skeleton")
        if found is None:
            return None
        names = [str(name) for name in found.flat] if found.dtype.kind == "U" else []
        if len(names) == 1 and names[0] in SKELETONS:
            return SKELETONS[names[0]]
        if len(names) != keypoints or len(set(names)) < len(names):
            raise self._unlike(
                "skeleton", found, f"one of {', '.join(SKELETONS)}, or {keypoints} names"
            )
        return named(names, self.path.stem)

    def _unlike(self, name: str, found: Shaped[np.ndarray, "..."], expected: str) -> DataError:
        what = f"'{found}'" if found.size == 1 else f"{found.dtype} of shape {found.shape}"
        return DataError(f"{self.path}: '{name}' is {what}; expected {expected}")
