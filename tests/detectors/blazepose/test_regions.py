"""The region about a body, and the filter that holds it still, beside the published one."""

import numpy as np
import pytest
from OneEuroFilter.OneEuroFilter import LowPassFilter

from temporal_pose.detectors.blazepose import regions
from temporal_pose.detectors.blazepose.regions import Anchor

POINTS = np.array([[200.0, 300.0], [230.0, 180.0]])


def test_the_second_point_lies_straight_above_the_centre():
    region = regions.region(regions.first(*POINTS))
    distance = np.hypot(30, 120)
    assert (region.x, region.y) == (200, 300)
    assert region.width == region.height == pytest.approx(2.5 * distance)
    above = region.to_image(np.array([[0.5, 0.5 - 1 / 2.5]]))
    np.testing.assert_allclose(above, POINTS[1:], atol=1e-3)


@pytest.mark.parametrize("angle", [0.3, 1.7, -2.9, 3.1])
def test_a_turned_body_has_a_turned_region(angle):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (POINTS - POINTS[0]) @ turn.T + POINTS[0]
    before, after = (regions.region(regions.first(*p)) for p in (POINTS, points))
    assert after.width == pytest.approx(before.width)
    assert np.exp(1j * (after.angle - before.angle)) == pytest.approx(np.exp(1j * angle))


def test_the_body_alone_is_slim_and_upright():
    standing = regions.body(regions.first(np.array([50.0, 80]), np.array([50.0, 30])))
    np.testing.assert_allclose(standing, [50 - 22.5, 30, 45, 100], atol=1e-4)
    lying = regions.body(regions.first(np.array([50.0, 80]), np.array([100.0, 80])))
    np.testing.assert_allclose(lying, [0, 80 - 22.5, 100, 45], atol=1e-4)


def weight(cutoff):
    return 1 / (1 + 30 / (2 * np.pi * cutoff))


class OneEuro:
    """The filter as published, made of its authors' low-pass filter."""

    def __init__(self):
        self.value, self.speed = LowPassFilter(0.5), LowPassFilter(0.5)

    def __call__(self, value):
        last = self.value.lastValue()
        speed = self.speed(0 if last is None else 30 * (value - last), alpha=weight(1))
        return self.value(value, alpha=weight(0.01 + 10 * abs(speed)))


def test_the_filter_is_the_one_euro_filter():
    """Of the same size all along, in whose units the published filter counts."""
    rng = np.random.default_rng(0)
    shifts = rng.normal(0, 4, (23, 1, 2)).cumsum(0)
    size = 2 * np.linalg.norm(POINTS[1] - POINTS[0])
    filters = [OneEuro() for _ in range(4)]
    anchor = regions.first(*POINTS)
    for shift in shifts:
        points = POINTS + shift
        anchor = regions.following(anchor, points)
        wanted = [f(float(v)) for f, v in zip(filters, points.flat / size, strict=True)]
        np.testing.assert_allclose(anchor.points.flat, np.array(wanted) * size, rtol=1e-9)


def test_the_first_look_is_taken_as_it_is():
    anchor = regions.following(regions.first(*POINTS), POINTS + 50)
    np.testing.assert_array_equal(anchor.points, POINTS + 50)


def test_a_memory_is_an_anchor():
    anchor = Anchor(POINTS, POINTS + 1, np.array([[0.5, 0.25], [2, 4.0]]))
    assert anchor.memory.shape == (12,)
    for a, b in zip(regions.remembered(anchor.memory), anchor, strict=True):
        np.testing.assert_array_equal(a, b)
