"""Files of images: whether they are there, what their first bytes say, and their pixels."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from temporal_pose.data.images.annotated import Annotated, Source
from temporal_pose.errors import ConfigError, DataError

_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)  # Exif
_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}
_TAIL = 4096  # bytes; some programs write something of their own after the end


@dataclass(frozen=True)
class Missing:
    """What an annotation without its image is.

    Args:
        then: 'error', or 'skip' to leave it out and count it.

    Raises:
        ConfigError: another word.
    """

    then: str = "error"

    def __post_init__(self) -> None:
        if self.then not in ("error", "skip"):
            raise ConfigError(f"data.missing is '{self.then}'; expected error or skip")

    def checked(self, people: Sequence[Annotated], left_out: Counter[str]) -> list[Annotated]:
        """The people whose images are there; the others are counted in `left_out`.

        Raises:
            DataError: an image is not there, and shall be.
        """
        images = {one.image for one in people if isinstance(one.image, Path)}
        there = {folder: _names(folder) for folder in {image.parent for image in images}}
        gone = {image for image in images if image.name not in there[image.parent]}
        if gone and self.then == "error":
            raise DataError(
                f"{min(gone)} is annotated but not there ({len(gone):,} images of "
                f"{len(images):,}); download the images again, or leave them out: "
                "data.missing=skip"
            )
        kept = [one for one in people if one.image not in gone]
        if gone:
            left_out["image not there"] += len(people) - len(kept)
        return kept


def _names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()} if folder.is_dir() else set()


class Seen(NamedTuple):
    """What the first and last bytes of an image say.

    Args:
        size: width and height in pixels, in the frame of the annotations.
        remark: what is odd about it and was dealt with; empty for most.
        fault: why it cannot be used; empty if it can.
    """

    size: tuple[int, int]
    remark: str = ""
    fault: str = ""


def examined(source: Source, told: tuple[int, int] | None) -> Seen:
    """Looks at an image without decoding it.

    Args:
        told: width and height as its annotation has them, None where it does not tell.

    Raises:
        DataError: the image is of another size than its annotations say.
    """
    if not isinstance(source, Path):
        pixels = source() if told is None else None
        return Seen(told or (pixels.shape[1], pixels.shape[0]))  # type: ignore[union-attr]
    from temporal_pose.footage.images import opened

    try:
        with opened(source) as image:
            stored, mode, kind = image.size, image.mode, image.format
            orientation = image.getexif().get(_ORIENTATION, 1)
    except DataError:
        return Seen((1, 1), fault="image damaged")
    size = _frame(source, stored, orientation, told)
    if kind in _ENDS and _cut_short(source, _ENDS[kind]):
        return Seen(size, fault="image cut short")
    if orientation != 1:
        return Seen(size, "turned by Exif")
    names = {"L": "grey", "I;16": "grey", "LA": "grey", "CMYK": "CMYK", "P": "palette"}
    return Seen(size, names.get(mode, ""))


def _frame(
    source: Path, stored: tuple[int, int], orientation: int, told: tuple[int, int] | None
) -> tuple[int, int]:
    """The size that the annotations are in: upright, unless they say otherwise."""
    upright = stored[::-1] if orientation in _ON_ITS_SIDE else stored
    if told is None or told == upright:
        return upright
    if told == stored:
        return stored
    raise DataError(
        f"{source} is {upright[0]} x {upright[1]}; its annotations are of an image of "
        f"{told[0]} x {told[1]}: expected the images that were annotated"
    )


def _cut_short(path: Path, end: bytes) -> bool:
    """Whether an image has no end.

    Only where something that could be one lies far before the end of the file, such as that of a
    small picture inside, is it decoded to make sure.
    """
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        if end in file.read():
            return False
    if end not in path.read_bytes():
        return True
    try:
        decoded(path, None, 1.0)
    except DataError:
        return True
    return False


class DecodedImage(NamedTuple):
    """An image's pixels, perhaps fewer than it has.

    Args:
        pixels: red, green and blue.
        reduction: image pixels a pixel of these, 1, 2, 4 or 8.
    """

    pixels: UInt8[np.ndarray, "H W 3"]
    reduction: int


def decoded(source: Source, size: tuple[int, int] | None, needed: float) -> DecodedImage:
    """Decodes an image, in the frame of its annotations.

    A JPEG is decoded at a half, a quarter or an eighth of its size where that is enough; it costs
    that much less.

    Args:
        size: width and height as annotated; None for upright.
        needed: share of the image's resolution that is needed, 1 for all of it.

    Raises:
        DataError: it is damaged.
    """
    if not isinstance(source, Path):
        return DecodedImage(source(), 1)
    from PIL import ImageOps

    from temporal_pose.footage.images import check_sums, eight_bits, opened

    check_sums(source)
    with opened(source) as image:
        stored = image.size
        orientation = image.getexif().get(_ORIENTATION, 1)
        if orientation == 1 and needed < 1:
            image.draft(None, (int(stored[0] * needed) + 1, int(stored[1] * needed) + 1))
        reduction = max(1, round(stored[0] / image.size[0]))
        upright = ImageOps.exif_transpose(image)
        picture = image if size == stored != upright.size else upright
        plain = eight_bits(picture)
        if "transparency" in plain.info:
            plain = plain.convert("RGBA")
        return DecodedImage(np.array(plain.convert("RGB")), reduction)
