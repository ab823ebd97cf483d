"""Drawing keypoints as heatmaps, and reading them back.

A heatmap is the mass :math:`c = 255` spread by a Gaussian about the keypoint: it *sums* to 255
(thesis, section 1.2.1), less what falls beyond its border. A missing keypoint is an all-zero map.
"""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d
from torch import Tensor
from torch.nn.functional import embedding

from temporal_pose.errors import ConfigError

#: What a fully visible heatmap sums to (thesis).
MASS = 255.0

Choice = TypeVar("Choice")
Render = Callable[[Tensor, Tensor, Tensor, int], Tensor]


def render(
    keypoints: Float[Tensor, "*batch 2"],
    present: Bool[Tensor, "*batch"],
    sigmas: Float[Tensor, "*batch"],
    size: int = 56,
) -> Float[Tensor, "*batch H W"]:
    r"""Separable Gaussians at the true sub-pixel positions.

    .. math:: h(i, j) = \frac{c}{2 \pi \sigma^2}
              \exp\left(-\frac{(j - x)^2 + (i - y)^2}{2 \sigma^2}\right)

    Args:
        keypoints: heatmap pixels.
        present: where false, the map is zero.
        sigmas: standard deviations in heatmap pixels.
        size: rows and columns of a map.
    """
    grid = torch.arange(size, device=keypoints.device, dtype=keypoints.dtype)
    # `exp2` takes a third of the time of `exp`. A product of two profiles below 2^-60 would leave
    # the normal range of float32, where arithmetic takes several times as long.
    sharpness = (-0.5 / math.log(2) / sigmas.square())[..., None, None]
    profiles = (grid - keypoints[..., None]).square_().mul_(sharpness).clamp_(min=-60).exp2_()
    scale = (MASS / (2 * math.pi) / sigmas.square()).where(present, 0)
    rows = profiles[..., 1, :, None] * scale[..., None, None]
    return rows * profiles[..., 0, None, :]


def render_thesis(
    keypoints: Float[Tensor, "*batch 2"],
    present: Bool[Tensor, "*batch"],
    sigmas: Float[Tensor, "*batch"],
    size: int = 56,
    border: str = "nearest",
) -> Float[Tensor, "*batch H W"]:
    """The thesis's heatmaps: an impulse at the nearest pixel, blurred.

    Equals ``scipy.ndimage.gaussian_filter(impulse, sigma, mode=border)``, whose blur is separable:
    a table of blurred 1-D unit impulses, a row per position, gives both factors of every map.

    Args:
        keypoints: heatmap pixels; rounded, and clipped to the map.
        present: where false, the map is zero.
        sigmas: standard deviations in heatmap pixels; few distinct values, a table each.
        size: rows and columns of a map.
        border: what lies beyond it: 'nearest' repeats the outermost pixels, as scikit-image does
            and so the thesis as it was finished: in a corner a map of sigma 1 then sums to 1.13
            times as much, one of sigma 3 to 3.07 times. 'reflect' mirrors them, and keeps the sum.
    """
    values, which = sigmas.unique(return_inverse=True)
    tables = torch.stack([_blurred_impulses(float(sigma), size, border) for sigma in values])
    tables = tables.to(keypoints).flatten(0, 1)
    at = keypoints.round().long().clamp(0, size - 1) + which[..., None] * size
    columns, rows = (embedding(at[..., axis], tables) for axis in (0, 1))
    rows = rows * torch.full_like(sigmas, MASS).where(present, 0)[..., None]
    return rows[..., :, None] * columns[..., None, :]


@lru_cache(maxsize=64)
def _blurred_impulses(sigma: float, size: int, border: str) -> Float[Tensor, "N N"]:
    return torch.from_numpy(gaussian_filter1d(np.eye(size), sigma, axis=-1, mode=border))


