"""How good the poses in crops are: PCK of the torso, PCKh, and the thesis's score."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric

from temporal_pose.pose.crops import Crops
from temporal_pose.pose.metrics import THRESHOLDS, position_errors, torso_diameter
from temporal_pose.pose.skeletons import Skeleton

#: Share of the head's size within which PCKh counts a keypoint (Andriluka et al., CVPR 2014).
HEAD = 0.5

#: Share of the crop's side within which the thesis counts a keypoint: 3.2 of 64 heatmap pixels.
CROP = 0.05


class CropScores(Metric):
    """Scores over all updates; people without a torso or a head are left out of what needs one.

    Args:
        skeleton: of the keypoints.
        size: rows and columns of a crop.
        thresholds: shares of the torso diameter.
    """

    full_state_update = False
    hits: Tensor
    count: Tensor
    head_hits: Tensor
    head_count: Tensor
    crop: Tensor
    people: Tensor
    error: Tensor
    seen: Tensor

    def __init__(
        self, skeleton: Skeleton, size: int, thresholds: Sequence[float] = THRESHOLDS
    ) -> None:
        super().__init__()
        self.skeleton, self.size, self.thresholds = skeleton, size, tuple(thresholds)
        keypoints = len(skeleton)
        shapes: dict[str, tuple[int, ...]] = {
            "hits": (len(self.thresholds), keypoints),
            **dict.fromkeys(("count", "head_hits", "head_count", "error", "seen"), (keypoints,)),
            **dict.fromkeys(("crop", "people"), ()),
        }
        for name, shape in shapes.items():
            self.add_state(name, torch.zeros(shape, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, predicted: Float[Tensor, "B K 2"], crops: Crops) -> None:
        """Adds a batch.

        Args:
            predicted: crop pixels.
        """
        truth, seen = crops.keypoints, crops.visible
        errors = position_errors(predicted, truth)
        torso = torso_diameter(truth, seen, self.skeleton)
        limits = torso.new_tensor(self.thresholds)[:, None] * torso
        measured = seen & torso.isfinite()[:, None]
        self.hits += ((errors <= limits[..., None]) & measured).sum(1)
        self.count += measured.sum(0)
        in_image = errors * _scale(crops.to_image)[:, None]
        headed = seen & crops.head.isfinite()[:, None]
        self.head_hits += ((in_image <= HEAD * crops.head[:, None]) & headed).sum(0)
        self.head_count += headed.sum(0)
        near = ((errors <= CROP * self.size) & seen).sum(-1) / seen.sum(-1).clamp(min=1)
        self.crop += near.double().sum()
        self.people += seen.any(-1).sum()
        self.error += errors.double().where(seen, 0).sum(0)
        self.seen += seen.sum(0)

    def compute(self) -> dict[str, Tensor]:
        """Scores by name, from 0 to 1, and the mean error in crop pixels; NaN where unmeasured.

        ``pck@a`` and ``pck@a/<group>``: share of keypoints within a torso diameters. ``pckh@0.5``
        and its groups. ``crop@0.05``: the thesis's, 5 % of the crop, averaged a person, then over
        people.
        """
        named = {
            f"pck@{share:g}": (hits, self.count)
            for share, hits in zip(self.thresholds, self.hits, strict=True)
        }
        named[f"pckh@{HEAD:g}"] = (self.head_hits, self.head_count)
        scores: dict[str, Tensor] = {}
        for name, (hits, count) in named.items():
            scores[name] = hits.sum() / count.sum()
            for group, members in self.skeleton.groups.items():
                index = list(members)
                if count[index].sum() > 0:
                    scores[f"{name}/{group}"] = hits[index].sum() / count[index].sum()
        scores[f"crop@{CROP:g}"] = self.crop / self.people
        scores["error_px"] = self.error.sum() / self.seen.sum()
        return scores


def _scale(maps: Float[Tensor, "B 2 3"]) -> Float[Tensor, " B"]:
    """Image pixels a crop pixel."""
    a, b, c, d = maps[:, 0, 0], maps[:, 0, 1], maps[:, 1, 0], maps[:, 1, 1]
    return (a * d - b * c).abs().sqrt()
