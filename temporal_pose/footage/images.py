"""A folder of images that are the frames of a video."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from temporal_pose.errors import DataError

#: Names of files that count as images.
ENDINGS = (".jpg", ".jpeg", ".png")

_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)  # Exif


class Images:
    """Images in the order of the numbers in their names, upright as their Exif data say.

    Args:
        path: a folder, or one image.
        fps: frames per second.

    Attributes:
        size: width and height in pixels.
        fps: frames per second.
        count: images.
        remarks: sentences that the user should know; none here.

    Raises:
        DataError: no images, one that cannot be read or is of another size, or no frame rate.
    """

    def __init__(self, path: Path, fps: float | None = None) -> None:
        self.remarks: list[str] = []
        self.files = [path] if path.is_file() else _listed(path)
        if fps is None:
            raise DataError(f"{path}: images have no frame rate; add fps=")
        self.fps, self.count = fps, len(self.files)
        sizes = [_size(file) for file in self.files]
        self.size = sizes[0]
        for file, (width, height) in zip(self.files, sizes, strict=True):
            if (width, height) != self.size:
                raise DataError(
                    f"{file} is {width} x {height}, {self.files[0].name} {self.size[0]} x "
                    f"{self.size[1]}; expected images of one size: one video a folder"
                )

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it from other images."""
        return {
            "name": self.files[0].parent.name,
            "count": self.count,
            "bytes": sum(file.stat().st_size for file in self.files),
        }

    def frames(self, start: int = 0) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
        """Frames in red, green and blue.

        Args:
            start: number of the first one wanted.

        Raises:
            DataError: an image that is damaged.
        """
        for file in self.files[start:]:
            try:
                with Image.open(file) as image:
                    yield np.array(ImageOps.exif_transpose(image).convert("RGB"))
            except (OSError, ValueError, SyntaxError) as error:
                raise _damaged(file, error) from error


def _listed(folder: Path) -> list[Path]:
    files = [file for file in folder.iterdir() if file.suffix.lower() in ENDINGS]
    if not files:
        raise DataError(f"{folder}: holds no images; expected {', '.join(ENDINGS)}")
    return sorted(files, key=natural)


def natural(path: Path) -> list[tuple[int, str]]:
    """Sorts frame2 before frame10."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), part) if part.isdigit() else (-1, part) for part in parts]


def _size(file: Path) -> tuple[int, int]:
    """Width and height, from the first bytes alone."""
    try:
        with Image.open(file) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
            return (height, width) if turned else (width, height)
    except (OSError, ValueError, SyntaxError) as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> DataError:
    return DataError(f"{file}: cannot be read as an image ({error}); copy or make it again")
