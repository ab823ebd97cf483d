"""Painted figures: made from a seed, and labelled as they are painted."""

import numpy as np
import pytest

from temporal_pose.data.images.figures import Figures
from temporal_pose.data.images.painting import Figure, backdrop, owners, paint, seen
from temporal_pose.errors import ConfigError
from temporal_pose.pose.skeletons import CLIMBALONG25


def test_a_seed_makes_the_same_pictures_again() -> None:
    first, again, other = (Figures(7, seed).read() for seed in (1, 1, 2))
    assert np.array_equal(first.keypoints, again.keypoints)
    assert np.array_equal(first.images[3](), again.images[3]())
    assert np.array_equal(first.images[3](), first.images[3]())
    assert not np.array_equal(first.keypoints[:7], other.keypoints[:7])
    more = Figures(11, 1).read()
    assert np.array_equal(more.images[3]().shape, first.images[3]().shape)


def test_people_and_backgrounds_vary() -> None:
    people = Figures(60, 0).read()
    assert len(people.images) == 60
    assert 63 <= len(people) <= 85
    assert len({p.size for p in people}) == 3
    corners = {tuple(people.images[i]()[0, 0].tolist()) for i in range(20)}
    assert len(corners) == 20
    hidden, visible = ((people.labels == v).mean() for v in (1, 2))
    assert 0.1 < hidden < 0.4 and visible > 0.6
    assert (people.heads > 3).all()


def test_labels_tell_what_is_in_the_picture() -> None:
    for person in Figures(80, 3).read():
        width, height = person.size
        cells = np.rint(person.keypoints[person.labels > 0])
        assert ((cells >= 0) & (cells < (width, height))).all()
        assert person.image().shape == (height, width, 3)
        x, y, wide, high = person.box
        assert 0 <= x < x + wide <= width and 0 <= y < y + high <= height


def upright(depth: float = 4.0) -> Figure:
    """A body that faces the camera, arms out, all at one distance but the nose."""
    places = {
        "nose": (50, 20), "ear": (6, 18), "shoulder": (15, 32), "elbow": (27, 32),
        "wrist": (39, 32), "pinky": (42, 32), "index_finger": (44, 32), "thumb": (42, 30),
        "hip": (8, 62), "knee": (8, 80), "ankle": (8, 98), "heel": (8, 100), "toes": (12, 102),
    }  # fmt: skip
    points = np.zeros((25, 3))
    for i, name in enumerate(CLIMBALONG25.keypoints):
        side, _, joint = name.partition("_")
        x, y = places[joint or name]
        points[i] = (x if not joint else 50 + x * (1 if side == "left" else -1), y, depth)
    points[0, 2] -= 0.1
    return Figure(points, metre=60.0, stout=1.0, head=14.0)


def test_what_stands_before_a_keypoint_hides_it() -> None:
    figure, size = upright(), (100, 110)
    nothing = np.zeros((0, 4))
    ((inside, visible),) = seen([figure], owners([figure], nothing, size))
    assert inside.all()
    assert visible[CLIMBALONG25.index("left_wrist")]
    board = np.array([[0.0, 75, 100, 90]])
    ((_, behind),) = seen([figure], owners([figure], board, size))
    lost = {CLIMBALONG25.keypoints[i] for i in np.flatnonzero(visible & ~behind)}
    assert lost == {"left_knee", "right_knee"}


def test_a_body_hides_another_one() -> None:
    near = upright()
    far = Figure(near.points + np.array([0, 0, 1]), near.metre, near.stout, near.head)
    nothing = np.zeros((0, 4))
    (_, behind), (_, before) = seen([far, near], owners([far, near], nothing, (100, 110)))
    assert not behind.any()
    assert before.sum() > 20


def test_beyond_the_picture() -> None:
    figure = upright()
    ((inside, visible),) = seen([figure], owners([figure], np.zeros((0, 4)), (100, 90)))
    assert not inside[CLIMBALONG25.index("left_ankle")]
    assert not (visible & ~inside).any()


def test_from_behind_there_is_no_face() -> None:
    figure = upright()
    turned = figure.points.copy()
    turned[0, 2] += 0.2
    back = Figure(turned, figure.metre, figure.stout, figure.head)
    ((_, visible),) = seen([back], owners([back], np.zeros((0, 4)), (100, 110)))
    assert not visible[0]
    rng, again = np.random.default_rng(5), np.random.default_rng(5)
    plain = np.full((110, 100, 3), 200, np.uint8)
    front = paint(plain, [figure], np.zeros((0, 4)), rng)
    behind = paint(plain, [back], np.zeros((0, 4)), again)
    assert (front[10:30, 40:60] != behind[10:30, 40:60]).any()


def test_backdrops_fill_the_picture() -> None:
    image = backdrop(np.random.default_rng(0), (70, 50))
    assert image.shape == (50, 70, 3)
    assert image.std() > 5


def test_what_cannot_be() -> None:
    with pytest.raises(ConfigError, match=r"data\.images is 2; expected a whole number from 3"):
        Figures(2)
    with pytest.raises(ConfigError, match=r"data\.data_seed is -1"):
        Figures(7, -1)
