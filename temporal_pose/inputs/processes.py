"""Random processes without a state: values that last over time, the same whatever window asks.

They rest on :mod:`temporal_pose.pose.random`: fixed normal numbers belong to every frame of a data
set, and everything else follows from these by Lévy's construction: first values far apart, then
each one halfway between two known ones. A Markov process depends there on its two neighbours
alone. Overlapping and successive windows see one process, however long it lasts, at the price of
about ``T + 16`` normal numbers a window and process.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from temporal_pose.pose import random

#: Values 2^8 = 256 frames apart (8.5 s at 30 fps) are independent of each other.
_LEVELS = 8

#: One over the longest and the shortest time constant, in frames: beyond, nothing would change.
_SLOWEST, _FASTEST = 1e-3, 50.0


def smooth(
    key: int, frames: Int[Tensor, "B T"], pace: Float[Tensor, "B N"]
) -> Float[Tensor, "B T N"]:
    """Values of N processes for each window: standard normal, correlation ``(1 + h) exp(-h)``.

    Matérn processes of smoothness 3/2 (Rasmussen and Williams, 2006, section 4.2), with
    ``h = pace * frames apart``. Their state is value and velocity, in units in which both have
    variance 1.

    Args:
        key: of :func:`temporal_pose.pose.random.stream`.
        frames: numbers of the frames in the data set, increasing over T.
        pace: one over the time constant in frames; infinite for independent values.

    Returns:
        Double precision.
    """
    first, span = frames[:, 0], int((frames[:, -1] - frames[:, 0]).max()) + 1
    starts = [first >> level for level in range(_LEVELS + 1)]
    places = [_places(first, span, level) for level in range(_LEVELS + 1)]
    new = [(starts[_LEVELS][:, None] + places[_LEVELS]) << _LEVELS]
    for level in reversed(range(_LEVELS)):
        between = 2 * (starts[level + 1][:, None] + places[level + 1][:-1]) + 1
        new.append(between << level)
    drawn = random.normal(key, torch.cat(new, 1).flatten(), pace.shape[1], 2)
    noise = list(drawn.unflatten(0, (len(first), -1)).split([part.shape[1] for part in new], 1))
    weights = _weights(pace[:, None].double().clamp(_SLOWEST, _FASTEST))
    known = noise.pop(0)
    for level in reversed(range(_LEVELS)):
        middle = weights[level].halfway(known[:, :-1], known[:, 1:], noise.pop(0))
        both = torch.cat([torch.stack([known[:, :-1], middle], 2).flatten(1, 2), known[:, -1:]], 1)
        offset = starts[level] - 2 * starts[level + 1]
        known = _pick(both, offset[:, None] + places[level])
    return _pick(known[..., 0], frames - first[:, None])


class Weights(NamedTuple):
    """How a state halfway between two known ones follows from them.

    Time could as well run backwards, with the velocities turned round. So the value halfway
    depends on the sum of the outer values and the difference of the velocities alone, and the
    velocity on the difference of the values and the sum of the velocities.
    """

    sums: Float[Tensor, "b 1 N 2"]
    differences: Float[Tensor, "b 1 N 2"]
    noise: Float[Tensor, "b 1 N 2"]

    def halfway(
        self,
        left: Float[Tensor, "B M N 2"],
        right: Float[Tensor, "B M N 2"],
        noise: Float[Tensor, "B M N 2"],
    ) -> Float[Tensor, "B M N 2"]:
        """The states halfway; of a state, the value comes first, then the velocity."""
        rises = ((left - right) * self.differences).flip(-1)
        return (left + right) * self.sums + rises + self.noise * noise


def _weights(pace: Float[Tensor, "B 1 N"]) -> list[Weights]:
    """For gaps of 2, 4, 8, ... frames.

    Least squares: the covariances with the outer states over those of these among themselves.
    """
    if (pace == pace[:1]).all():  # the usual case: one frame rate
        pace = pace[:1]
    h = pace * 2 ** torch.arange(_LEVELS, device=pace.device)[:, None, None, None]
    (value, mixed, speed), (value2, mixed2, speed2) = _covariances(h), _covariances(2 * h)
    even = (1 + value2) * (1 - speed2) - mixed2**2
    a = (value * (1 - speed2) - mixed * mixed2) / even
    b = (mixed * (1 + value2) - value * mixed2) / even
    odd = (1 - value2) * (1 + speed2) - mixed2**2
    c = (speed * mixed2 - mixed * (1 + speed2)) / odd
    d = (speed * (1 - value2) - mixed * mixed2) / odd
    left = 1 - 2 * torch.stack([a * value + b * mixed, d * speed - c * mixed], -1)
    noise = left.clamp(min=0).sqrt()
    return list(map(Weights, torch.stack([a, d], -1), torch.stack([c, b], -1), noise))


def _covariances(h: Float[Tensor, "L b 1 N"]) -> tuple[Tensor, Tensor, Tensor]:
    """Of a state and the next: value and value, velocity and value, velocity and velocity."""
    fall = torch.exp(-h)
    return (1 + h) * fall, h * fall, (1 - h) * fall


def _places(like: Tensor, span: int, level: int) -> Int[Tensor, " M"]:
    """Numbers of values 2^level frames apart that enclose ``span`` frames, wherever they begin."""
    gaps = -((1 - span) >> level)  # rounded up
    return torch.arange(gaps + 2, device=like.device)


def _pick(values: Float[Tensor, "B M *s"], index: Int[Tensor, "B L"]) -> Float[Tensor, "B L *s"]:
    return values[torch.arange(len(values), device=values.device)[:, None], index]
