"""Regions of an image, upright or turned, brought to the size that a network takes."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8


class Region(NamedTuple):
    """A rectangle in an image; image pixels.

    Args:
        x: of its centre.
        y: of its centre.
        width: along its own horizontal.
        height: along its own vertical.
        angle: radians by which it is turned, clockwise as the image is seen.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0

    @property
    def box(self) -> Float[np.ndarray, " 4"]:
        """x, y, width and height of the upright rectangle of the same centre and sides."""
        corner = (self.x - self.width / 2, self.y - self.height / 2)
        return np.array([*corner, self.width, self.height], np.float32)

    @property
    def turn(self) -> Float[np.ndarray, "2 2"]:
        """The rotation from its own axes to those of the image."""
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        return np.array([[cosine, -sine], [sine, cosine]], np.float32)

    def to_image(self, shares: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
        """Points given as shares of width and height, 0 to 1, in image pixels."""
        sides = np.array([self.width, self.height], np.float32)
        centre = np.array([self.x, self.y], np.float32)
        return ((shares.astype(np.float32) - 0.5) * sides) @ self.turn.T + centre


def cropped(
    image: UInt8[np.ndarray, "H W 3"],
    region: Region,
    size: tuple[int, int],
    black: bool = False,
) -> Float[np.ndarray, "h w 3"]:
    """What a region shows, 0 to 255, between pixels by bilinear interpolation.

    Pixel (0, 0) is the region's upper left corner, and (w, h), which lies outside, the lower
    right one. So it is in MediaPipe and mmpose, whose networks were trained on such crops;
    nothing is averaged where many pixels become one.

    Args:
        size: columns w and rows h of the result.
        black: beyond the image lies black; otherwise the image's border goes on.
    """
    height, width = image.shape[:2]
    columns, rows = (np.arange(n, dtype=np.float32) / n - np.float32(0.5) for n in size)
    right, down = region.turn.T * np.array([[region.width], [region.height]], np.float32)
    x = columns * right[0] + (rows * down[0] + np.float32(region.x))[:, None]
    y = columns * right[1] + (rows * down[1] + np.float32(region.y))[:, None]
    inside = (np.clip(x + 1, 0, 1) * np.clip(width - x, 0, 1)) if black else None
    if inside is not None:
        inside *= np.clip(y + 1, 0, 1) * np.clip(height - y, 0, 1)
    pixels = _between(*_part(image, np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)))
    return pixels if inside is None else pixels * inside[..., None]


def _part(
    image: UInt8[np.ndarray, "H W 3"],
    x: Float[np.ndarray, "h w"],
    y: Float[np.ndarray, "h w"],
) -> tuple[UInt8[np.ndarray, "H2 W2 3"], Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """What of the image lies about some points in it, next to each other in memory, and these.

    Read row by row it is in the processor's cache when it is read here and there.
    """
    left, top = int(x.min()), int(y.min())
    right, bottom = int(x.max()) + 2, int(y.max()) + 2
    part = np.ascontiguousarray(image[top:bottom, left:right])
    return part, x - np.float32(left), y - np.float32(top)


def _between(
    image: UInt8[np.ndarray, "H W 3"],
    x: Float[np.ndarray, "h w"],
    y: Float[np.ndarray, "h w"],
) -> Float[np.ndarray, "h w 3"]:
    """Bilinear interpolation at points of the image.

    In place and in single precision: there are few steps here, over many pixels.
    """
    height, width = image.shape[:2]
    left = np.clip(x.astype(np.int32), 0, max(0, width - 2))
    top = np.clip(y.astype(np.int32), 0, max(0, height - 2))
    first = (top * width + left).reshape(-1)
    x, y = (x - left.astype(np.float32)).reshape(-1, 1), y - top.astype(np.float32)
    step, row = min(1, width - 1), width * min(1, height - 1)
    flat = image.reshape(-1, 3)
    corners = (flat.take(first + offset, axis=0) for offset in (0, step, row, row + step))
    a, b, c, d = (corner.astype(np.float32) for corner in corners)
    _approach(a, b, x)
    _approach(c, d, x)
    _approach(a, c, y.reshape(-1, 1))
    return a.reshape(*left.shape, 3)


def _approach(
    start: Float[np.ndarray, "n 3"], end: Float[np.ndarray, "n 3"], share: Float[np.ndarray, "n 1"]
) -> None:
    """Moves the first by a share of the way to the second, which is used up."""
    end -= start
    end *= share
    start += end


def averaged(
    image: UInt8[np.ndarray, "H W 3"],
    square: tuple[float, float, float],
    size: int,
    fill: tuple[int, int, int],
) -> UInt8[np.ndarray, "3 S S"]:
    """The pixels of a square, each the mean over what it covers of the image.

    Args:
        square: x, y and side by the *edges* of pixels: the image begins at (0, 0).
        size: rows and columns of the result, S.
        fill: red, green and blue of what is beyond the image.
    """
    from PIL import Image

    left, top, side = square
    outer = np.floor((left, top)), np.ceil((left + side, top + side))
    (x0, y0), (x1, y1) = (edge.astype(int).tolist() for edge in outer)
    inside = slice(max(y0, 0), max(y1, 0)), slice(max(x0, 0), max(x1, 0))
    part = Image.fromarray(np.ascontiguousarray(image[inside])) if image[inside].size else None
    if part is None or part.size != (x1 - x0, y1 - y0):
        whole = Image.new("RGB", (x1 - x0, y1 - y0), fill)
        if part is not None:
            whole.paste(part, (max(-x0, 0), max(-y0, 0)))
        part = whole
    box = (left - x0, top - y0, min(left - x0 + side, x1 - x0), min(top - y0 + side, y1 - y0))
    small = part.resize((size, size), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
    return np.ascontiguousarray(np.asarray(small).transpose(2, 0, 1))
