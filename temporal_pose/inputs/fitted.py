"""A simulated detector that errs as a real one does, by the numbers of a fit to one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from temporal_pose.errors import ConfigError
from temporal_pose.inputs import profiles
from temporal_pose.inputs.fit.correlations import BIAS_S
from temporal_pose.inputs.jumps import extent, inwards, leap
from temporal_pose.inputs.processes import smooth
from temporal_pose.inputs.profiles import QUANTILES, Profile
from temporal_pose.inputs.simulated import Simulation, blobs, check_blobs
from temporal_pose.pose import random
from temporal_pose.pose.observations import Framed, Observed, WindowBatch, hold
from temporal_pose.pose.skeletons import CLIMBALONG25

#: Outliers of a keypoint lie in the same direction for so long, seconds.
_PLACE_S = 1.0

_MIRROR = list(CLIMBALONG25.mirror)
_PAIRED = [i != side for i, side in enumerate(_MIRROR)]
_FIRST = [min(pair) for pair in enumerate(_MIRROR)]  # of each keypoint and its mirror image


class SimulatedDetections(NamedTuple):
    """What a simulated detector gives.

    Args:
        positions: in the pixels of the truth; meaningless where not detected.
        detected: which keypoints it found.
        scores: 0 where not detected.
    """

    positions: Float[Tensor, "B T K 2"]
    detected: Bool[Tensor, "B T K"]
    scores: Float[Tensor, "B T K"]


class Latents(NamedTuple):
    """Standard normal processes that last as long as what they bring about."""

    doubt: Float[Tensor, "B T K"]
    outlier: Float[Tensor, "B T K"]
    swap: Float[Tensor, "B T K"]
    miss: Float[Tensor, "B T K"]
    slow: Float[Tensor, "B T K 2"]
    bias: Float[Tensor, "B T K 2"]
    place: Float[Tensor, "B T K 2"]
    white: Float[Tensor, "B T K 2"]


@dataclass(frozen=True)
class FittedNoise(Simulation):
    """Slow drift, little white noise, jumps, left/right swaps and misses, and scores that tell.

    How doubtful a keypoint is (*doubt*) changes slowly. It decides the score, by the quantiles of
    real scores; the score decides how far the keypoint drifts, ``exp(-trust * (score - median))``
    times as far as at the median; and outliers and swaps come where doubt and a process of their
    own are high together (a Gaussian copula), so that they last, and come with low scores.

    Lengths are shares of the pose's side in each frame, because a detector that works top-down
    sees every person scaled to one size.

    Args:
        shift_scale: k, a factor of the white and the slow spread; 1 is as measured.
        fit: the numbers, as `temporal_pose.inputs.profiles.parse` takes them, or a YAML file.
        sigmas: the blob's standard deviation is drawn from these, heatmap pixels.
        seed: of all that is drawn.
        resample: fresh noise every epoch of training; false repeats the first epoch's.
        keyed_by: what a sigma belongs to: a 'frame', all its heatmaps having the same, or a
            'window', each of its heatmaps having its own. All else belongs to frames.

    Raises:
        ConfigError: a negative or non-finite size, no sigma, or a fit that cannot be read.
    """

    shift_scale: float
    fit: Mapping[str, Any] | str
    sigmas: Sequence[float] = (1.0,)
    seed: int = 0
    resample: bool = True
    keyed_by: str = "window"
    profiles: Float[Tensor, "K columns"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0 < self.shift_scale < float("inf"):
            raise ConfigError(
                f"input.shift_scale is {self.shift_scale}; expected a positive number"
            )
        check_blobs(self.sigmas, self.keyed_by)
        known = isinstance(self.fit, Mapping)
        fit = profiles.parse(self.fit, "input.fit") if known else profiles.read(str(self.fit))
        object.__setattr__(self, "profiles", profiles.table(fit))

    def observe(
        self,
        windows: WindowBatch,
        framed: Framed,
        mean_torso: float,
        size: int = 56,
        epoch: int | None = None,
    ) -> Observed:
        """What the detector gives; clipped to the heatmap, as its box ends there."""
        truth, seen, boxes = framed
        drawn = 0 if epoch is None else 1 + (epoch if self.resample else 0)
        step = torch.ones_like(windows.window) if windows.step is None else windows.step
        latents = self.latents(windows.frames, windows.fps * step, drawn)
        positions, detected, scores = self.detect(truth, seen, latents)
        positions = hold(positions.clamp(0, size - 1), detected, size)
        key = random.stream(self.seed, 2, drawn)
        sigmas = blobs(self.sigmas, key, windows.frames, self.keyed_by, seen.shape[-1])
        return Observed(positions, detected, sigmas.to(truth), boxes, windows.fps, scores)

    def latents(
        self, frames: Int[Tensor, "B T"], per_second: Float[Tensor, " B"], drawn: int
    ) -> Latents:
        """All that is random in some frames, in double precision.

        Args:
            frames: numbers in the data set, increasing over T.
            per_second: by how much they increase within a second.
            drawn: number of the draw, such as the epoch.
        """
        value = self._values(frames.device)
        names = ("score_s", "outlier_s", "swap_s", "miss_s", "slow_s", "slow_s")
        bias_s = torch.full_like(value["slow_s"], BIAS_S)
        seconds = torch.stack([*(value[name] for name in names), bias_s, bias_s])
        key = random.stream(self.seed, 3, drawn)
        pace = 1 / (per_second.double()[:, None] * seconds.flatten())
        lasting = smooth(key, frames, pace).unflatten(-1, seconds.shape)
        key, keypoints = random.stream(self.seed, 4, drawn), seconds.shape[-1]
        white = random.normal(key, frames.flatten(), keypoints, 2).unflatten(0, frames.shape)
        key = random.stream(self.seed, 5, drawn)
        stays = (frames / (per_second[:, None] * _PLACE_S)).long()
        place = random.normal(key, stays.flatten(), keypoints, 2).unflatten(0, frames.shape)
        doubt, outlier, swap, miss = lasting[..., :4, :].unbind(-2)
        slow, bias = lasting[..., 4:, :].transpose(-1, -2).split(2, -1)
        return Latents(doubt, outlier, swap, miss, slow, bias, place, white)

    def detect(
        self, truth: Float[Tensor, "B T K 2"], seen: Bool[Tensor, "B T K"], latents: Latents
    ) -> SimulatedDetections:
        """What the detector makes of poses, in any pixels that are square.

        Args:
            seen: which keypoints there are.
        """
        value = self._values(truth.device)
        scores = _scores(latents.doubt, value)
        low, high = extent(truth, seen)
        side = (high - low).amax(-1, keepdim=True)
        error = _drift(latents, scores, value) * self.shift_scale * side
        onto, far = leap(latents.place, value["jump"], value["other"])
        landed = inwards(truth, far * side, low, high)
        onto = onto & seen[..., _MIRROR] & torch.tensor(_PAIRED, device=onto.device)
        landed = truth[..., _MIRROR, :].where(onto[..., None], landed)
        outlier = _event(latents.outlier, latents.doubt, value["doubt"], value["outliers"])
        moved = landed.where(outlier[..., None], truth) + error
        swapped = _swapped(latents, value) & seen & seen[..., _MIRROR]
        moved = moved[..., _MIRROR, :].where(swapped[..., None], moved)
        detected = seen & (latents.miss <= _threshold(value["misses"]))
        return SimulatedDetections(moved.to(truth), detected, scores.where(detected, 0).to(truth))

    def _values(self, device: torch.device) -> dict[str, Float[Tensor, " K"]]:
        columns = self.profiles.to(device).unbind(-1)
        return dict(zip(Profile._fields, columns, strict=True))


def _scores(
    doubt: Float[Tensor, "B T K"], value: Mapping[str, Float[Tensor, " K"]]
) -> Float[Tensor, "B T K"]:
    """Scores whose quantiles are the profile's: straight lines between them over -doubt.

    Beyond the outer two the lines go on, to 0 and 1, or to quantiles beyond these.
    """
    heights = torch.stack([value[f"score_{100 * q:02.0f}"] for q in QUANTILES], -1)
    places = torch.special.ndtri(heights.new_tensor(QUANTILES))
    slopes = heights.diff(dim=-1) / places.diff()
    ends = places.clone()
    ends[0], ends[-1] = -torch.inf, torch.inf
    pieces = (-doubt[..., None]).clamp(ends[:-1], ends[1:]) - places[:-1]
    scores = heights[:, 0] + (pieces * slopes).sum(-1)
    return scores.clamp(heights[:, 0].clamp(max=0), heights[:, -1].clamp(min=1))


def _drift(
    latents: Latents, scores: Float[Tensor, "B T K"], value: Mapping[str, Float[Tensor, " K"]]
) -> Float[Tensor, "B T K 2"]:
    """Errors of keypoints that are found, in sides."""
    spread = torch.exp(value["trust"] * (value["score_50"] - scores))[..., None]
    lasts = value["slow"][:, None] * latents.slow + value["bias"][:, None] * latents.bias
    return value["white"][:, None] * latents.white + spread * lasts


def _threshold(rate: Float[Tensor, " K"]) -> Float[Tensor, " K"]:
    """What a standard normal number exceeds at that rate."""
    return -torch.special.ndtri(rate)


def _event(
    own: Float[Tensor, "B T K"],
    doubt: Float[Tensor, "B T K"],
    share: Float[Tensor, " K"],
    rate: Float[Tensor, " K"],
) -> Bool[Tensor, "B T K"]:
    """Whether something happens that comes with doubt, at a rate.

    Args:
        own: a standard normal process of its own.
        share: correlation of what brings it about with doubt.
    """
    return share * doubt + (1 - share**2).sqrt() * own > _threshold(rate)


def _swapped(latents: Latents, value: Mapping[str, Float[Tensor, " K"]]) -> Bool[Tensor, "B T K"]:
    """Which keypoints change places with those of the other side: both of a pair, or none."""
    doubt = (latents.doubt + latents.doubt[..., _MIRROR]) / 2**0.5
    return _event(latents.swap[..., _FIRST], doubt, value["doubt"], value["swaps"])