def decode_argmax(
    heatmaps: Float[Tensor, "*batch H W"],
) -> tuple[Float[Tensor, "*batch 2"], Float[Tensor, "*batch"]]:
    """The pixel of the largest value, and that value; the first one where several are equal.

    A map without a positive value has no keypoint: it reads as its centre, with score 0.
    """
    height, width = heatmaps.shape[-2:]
    scores, flat = _peaks(heatmaps.flatten(-2))
    peaks = torch.stack([flat % width, flat // width], -1).to(heatmaps.dtype)
    centre = peaks.new_tensor([(width - 1) / 2, (height - 1) / 2])
    return peaks.where(scores[..., None] > 0, centre), scores.clamp(min=0)


def _peaks(maps: Float[Tensor, "*batch P"]) -> tuple[Tensor, Tensor]:
    """Largest value and its index, in two levels: `amax` is far faster than `argmax`."""
    length = _block(maps.shape[-1])
    blocks = maps.reshape(-1, length)
    scores, block = blocks.amax(-1).view(-1, maps.shape[-1] // length).max(-1)
    first = torch.arange(0, len(blocks), maps.shape[-1] // length, device=maps.device)
    within = blocks.index_select(0, first + block).argmax(-1)
    return scores.view(maps.shape[:-1]), (block * length + within).view(maps.shape[:-1])


@lru_cache(maxsize=64)
def _block(size: int) -> int:
    """The divisor of ``size`` nearest to 8/7 of its square root: 64 of 56 x 56, the fastest."""
    divisors = [n for n in range(1, size + 1) if size % n == 0]
    return min(divisors, key=lambda n: abs(n - 8 / 7 * size**0.5))


def decode_subpixel(
    heatmaps: Float[Tensor, "*batch H W"], reach: int = 2
) -> tuple[Float[Tensor, "*batch 2"], Float[Tensor, "*batch"]]:
    """The peak of a Gaussian fitted about the largest pixel, and that pixel's value.

    The logarithm of a Gaussian is a parabola. The patch about the largest pixel is summed over
    rows and over columns (a Gaussian's sums are Gaussians of the same width), and a parabola is
    fitted to the logarithm of each sum by least squares, weighted with the squared sums, which
    is what noise of equal size in every pixel asks for (Guo, IEEE Signal Processing Magazine,
    2011). Exact for a noiseless Gaussian, also where the border cuts it. Never further than half
    a pixel from the largest one, and that pixel itself where no peak can be fitted.

    Args:
        reach: the patch has ``2 * reach + 1`` rows and columns.
    """
    height, width = heatmaps.shape[-2:]
    if min(height, width) < 2 * reach + 1:
        raise ConfigError(f"heatmaps are {height} x {width}; expected at least {2 * reach + 1}")
    heatmaps = heatmaps.contiguous()
    peaks, scores = decode_argmax(heatmaps)
    step = torch.arange(-reach, reach + 1, device=heatmaps.device)
    top = peaks.new_tensor([width - 1 - reach, height - 1 - reach])
    centre = peaks.reshape(-1, 2).floor().clamp(torch.full_like(top, reach), top).long()
    middle = centre[:, 1] * width + centre[:, 0]
    offsets = (step[:, None] * width + step).flatten()
    values = heatmaps.view(-1, height * width).gather(1, middle[:, None] + offsets)
    # Samples outermost: sums over them then run over all keypoints at once.
    patch = values.T.contiguous().unflatten(0, (len(step), len(step)))
    vertex, found = _vertex(torch.stack([patch.sum(0), patch.sum(1)], -1), step.to(peaks.dtype))
    refined = (centre + vertex).view(peaks.shape).clamp(peaks - 0.5, peaks + 0.5)
    fitted = found.view(peaks.shape) & (scores[..., None] > 0)
    return refined.where(fitted, peaks), scores


def _vertex(
    sums: Float[Tensor, " N *batch"], x: Float[Tensor, " N"]
) -> tuple[Float[Tensor, "*batch"], Bool[Tensor, "*batch"]]:
    """Where the parabola fitted to the logarithm of positive samples has its maximum, if any.

    Orthogonal polynomials 1, p, q of degree 0, 1, 2 under the weights make the fit explicit.
    """
    tiny, least = torch.finfo(sums.dtype).eps, torch.finfo(sums.dtype).tiny
    x = x.view(-1, *[1] * (sums.ndim - 1))
    sums = sums / sums.amax(0).clamp(min=least)
    weights = sums.clamp(min=0).square()
    logs = sums.clamp(min=1e-6).log()
    total = weights.sum(0).clamp(min=least)
    mean = (weights * x).sum(0) / total
    p = x - mean
    square = p * p
    spread = (weights * square).sum(0)
    tilt = (weights * square * p).sum(0) / spread.clamp(min=tiny)
    q = square - tilt * p - spread / total
    slope = (weights * p * logs).sum(0) / spread.clamp(min=tiny)
    bend = (weights * q * logs).sum(0) / (weights * q * q).sum(0).clamp(min=tiny)
    found = bend < -tiny
    return mean + tilt / 2 - slope / (2 * bend).where(found, 1), found


#: What ``border=`` accepts.
BORDERS = ("nearest", "reflect")

#: What ``render=`` accepts, by border; sub-pixel blobs know nothing of theirs.
RENDERERS: dict[str, dict[str, Render]] = {
    "subpixel": dict.fromkeys(BORDERS, render),
    "thesis": {border: partial(render_thesis, border=border) for border in BORDERS},
}

#: What ``decoder=`` accepts.
DECODERS = {"subpixel": decode_subpixel, "argmax": decode_argmax}


def choose(choices: Mapping[str, Choice], name: str, value: str) -> Choice:
    """The choice of that name, or a `ConfigError` that lists what there is."""
    if value not in choices:
        raise ConfigError(f"{name} is '{value}'; expected one of {', '.join(choices)}")
    return choices[value]


def renderer(name: str, border: str) -> Render:
    """What draws blobs.

    Args:
        name: of `RENDERERS`.
        border: of `BORDERS`; see `render_thesis`.

    Raises:
        ConfigError: there is no such renderer or border.
    """
    return choose(choose(RENDERERS, "render", name), "border", border)
