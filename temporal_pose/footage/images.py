"""A folder of images that are the frames of a video."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageOps

from temporal_pose.errors import DataError, UserError
from temporal_pose.files.documents import check_regular
from temporal_pose.footage.frames import ENDINGS, exact_rate

_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)  # Exif
_DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")  # modes of grey of 16 bits
_NAMED = 5  # missing numbers


class Images:
    """Images in the order of the numbers in their names, upright as their Exif data say.

    Args:
        path: a folder, or one image.
        fps: frames a second.

    Attributes:
        size: width and height in pixels.
        fps: frames a second.
        count: images.
        times: None; images have a constant rate.
        time_base: seconds, of one image.
        remarks: sentences that the user should know.

    Raises:
        DataError: no images, one that cannot be read or is of another size, or no frame rate.
    """

    def __init__(self, path: Path, fps: float | None = None) -> None:
        self.remarks: list[str] = []
        self.times: Float[np.ndarray, " F"] | None = None
        self.files = [path] if path.is_file() else _listed(path)
        if fps is None:
            raise DataError(f"{path}: images have no frame rate; add fps=")
        self.fps, self.count = fps, len(self.files)
        self.remarks += filter(None, [_missing(self.files)])
        self.time_base = 1 / exact_rate(fps)
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
            check_sums(file)
            with opened(file) as image:
                frame = np.array(eight_bits(ImageOps.exif_transpose(image)).convert("RGB"))
            yield frame

    def stamped(self, start: int = 0) -> Iterator[tuple[int, UInt8[np.ndarray, "H W 3"]]]:
        """The same with their numbers."""
        yield from enumerate(self.frames(start), start)


def _listed(folder: Path) -> list[Path]:
    files = [file for file in folder.iterdir() if file.suffix.lower() in ENDINGS]
    if not files:
        raise DataError(f"{folder}: holds no images; expected {', '.join(ENDINGS)}")
    return sorted(files, key=natural)


def natural(path: Path) -> list[tuple[int, str]]:
    """Sorts frame2 before frame10."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), part) if part.isdigit() else (-1, part) for part in parts]


def _missing(files: Sequence[Path]) -> str | None:
    """A sentence where a few numbers are missing among those in the names."""
    found = [re.search(r"(\d{1,9})$", file.stem) for file in files]
    numbers = [int(match[1]) for match in found if match is not None]
    steps = np.diff(numbers)
    if len(numbers) < len(files) or not len(steps) or steps.min() < 1 or np.median(steps) > 1:
        return None
    absent = int((steps - 1).sum())
    if not absent:
        return None
    gaps = (range(a + 1, b) for a, b in pairwise(numbers))
    some = ", ".join(map(str, islice(chain.from_iterable(gaps), _NAMED)))
    more = ", ..." if absent > _NAMED else ""
    return (
        f"{files[0].parent.name} lacks {absent} of its images' numbers ({some}{more}); "
        "those after a missing one count as if they came right after the one before"
    )


def _size(file: Path) -> tuple[int, int]:
    """Width and height, from the first bytes alone."""
    with opened(file) as image:
        width, height = image.size
        turned = image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
        return (height, width) if turned else (width, height)


def check_sums(file: Path) -> None:
    """Looks at the checksums of an image that has some, which reading it does not.

    Raises:
        DataError: they do not fit.
    """
    with opened(file) as image:
        if image.format == "PNG":
            image.verify()


def eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits on the scale of 8; Pillow itself would cut off what is above 255."""
    if image.mode not in _DEEP:
        return image
    values = np.asarray(image).astype(np.int64).clip(0, 65535)
    return Image.fromarray((values >> 8).astype(np.uint8))


@contextmanager
def opened(file: Path) -> Iterator[Image.Image]:
    """An image file.

    Raises:
        DataError: one that is damaged, or too large to be a frame.
    """
    try:
        check_regular(file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                yield image
    except Image.DecompressionBombError as error:
        raise DataError(
            f"{file}: has more pixels than a frame can have ({error}); make it smaller"
        ) from error
    except UserError:
        raise
    except Exception as error:  # damage raises anything from OSError to struct.error
        raise DataError(
            f"{file}: cannot be read as an image ({error}); copy or make it again"
        ) from error
