"""One epoch of training, against the thesis's way: heatmaps by scipy in a Dataset."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from temporal_pose.bench.measure import Row, measure
from temporal_pose.bench.rendering import SIGMAS, SIZE, scipy_maps
from temporal_pose.bench.steps import DefaultLayout
from temporal_pose.data.module import PoseData
from temporal_pose.data.synthetic import Synthetic
from temporal_pose.inputs.simulated import GaussianNoise
from temporal_pose.models.conv3d import Conv3d
from temporal_pose.models.deciwatch import DeciWatch
from temporal_pose.pose import codecs
from temporal_pose.pose.codecs import Codec, CoordinateCodec, HeatmapCodec
from temporal_pose.pose.heatmaps import Render, decode_argmax, renderer
from temporal_pose.pose.losses import masked_mse
from temporal_pose.pose.observations import Batch

Step = Callable[[Tensor, Tensor, Tensor], None]


def conv3d_epoch(videos: int = 2, frames: int = 160, repeats: int = 3) -> Iterator[Row]:
    """A network that reads heatmaps, and what the data cost.

    Args:
        videos: of each of three subjects, one of which is for training.
        frames: of a video.
    """
    data, pixels = small_set(videos, frames), HeatmapCodec()
    ours = partial(our_epoch, data, pixels, training(Conv3d()))
    pair = measure(partial(thesis_epoch, data, training(DefaultLayout())), ours, repeats)
    yield Row.of("conv3d epoch: faster than the thesis's way", pair, 2)
    share = measure(partial(our_epoch, data, pixels, nothing), ours, repeats)
    low, high = share.spread
    yield Row(
        "conv3d epoch: share of the data path",
        100 * share.ratio,
        5,
        "%",
        False,
        (100 * low, 100 * high),
    )


def deciwatch_epoch(videos: int = 2, frames: int = 160, repeats: int = 3) -> Iterator[Row]:
    """A network that reads coordinates."""
    data, network = small_set(videos, frames), training(DeciWatch())
    ours = partial(our_epoch, data, CoordinateCodec(), network)
    pair = measure(partial(thesis_epoch, data, decoded(network)), ours, repeats)
    yield Row.of("deciwatch epoch: faster than the thesis's way", pair, 6)
    yield Row("deciwatch epoch: heatmaps drawn", renderings(ours), 0, "calls", False)


def small_set(videos: int, frames: int, batch_size: int = 16) -> PoseData:
    """Synthetic training windows with the noise of setup 1."""
    noise = GaussianNoise(1.0, sigmas=SIGMAS)
    data = PoseData(Synthetic(3, videos, frames, seed=0), noise, batch_size=batch_size)
    data.setup()
    return data


def our_epoch(data: PoseData, codec: Codec, step: Step) -> None:
    """Coordinates are fetched; noise and heatmaps are made of them a batch at a time."""
    for windows in data.train_dataloader():
        batch = data.prepare(windows, epoch=0)
        truth = codec.encode(batch.keypoints, batch.visible)
        step(codec.read(batch.observed), truth, batch.visible)


def thesis_epoch(data: PoseData, step: Step) -> None:
    """A Dataset draws the heatmaps of every window; a DataLoader stacks them."""
    sampler = data.train_dataloader().sampler
    loader = DataLoader(ThesisWindows(data), batch_sampler=sampler)
    for batch in loader:
        step(*batch)


class ThesisWindows(Dataset[tuple[Tensor, ...]]):
    """A window's input and target heatmaps, drawn by scipy as it is asked for."""

    def __init__(self, data: PoseData) -> None:
        windows = data.sides["train"]
        self.batch: Batch = data.prepare(windows[list(range(len(windows)))], epoch=0)

    def __len__(self) -> int:
        return len(self.batch.window)

    def __getitem__(self, window: int) -> tuple[Tensor, ...]:
        observed, visible = self.batch.observed, self.batch.visible[window]
        seen = drawn(observed.positions[window], visible, observed.sigmas[window])
        truth = self.batch.keypoints[window]
        return seen, drawn(truth, visible, torch.ones(visible.shape)), visible


def drawn(
    positions: Float[Tensor, "T K 2"], visible: Bool[Tensor, "T K"], sigmas: Float[Tensor, "T K"]
) -> Float[Tensor, "T K H W"]:
    """Heatmaps of the visible keypoints by scipy; the others are zero."""
    maps = torch.zeros(*visible.shape, SIZE, SIZE)
    maps[visible] = torch.from_numpy(scipy_maps(positions[visible], sigmas[visible]))
    return maps


def training(network: nn.Module) -> Step:
    """Fits the network to a batch."""
    optimizer = torch.optim.Adam(network.parameters(), fused=True)

    def step(given: Tensor, truth: Tensor, visible: Tensor) -> None:
        optimizer.zero_grad()
        masked_mse(network(given), truth, visible).backward()
        optimizer.step()

    return step


def nothing(*batch: Tensor) -> None:
    """In place of a step: what is left is the data path."""


def decoded(step: Step) -> Step:
    """A step on coordinates, fed with heatmaps (thesis)."""

    def train(seen: Tensor, truth: Tensor, visible: Tensor) -> None:
        given, wanted = (decode_argmax(maps)[0] * (2 / (SIZE - 1)) - 1 for maps in (seen, truth))
        step(given, wanted, visible)

    return train


def renderings(run: Callable[[], object]) -> int:
    """How often heatmaps are drawn while something runs."""
    calls: list[str] = []

    def watched(name: str, border: str) -> Render:
        draw = renderer(name, border)

        def counted(*arguments: Any) -> Tensor:
            calls.append(name)
            return draw(*arguments)

        return counted

    with patch.object(codecs, "renderer", watched):
        run()
    return len(calls)
