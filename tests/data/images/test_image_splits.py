"""People are divided by their images."""

import numpy as np
import pytest
from image_sets import COCO17, somebody

from temporal_pose.data.images.annotated import People
from temporal_pose.data.images.image_splits import ImageSplit
from temporal_pose.errors import ConfigError, DataError


def people(images: int, part: str = "train2017", start: int = 0) -> list:
    """One to three people an image."""
    pairs = [(image, n) for image in range(start, start + images) for n in range(1 + image % 3)]
    return [somebody(100 * image + n, image, part=part) for image, n in pairs]


def test_an_image_is_on_one_side() -> None:
    everybody = People.of(people(200), COCO17)
    side = ImageSplit(fractions=(0.7, 0.2, 0.1), seed=3).sides(everybody)
    for image in range(200):
        assert len(set(side[everybody.image == image].tolist())) == 1
    of_image = np.array([side[everybody.image == image][0] for image in range(200)])
    assert [int((of_image == i).sum()) for i in range(3)] == [140, 40, 20]
    assert np.array_equal(side, ImageSplit(fractions=(0.7, 0.2, 0.1), seed=3).sides(everybody))
    assert not np.array_equal(side, ImageSplit(fractions=(0.7, 0.2, 0.1), seed=4).sides(everybody))


def test_the_part_that_is_called_val_is_the_test() -> None:
    everybody = People.of([*people(40), *people(10, "val2017", 40)], COCO17)
    side = ImageSplit(by="part", fractions=(0.7, 0.2, 0.1)).sides(everybody)
    of_image = [int(side[everybody.image == image][0]) for image in range(50)]
    assert of_image[40:] == [2] * 10
    assert of_image[:40].count(1) == round(40 * 0.2 / 0.9)
    assert of_image[:40].count(2) == 0


def test_what_cannot_be() -> None:
    everybody = People.of(people(9), COCO17)
    with pytest.raises(ConfigError, match=r"data\.split is 'video'; expected image or part"):
        ImageSplit(by="video").sides(everybody)
    with pytest.raises(DataError, match=r"begins with 'val' and another one; there are train2017"):
        ImageSplit(by="part").sides(everybody)
    with pytest.raises(DataError, match="there are 2 images with people; expected at least 3"):
        ImageSplit().sides(People.of(people(2), COCO17))
