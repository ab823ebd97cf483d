"""Regions and crops: a mark in an image is found in the crop where the map says."""

import numpy as np
import pytest
import torch

from temporal_pose.data.images.cutting import PaddedCrop, ThesisCrop, cut, to_image
from temporal_pose.data.images.image_sources import DecodedImage
from temporal_pose.errors import ConfigError
from temporal_pose.pose.boxes import heatmap_to_image

FILL = (10, 20, 30)


def people(count: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Boxes with keypoints in and about them, in images of 200 x 120."""
    rng = np.random.default_rng(seed)
    low = rng.uniform((-20, -20), (150, 80), (count, 2))
    extent = rng.uniform(5, 90, (count, 2))
    keypoints = low[:, None] + rng.uniform(-0.1, 1.1, (count, 7, 2)) * extent[:, None]
    inside = ((keypoints > 0) & (keypoints < (199, 119))).all(-1)
    labels = np.where(inside, rng.integers(0, 3, (count, 7)), 0)
    sizes = np.tile([200, 120], (count, 1))
    return np.concatenate((low, extent), 1), keypoints, labels, sizes


def test_padded_squares_hold_what_is_in_the_image_of_the_box() -> None:
    boxes, keypoints, labels, sizes = people(300)
    squares, possible = PaddedCrop(margin=0.2)(boxes, keypoints, labels, sizes)
    assert possible.mean() > 0.9
    low = np.clip(boxes[:, :2], 0, sizes)
    high = np.clip(boxes[:, :2] + boxes[:, 2:], 0, sizes)
    some = possible & ((high - low).max(1) > 2)
    side = (high - low).max(1)
    np.testing.assert_allclose(squares[some, 2], 1.4 * side[some])
    np.testing.assert_allclose((squares[:, :2] + squares[:, 2:] / 2)[some], (low + high)[some] / 2)


def test_a_box_beside_its_image_is_left_out() -> None:
    boxes = np.array([[-30.0, 5, 20, 20], [5, 5, 20, 20]])
    _, possible = PaddedCrop()(
        boxes, np.zeros((2, 3, 2)), np.zeros((2, 3), int), np.full((2, 2), 50)
    )
    assert possible.tolist() == [False, True]


def test_the_thesiss_squares() -> None:
    """Inside the image, centred from left to right on the keypoints, which they hold."""
    boxes, keypoints, labels, sizes = people(500, seed=1)
    squares, possible = ThesisCrop()(boxes, keypoints, labels, sizes)
    assert 0.3 < possible.mean() < 0.95
    for square, points, seen in zip(
        squares[possible], keypoints[possible], labels[possible] > 0, strict=True
    ):
        low, high = square[:2], square[:2] + square[2]
        assert (low >= -1e-9).all() and (high <= np.array([200, 120]) + 1e-9).all()
        known = points[seen]
        assert (known >= low - 1e-9).all() and (known <= high + 1e-9).all()
        middle = (known[:, 0].min() + known[:, 0].max()) / 2
        assert (low[0] + high[0]) / 2 == pytest.approx(middle)


def test_the_thesiss_square_of_somebody_in_the_middle() -> None:
    """By hand: the box widened to 40 x 50 about keypoints centred at (90, 60), and a tenth."""
    boxes = np.array([[75.0, 35, 30, 50]])
    keypoints = np.array([[[70.0, 40], [110, 80], [0, 0]]])
    labels = np.array([[2, 1, 0]])
    squares, possible = ThesisCrop()(boxes, keypoints, labels, np.array([[200, 120]]))
    assert possible.all()
    np.testing.assert_allclose(squares, [[90 - 27.5, 60 - 27.5, 55]])


def test_points_go_where_heatmaps_have_them() -> None:
    """The same convention as the boxes of detectors."""
    squares = np.array([[3.0, 5, 40], [-7, 2, 96]])
    points = torch.tensor(np.random.default_rng(0).uniform(0, 24, (2, 5, 2)))
    boxes = torch.tensor(np.column_stack((squares, squares[:, 2])))
    maps = to_image(squares, 24)
    ours = points.numpy() @ maps[:, :, :2].transpose(0, 2, 1) + maps[:, None, :, 2]
    np.testing.assert_allclose(ours, heatmap_to_image(points, boxes, 24))


@pytest.mark.parametrize("square", [(20.0, 11.5, 64.0), (-13.3, -8.0, 99.0), (57.2, 30.7, 71.0)])
@pytest.mark.parametrize("reduction", [1, 2])
def test_a_mark_is_found_where_the_map_says(square: tuple[float, ...], reduction: int) -> None:
    """A bump of light, told by its centre of mass."""
    at, width = np.array([70.25, 44.5]), 3.0
    rows, columns = np.mgrid[:90, :120] * reduction + (reduction - 1) / 2
    bump = np.exp(-((columns - at[0]) ** 2 + (rows - at[1]) ** 2) / (2 * width**2))
    image = DecodedImage(np.repeat((bump * 255).astype(np.uint8)[..., None], 3, 2), reduction)
    crop = cut(image, np.array(square), 48, (0, 0, 0))[0].astype(float)
    y, x = np.mgrid[:48, :48]
    found = np.array([(crop * x).sum(), (crop * y).sum()]) / crop.sum()
    (back,) = to_image(np.array([square]), 48)
    np.testing.assert_allclose(back[:, :2] @ found + back[:, 2], at, atol=0.12)


def test_beyond_the_image_there_is_one_colour() -> None:
    image = DecodedImage(np.full((20, 30, 3), 200, np.uint8), 1)
    crop = cut(image, np.array([-10.0, -10, 40]), 40, FILL)
    assert crop.shape == (3, 40, 40)
    assert crop[:, 2, 2].tolist() == list(FILL)
    assert crop[:, 20, 20].tolist() == [200, 200, 200]
    assert (crop[:, :8] == np.array(FILL)[:, None, None]).all()


def test_what_cannot_be() -> None:
    for kind in (PaddedCrop, ThesisCrop):
        with pytest.raises(ConfigError, match=r"crop\.margin is -1; expected 0 to 2"):
            kind(margin=-1)
