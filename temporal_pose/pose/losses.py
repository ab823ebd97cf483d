"""Losses that leave missing keypoints out."""

from jaxtyping import Bool, Float
from torch import Tensor


def masked_mse(
    output: Float[Tensor, "B T K *value"],
    target: Float[Tensor, "B T K *value"],
    visible: Bool[Tensor, "B T K"],
) -> Float[Tensor, ""]:
    """Mean squared error over the present keypoints.

    A missing keypoint adds neither loss nor gradient, as in the thesis (section 1.2.2), which sets
    its target to the prediction. There the mean runs over all keypoints: another scale, the same
    minimum. Without any present keypoint the loss is zero.

    Args:
        output: a value a keypoint: a heatmap (H, W) or a position (2,).
        visible: which keypoints have a truth.
    """
    error = (output - target).square().flatten(visible.ndim)
    total = error.mean(-1).where(visible, 0).sum()
    return total / visible.sum().clamp(min=1)
