"""Crops around single people: what a detector of single images is trained on.

A crop has S rows and columns, and a pixel's *centre* is a whole number: the point (0, 0) is the
centre of its upper left pixel, (S - 1, S - 1) that of its lower right one. So are image pixels.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int64, Shaped
from torch import Tensor


class Crops(NamedTuple):
    """A batch of crops, one person each.

    Args:
        images: red, green, blue; bytes as decoded, or floats from 0 to 1 once on the device.
        keypoints: crop pixels, x and y; anything where ``labels`` is 0.
        labels: COCO's v: 0 not labelled, 1 labelled though hidden, 2 labelled and visible.
        to_image: affine maps from crop pixels to image pixels.
        area: of the person, image pixels²: what OKS divides by.
        head: size of the head as PCKh has it, image pixels; NaN where unknown.
        sample: place in the side's list of people.
    """

    images: Shaped[Tensor, "B 3 S S"]
    keypoints: Float[Tensor, "B K 2"]
    labels: Int64[Tensor, "B K"]
    to_image: Float[Tensor, "B 2 3"]
    area: Float[Tensor, " B"]
    head: Float[Tensor, " B"]
    sample: Int64[Tensor, " B"]

    @property
    def visible(self) -> Bool[Tensor, "B K"]:
        """Which keypoints have a truth, hidden ones among them."""
        return self.labels > 0


def mapped(points: Float[Tensor, "B K 2"], maps: Float[Tensor, "B 2 3"]) -> Float[Tensor, "B K 2"]:
    """Points after an affine map of each batch entry, for example ``Crops.to_image``."""
    return points @ maps[:, :, :2].mT + maps[:, None, :, 2]


def inverted(maps: Float[Tensor, "B 2 3"]) -> Float[Tensor, "B 2 3"]:
    """The maps back; those with ``to_image`` lead from image to crop pixels."""
    (a, b), (c, d) = maps[:, 0, :2].unbind(-1), maps[:, 1, :2].unbind(-1)
    adjugate = torch.stack([torch.stack([d, -b], -1), torch.stack([-c, a], -1)], -2)
    linear = adjugate / (a * d - b * c)[:, None, None]
    return torch.cat([linear, -linear @ maps[:, :, 2:]], -1)


def composed(
    outer: Float[Tensor, "B 2 3"], inner: Float[Tensor, "B 2 3"]
) -> Float[Tensor, "B 2 3"]:
    """The maps that do what `inner` does and then what `outer` does."""
    moved = outer[:, :, :2] @ inner[:, :, 2:] + outer[:, :, 2:]
    return torch.cat([outer[:, :, :2] @ inner[:, :, :2], moved], -1)


def centred(
    images: Shaped[Tensor, "*batch 3 H W"], mean: Float[Tensor, "3"]
) -> Float[Tensor, "*batch 3 H W"]:
    """What a network eats: colours as floats, less their mean.

    Args:
        images: bytes, or floats from 0 to 1.
        mean: red, green and blue, 0 to 1.
    """
    floats = images if images.is_floating_point() else images.to(mean.dtype) / 255
    return floats - mean[:, None, None]
