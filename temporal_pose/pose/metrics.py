"""How good refined poses are: PCK, position error, and acceleration error."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torchmetrics import Metric

from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton

#: Shares of the torso diameter within which a keypoint counts as correct (thesis).
THRESHOLDS = (0.05, 0.1, 0.2)


def torso_diameter(
    keypoints: Float[Tensor, "*batch K 2"],
    visible: Bool[Tensor, "*batch K"],
    skeleton: Skeleton = CLIMBALONG25,
) -> Float[Tensor, "*batch"]:
    """Mean of the distances from left shoulder to left hip and from right shoulder to right hip.

    Of one side where the other one is missing; else NaN. In the pixels the keypoints are in. As
    in the thesis as it was finished, which leaves out frames that lack any of the four.
    """
    total = sides = keypoints.new_zeros(visible.shape[:-1])
    for shoulder, hip in skeleton.torso:
        there = visible[..., shoulder] & visible[..., hip]
        length = (keypoints[..., shoulder, :] - keypoints[..., hip, :]).norm(dim=-1)
        total, sides = total + length.where(there, 0), sides + there
    return total / sides


def position_errors(
    predicted: Float[Tensor, "*batch 2"], truth: Float[Tensor, "*batch 2"]
) -> Float[Tensor, "*batch"]:
    """Euclidean distances, in the pixels the positions are in."""
    return (predicted - truth).norm(dim=-1)


def acceleration_errors(
    predicted: Float[Tensor, "*batch T K 2"], truth: Float[Tensor, "*batch T K 2"]
) -> Float[Tensor, "*batch S K"]:
    """Length of the difference of the second differences over time: jitter, pixels a frame².

    None (S = 0) where there are fewer than three frames, else S = T - 2.

    Kanazawa et al., CVPR 2019 (there in three dimensions).
    """
    error = predicted - truth
    bend = error[..., 2:, :, :] - 2 * error[..., 1:-1, :, :] + error[..., :-2, :, :]
    return bend.norm(dim=-1)


def lag_terms(
    predicted: Float[Tensor, "*batch T K 2"], truth: Float[Tensor, "*batch T K 2"]
) -> tuple[Float[Tensor, "*batch S K"], Float[Tensor, "*batch S K"]]:
    """What the lag is computed from, pixels² a frame and pixels² a frame²; S = T - 2, or 0.

    A prediction that is the truth of ``lag`` frames ago is behind it by ``lag * velocity``, the
    velocity being that of central differences. By least squares the lag, in frames, is the sum of
    ``behind * velocity``, which comes first, over that of ``velocity ** 2``, which comes second.
    """
    velocity = (truth[..., 2:, :, :] - truth[..., :-2, :, :]) / 2
    behind = (truth - predicted)[..., 1:-1, :, :]
    return (behind * velocity).sum(-1), velocity.square().sum(-1)


class PoseMetrics(Metric):
    """PCK at each threshold, overall and per keypoint group, mean errors, lag; over all updates.

    Sums and counts are kept per keypoint, so batches of any size and several processes add up to
    exactly what one pass over everything gives.

    Args:
        thresholds: shares of the torso diameter.
        skeleton: names the groups.
    """

    full_state_update = False
    correct: Tensor
    count: Tensor
    error: Tensor
    bend: Tensor
    bends: Tensor
    behind: Tensor
    moved: Tensor

    def __init__(
        self,
        thresholds: Sequence[float] = THRESHOLDS,
        skeleton: Skeleton = CLIMBALONG25,
    ) -> None:
        super().__init__()
        self.thresholds, self.skeleton = tuple(thresholds), skeleton
        keypoints = len(skeleton)
        sizes = {"correct": (len(self.thresholds), keypoints), "count": (keypoints,)}
        sizes |= {"error": (keypoints,), "bend": (keypoints,), "bends": (keypoints,)}
        sizes |= {"behind": (keypoints,), "moved": (keypoints,)}
        for name, shape in sizes.items():
            self.add_state(name, torch.zeros(shape, dtype=torch.float64), dist_reduce_fx="sum")

    def update(
        self,
        predicted: Float[Tensor, "B T K 2"],
        truth: Float[Tensor, "B T K 2"],
        visible: Bool[Tensor, "B T K"],
        torso: Float[Tensor, "B T"],
    ) -> None:
        """Adds a batch; positions and torso in heatmap pixels. Only visible keypoints count."""
        errors = position_errors(predicted, truth)
        limits = torso.new_tensor(self.thresholds)[:, None, None] * torso
        hits = (errors <= limits[..., None]) & visible
        self.correct += hits.sum((1, 2))
        self.count += visible.sum((0, 1))
        self.error += errors.double().where(visible, 0).sum((0, 1))
        triples = visible[:, 2:] & visible[:, 1:-1] & visible[:, :-2]
        bends = acceleration_errors(predicted, truth).double()
        self.bend += bends.where(triples, 0).sum((0, 1))
        self.bends += triples.sum((0, 1))
        behind, moved = lag_terms(predicted.double(), truth.double())
        self.behind += behind.where(triples, 0).sum((0, 1))
        self.moved += moved.where(triples, 0).sum((0, 1))

    def compute(self) -> dict[str, Tensor]:
        """Scores by name: ``pck@a`` from 0 to 1, errors in heatmap pixels, lag in frames.

        ``pck@a/<group>`` is that of a group of keypoints. Groups without any visible keypoint are
        left out; without any keypoint at all, or without three frames in a row, what cannot be
        measured is NaN.
        """
        named = {f"pck@{a:g}": hits for a, hits in zip(self.thresholds, self.correct, strict=True)}
        scores = {name: hits.sum() / self.count.sum() for name, hits in named.items()}
        for name, hits in named.items():
            for group, members in self.skeleton.groups.items():
                index = list(members)
                if self.count[index].sum() > 0:
                    scores[f"{name}/{group}"] = hits[index].sum() / self.count[index].sum()
        scores["error_px"] = self.error.sum() / self.count.sum()
        scores["accel_error_px"] = self.bend.sum() / self.bends.sum()
        scores["lag_frames"] = self.behind.sum() / self.moved.sum()
        return scores
