"""Residual temporal convolutions over the whole body, starting as a smoother. Ours."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.models.dilated import dilated_layers
from temporal_pose.models.initial import starts_at_zero
from temporal_pose.models.means import weighted_mean
from temporal_pose.models.sizes import check_dropout, check_sizes

STEP = 0.1  # by how much a unit of the last layer moves a keypoint, in sizes of the pose
CONTRAST = 10.0  # makes jitter, some hundredths of a pose's size, as large as other features
SCORES = (0.6, 3.0)  # centre and contrast of detection scores


class TemporalConvNet(nn.Module):
    """Smooths each track by a fixed kernel, and adds what dilated convolutions make of the body.

    With ``n`` the window's poses about their centre, in units of their size, ``S`` a local linear
    Gaussian smoother (Cleveland, JASA 1979) over the window's frames, and ``f`` features of each
    keypoint: place, place within the body, jitter ``n - S n``, and the detector's score ::

        refined = S n + STEP * Convolutions(f)

    The last convolution starts at zero, so training starts from the smoother. Convolutions of
    dilation 1, 2, 4, ... (Bai, Kolter, Koltun, arXiv 1803.01271) see every keypoint at once, so
    that a keypoint which jumps is judged by the others.

    Args:
        keypoints: K.
        window: T, frames; every input must have as many.
        width: channels.
        depth: convolutions, each of twice the dilation of the one before.
        dropout: share of channels that training drops.
        sigma: standard deviation of the smoother, frames.

    Raises:
        ConfigError: a setting is out of range.
    """

    smoother: Tensor

    def __init__(
        self,
        keypoints: int = 25,
        window: int = 27,
        width: int = 96,
        depth: int = 4,
        dropout: float = 0.1,
        sigma: float = 0.9,
    ) -> None:
        super().__init__()
        check_sizes(keypoints=keypoints, window=window, width=width, depth=depth)
        check_dropout(dropout)
        if not 0 < sigma < float("inf"):
            raise ConfigError(f"sigma is {sigma}; expected a positive number of frames")
        self.window, self.sigma = window, float(sigma)
        self.enter = nn.Conv1d(7 * keypoints, width, 3, padding="same")
        self.layers = nn.ModuleList(dilated_layers(width, 2**i, dropout) for i in range(depth))
        last = starts_at_zero(nn.Conv1d(width, 2 * keypoints, 1))
        self.leave = nn.Sequential(nn.GELU(), nn.Dropout(dropout), last)
        self.register_buffer("smoother", smoother(window, sigma), persistent=False)

    def get_extra_state(self) -> dict[str, float]:
        """What a checkpoint tells of the network besides the shapes of its weights."""
        return {"sigma": self.sigma, "window": self.window}

    def set_extra_state(self, state: Any) -> None:
        """Makes sure that a checkpoint is of the same network.

        Raises:
            CheckpointError: it is of another one.
        """
        if state != self.get_extra_state():
            raise CheckpointError(
                f"the checkpoint is of a TemporalConvNet with {state}; expected "
                f"{self.get_extra_state()}"
            )

    def forward(self, seen: Float[Tensor, "B T K 3"]) -> Float[Tensor, "B T K 2"]:
        """Refined positions, in the input's unit.

        Args:
            seen: x, y and the detector's score; a score of 0 means not detected, and x and y are
                then whatever was filled in.

        Raises:
            ConfigError: the input has another number of frames than the model's window.
        """
        if seen.shape[1] != self.window:
            raise ConfigError(
                f"the input has {seen.shape[1]} frames; expected window={self.window}"
            )
        places, scores = seen[..., :2], seen[..., 2:]
        found = (scores > 0).to(places)
        centre = weighted_mean(places, found, (1, 2))
        size = weighted_mean((places - centre).square().sum(-1, keepdim=True), found, (1, 2))
        size = size.sqrt().clamp(min=1e-6)
        poses = (places - centre) / size
        smooth = torch.einsum("ts,bskd->btkd", self.smoother.to(poses), poses)
        body = poses - weighted_mean(poses, found, (2,))
        sure = (scores - SCORES[0]) * SCORES[1]
        features = torch.cat([poses, body, (poses - smooth) * CONTRAST, sure], -1) * found
        hidden = self.enter(features.flatten(2).transpose(1, 2))
        for layer in self.layers:
            hidden = hidden + layer(hidden)
        moved = self.leave(hidden).transpose(1, 2).unflatten(2, places.shape[2:])
        return (smooth + STEP * moved) * size + centre


def smoother(window: int, sigma: float) -> Float[Tensor, "T T"]:
    """Local linear regression with Gaussian weights: the row of a frame weighs all frames for it.

    Unlike a plain average it neither lags nor shrinks straight movement, at the ends included. A
    frame of which no other is near keeps its value.

    Args:
        sigma: of the weights, frames.
    """
    frames = torch.arange(window, dtype=torch.float64)
    away = frames - frames[:, None]
    weights = torch.exp(-0.5 * (away / sigma) ** 2)
    m0, m1, m2 = ((weights * away**power).sum(1, keepdim=True) for power in range(3))
    spread = m0 * m2 - m1**2  # zero where a frame is too far from all others to have a slope
    sloped = spread > torch.finfo(spread.dtype).tiny
    line = (m2 - m1 * away) / spread.where(sloped, 1)
    return (weights * line.where(sloped, 1 / m0)).float()
