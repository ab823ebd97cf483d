"""Figures painted over a background: limbs, clothes, faces, and what hides what."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image, ImageDraw

from temporal_pose.pose.skeletons import CLIMBALONG25

Colour = tuple[int, int, int]
Point = Float[np.ndarray, "2"]

_BEHIND = 255  # in a map of owners, whatever is in front of everybody
_SIDES = ("left", "right")


@dataclass(frozen=True)
class Figure:
    """A body as a camera sees it.

    Args:
        points: of `CLIMBALONG25`: x and y in image pixels, and the distance to the camera.
        metre: image pixels to a metre.
        stout: width of the limbs, 1 for usual.
        head: diameter of the head, pixels.
    """

    points: Float[np.ndarray, "25 3"]
    metre: float
    stout: float
    head: float


class Part(NamedTuple):
    """A piece of a body, between two points.

    Args:
        ends: x and y of both.
        depth: distance to the camera.
        width: pixels.
        cloth: which of a figure's colours it has.
        keypoints: that lie in it, and are seen where it is.
    """

    ends: Float[np.ndarray, "2 2"]
    depth: float
    width: float
    cloth: str
    keypoints: tuple[int, ...]


#: From one keypoint to another: metres wide, and which cloth.
_LIMBS = (
    *(("shoulder", "elbow", 0.105, "sleeve"), ("elbow", "wrist", 0.085, "arm")),
    *(("wrist", "index_finger", 0.075, "skin"), ("wrist", "pinky", 0.075, "skin")),
    *(("wrist", "thumb", 0.05, "skin"), ("hip", "knee", 0.155, "trousers")),
    *(("knee", "ankle", 0.115, "leg"), ("heel", "toes", 0.09, "shoe")),
    ("ankle", "heel", 0.09, "shoe"),
)


@cache
def _at(name: str) -> int:
    return CLIMBALONG25.index(name)


def _pair(joint: str) -> list[int]:
    return [_at(f"{side}_{joint}") for side in _SIDES]


def parts(figure: Figure) -> list[Part]:
    """The pieces of a body, the farthest first."""
    found = [*_limbs(figure), *_trunk(figure), _head(figure)]
    return sorted(found, key=lambda part: -part.depth)


def _limbs(figure: Figure) -> Iterator[Part]:
    for near, far, wide, cloth in _LIMBS:
        for side in _SIDES:
            both = _at(f"{side}_{near}"), _at(f"{side}_{far}")
            points = figure.points[list(both)]
            width = wide * figure.metre * figure.stout
            yield Part(points[:, :2], float(points[:, 2].mean()), width, cloth, both)


def _trunk(figure: Figure) -> Iterator[Part]:
    """Two broad bands from shoulder to hip, and one down the middle; a neck."""
    joints = _pair("shoulder") + _pair("hip")
    shoulders, hips = (figure.points[_pair(joint)] for joint in ("shoulder", "hip"))
    depth = float(figure.points[joints, 2].mean())
    wide = figure.metre * figure.stout
    for shoulder, hip in zip(shoulders, hips, strict=True):
        inner = 0.75 * np.stack((shoulder, hip)) + 0.25 * np.stack((shoulders, hips)).mean(1)
        yield Part(inner[:, :2], depth, 0.2 * wide, "shirt", tuple(joints))
    middle = np.stack((shoulders.mean(0), hips.mean(0)))
    yield Part(middle[:, :2], depth - 1e-3, 0.24 * wide, "shirt", tuple(joints))
    neck = np.stack((shoulders.mean(0), figure.points[_pair("ear")].mean(0)))
    yield Part(neck[:, :2], float(neck[:, 2].mean()) + 0.02, 0.1 * wide, "skin", ())


def _head(figure: Figure) -> Part:
    ears = figure.points[_pair("ear")].mean(0)
    centre = np.tile(ears[:2], (2, 1))
    return Part(centre, float(ears[2]) - 0.02, figure.head, "hair", (_at("nose"), *_pair("ear")))


def owners(
    figures: list[Figure], cover: Float[np.ndarray, "n 4"], size: tuple[int, int]
) -> UInt8[np.ndarray, "H W"]:
    """Which piece is seen at each pixel: counted from 1 over the figures' pieces, 0 for none.

    Args:
        figures: from the farthest to the nearest.
        cover: left, top, right and bottom of what stands before everybody.
        size: width and height.
    """
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    number = 1
    for figure in figures:
        for part in parts(figure):
            _stroke(draw, part.ends, part.width, number)
            number += 1
    for one in cover.tolist():
        draw.rectangle(one, fill=_BEHIND)
    return np.array(image)


def seen(
    figures: list[Figure], owner: UInt8[np.ndarray, "H W"]
) -> list[tuple[Bool[np.ndarray, " 25"], Bool[np.ndarray, " 25"]]]:
    """For each figure, which keypoints are in the picture, and which of these are not hidden."""
    height, width = owner.shape
    found, number = [], 1
    for figure in figures:
        cells = np.rint(figure.points[:, :2]).astype(int)
        inside = ((cells >= 0) & (cells < (width, height))).all(1)
        at = owner[cells[:, 1].clip(0, height - 1), cells[:, 0].clip(0, width - 1)]
        visible = np.zeros(len(cells), bool)
        for part in parts(figure):
            members = list(part.keypoints)
            visible[members] |= at[members] == number
            number += 1
        found.append((inside, visible & inside & ~_turned_away(figure)))
    return found


def _turned_away(figure: Figure) -> Bool[np.ndarray, " 25"]:
    """Nose and ears on the far side of the head."""
    depth = figure.points[:, 2]
    away = np.zeros(len(depth), bool)
    face = [_at("nose"), *_pair("ear")]
    away[face] = depth[face] > depth[_pair("ear")].mean() + 0.035
    return away


def paint(
    background: UInt8[np.ndarray, "H W 3"],
    figures: list[Figure],
    cover: Float[np.ndarray, "n 4"],
    rng: np.random.Generator,
) -> UInt8[np.ndarray, "H W 3"]:
    """The picture; see `owners`."""
    image = Image.fromarray(background)
    draw = ImageDraw.Draw(image)
    for figure in figures:
        _dress(draw, figure, rng)
    for one in cover.tolist():
        draw.rectangle(one, fill=_colour(rng))
    return np.array(image)


def _dress(draw: ImageDraw.ImageDraw, figure: Figure, rng: np.random.Generator) -> None:
    """A figure in clothes of its own."""
    skin, shirt, trousers = _skin(rng), _colour(rng), _colour(rng)
    short_sleeves, short_legs = rng.random(2) < 0.5
    colours = {
        "skin": skin,
        "shirt": shirt,
        "sleeve": _shaded(shirt, 0.85),
        "arm": skin if short_sleeves else _shaded(shirt, 0.8),
        "trousers": trousers,
        "leg": skin if short_legs else _shaded(trousers, 0.88),
        "shoe": _colour(rng),
        "hair": _shaded(_colour(rng), 0.6),
    }
    badge = _colour(rng)
    for part in parts(figure):
        colour = colours[part.cloth]
        _stroke(draw, part.ends, part.width + 1.5, _shaded(colour, 0.55))
        _stroke(draw, part.ends, part.width, colour)
        if part.cloth == "hair":
            _face(draw, figure, skin)
        if part.cloth == "shirt" and _from_the_front(figure):
            _stroke(draw, part.ends, 0.05 * figure.metre, badge)


def _from_the_front(figure: Figure) -> bool:
    """Whether the chest is seen: the left shoulder is then on the right of the picture."""
    (left, right), (hip, other) = (figure.points[_pair(j), :2] for j in ("shoulder", "hip"))
    down = (hip + other - left - right) / 2
    across = left - right
    return float(across[0] * down[1] - across[1] * down[0]) > 0


def _face(draw: ImageDraw.ImageDraw, figure: Figure, skin: Colour) -> None:
    """Skin, eyes and a nose, on the side that the nose is on; nothing seen from behind."""
    nose, ears = figure.points[_at("nose")], figure.points[_pair("ear")]
    if nose[2] > ears[:, 2].mean() + 0.035:
        return
    centre, radius = ears[:, :2].mean(0), figure.head / 2
    towards = nose[:2] - centre
    middle = centre + 0.4 * towards
    _stroke(draw, np.tile(middle, (2, 1)), 1.5 * radius, skin)
    for ear in ears[:, :2]:
        eye = centre + 0.75 * towards + 0.4 * (ear - centre) * (ear[0] != centre[0])
        _stroke(draw, np.tile(eye, (2, 1)), max(1.5, 0.3 * radius), (20, 20, 30))
    _stroke(draw, np.tile(nose[:2], (2, 1)), max(1.5, 0.35 * radius), _shaded(skin, 0.6))


def _stroke(
    draw: ImageDraw.ImageDraw, ends: Float[np.ndarray, "2 2"], width: float, fill: Colour | int
) -> None:
    """A line with round ends."""
    draw.line([tuple(end) for end in ends.tolist()], fill=fill, width=max(1, round(width)))
    for x, y in ends.tolist():
        half = width / 2
        draw.ellipse((x - half, y - half, x + half, y + half), fill=fill)


def _colour(rng: np.random.Generator) -> Colour:
    red, green, blue = rng.integers(20, 245, 3).tolist()
    return red, green, blue


def _skin(rng: np.random.Generator) -> Colour:
    return _shaded((255, 212, 180), rng.uniform(0.35, 1.0))


def _shaded(colour: Colour, share: float) -> Colour:
    red, green, blue = (int(share * value) for value in colour)
    return red, green, blue


def backdrop(rng: np.random.Generator, size: tuple[int, int]) -> UInt8[np.ndarray, "H W 3"]:
    """Clouds of colour, shapes over them, and grain.

    Args:
        size: width and height.
    """
    cells = int(rng.integers(2, 9))
    coarse = rng.integers(0, 256, (cells, cells, 3), np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(0, 9))):
        low = rng.uniform((-0.2, -0.2), (1, 1)) * size
        box = (*low, *(low + rng.uniform(0.03, 0.5, 2) * size))
        kind = rng.integers(3)
        if kind == 0:
            draw.rectangle(box, fill=_colour(rng))
        elif kind == 1:
            draw.ellipse(box, fill=_colour(rng))
        else:
            draw.line(box, fill=_colour(rng), width=int(rng.integers(2, 16)))
    grain = rng.integers(0, int(rng.integers(2, 40)), (size[1], size[0], 1), np.uint8)
    return np.asarray(image) // 8 * 7 + grain
