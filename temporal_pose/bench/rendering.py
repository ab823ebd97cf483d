"""Drawing heatmaps, against scipy and against writing as many bytes."""

import os
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter
from torch import Tensor

from temporal_pose.bench.measure import Row, measure
from temporal_pose.pose.heatmaps import MASS, render, render_thesis

SIZE = 56
SIGMAS = (1.0, 1.5, 2.0, 2.5, 3.0)


def blobs(
    maps: int,
) -> tuple[Float[Tensor, "N 2"], Bool[Tensor, " N"], Float[Tensor, " N"]]:
    """Positions anywhere on a map in heatmap pixels, presence, and sigmas of the thesis."""
    generator = torch.Generator().manual_seed(0)
    keypoints = torch.rand(maps, 2, generator=generator) * (SIZE - 1)
    sigmas = torch.tensor(SIGMAS)[torch.randint(len(SIGMAS), (maps,), generator=generator)]
    return keypoints, torch.ones(maps).bool(), sigmas


def scipy_maps(
    keypoints: Float[Tensor, "N 2"], sigmas: Float[Tensor, " N"]
) -> Float[np.ndarray, "N H W"]:
    """The thesis's way: an impulse a map, one call of the filter each."""
    maps = np.zeros((len(keypoints), SIZE, SIZE), np.float32)
    at = keypoints.round().long().tolist()
    for heatmap, (x, y), sigma in zip(maps, at, sigmas.tolist(), strict=True):
        heatmap[y, x] = MASS
        gaussian_filter(heatmap, sigma, output=heatmap, mode="nearest")
    return maps


def rendering(maps: int = 2000, repeats: int = 15) -> Iterator[Row]:
    """Both renderers, on one core and on all: scipy's loop has no use for a second one.

    Args:
        maps: drawn at once; scipy's time grows with them, so a tenth of them serves for it.
    """
    threads = torch.get_num_threads()
    for cores in sorted({1, os.cpu_count() or 1}):
        torch.set_num_threads(cores)
        yield from _on_so_many(cores, maps, repeats)
    torch.set_num_threads(threads)
    few = max(1, maps // 10)
    yield Row("render_thesis: off scipy", thesis_error(few), 1e-6, "of the peak", False)


def _on_so_many(cores: int, maps: int, repeats: int) -> Iterator[Row]:
    keypoints, present, sigmas = blobs(maps)
    few, target = max(1, maps // 10), 150 if cores == os.cpu_count() else None
    memory = torch.empty(maps, SIZE, SIZE)
    scipy = partial(scipy_maps, keypoints[:few], sigmas[:few])

    def against_scipy(what: str, ours: Callable[[], object], limit: int | None) -> Row:
        pair = measure(scipy, ours, repeats)
        ratio, *spread = (value * maps / few for value in (pair.ratio, *pair.spread))
        name = f"{what} on {cores} core(s): faster than scipy"
        return Row(name, ratio, limit, spread=(spread[0], spread[1]))

    yield against_scipy("memset of as many bytes", memory.zero_, None)
    for draw in (render, render_thesis):
        ours = partial(draw, keypoints, present, sigmas, SIZE)
        yield against_scipy(draw.__name__, ours, target)
        pair = measure(ours, memory.zero_, repeats)
        name = f"{draw.__name__} on {cores} core(s): slower than memset"
        yield Row.of(name, pair, 5, at_least=False)


def thesis_error(maps: int) -> float:
    """Largest difference from scipy in double precision, as a share of the map's peak."""
    keypoints, present, sigmas = blobs(maps)
    ours = render_thesis(keypoints.double(), present, sigmas.double(), SIZE).numpy()
    error = np.abs(ours - scipy_maps(keypoints, sigmas)).max((1, 2))
    return float((error / ours.max((1, 2))).max())
