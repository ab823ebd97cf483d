"""Augmentation of training windows: rotation, mirror image, zoom. The thesis uses none."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from temporal_pose.errors import ConfigError
from temporal_pose.pose import random
from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton


@dataclass(frozen=True)
class Augmentation:
    """One random rotation, mirroring and zoom a window and epoch.

    Args:
        rotation: largest angle to either side, degrees.
        zoom: largest relative change of the pose's size within its box. (Scaling the image
            itself would change nothing: the box scales with it.)
        mirror: probability of a mirror image, in which left and right exchange their names.
        seed: of all that is drawn.
        skeleton: tells which keypoint is whose mirror image.

    Raises:
        ConfigError: a value out of its range.
    """

    rotation: float = 30.0
    zoom: float = 0.15
    mirror: float = 0.5
    seed: int = 0
    skeleton: Skeleton = CLIMBALONG25

    def __post_init__(self) -> None:
        for name, limit in (("rotation", 180.0), ("zoom", 0.9), ("mirror", 1.0)):
            if not 0 <= getattr(self, name) <= limit:
                raise ConfigError(
                    f"augment.{name} is {getattr(self, name)}; expected 0 to {limit:g}"
                )

    def __call__(
        self,
        keypoints: Float[Tensor, "B T K 2"],
        visible: Bool[Tensor, "B T K"],
        window: Int[Tensor, " B"],
        epoch: int,
    ) -> tuple[Float[Tensor, "B T K 2"], Bool[Tensor, "B T K"], Float[Tensor, " B"]]:
        """Rotated and mirrored poses in image pixels, and by how much to zoom into each box."""
        draws = random.uniform(random.stream(self.seed, 3, epoch), window, 3).to(keypoints)
        swap = torch.tensor(self.skeleton.mirror, device=keypoints.device)
        mirrored = (draws[:, 0] < self.mirror)[:, None, None]
        visible = torch.where(mirrored, visible[..., swap], visible)
        flipped = keypoints[..., swap, :] * keypoints.new_tensor([-1.0, 1.0])
        keypoints = torch.where(mirrored[..., None], flipped, keypoints)
        angle = (2 * draws[:, 1] - 1) * math.radians(self.rotation)
        cos, sin = angle.cos(), angle.sin()
        turn = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
        turned = torch.einsum("bij,btkj->btki", turn, keypoints)
        return turned, visible, 1 + (2 * draws[:, 2] - 1) * self.zoom
