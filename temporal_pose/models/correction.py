"""Any network over coordinates as a bounded correction of what a smoother makes of them. Ours."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.models.means import weighted_mean

#: What the network within is given of a keypoint in a frame; positions come first.
CHANNELS = 10

_SEEN = 5  # numbers of a keypoint that the codec gives: start, detection, score

_QUICK = 6.0  # makes motion and residuals, hundredths of a body's size, as large as positions
_SCORES = (0.6, 3.0)  # centre and contrast of detection scores
_DOUBT = 3 * 1.4826  # three spreads of normal residuals, in multiples of their median length
_MOST = 8.0  # that a feature can say: a jump far out of the body must not drown all else
_LEAST = 0.1  # of the body's size: what is nearer to the smoother's position is no outlier


class Correction(nn.Module):
    r"""Adds to a smoother's positions what a network makes of them and of the detections.

    With z the smoother's positions and x the detections in units of the body's size about its
    centre, both over the window, the network f sees ten channels of each keypoint: z, z about the
    frame's centre, the motion of z, the residual x - z, the detector's score, and how far the
    residual is believed (Cauchy's weight, as in `temporal_pose.filters.robust`). Then

    .. math:: c = g \, G_\sigma * (f - z), \qquad
        \hat z = z + c \, \frac{b u}{|c|} \tanh \frac{|c|}{b u}

    where G is a Gaussian over time, so that a correction never jitters, and u is the keypoint's
    root mean square residual in the window: where detections are calm and sure, little is
    corrected. A keypoint that no frame of the window shows stays where the smoother has it.

    Training starts from the smoother: networks that give back positions untrained have a gain g of
    1; for others it starts at 0 (Bachlechner et al., "ReZero is All You Need", UAI 2021).

    Args:
        network: from ``B T K C``, C being `CHANNELS`, to positions ``B T K 2`` in the unit of the
            first two channels.
        sigma: standard deviation of the Gaussian, frames.
        bound: b, the largest correction in multiples of u; None for none.
        gain: what g starts from.
        scores: the network sees how sure the detector is; else only what it found.

    Raises:
        ConfigError: a setting is out of range.
    """

    kernel: Tensor

    def __init__(
        self,
        network: nn.Module,
        sigma: float = 3.0,
        bound: float | None = 4.0,
        gain: float = 1.0,
        scores: bool = True,
    ) -> None:
        super().__init__()
        limits = {"sigma": sigma, "bound": math.inf if bound is None else bound}
        for name, value in limits.items():
            if isinstance(value, bool) or not value > 0:
                raise ConfigError(f"{name} is {value}; expected a positive number")
        self.network, self.sigma, self.bound, self.scores = network, float(sigma), bound, scores
        self.gain = nn.Parameter(torch.full((1,), float(gain)))
        reach = torch.arange(-math.ceil(3 * sigma), math.ceil(3 * sigma) + 1)
        weights = torch.exp(-0.5 * (reach / sigma) ** 2)
        self.register_buffer("kernel", weights / weights.sum(), persistent=False)

    def get_extra_state(self) -> dict[str, float | None]:
        """What a checkpoint tells of the correction besides the shapes of its weights."""
        state = {"sigma": self.sigma, "bound": self.bound}
        return state if self.scores else state | {"scores": False}

    def set_extra_state(self, state: Any) -> None:
        """Makes sure that a checkpoint is of the same correction.

        Raises:
            CheckpointError: it is of another one.
        """
        if state != self.get_extra_state():
            raise CheckpointError(
                f"the checkpoint is of a Correction with {state}; expected "
                f"{self.get_extra_state()}"
            )

    def forward(self, seen: Float[Tensor, "B T K C"]) -> Float[Tensor, "B T K 2"]:
        """Corrected positions, in the input's unit.

        Args:
            seen: the smoother's position, the detected one, and the detector's score, C being 5;
                a score of 0 means not detected.

        Raises:
            ConfigError: the codec gives something else.
        """
        if seen.shape[-1] != _SEEN:
            raise ConfigError(
                f"a correction sees {_SEEN} numbers of each keypoint, and the codec gives "
                f"{seen.shape[-1]}; set model.codec.start=true model.codec.scores=true"
            )
        start, detected, scores = seen[..., :2], seen[..., 2:4], seen[..., 4:]
        found = (scores > 0).to(seen)
        known = found.amax(1, keepdim=True)
        every = known.expand_as(found)
        centre = weighted_mean(start, every, (1, 2))
        size = weighted_mean((start - centre).square().sum(-1, True), every, (1, 2))
        size = size.sqrt().clamp(min=1e-6)
        smooth = (start - centre) / size
        residual = (detected - start) / size * found
        sure = scores if self.scores else found
        features = _features(smooth, residual, sure, found, known)
        moved = (self.network(features) - features[..., :2]) * known
        usual = weighted_mean(residual.square().sum(-1, True), found, (1,)).sqrt()
        return start + self._limited(self.gain * self._calm(moved), usual) * size

    def _calm(self, moved: Float[Tensor, "B T K 2"]) -> Float[Tensor, "B T K 2"]:
        """Without what is faster than the kernel; the ends are held."""
        rows = moved.flatten(2).transpose(1, 2)
        reach = len(self.kernel) // 2
        padded = functional.pad(rows, (reach, reach), mode="replicate").flatten(0, 1)
        calm = functional.conv1d(padded[:, None], self.kernel.to(rows)[None, None])
        return calm[:, 0].unflatten(0, rows.shape[:2]).transpose(1, 2).unflatten(2, (-1, 2))

    def _limited(
        self, moved: Float[Tensor, "B T K 2"], usual: Float[Tensor, "B 1 K 1"]
    ) -> Float[Tensor, "B T K 2"]:
        if self.bound is None:
            return moved
        most = self.bound * usual + 1e-6
        length = (moved.square().sum(-1, keepdim=True) + 1e-12).sqrt()
        return moved * (most / length) * torch.tanh(length / most)


def _features(
    smooth: Float[Tensor, "B T K 2"],
    residual: Float[Tensor, "B T K 2"],
    scores: Float[Tensor, "B T K 1"],
    found: Float[Tensor, "B T K 1"],
    known: Float[Tensor, "B 1 K 1"],
) -> Float[Tensor, "B T K C"]:
    """What the network within is given; nothing of keypoints that the window does not show."""
    body = smooth - weighted_mean(smooth, known.expand_as(found), (2,))
    motion = torch.gradient(smooth, dim=1)[0] if smooth.shape[1] > 1 else torch.zeros_like(smooth)
    away = residual.norm(dim=-1, keepdim=True)
    typical = away.where(found > 0, torch.nan).nanmedian(1, keepdim=True).values.nan_to_num()
    trust = found / (1 + (away / (_DOUBT * typical).clamp(min=_LEAST)) ** 2)
    sure = (scores - _SCORES[0]) * _SCORES[1] * found
    parts = [smooth, body, motion * _QUICK, residual * _QUICK, sure, trust]
    return _MOST * torch.tanh(torch.cat(parts, -1) / _MOST) * known
