"""Figures over changing backgrounds: the embedded default for single images, made from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, UInt8

from temporal_pose.data.articulated.body import Body, keypoints
from temporal_pose.data.articulated.climb import climb
from temporal_pose.data.articulated.motion import dance, rotation
from temporal_pose.data.images.annotated import COVERED, Annotated, People
from temporal_pose.data.images.painting import Figure, backdrop, owners, paint, seen
from temporal_pose.errors import ConfigError
from temporal_pose.pose.skeletons import CLIMBALONG25

_POSES = 32  # of one person; made at once
_SPACING_S = 0.9  # from one to the next: no two are alike
_SIZES = ((192, 192), (160, 208), (208, 160))
_HEAD_M, _MARGIN = 0.23, 0.06
_PAIRED, _COVERED_UP, _CUT_OFF = 0.2, 0.3, 0.12  # shares of the images


@dataclass(frozen=True)
class Scene:
    """An image that is painted when it is asked for.

    Args:
        figures: from the farthest to the nearest.
        cover: left, top, right and bottom of what stands before them.
        size: width and height.
        seed: of the colours and the background.
    """

    figures: tuple[Figure, ...]
    cover: Float[np.ndarray, "n 4"]
    size: tuple[int, int]
    seed: tuple[int, ...]

    def __call__(self) -> UInt8[np.ndarray, "H W 3"]:
        """The picture: red, green and blue."""
        rng = np.random.default_rng(self.seed)
        return paint(backdrop(rng, self.size), list(self.figures), self.cover, rng)


class Figures:
    """Paints articulated people. *No data set, and never to be shown as one.*

    The bodies and motions of `temporal_pose.data.synthetic`, each pose in a picture of its own:
    seen from all sides, in clothes of any colour, before a background of clouds, shapes and grain.
    A fifth of the pictures shows two people, a third has something standing before them, and an
    eighth cuts a person off. 25 keypoints; a keypoint that a limb or an object covers is labelled
    as hidden, one beyond the picture is not labelled. Pictures are painted when they are read, so
    the set takes no room.

    Args:
        images: how many pictures.
        seed: pictures are a pure function of it and their number.

    Raises:
        ConfigError: fewer than 3 images, or a negative seed.
    """

    def __init__(self, images: int, seed: int = 0) -> None:
        if type(images) is not int or images < 3:
            raise ConfigError(f"data.images is {images}; expected a whole number from 3")
        if seed < 0:
            raise ConfigError(f"data.data_seed is {seed}; expected a whole number from 0")
        self.images, self.seed = images, seed

    def read(self) -> People:
        """The people, picture by picture."""
        people = [one for number in range(self.images) for one in _annotated(*self._scene(number))]
        return People.of(people, CLIMBALONG25)

    def _scene(self, number: int) -> tuple[int, Scene]:
        rng = np.random.default_rng((self.seed, 3, number))
        size = _SIZES[int(rng.integers(len(_SIZES)))]
        second = rng.random() < _PAIRED
        poses = [self._pose(number), *([self._pose(number + 7 * self.images)] if second else [])]
        share = (0.45, 0.7) if second else (0.55, 0.95)
        figures = [_placed(rng, *pose, size, rng.uniform(*share)) for pose in poses]
        cover = _objects(rng, figures[-1]) if rng.random() < _COVERED_UP else np.zeros((0, 4))
        return number, Scene(tuple(figures), cover, size, (self.seed, 4, number))

    def _pose(self, number: int) -> tuple[Body, Float[np.ndarray, "25 3"]]:
        body, poses = _poses(self.seed, number // _POSES)
        return body, poses[number % _POSES]


def _annotated(number: int, scene: Scene) -> Iterator[Annotated]:
    figures = list(scene.figures)
    labels = seen(figures, owners(figures, scene.cover, scene.size))
    for place, (figure, (inside, visible)) in enumerate(zip(figures, labels, strict=True)):
        if inside.sum() < 2:
            continue
        points = figure.points[:, :2]
        low, high = points.min(0), points.max(0)
        pad = _MARGIN * figure.metre
        low, high = np.maximum(low - pad, 0), np.minimum(high + pad, scene.size)
        box = np.concatenate((low, high - low))
        yield Annotated(
            image=scene,
            image_id=f"{number:06d}",
            person_id=f"{number:06d}.{place}",
            keypoints=points,
            labels=inside.astype(np.int64) + visible,
            box=box,
            area=float(COVERED * box[2] * box[3]),
            head=figure.head,
            size=scene.size,
        )


def _placed(
    rng: np.random.Generator,
    body: Body,
    pose: Float[np.ndarray, "25 3"],
    size: tuple[int, int],
    share: float,
) -> Figure:
    """A pose before a camera of its own.

    Args:
        share: of the picture that the body fills.
    """
    turns = rng.normal(0, (0.9, 0.12, 0.12))
    far = rng.uniform(2.5, 7.0)
    placed = (pose - pose.mean(0)) @ rotation(*turns[:, None])[0].T
    depth = np.maximum(far - placed[:, 2], 0.5)
    flat = placed[:, :2] * (1, -1) * (far / depth)[:, None]
    low, high = flat.min(0), flat.max(0)
    metre = share * float((np.array(size) / np.maximum(high - low, 0.3)).min())
    room = np.array(size) - metre * (high - low)
    beyond = 0.3 * metre if rng.random() < _CUT_OFF else 0.0
    corner = rng.uniform(-beyond, room + beyond)
    points = np.column_stack((metre * (flat - low) + corner, depth))
    stout = float(rng.uniform(0.75, 1.3))
    return Figure(points, metre, stout, _HEAD_M * metre * body.head / Body.head)


def _objects(rng: np.random.Generator, figure: Figure) -> Float[np.ndarray, "1 4"]:
    """A board or a pole before the body."""
    points = figure.points[:, :2]
    low, high = points.min(0), points.max(0)
    middle = rng.uniform(low, high)
    half = rng.uniform((0.04, 0.04), (0.3, 0.3)) * (high - low) / 2
    half[int(rng.integers(2))] *= rng.uniform(1, 3)
    return np.concatenate((middle - half, middle + half))[None]


@lru_cache(maxsize=4)
def _poses(seed: int, person: int) -> tuple[Body, Float[np.ndarray, "n 25 3"]]:
    """A person, and poses of a long dance or climb."""
    body = Body.drawn(np.random.default_rng((seed, 1, person)))
    rng = np.random.default_rng((seed, 2, person))
    time = np.arange(_POSES) * _SPACING_S
    move = (dance, climb)[person % 4 == 3]
    return body, keypoints(body, move(rng, time, body))
