"""Object keypoint similarity, which COCO's average precision is made of."""

from collections.abc import Mapping

from jaxtyping import Float, Int64
from torch import Tensor

from temporal_pose.pose.skeletons import Skeleton

#: COCO's sigmas: how far people who annotate are apart (standard deviation), by keypoint without
#: its side, over the square root of the person's area (Lin et al.,
#: https://cocodataset.org/#keypoints-eval).
SPREAD: Mapping[str, float] = {
    "nose": 0.026,
    "eye": 0.025,
    "ear": 0.035,
    "shoulder": 0.079,
    "elbow": 0.072,
    "wrist": 0.062,
    "hip": 0.107,
    "knee": 0.087,
    "ankle": 0.089,
}


def spreads(skeleton: Skeleton) -> list[float] | None:
    """COCO's sigma of each keypoint; None where there is none for one of them."""
    sides = (name.removeprefix("left_").removeprefix("right_") for name in skeleton.keypoints)
    found = [SPREAD.get(name) for name in sides]
    known = [one for one in found if one is not None]
    return known if len(known) == len(found) else None


def oks(
    predicted: Float[Tensor, "*batch K 2"],
    truth: Float[Tensor, "*batch K 2"],
    labels: Int64[Tensor, "*batch K"],
    area: Float[Tensor, "*batch"],
    spread: Float[Tensor, " K"],
) -> Float[Tensor, "*batch"]:
    r"""Mean of :math:`\exp(-d^2 / (2 a (2 s)^2))` over labelled keypoints; NaN without any.

    Args:
        predicted: image pixels.
        labels: COCO's v.
        area: of the person, image pixels².
        spread: COCO's sigma s of each keypoint.
    """
    squared = (predicted - truth).square().sum(-1)
    near = (-squared / (8 * area[..., None] * spread.square())).exp()
    seen = labels > 0
    return near.where(seen, 0).sum(-1) / seen.sum(-1)
