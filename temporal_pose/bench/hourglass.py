"""Training steps of the stacked hourglass, beside one of torch's layers as they come."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from temporal_pose.bench.measure import Row, measure
from temporal_pose.bench.plain_hourglass import PlainStacks
from temporal_pose.bench.steps import has_units
from temporal_pose.models.hourglass import Hourglass
from temporal_pose.pose.crop_codec import CropCodec
from temporal_pose.pose.losses import CrossEntropy
from temporal_pose.pose.targets import Peaks

SMALL: dict[str, Any] = {
    "stacks": 1,
    "channels": 128,
    "depth": 3,
    "stem": (32, 32, 64),
    "size": 96,
}
FULL: dict[str, Any] = {"channels": 256, "depth": 4, "stem": (64, 128, 128), "size": 256}
THESIS: dict[str, Any] = {
    "stacks": 1,
    "bottleneck": 3,
    "skip_kernel": 3,
    "stem": (256, 256, 256),
    "narrow": True,
    "size": 256,
}
SETTINGS: Mapping[str, tuple[dict[str, Any], int]] = {
    "small, 96 x 96": (SMALL, 16),
    "1 stack, 256 x 256": (FULL | {"stacks": 1}, 1),
    "2 stacks, 256 x 256": (FULL | {"stacks": 2}, 1),
}
LARGE: Mapping[str, tuple[dict[str, Any], str, int]] = {
    "8 stacks": (FULL | {"stacks": 8}, "mpii16", 25_434_112),
    "thesis": (THESIS, "coco17", 14_526_053),
}

Step = Callable[[], None]


def hourglass(
    repeats: int = 3, settings: Mapping[str, tuple[dict[str, Any], int]] = SETTINGS
) -> Iterator[Row]:
    """CPU seconds of a step of each setting, beside plain layers, and in bfloat16."""
    for name, (made, crops) in settings.items():
        ours = step(network(Hourglass, made), made["size"], crops)
        plain = step(network(PlainStacks, made), made["size"], crops)
        spent = cpu_seconds(ours) / crops
        yield Row(f"hourglass step, {name}: CPU", 1e3 * spent, None, "ms a crop", False)
        pair = measure(plain, ours, repeats)
        yield Row.of(f"hourglass step, {name}: faster than plain layers", pair, 0.9)
        last = step(network(PlainStacks, made), made["size"], crops, layout=torch.channels_last)
        pair = measure(plain, last, repeats)
        yield Row.of(f"plain layers, {name}: faster in channels_last", pair, None)
        if has_units(f"hourglass step, {name}, bf16"):
            half = step(network(Hourglass, made), made["size"], crops, torch.bfloat16)
            pair = measure(ours, half, repeats)
            yield Row.of(f"hourglass step, {name}, bf16: faster than float32", pair, 1.2)


def large_hourglass(
    networks: Mapping[str, tuple[dict[str, Any], str, int]] = LARGE,
) -> Iterator[Row]:
    """Parameters of the largest networks, and CPU seconds of their first step with one crop."""
    for name, (made, skeleton, parameters) in networks.items():
        built = network(Hourglass, made, skeleton)
        count = sum(values.numel() for values in built.parameters())
        off = abs(count - parameters)
        yield Row(f"hourglass, {name}: parameters more or less than {parameters:,}", off, 0, "",
                  False)  # fmt: skip
        spent = cpu_seconds(step(built, made["size"], 1, skeleton=skeleton))
        yield Row(f"hourglass step, {name}: CPU", spent, None, "s a crop", False)


def network(
    make: Callable[..., nn.Module], settings: Mapping[str, Any], skeleton: str = "lsp14"
) -> nn.Module:
    """A network that always starts from the same weights."""
    torch.manual_seed(0)
    return make(skeleton, **settings)


def step(
    network: nn.Module,
    size: int,
    crops: int,
    precision: torch.dtype = torch.float32,
    layout: torch.memory_format = torch.contiguous_format,
    skeleton: str = "lsp14",
) -> Step:
    """One step of training on noise."""
    codec = CropCodec(Peaks(), CrossEntropy(), size, skeleton=skeleton)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-4)
    images = (torch.rand(crops, 3, size, size) - 0.4).contiguous(memory_format=layout)
    keypoints = size * torch.rand(crops, len(codec.skeleton), 2)
    labels = torch.full(keypoints.shape[:2], 2)

    def train() -> None:
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            loss = codec.loss(network(images), keypoints, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return train


def cpu_seconds(work: Step) -> float:
    """Of one call, whatever else the machine does."""
    started = time.process_time()
    work()
    return time.process_time() - started
