"""Training steps of the heatmap networks: memory layout and precision."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from temporal_pose.bench.measure import Row, measure
from temporal_pose.bench.processor import multiplies_bfloat16
from temporal_pose.bench.rendering import SIZE, blobs
from temporal_pose.models.biconvlstm import BiConvLstmSum
from temporal_pose.models.conv3d import Conv3d
from temporal_pose.pose.heatmaps import render
from temporal_pose.pose.losses import masked_mse

FRAMES, KEYPOINTS = 5, 25


class DefaultLayout(Conv3d):
    """The same network fed as torch lays tensors out by default."""

    def forward(self, heatmaps: Float[Tensor, "B T K H W"]) -> Float[Tensor, "B T K H W"]:
        """Smoothed heatmaps."""
        smoothed: Tensor = self.convolution(heatmaps.transpose(1, 2).contiguous())
        return smoothed.relu().transpose(1, 2)


def conv3d(windows: int = 16, repeats: int = 5, size: int = SIZE) -> Iterator[Row]:
    """What the network does of itself, and bfloat16, against the layer as it comes."""
    heatmaps = windows_of_maps(windows, size)
    default, ours = step(DefaultLayout(), heatmaps), step(Conv3d(), heatmaps)
    pair = measure(default, ours, repeats)
    yield Row.of("conv3d step: faster than the default layout", pair, 1.35)
    if has_units("conv3d step, bf16"):
        pair = measure(default, step(Conv3d(), heatmaps, torch.bfloat16), repeats)
        yield Row.of("conv3d step, bf16: faster than default in float32", pair, 2)


def biconvlstm(windows: int = 1, repeats: int = 5, size: int = SIZE) -> Iterator[Row]:
    """What bfloat16 gains, what peepholes cost, and what a state of 25 channels saves."""
    heatmaps, our = windows_of_maps(windows, size), partial(_finished, size)
    finished = step(our(), heatmaps)
    if has_units("biconvlstm_s step, bf16"):
        half = step(our(), heatmaps, torch.bfloat16)
        pair = measure(finished, half, repeats)
        yield Row.of("biconvlstm_s step, bf16: faster than float32", pair, 1.8)
    pair = measure(finished, step(our(peepholes=False), heatmaps), repeats)
    yield Row.of("biconvlstm_s step: times as long as without peepholes", pair, 1.2, False)
    pair = measure(step(our(hidden=64), heatmaps), finished, repeats)
    yield Row.of("biconvlstm_s step: faster than with 64 channels", pair, 1.4)


def _finished(size: int, hidden: int = 25, peepholes: bool = True) -> BiConvLstmSum:
    """The network as conf/ has it, but for these."""
    return BiConvLstmSum(hidden=hidden, peepholes=peepholes, size=size, head="every")


def has_units(row: str) -> bool:
    """Whether the processor multiplies bfloat16; if not, says that a row is left out.

    Without such units that row takes minutes, and tells nothing.
    """
    if multiplies_bfloat16():
        return True
    print(f"{row} left out: this processor has no units for bfloat16", flush=True)
    return False


def windows_of_maps(windows: int, size: int = SIZE) -> Float[Tensor, "B T K H W"]:
    """Heatmaps of as many windows, or a corner of that size of them."""
    maps = render(*blobs(windows * FRAMES * KEYPOINTS))[..., :size, :size]
    return maps.unflatten(0, (windows, FRAMES, KEYPOINTS))


def step(
    network: nn.Module,
    heatmaps: Float[Tensor, "B T K H W"],
    precision: torch.dtype = torch.float32,
) -> Callable[[], None]:
    """One step of training towards the input itself, as Lightning runs it in that precision."""
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    visible = torch.ones(heatmaps.shape[:3]).bool()

    def train() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            loss = masked_mse(network(heatmaps), heatmaps, visible)
        loss.backward()
        optimizer.step()

    return train
