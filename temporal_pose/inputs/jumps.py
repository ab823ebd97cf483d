"""Where a simulated detector's outliers land."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from temporal_pose.inputs.profiles import OUTLIER


def leap(
    place: Float[Tensor, "B T K 2"], jump: Float[Tensor, " K"], other: Float[Tensor, " K"]
) -> tuple[Bool[Tensor, "B T K"], Float[Tensor, "B T K 2"]]:
    """Whether an outlier lands on the other side's keypoint, and else where, in sides.

    Every direction is as likely; the length beyond `OUTLIER` is exponential. Both follow from one
    pair of normal numbers, whose own length says by its rank what happens.

    Args:
        place: standard normal numbers.
        jump: mean length beyond `OUTLIER`, sides.
        other: share that lands on the other side's keypoint.
    """
    length = place.norm(dim=-1, keepdim=True)
    above = torch.exp(-length[..., 0].square() / 2)  # share of all pairs that are longer
    kept = 1 - other
    far = OUTLIER - jump * (above / kept.clamp(min=1e-12)).clamp(max=1).log()
    return above > kept, place / length * far[..., None]


def extent(
    truth: Float[Tensor, "B T K 2"], seen: Bool[Tensor, "B T K"]
) -> tuple[Float[Tensor, "B T 1 2"], Float[Tensor, "B T 1 2"]]:
    """Corners of the tight box around each frame's pose; the same point twice for no pose."""
    low = truth.masked_fill(~seen[..., None], torch.inf).amin(-2, keepdim=True)
    high = truth.masked_fill(~seen[..., None], -torch.inf).amax(-2, keepdim=True)
    there = seen.any(-1)[..., None, None]
    return low.where(there, 0), high.where(there, 0)


def inwards(
    origin: Float[Tensor, "B T K 2"],
    leap: Float[Tensor, "B T K 2"],
    low: Float[Tensor, "B T 1 2"],
    high: Float[Tensor, "B T 1 2"],
) -> Float[Tensor, "B T K 2"]:
    """Where leaps lead; along an axis where one leaves the pose's box, it goes the other way.

    A detector that sees a person's box errs towards something in it.
    """
    there = origin + leap
    inside = (there >= low) & (there <= high)
    return there.where(inside, origin - leap)
