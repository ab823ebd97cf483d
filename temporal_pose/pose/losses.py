"""Losses that leave missing keypoints out."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional


def masked_mse(
    output: Float[Tensor, "B T K *value"],
    target: Float[Tensor, "B T K *value"],
    visible: Bool[Tensor, "B T K"],
) -> Float[Tensor, ""]:
    """Mean squared error over the present keypoints.

    A missing keypoint adds neither loss nor gradient: its target is set to the prediction, as in
    the thesis (section 1.2.2). There the mean runs over all keypoints: another scale, the same
    minimum. Without any present keypoint the loss is zero.

    Args:
        output: a value a keypoint: a heatmap (H, W) or a position (2,).
        visible: which keypoints have a truth.
    """
    seen = visible.reshape(*visible.shape, *(1,) * (output.ndim - visible.ndim))
    known = torch.where(seen, target, output.detach())
    values = output[0, 0, 0].numel()
    total = functional.mse_loss(output, known, reduction="sum")
    return total / (visible.sum() * values).clamp(min=1)
