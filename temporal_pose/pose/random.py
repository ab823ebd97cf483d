"""Random numbers without a state: the same numbers whatever the batch, order, device or process.

A number is a hash of *what it is for*: a seed, a purpose, an epoch, a window, and its place in the
window. So the noise of a window does not depend on the windows drawn before it, a resumed run
draws what an undisturbed one would have drawn, and two models see the same test noise.

The hash is SplitMix64's output function (Steele, Lea, Flood, OOPSLA 2014) over a counter.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

_WORD = 1 << 64
_GOLDEN = 0x9E3779B97F4A7C15 - _WORD  # as torch's signed integers have it
_FIRST = 0xBF58476D1CE4E5B9 - _WORD
_SECOND = 0x94D049BB133111EB - _WORD
_WINDOW = 1 << 24  # counters a window may use


def stream(*parts: int) -> int:
    """One key out of several whole numbers, for example (seed, purpose, epoch)."""
    key = 0
    for part in parts:
        key = (key + (_GOLDEN % _WORD) + part) % _WORD
        key = (key ^ (key >> 30)) * (_FIRST % _WORD) % _WORD
        key = (key ^ (key >> 27)) * (_SECOND % _WORD) % _WORD
        key ^= key >> 31
    return key - _WORD if key >= _WORD // 2 else key


def uniform(key: int, window: Int[Tensor, " B"], *shape: int) -> Float[Tensor, " B *shape"]:
    """Uniform numbers in the open interval (0, 1), double precision."""
    count = math.prod(shape)
    counter = window[:, None] * _WINDOW + torch.arange(count, device=window.device)
    bits = _shift(_mix(counter * _GOLDEN + key), 11)
    return ((bits.double() + 0.5) / (1 << 53)).clamp(max=1 - 2**-53).unflatten(1, shape or (1,))


def normal(key: int, window: Int[Tensor, " B"], *shape: int) -> Float[Tensor, " B *shape"]:
    """Standard normal numbers, double precision."""
    return torch.special.ndtri(uniform(key, window, *shape))


def _shift(z: Tensor, bits: int) -> Tensor:
    """Logical shift to the right: torch's is arithmetic."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _mix(z: Tensor) -> Tensor:
    z = (z ^ _shift(z, 30)) * _FIRST
    z = (z ^ _shift(z, 27)) * _SECOND
    return z ^ _shift(z, 31)
