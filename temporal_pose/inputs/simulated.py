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

    The standard deviation an axis is ``shift_scale * spread * mean torso diameter``, or
    ``shift_scale * std_px``; the displaced position is clipped to the heatmap.

    Args:
        shift_scale: the thesis's shifting scalar k.
        spread: x of the thesis, as a share of the training set's mean torso diameter.
        mean: mean displacement along both axes, heatmap pixels.
        sigmas: the blob's standard deviation is drawn from these, heatmap pixels.
        seed: of all that is drawn.
        resample: fresh noise every epoch of training; false repeats the first epoch's (thesis).
        std_px: in place of `spread`, standard deviation at ``shift_scale`` 1, heatmap pixels.
        rounded: truth and displacements are whole numbers of pixels (the finished thesis).
        keyed_by: what noise belongs to: a 'frame', so that windows that overlap agree, and all its
            heatmaps have one sigma (the finished thesis); or a 'window', and each heatmap has its
            own.

    Raises:
        ConfigError: a negative or non-finite size, no sigma, or an unknown choice.
    """

    shift_scale: float
    spread: float = 0.2
    mean: float = 1.0
    sigmas: Sequence[float] = (1.0,)
    seed: int = 0
    resample: bool = True
    std_px: float | None = None
    rounded: bool = False
    keyed_by: str = "window"

    def __post_init__(self) -> None:
        for name in ("shift_scale", "spread", "std_px"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ConfigError(f"input.{name} is {value}; expected a positive number")
        if not abs(self.mean) < float("inf"):
            raise ConfigError(f"input.mean is {self.mean}; expected a finite number")
        check_blobs(self.sigmas, self.keyed_by)

    def frame(
        self, windows: WindowBatch, framing: Framing, zoom: Float[Tensor, " B"] | None = None
    ) -> Framed:
        """Boxes around the truth, and the truth in their pixels, in whole ones if asked to.

        Args:
            zoom: by how much to enlarge each window's poses within their boxes.
        """
        framed = super().frame(windows, framing, zoom)
        if not self.rounded:
            return framed
        return framed._replace(keypoints=framed.keypoints.round().clamp(0, framing.size - 1))

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
        moved, sigmas = self(truth, seen, windows.frames, mean_torso, size, epoch)
        sure = seen.to(moved)
        return Observed(hold(moved, seen, size), seen, sigmas, boxes, windows.fps, sure)

    def __call__(
        self,
        keypoints: Float[Tensor, "B T K 2"],
        visible: Bool[Tensor, "B T K"],
        frames: Int[Tensor, "B T"],
        mean_torso: float,
        size: int = 56,
        epoch: int | None = None,
    ) -> tuple[Float[Tensor, "B T K 2"], Float[Tensor, "B T K"]]:
        """Displaced positions in heatmap pixels, and the sigma of each blob.

        Args:
            keypoints: heatmap pixels.
            frames: numbers of the frames in their data set; with the seed they determine the
                noise.
            mean_torso: the training set's mean torso diameter, heatmap pixels.
            size: positions are clipped to ``[0, size - 1]``.
            epoch: of training; None for validation and test, whose noise never changes.
        """
        drawn = 0 if epoch is None else 1 + (epoch if self.resample else 0)
        key = random.stream(self.seed, 1, drawn)
        draws = uniform(key, frames, self.keyed_by, *keypoints.shape[2:])
        shift = self.mean + torch.special.ndtri(draws).to(keypoints) * self._std(mean_torso)
        moved = keypoints + (shift.round() if self.rounded else shift)
        moved = moved.clamp(0, size - 1).where(visible[..., None], 0)
        key = random.stream(self.seed, 2, drawn)
        widths = blobs(self.sigmas, key, frames, self.keyed_by, keypoints.shape[2])
        return moved, widths.to(keypoints)

    def _std(self, mean_torso: float) -> float:
        """Standard deviation of the displacement along an axis, heatmap pixels."""
        once = self.spread * mean_torso if self.std_px is None else self.std_px
        return self.shift_scale * once


def uniform(
    key: int, frames: Int[Tensor, "B T"], keyed_by: str, *shape: int
) -> Float[Tensor, "B T *shape"]:
    """Uniform numbers in (0, 1) for every frame, double precision.

    Args:
        key: of what they are for; see `temporal_pose.pose.random`.
        frames: numbers of the frames in their data set.
        keyed_by: 'frame', or 'window': then all depends on the first one's.
    """
    if keyed_by == "window":
        return random.uniform(key, frames[:, 0], frames.shape[1], *shape)
    return random.uniform(key, frames.flatten(), *shape).unflatten(0, frames.shape)


def check_blobs(sigmas: Sequence[float], keyed_by: str) -> None:
    """Makes sure that `blobs` can draw.

    Raises:
        ConfigError: it cannot.
    """
    if not sigmas or not all(0 < sigma < float("inf") for sigma in sigmas):
        raise ConfigError(f"input.sigmas is {list(sigmas)}; expected positive numbers")
    if keyed_by not in ("frame", "window"):
        raise ConfigError(f"input.keyed_by is '{keyed_by}'; expected frame or window")


def blobs(
    sigmas: Sequence[float], key: int, frames: Int[Tensor, "B T"], keyed_by: str, keypoints: int
) -> Float[Tensor, "B T K"]:
    """Standard deviation of every blob, each of the choices as likely; double precision.

    Args:
        sigmas: the choices.
        key: of what they are for.
        frames: numbers of the frames in their data set.
        keyed_by: 'frame' draws one for all heatmaps of a frame, 'window' one for every heatmap.
        keypoints: how many there are.
    """
    pick = uniform(key, frames, keyed_by, 1 if keyed_by == "frame" else keypoints)
    values = torch.tensor(sigmas, dtype=torch.float64, device=frames.device)
    return values[(pick * len(sigmas)).long()].expand(-1, -1, keypoints)
