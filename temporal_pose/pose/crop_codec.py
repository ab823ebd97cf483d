"""Between keypoints in a crop and the heatmaps that a network of single images emits.

A heatmap divides the crop into cells of the same size, and a heatmap pixel is the *centre* of a
cell: with S = 256 and 64 x 64 cells, heatmap pixel 0 is crop pixel 1.5.
"""

from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from temporal_pose.pose.heatmaps import DECODERS, choose
from temporal_pose.pose.losses import Loss
from temporal_pose.pose.skeletons import skeleton as skeleton_of
from temporal_pose.pose.targets import Target


@runtime_checkable
class Distribution(Protocol):
    """A loss whose networks emit something else than heatmaps."""

    def heatmaps(self, output: Any) -> Any:
        """The heatmaps of what a network emits."""
        ...

    def ideal(self, target: Any) -> Any:
        """The heatmaps that a target asks for."""
        ...


class CropCodec:
    """What a network of single images speaks.

    Args:
        target: draws what it should emit.
        loss: what training makes small; also says how what it emits is read.
        size: rows and columns of a crop.
        stride: crop pixels along one side of a heatmap's cell.
        decoder: of `DECODERS`: 'subpixel' or 'argmax'.
        skeleton: name of the keypoints' order, for `flipped`.

    Raises:
        ConfigError: no such decoder or skeleton, or a loss for networks of another kind.
    """

    def __init__(
        self,
        target: Target,
        loss: Loss,
        size: int = 256,
        stride: int = 4,
        decoder: str = "subpixel",
        skeleton: str = "coco17",
    ) -> None:
        self.target, self.objective, self.size, self.stride = target, loss, size, stride
        self.read = choose(DECODERS, "decoder", decoder)
        self.skeleton = skeleton_of(skeleton)
        blank = torch.zeros(1, 1, 2), torch.ones(1, 1, dtype=torch.long)
        self.loss(self.encode(*blank)[None], *blank)  # one for other networks says so at once

    def cells(self, keypoints: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch 2"]:
        """Crop pixels to heatmap pixels."""
        return (keypoints + 0.5) / self.stride - 0.5

    def pixels(self, cells: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch 2"]:
        """Heatmap pixels to crop pixels."""
        return (cells + 0.5) * self.stride - 0.5

    def encode(
        self, keypoints: Float[Tensor, "B K 2"], labels: Int64[Tensor, "B K"]
    ) -> Float[Tensor, "B K H W"]:
        """The target; a keypoint outside the crop is as one that is not labelled.

        Args:
            keypoints: crop pixels.
            labels: COCO's v.
        """
        return self.target(
            self.cells(keypoints), self.inside(keypoints, labels), self.size // self.stride
        )

    def inside(
        self, keypoints: Float[Tensor, "B K 2"], labels: Int64[Tensor, "B K"]
    ) -> Int64[Tensor, "B K"]:
        """The labels, 0 for keypoints outside the crop: no heatmap could show them."""
        within = (keypoints > -0.5) & (keypoints < self.size - 0.5)
        return labels.where(within.all(-1), 0)

    def loss(
        self,
        output: Float[Tensor, "stacks B K H W"],
        keypoints: Float[Tensor, "B K 2"],
        labels: Int64[Tensor, "B K"],
    ) -> Float[Tensor, ""]:
        """Mean over stacks, and over the keypoints that count.

        Args:
            keypoints: crop pixels.
        """
        target = self.encode(keypoints, labels).expand_as(output)
        return self.objective(output, target, self.counted(keypoints, labels, len(output)))

    def counted(
        self, keypoints: Float[Tensor, "B K 2"], labels: Int64[Tensor, "B K"], stacks: int
    ) -> Bool[Tensor, "stacks B K"]:
        """Which heatmaps the loss counts."""
        counted = self.target.counted(self.inside(keypoints, labels))
        return counted.expand(stacks, *counted.shape)

    def heatmaps(self, output: Float[Tensor, "*batch H W"]) -> Float[Tensor, "*batch H W"]:
        """What a network emits as heatmaps, whose peak is 1 where it is as sure as the target."""
        if isinstance(self.objective, Distribution):
            return self.objective.heatmaps(output) / self.full
        return output / self.full

    @cached_property
    def full(self) -> float:
        """Peak of the target of a visible keypoint in the middle of a heatmap's cell."""
        middle = self.pixels(torch.full((1, 1, 2), float(self.size // self.stride // 2)))
        drawn = self.encode(middle, torch.full((1, 1), 2))
        if isinstance(self.objective, Distribution):
            drawn = self.objective.ideal(drawn)
        return float(drawn.max())

    def decode(
        self, heatmaps: Float[Tensor, "*batch H W"]
    ) -> tuple[Float[Tensor, "*batch 2"], Float[Tensor, "*batch"]]:
        """Keypoints in crop pixels, and scores from 0 to 1.

        Args:
            heatmaps: of `heatmaps`.
        """
        cells, scores = self.read(heatmaps)
        return self.pixels(cells), scores.clamp(0, 1)

    def flipped(self, heatmaps: Float[Tensor, "*batch K H W"]) -> Float[Tensor, "*batch K H W"]:
        """Heatmaps of a mirrored crop as they would be of the crop itself, sides exchanged."""
        return heatmaps.flip(-1)[..., list(self.skeleton.mirror), :, :]
