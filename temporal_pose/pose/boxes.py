"""Boxes around people, and the single pair of conversions between image and heatmap pixels.

A box divides into ``size x size`` cells, and heatmap pixel ``(i, j)`` is the *centre* of a cell:
its point ``(0, 0)`` lies half a cell inside the box's upper left corner. That is the convention of
Mask R-CNN's keypoint head (He et al., ICCV 2017; torchvision).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def tight_boxes(
    keypoints: Float[Tensor, "*batch N 2"],
    visible: Bool[Tensor, "*batch N"],
    margin: float = 0.1,
    square: bool = True,
) -> Float[Tensor, "*batch 4"]:
    """Boxes around the visible points.

    The tight box is pushed out on each side by ``margin`` of its extent, then made square by
    growing the shorter side about its centre (thesis, section 1.2.1), if asked to.

    Args:
        keypoints: image pixels. N may run over the keypoints of one frame or of several.
        margin: share of the extent added on each side.
        square: whether both sides are as long as the longer one.

    Returns:
        Image pixels. Without two distinct visible points there is no extent: the box then has
        side 1, about the point or the origin; and so has a side along which there is none.
    """
    mask = visible[..., None]
    low = keypoints.masked_fill(~mask, torch.inf).amin(-2)
    high = keypoints.masked_fill(~mask, -torch.inf).amax(-2)
    some = visible.any(-1, keepdim=True)
    low, high = low.where(some, 0), high.where(some, 0)
    sides = (high - low) * (1 + 2 * margin)
    if square:
        sides = sides.amax(-1, keepdim=True).expand_as(sides)
    sides = sides.where(sides > 0, 1)
    return torch.cat([(low + high - sides) / 2, sides], -1)


def image_to_heatmap(
    points: Float[Tensor, "*batch K 2"], boxes: Float[Tensor, "*batch 4"], size: int = 56
) -> Float[Tensor, "*batch K 2"]:
    """Image pixels to heatmap pixels of the given boxes; the inverse of `heatmap_to_image`."""
    corner, extent = boxes[..., None, :2], boxes[..., None, 2:]
    return (points - corner) / extent * size - 0.5


def heatmap_to_image(
    points: Float[Tensor, "*batch K 2"], boxes: Float[Tensor, "*batch 4"], size: int = 56
) -> Float[Tensor, "*batch K 2"]:
    """Heatmap pixels of the given boxes to image pixels; the inverse of `image_to_heatmap`."""
    corner, extent = boxes[..., None, :2], boxes[..., None, 2:]
    return (points + 0.5) / size * extent + corner
