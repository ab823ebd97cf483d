"""Losses that leave missing keypoints out."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from temporal_pose.errors import ConfigError


@runtime_checkable
class Loss(Protocol):
    """What training makes small; missing keypoints add neither loss nor gradient."""

    def __call__(
        self,
        output: Float[Tensor, "B T K *value"],
        target: Float[Tensor, "B T K *value"],
        visible: Bool[Tensor, "B T K"],
        given: Tensor | None = None,
    ) -> Float[Tensor, ""]:
        """The loss of a batch, in the unit of what the network emits.

        Args:
            given: what the network read.
        """
        ...


@dataclass(frozen=True)
class MotionLoss:
    """Mean distance to the truth, plus mean length of the error's second difference over time.

    Distances, not their squares: a detector's rare large errors then count no more than they
    must. The second term is the acceleration error, which the first hardly sees (both as in
    SmoothNet, Zeng et al., ECCV 2022). A third is the mean of how much further from the truth the
    output is than the nearest position that the network read, its start or the detection: what was
    right shall stay.

    Args:
        acceleration: weight of the second term.
        harm: weight of the third term.

    Raises:
        ConfigError: a negative weight; or, when it is called, no positions.
    """

    acceleration: float = 1.0
    harm: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("acceleration", self.acceleration), ("harm", self.harm)):
            if not 0 <= value < float("inf"):
                raise ConfigError(f"loss.{name} is {value}; expected 0 or a positive number")

    def __call__(
        self,
        output: Float[Tensor, "B T K *value"],
        target: Float[Tensor, "B T K *value"],
        visible: Bool[Tensor, "B T K"],
        given: Tensor | None = None,
    ) -> Float[Tensor, ""]:
        if output.shape[3:] != (2,):
            raise ConfigError(
                "loss=motion compares positions, and this model gives heatmaps; expected a model "
                "that gives positions, such as tcn or deciwatch, or loss=mse"
            )
        error = (output - target).where(visible[..., None], 0)
        bend = error[:, 2:] - 2 * error[:, 1:-1] + error[:, :-2]
        triples = visible[:, 2:] & visible[:, 1:-1] & visible[:, :-2]
        total = _mean_length(error, visible) + self.acceleration * _mean_length(bend, triples)
        if given is None or not self.harm:
            return total
        return total + self.harm * _harm(error, given, target, visible)


def _harm(error: Tensor, given: Tensor, target: Tensor, visible: Bool[Tensor, "B T K"]) -> Tensor:
    """Mean length by which errors exceed those of what was read, pairs of channels in front."""
    places = given[..., : given.shape[-1] // 2 * 2].unflatten(-1, (-1, 2))
    least = (places - target[..., None, :]).norm(dim=-1).amin(-1)
    more = ((error.square().sum(-1) + 1e-9).sqrt() - least).clamp(min=0)
    return more.where(visible, 0).sum() / visible.sum().clamp(min=1)


@dataclass(frozen=True)
class CrossEntropy:
    """Cross-entropy between each heatmap, as a distribution over its pixels, and its target.

    A network then emits logarithms of probabilities, up to a constant a map. Unlike squared error
    on small blobs, it has no easy answer in maps that are zero everywhere. A target that is zero
    everywhere adds nothing.

    Raises:
        ConfigError: when it is called, no heatmaps.
    """

    def __call__(
        self,
        output: Float[Tensor, "B T K *value"],
        target: Float[Tensor, "B T K *value"],
        visible: Bool[Tensor, "B T K"],
        given: Tensor | None = None,
    ) -> Float[Tensor, ""]:
        if output.ndim != 5:
            raise ConfigError(
                "loss=cross_entropy compares heatmaps, and this model gives positions; expected a "
                "model that gives heatmaps, such as conv3d, or loss=mse"
            )
        logs = output.float().flatten(3).log_softmax(-1)
        shares = self.ideal(target.float()).flatten(3)
        missed = -(shares * logs).sum(-1)
        return missed.where(visible, 0).sum() / visible.sum().clamp(min=1)

    def heatmaps(self, output: Float[Tensor, "*batch H W"]) -> Float[Tensor, "*batch H W"]:
        """Probabilities of what a network emits; each map sums to 1."""
        return output.flatten(-2).softmax(-1).view(output.shape)

    def ideal(self, target: Float[Tensor, "*batch H W"]) -> Float[Tensor, "*batch H W"]:
        """The probabilities that a target asks for; zero where it is zero everywhere."""
        total = target.sum((-2, -1), keepdim=True)
        return target / total.where(total > 0, 1)


def _mean_length(vectors: Float[Tensor, "B S K 2"], present: Bool[Tensor, "B S K"]) -> Tensor:
    """The square root has no slope at 0: a tiny constant gives it one."""
    lengths = (vectors.square().sum(-1) + 1e-9).sqrt()
    return lengths.where(present, 0).sum() / present.sum().clamp(min=1)


def masked_mse(
    output: Float[Tensor, "B T K *value"],
    target: Float[Tensor, "B T K *value"],
    visible: Bool[Tensor, "B T K"],
    given: Tensor | None = None,
) -> Float[Tensor, ""]:
    """Mean squared error over the present keypoints.

    A missing keypoint adds neither loss nor gradient: its target is set to the prediction, as in
    the thesis (section 1.2.2). There the mean runs over all keypoints: another scale, the same
    minimum. Without any present keypoint the loss is zero.

    Args:
        output: a value a keypoint: a heatmap (H, W) or a position (2,).
        visible: which keypoints have a truth.
        given: of no use to it.
    """
    seen = visible.reshape(*visible.shape, *(1,) * (output.ndim - visible.ndim))
    known = torch.where(seen, target, output.detach())
    values = output[0, 0, 0].numel()
    total = functional.mse_loss(output, known, reduction="sum")
    return total / (visible.sum() * values).clamp(min=1)
