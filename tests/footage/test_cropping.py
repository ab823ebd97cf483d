"""Regions of an image, beside scipy's interpolation."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from temporal_pose.footage.cropping import Region, cropped


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (23, 31, 3), np.uint8)


def reference(image, region, size, mode):
    """The same by scipy, pixel by pixel of the crop."""
    places = np.array(
        [
            [region.to_image(np.array([[j / size[0], i / size[1]]]))[0] for j in range(size[0])]
            for i in range(size[1])
        ]
    )
    at = places[..., ::-1].transpose(2, 0, 1)
    pixels = [
        map_coordinates(image[..., c].astype(float), at, order=1, mode=mode) for c in range(3)
    ]
    return np.stack(pixels, -1)


REGIONS = [
    Region(15, 11, 31, 23),
    Region(14.3, 10.2, 9, 17, 0.4),
    Region(3, 20, 40, 11, -2.1),
    Region(-5, 30, 20, 20, 3.0),
]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(("black", "mode"), [(False, "nearest"), (True, "grid-constant")])
def test_it_interpolates_as_scipy_does(image, region, black, mode):
    found = cropped(image, region, (7, 5), black)
    assert found.shape == (5, 7, 3)
    np.testing.assert_allclose(found, reference(image, region, (7, 5), mode), atol=0.02)


def test_the_whole_image_is_itself(image):
    whole = Region(15.5, 11.5, 31, 23)
    np.testing.assert_allclose(cropped(image, whole, (31, 23)), image, atol=1e-3)


def test_a_turned_region_begins_at_its_own_corner():
    region = Region(10, 20, 6, 4, np.pi / 2)
    places = region.to_image(np.array([[0, 0], [1, 0], [0, 1], [0.5, 0.5]]))
    np.testing.assert_allclose(places, [[12, 17], [12, 23], [8, 17], [10, 20]], atol=1e-5)


def test_the_box_of_a_region():
    np.testing.assert_allclose(Region(10, 20, 6, 8, 1.0).box, [7, 16, 6, 8])


@pytest.mark.parametrize("shape", [(1, 9, 3), (9, 1, 3), (1, 1, 3)])
def test_images_of_one_row_or_column(shape):
    image = np.full(shape, 77, np.uint8)
    np.testing.assert_allclose(cropped(image, Region(0, 0, 5, 5, 0.3), (4, 4)), 77)
