"""Random processes without a state: values that last over time, the same whatever window asks.

They rest on :mod:`temporal_pose.pose.random`: one normal number belongs to every frame of a data
set, and everything else follows from these.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from temporal_pose.pose import random

#: Values 2^10 = 1,024 frames apart (34 s at 30 fps) are independent of each other.
_LEVELS = 10


def wander(
    key: int, frames: Int[Tensor, "B T"], pace: Float[Tensor, "B K P"]
) -> Float[Tensor, "B T K P"]:
    """Ornstein-Uhlenbeck processes: standard normal, correlation ``exp(-pace * frames apart)``.

    Lévy's construction of Brownian motion, for a process that returns to zero: first values far
    apart, then each value halfway between two known ones. It is a Markov process, so the value
    halfway depends on its two neighbours alone:
    ``(left + right) / (2 cosh h) + sqrt(tanh h) * n`` with ``h = pace * half the gap``.
    Overlapping and successive windows see one process, however long it lasts, at the price of
    about ``T + 20`` normal numbers a window.

    Args:
        key: of :func:`temporal_pose.pose.random.stream`.
        frames: numbers of the frames in the data set, increasing over T.
        pace: one over the time constant in frames; infinite for independent values. K and P
            number independent processes.

    Returns:
        Double precision.
    """
    first, span = frames[:, 0], int((frames[:, -1] - frames[:, 0]).max()) + 1
    shape, pace = pace.shape[1:], pace[:, None].double()
    start = first >> _LEVELS
    values = _numbers(key, (start[:, None] + _steps(first, span, _LEVELS)) << _LEVELS, shape)
    for level in reversed(range(_LEVELS)):
        odd = (start[:, None] + _steps(first, span, level + 1)[:-1]) * 2 + 1
        half = pace * 2**level
        middle = (values[:, 1:] + values[:, :-1]) / (2 * half.cosh())
        middle = middle + half.tanh().sqrt() * _numbers(key, odd << level, shape)
        both = torch.stack([values[:, :-1], middle], 2).flatten(1, 2)
        both = torch.cat([both, values[:, -1:]], 1)
        offset, start = (first >> level) - 2 * start, first >> level
        values = _pick(both, offset[:, None] + _steps(first, span, level))
    return _pick(values, frames - first[:, None])


def _steps(like: Tensor, span: int, level: int) -> Int[Tensor, " N"]:
    """Numbers of values 2^level frames apart that enclose ``span`` frames, wherever they begin."""
    gaps = -((1 - span) >> level)  # rounded up
    return torch.arange(gaps + 2, device=like.device)


def _numbers(key: int, frames: Int[Tensor, "B N"], shape: torch.Size) -> Float[Tensor, "B N *s"]:
    return random.normal(key, frames.flatten(), *shape).unflatten(0, frames.shape)


def _pick(values: Float[Tensor, "B N *s"], index: Int[Tensor, "B M"]) -> Float[Tensor, "B M *s"]:
    return values[torch.arange(len(values), device=values.device)[:, None], index]
