"""Augmentation of training windows: rotation, mirror image, zoom. The thesis uses none."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from temporal_pose.errors import ConfigError
from temporal_pose.pose import random
from temporal_pose.pose.observations import Recorded, WindowBatch
from temporal_pose.pose.skeletons import CLIMBALONG25, skeleton


@dataclass(frozen=True)
class Augmentation:
    """One random rotation, mirroring and zoom a window and epoch.

    Args:
        rotation: largest angle to either side, degrees.
        zoom: largest relative change of the pose's size within its box. (Scaling the image
            itself would change nothing: the box scales with it.)
        mirror: probability of a mirror image, in which left and right exchange their names.
        scramble: probability that a recorded detector's scores tell nothing: all the same, or
            those of other keypoints.
        drop: probability that a keypoint is not there at all, for a recorded detector or a truth.
        seed: of all that is drawn.
        skeleton: name of the keypoints; tells which is whose mirror image.

    Raises:
        ConfigError: a value out of its range.
    """

    rotation: float = 30.0
    zoom: float = 0.15
    mirror: float = 0.5
    scramble: float = 0.0
    drop: float = 0.0
    seed: int = 0
    skeleton: str = CLIMBALONG25.name

    def __post_init__(self) -> None:
        limits = {"rotation": 180.0, "zoom": 0.9, "mirror": 1.0, "scramble": 1.0, "drop": 0.9}
        for name, limit in limits.items():
            if not 0 <= getattr(self, name) <= limit:
                raise ConfigError(
                    f"augment.{name} is {getattr(self, name)}; expected 0 to {limit:g}"
                )

    def __call__(
        self, windows: WindowBatch, epoch: int
    ) -> tuple[WindowBatch, Float[Tensor, " B"]]:
        """Rotated and mirrored windows, and by how much to zoom into each box.

        What a real detector saw turns with the truth.
        """
        like = windows.keypoints
        draws = random.uniform(random.stream(self.seed, 3, epoch), windows.window, 3).to(like)
        mirrored = draws[:, 0] < self.mirror
        turn = _turns((2 * draws[:, 1] - 1) * math.radians(self.rotation), mirrored)
        keypoints, visible = self._turned(windows.keypoints, windows.visible, turn, mirrored)
        recorded = windows.recorded and self._turn_recorded(windows.recorded, turn, mirrored)
        if recorded and (self.scramble or self.drop):
            key = random.stream(self.seed, 4, epoch)
            recorded, kept = self._worsened(recorded, key, windows.window)
            visible = visible & kept
        turned = windows._replace(keypoints=keypoints, visible=visible, recorded=recorded)
        return turned, 1 + (2 * draws[:, 2] - 1) * self.zoom

    def _worsened(
        self, seen: Recorded, key: int, window: Int[Tensor, " B"]
    ) -> tuple[Recorded, Bool[Tensor, "B 1 K"]]:
        """A detector that knows less of itself, or of some keypoints; and which it still knows.

        One window in two of those with scores that tell nothing has the same everywhere.
        """
        keypoints = seen.detected.shape[-1]
        draws = random.uniform(key, window, 2 + 2 * keypoints).to(seen.scores)
        telling, flat, order, there = draws.split([1, 1, keypoints, keypoints], 1)
        others = order.argsort(1)[:, None].expand_as(seen.scores)
        same = (2 * flat).clamp(max=1)[..., None].expand_as(seen.scores)
        worse = torch.where(flat[..., None] < 0.5, same, seen.scores.gather(2, others))
        scores = torch.where(telling[..., None] < self.scramble, worse, seen.scores)
        kept = (there >= self.drop)[:, None]
        return seen._replace(scores=scores, detected=seen.detected & kept), kept

    def _turn_recorded(
        self, seen: Recorded, turn: Float[Tensor, "B 2 2"], mirrored: Bool[Tensor, " B"]
    ) -> Recorded:
        """Heatmaps change their names, and are turned when they are fitted to their new boxes."""
        keypoints, detected = self._turned(seen.keypoints, seen.detected, turn, mirrored)
        heatmaps = None if seen.heatmaps is None else self._swapped(seen.heatmaps, mirrored)
        return seen._replace(
            keypoints=keypoints,
            detected=detected,
            scores=self._swapped(seen.scores, mirrored),
            heatmaps=heatmaps,
            turn=turn,
            start=None if seen.start is None else self._about(seen.start, turn, mirrored),
        )

    def _turned(
        self,
        keypoints: Float[Tensor, "B T K 2"],
        flags: Bool[Tensor, "B T K"],
        turn: Float[Tensor, "B 2 2"],
        mirrored: Bool[Tensor, " B"],
    ) -> tuple[Float[Tensor, "B T K 2"], Bool[Tensor, "B T K"]]:
        return self._about(keypoints, turn, mirrored), self._swapped(flags, mirrored)

    def _about(
        self,
        positions: Float[Tensor, "B T K 2"],
        turn: Float[Tensor, "B 2 2"],
        mirrored: Bool[Tensor, " B"],
    ) -> Float[Tensor, "B T K 2"]:
        return torch.einsum("bij,btkj->btki", turn, self._swapped(positions, mirrored))

    def _swapped(self, values: Tensor, mirrored: Bool[Tensor, " B"]) -> Tensor:
        """Values of each keypoint, B T K and on; left and right exchanged where mirrored."""
        swap = torch.tensor(skeleton(self.skeleton).mirror, device=values.device)
        where = mirrored.reshape(-1, *(1,) * (values.ndim - 1))
        return torch.where(where, values[:, :, swap], values)


def _turns(angle: Float[Tensor, " B"], mirrored: Bool[Tensor, " B"]) -> Float[Tensor, "B 2 2"]:
    """Matrices that mirror x where asked to, then rotate."""
    cos, sin = angle.cos(), angle.sin()
    sign = 1 - 2 * mirrored.to(angle)
    return torch.stack(
        [torch.stack([sign * cos, -sin], -1), torch.stack([sign * sin, cos], -1)], -2
    )
