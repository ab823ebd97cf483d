"""Means over what was found of a body, by which networks are given its place and size."""

from jaxtyping import Float
from torch import Tensor


def weighted_mean(
    values: Float[Tensor, "..."], weights: Float[Tensor, "..."], axes: tuple[int, ...]
) -> Float[Tensor, "..."]:
    """The mean over some axes, which stay as axes of size 1; 0 where all weights are.

    Args:
        weights: 0 or 1; of the shape of the values, or one that stretches to it.
    """
    total = (values * weights).sum(axes, keepdim=True)
    return total / weights.sum(axes, keepdim=True).clamp(min=1)
