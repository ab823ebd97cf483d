"""The person detector's anchors, and how many of them become one person."""

import numpy as np
import pytest

from temporal_pose.detectors.blazepose import spotting

SIZE = 224


class Says:
    """In place of the network: gives prepared numbers, and keeps what it was shown."""

    def __init__(self, people):
        self.numbers = np.zeros((2254, 12), np.float32)
        self.logits = np.full((2254, 1), -200, np.float32)
        for anchor, score, points in people:
            centre = spotting._ANCHORS[anchor]
            rows = np.array(points, np.float32) - centre
            rows[1] += centre  # a size
            self.numbers[anchor] = rows.reshape(-1) * SIZE
            self.logits[anchor] = np.log(score / (1 - score))

    def __call__(self, image):
        self.shown = image
        return self.numbers, self.logits


def person(x, y, size=0.2):
    """Box, then hips, top, and two points that nobody reads, as shares of the input."""
    return [(x, y), (size, size), (x, y), (x, y - 0.3), (x, y), (x, y)]


def test_there_is_an_anchor_for_every_number():
    assert spotting._ANCHORS.shape == (2254, 2)
    assert spotting._ANCHORS[:3] == pytest.approx(np.array([[4, 4], [4, 4], [12, 4]]) / SIZE)
    assert spotting._ANCHORS[2 * 28 * 28] == pytest.approx(np.array([8, 8]) / SIZE)
    assert spotting._ANCHORS[-1] == pytest.approx(np.array([208, 208]) / SIZE)


@pytest.mark.parametrize(("width", "height"), [(300, 200), (200, 300), (64, 64)])
def test_people_are_in_image_pixels(width, height):
    """The image lies in the middle of a black square."""
    network = Says([(1500, 0.9, person(0.4, 0.6))])
    (one,) = spotting.found(np.full((height, width, 3), 255, np.uint8), network, 0.5)
    side = max(width, height)
    corner = np.array([width - side, height - side]) / 2
    np.testing.assert_allclose(one.hips, corner + np.array([0.4, 0.6]) * side, atol=1e-3)
    np.testing.assert_allclose(one.top, corner + np.array([0.4, 0.3]) * side, atol=1e-3)
    assert one.score == pytest.approx(0.9, abs=1e-6)
    assert network.shown.shape == (SIZE, SIZE, 3)
    assert network.shown.max() == pytest.approx(1, abs=1e-5)
    lit = (network.shown > -0.999).mean()
    assert lit == pytest.approx(width * height / side**2, abs=0.02)


def test_overlapping_anchors_are_averaged_by_their_scores():
    same = [(10, 0.8, person(0.4, 0.6)), (700, 0.6, person(0.47, 0.6))]
    other = [(99, 0.7, person(0.9, 0.1))]
    image = np.zeros((100, 100, 3), np.uint8)
    first, second = spotting.found(image, Says([*same, *other]), 0.5)
    assert first.hips[0] == pytest.approx(100 * (0.8 * 0.4 + 0.6 * 0.47) / 1.4, abs=1e-3)
    assert (first.score, second.score) == pytest.approx((0.8, 0.7), abs=1e-6)
    np.testing.assert_allclose(second.hips, [90, 10], atol=1e-3)


def test_nobody():
    network = Says([(10, 0.4, person(0.4, 0.6))])
    assert spotting.found(np.zeros((50, 70, 3), np.uint8), network, 0.5) == []
