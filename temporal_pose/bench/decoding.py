"""Reading positions off heatmaps, against torch's argmax."""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from temporal_pose.bench.measure import Row, measure
from temporal_pose.bench.rendering import blobs
from temporal_pose.pose.heatmaps import decode_subpixel, render


def decoding(maps: int = 2000, repeats: int = 15) -> Iterator[Row]:
    """Speed, and mean distance from the truth without and with noise."""
    keypoints, present, sigmas = blobs(maps)
    clean = render(keypoints, present, sigmas)
    pair = measure(lambda: argmax_and_gather(clean), lambda: decode_subpixel(clean), repeats)
    yield Row.of("decode_subpixel: faster than argmax + gather", pair, 2)
    yield Row("decode_subpixel: error, no noise", error(clean, keypoints), 0.01, "px", False)
    wide = render(keypoints, present, torch.full_like(sigmas, 2))
    noise = torch.randn(wide.shape, generator=torch.Generator().manual_seed(1))
    noisy = wide + 0.02 * wide.amax((1, 2), keepdim=True) * noise
    yield Row("decode_subpixel: error, 2 % noise", error(noisy, keypoints), 0.05, "px", False)


def argmax_and_gather(heatmaps: Float[Tensor, "N H W"]) -> tuple[Tensor, Tensor]:
    """Largest pixels and their values, as one would write it."""
    flat = heatmaps.flatten(1)
    index = flat.argmax(1)
    width = heatmaps.shape[-1]
    peaks = torch.stack([index % width, index // width], 1)
    return peaks, flat.gather(1, index[:, None])


def error(heatmaps: Float[Tensor, "N H W"], truth: Float[Tensor, "N 2"]) -> float:
    """Mean distance of what is read from the truth, heatmap pixels."""
    return float((decode_subpixel(heatmaps)[0] - truth).norm(dim=1).mean())
