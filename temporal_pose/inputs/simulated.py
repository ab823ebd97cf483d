"""Simulated detector noise: what turns annotated poses into the input of pretraining."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from temporal_pose.errors import ConfigError
from temporal_pose.pose import random
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.observations import Framed, Observed, WindowBatch, hold


class Simulation(ABC):
    """A simulated detector: it sees the truth through the truth's own boxes, with errors."""

    needs_recordings = False

    def frame(
        self, windows: WindowBatch, framing: Framing, zoom: Float[Tensor, " B"] | None = None
    ) -> Framed:
        """Boxes around the truth, and the truth in their pixels.

        Args:
            zoom: by how much to enlarge each window's poses within their boxes.
        """
        inside, boxes = framing(windows.keypoints, windows.visible, zoom)
        return Framed(inside, windows.visible, boxes)

    @abstractmethod
    def observe(
        self,
        windows: WindowBatch,
        framed: Framed,
        mean_torso: float,
        size: int = 56,
        epoch: int | None = None,
    ) -> Observed:
        """What the detector gives.

        Args:
            mean_torso: the training set's mean torso diameter, heatmap pixels.
            size: rows and columns of a heatmap.
            epoch: of training; None for validation and test, whose noise never changes.
        """


@dataclass(frozen=True)
class GaussianNoise(Simulation):
    """Independent normal displacements of every keypoint of every frame (thesis, section 1.2.1).

    The standard deviation an axis is ``shift_scale * spread * mean torso diameter``; the displaced
    position is clipped to the heatmap.

    Args:
        shift_scale: the thesis's shifting scalar k.
        spread: x of the thesis, as a share of the training set's mean torso diameter.
        mean: mean displacement along both axes, heatmap pixels.
        sigmas: the blob's standard deviation is drawn from these for every heatmap, heatmap
            pixels.
        seed: of all that is drawn.
        resample: fresh noise every epoch of training; false repeats the first epoch's (thesis).

    Raises:
        ConfigError: a negative or non-finite size, or no sigma.
    """

    shift_scale: float
    spread: float = 0.2
    mean: float = 1.0
    sigmas: Sequence[float] = (1.0,)
    seed: int = 0
    resample: bool = True

    def __post_init__(self) -> None:
        for name in ("shift_scale", "spread"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise ConfigError(f"input.{name} is {value}; expected a positive number")
        if not abs(self.mean) < float("inf"):
            raise ConfigError(f"input.mean is {self.mean}; expected a finite number")
        if not self.sigmas or not all(0 < sigma < float("inf") for sigma in self.sigmas):
            raise ConfigError(f"input.sigmas is {list(self.sigmas)}; expected positive numbers")

    def observe(
        self,
        windows: WindowBatch,
        framed: Framed,
        mean_torso: float,
        size: int = 56,
        epoch: int | None = None,
    ) -> Observed:
        """Every annotated keypoint is detected, somewhere near."""
        truth, seen, boxes = framed
        moved, sigmas = self(truth, seen, windows.window, mean_torso, size, epoch)
        sure = seen.to(moved)
        return Observed(hold(moved, seen, size), seen, sigmas, boxes, windows.fps, sure)

    def __call__(
        self,
        keypoints: Float[Tensor, "B T K 2"],
        visible: Bool[Tensor, "B T K"],
        window: Int[Tensor, " B"],
        mean_torso: float,
        size: int = 56,
        epoch: int | None = None,
    ) -> tuple[Float[Tensor, "B T K 2"], Float[Tensor, "B T K"]]:
        """Displaced positions in heatmap pixels, and the sigma of each blob.

        Args:
            keypoints: heatmap pixels.
            window: number of each window in its data set; with the seed it determines the noise.
            mean_torso: the training set's mean torso diameter, heatmap pixels.
            size: positions are clipped to ``[0, size - 1]``.
            epoch: of training; None for validation and test, whose noise never changes.
        """
        drawn = 0 if epoch is None else 1 + (epoch if self.resample else 0)
        shape = keypoints.shape[1:]
        shift = random.normal(random.stream(self.seed, 1, drawn), window, *shape).to(keypoints)
        moved = keypoints + self.mean + shift * (self.shift_scale * self.spread * mean_torso)
        moved = moved.clamp(0, size - 1).where(visible[..., None], 0)
        pick = random.uniform(random.stream(self.seed, 2, drawn), window, *shape[:-1])
        sigmas = torch.tensor(self.sigmas, dtype=keypoints.dtype, device=keypoints.device)
        return moved, sigmas[(pick * len(self.sigmas)).long()]
