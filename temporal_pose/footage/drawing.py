"""Poses drawn over images: limbs and keypoints, coloured by side."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image, ImageDraw

from temporal_pose.files.atomic import write_bytes
from temporal_pose.pose.skeletons import Skeleton

Colour = tuple[int, int, int]

#: Of keypoints on the person's left, on the right, and on neither side (Okabe and Ito, 2008).
LEFT, RIGHT, MIDDLE = (230, 159, 0), (86, 180, 233), (240, 240, 240)

#: Of the limbs of several people, one after the other (as well theirs).
PEOPLE = ((0, 158, 115), (213, 94, 0), (204, 121, 167), (240, 228, 66), (0, 114, 178))

_OPAQUE, _FAINT = 255, 90
_DARK = (0, 0, 0)


def colour_of(person: int) -> Colour:
    """The colour of one of several people, counted from 1."""
    return PEOPLE[(person - 1) % len(PEOPLE)]


class Look(NamedTuple):
    """How poses of one skeleton are drawn.

    Args:
        colours: of each keypoint.
        limbs: pairs of keypoints that a line joins.
        width: of a limb, pixels; a keypoint is as wide as two.
        person: colour of the limbs; None for that of their ends.
    """

    colours: tuple[Colour, ...]
    limbs: tuple[tuple[int, int], ...]
    width: float
    person: Colour | None = None

    def of(self, number: int) -> "Look":
        """The same for one of several people, counted from 1."""
        return self._replace(person=colour_of(number))

    def plain(self, colour: Colour) -> "Look":
        """The same, thinner and in one colour."""
        return Look((colour,) * len(self.colours), self.limbs, self.width * 0.6)


def _colours(skeleton: Skeleton) -> tuple[Colour, ...]:
    """Left, right or middle, by the keypoint's name or by the pair that it belongs to."""
    lefts = {pair[0] for pair in skeleton.pairs}
    colours = []
    for index, name in enumerate(skeleton.keypoints):
        paired = skeleton.mirror[index] != index
        left = name in lefts or name.startswith("left_")
        colours.append((LEFT if left else RIGHT) if paired else MIDDLE)
    return tuple(colours)


def look_of(skeleton: Skeleton | None, keypoints: int, height: int) -> Look:
    """How to draw poses of a skeleton, in images of that height in pixels.

    Args:
        skeleton: None where names are not known: points alone, in one colour.
        keypoints: K.
    """
    width = max(2.0, height / 280)
    if skeleton is None:
        return Look((LEFT,) * keypoints, (), width)
    return Look(_colours(skeleton), skeleton.limb_indices, width)


def draw_pose(
    image: Image.Image,
    points: Float[np.ndarray, "K 2"],
    look: Look,
    faint: Bool[np.ndarray, " K"] | None = None,
) -> None:
    """Draws a pose onto an image.

    Args:
        points: pixels of the image; NaN for what is not drawn.
        faint: keypoints that are drawn so, for they were filled in.
    """
    draw = ImageDraw.Draw(image, "RGBA")
    there = np.isfinite(points).all(-1)
    alphas = np.where(there if faint is None else there & ~faint, _OPAQUE, _FAINT).tolist()
    places = [tuple(place) for place in np.where(there[:, None], points, 0).tolist()]
    width = round(look.width)
    for a, b in look.limbs:
        if there[a] and there[b]:
            side = look.colours[a] if look.colours[a] == look.colours[b] else MIDDLE
            colour = side if look.person is None else look.person
            ink = (*colour, min(alphas[a], alphas[b]))
            draw.line((*places[a], *places[b]), fill=ink, width=width)
    radius = look.width * 1.1
    for index in np.flatnonzero(there).tolist():
        (x, y), alpha = places[index], alphas[index]
        edges = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(edges, fill=(*look.colours[index], alpha), outline=(*_DARK, alpha))


def draw_trails(image: Image.Image, points: Float[np.ndarray, "T K 2"], look: Look) -> None:
    """Draws where keypoints have been, fainter the longer ago.

    Args:
        points: pixels of the image, of the last frames up to this one; NaN where there are none.
    """
    draw = ImageDraw.Draw(image, "RGBA")
    whole = np.isfinite(points).all(-1)
    width = max(1, round(look.width / 2))
    for step in range(1, len(points)):
        alpha = round(_OPAQUE * 0.7 * step / len(points))
        for index in np.flatnonzero(whole[step - 1] & whole[step]).tolist():
            line = (*points[step - 1, index].tolist(), *points[step, index].tolist())
            draw.line(line, fill=(*look.colours[index], alpha), width=width)


def draw_box(image: Image.Image, box: Sequence[float], colour: Colour = LEFT) -> None:
    """Draws a box: x, y, width and height in pixels of the image."""
    x, y, width, height = box
    ImageDraw.Draw(image).rectangle((x, y, x + width, y + height), outline=colour, width=2)


def draw_label(
    image: Image.Image,
    text: str,
    size: int,
    corner: tuple[float, float] = (0, 0),
    colour: Colour = MIDDLE,
) -> None:
    """Writes below and right of a corner, in letters of that size in pixels."""
    size = max(10, size)
    at, edge = (corner[0] + size // 2, corner[1] + size // 3), max(1, size // 10)
    draw = ImageDraw.Draw(image)
    draw.text(at, text, colour, font_size=size, stroke_width=edge, stroke_fill=_DARK)


@contextmanager
def canvas(
    sheet: UInt8[np.ndarray, "H W 3"],
    low: Sequence[float] | Float[np.ndarray, " 2"],
    high: Sequence[float] | Float[np.ndarray, " 2"],
) -> Iterator[Image.Image]:
    """Part of an array of pixels as something to draw on, which far less time is needed for.

    Args:
        sheet: is drawn on when the context ends.
        low: x and y of the upper left corner; what lies outside is cut off.
        high: of the lower right corner.
    """
    edge = np.array([sheet.shape[1], sheet.shape[0]])
    left, top = np.clip(np.floor(low), 0, edge).astype(int).tolist()
    right, bottom = np.clip(np.ceil(high), 0, edge).astype(int).tolist()
    if right <= left or bottom <= top:
        yield Image.new("RGB", (1, 1))
        return
    part = sheet[top:bottom, left:right]
    picture = Image.fromarray(part)
    yield picture
    part[...] = np.asarray(picture)


def write_png(path: Path, image: Image.Image) -> None:
    """Writes a picture that is either whole or not there.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    file = io.BytesIO()
    image.save(file, "PNG")
    write_bytes(path, file.getvalue())
