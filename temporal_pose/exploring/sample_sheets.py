"""Thumbnails by the hundred in one picture, which takes far less room than each by itself."""

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

_ACROSS = 25  # thumbnails side by side; as many rows
_LARGE, _SMALL = 64, 48  # pixels of a thumbnail, where samples are few or many
_FEW = 3000
_ROOM = 6_000_000  # bytes of all sheets
_QUALITIES = (75, 60, 45, 30, 20)


class Sheets(NamedTuple):
    """Pictures of many thumbnails.

    Args:
        images: WebP files.
        side: rows and columns of a thumbnail, pixels.
        across: thumbnails side by side, and one below another, in a sheet.
    """

    images: list[bytes]
    side: int
    across: int = _ACROSS


def sheets(thumbnails: UInt8[np.ndarray, "N S S 3"] | None, room: int = _ROOM) -> Sheets:
    """Thumbnails in order, row by row; no sheet where there are none.

    Args:
        room: bytes that the sheets may take together, about.
    """
    if thumbnails is None or not len(thumbnails):
        return Sheets([], _LARGE)
    count = len(thumbnails)
    side = min(_LARGE if count <= _FEW else _SMALL, thumbnails.shape[1])
    per_sheet = _ACROSS**2
    parts = [
        _sheet(thumbnails[first : first + per_sheet], side) for first in range(0, count, per_sheet)
    ]
    share = room * min(per_sheet, count) / count
    for quality in _QUALITIES:
        if len(webp(parts[0], quality)) <= share:
            break
    return Sheets([webp(part, quality) for part in parts], side)


def webp(image: UInt8[np.ndarray, "H W 3"], quality: int = 80) -> bytes:
    """A picture as a WebP file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()


def resized(image: UInt8[np.ndarray, "H W 3"], side: int) -> UInt8[np.ndarray, "S S 3"]:
    """A picture with another number of rows and columns."""
    from PIL import Image

    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize((side, side)))


def _sheet(thumbnails: UInt8[np.ndarray, "n S S 3"], side: int) -> UInt8[np.ndarray, "H W 3"]:
    rows = -(-len(thumbnails) // _ACROSS)
    sheet = np.zeros((rows * side, _ACROSS * side, 3), np.uint8)
    small: Sequence[np.ndarray] = list(thumbnails)
    if thumbnails.shape[1] != side:
        small = [resized(one, side) for one in thumbnails]
    for place, one in enumerate(small):
        row, column = divmod(place, _ACROSS)
        sheet[row * side : (row + 1) * side, column * side : (column + 1) * side] = one
    return sheet
