"""Footage, and going through it a batch at a time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import UInt8
from torch import nn

from temporal_pose.errors import ConfigError

Item = TypeVar("Item")


@runtime_checkable
class Footage(Protocol):
    """Frames of one size: a video, or a folder of images.

    Attributes:
        size: width and height in pixels.
        fps: frames per second.
        count: frames, as far as one can tell before reading them.
        remarks: sentences that the user should know.
    """

    size: tuple[int, int]
    fps: float
    count: int
    remarks: list[str]

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it from other footage, as plain data."""
        ...

    def frames(self, start: int = 0) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
        """Frames in red, green and blue, from number ``start`` on."""
        ...


def looks(
    footage: Footage,
    detector: nn.Module,
    choose: Callable[..., int | None],
    start: int = 0,
    batch_size: int = 4,
) -> Iterator[tuple[UInt8[np.ndarray, "n H W 3"], Any]]:
    """Batches of frames, and what the detector sees in them, in constant memory.

    Args:
        detector: called with images (n, 3, H, W) and ``choose``.
        choose: picks a person of each frame.
        start: number of the first frame.

    Raises:
        DataError: a frame that cannot be read.
        ConfigError: the device has too little memory.
    """
    device = next(detector.parameters()).device
    for images in ahead(batches(footage.frames(start), batch_size)):
        try:
            seen = detector(torch.from_numpy(images).to(device).permute(0, 3, 1, 2), choose)
        except torch.OutOfMemoryError as error:
            raise ConfigError(
                f"{len(images)} frames at once are too many for the memory of {device}; set a "
                "smaller batch_size, or device=cpu: the same command continues"
            ) from error
        yield images, seen


def batches(
    frames: Iterator[UInt8[np.ndarray, "H W 3"]], size: int
) -> Iterator[UInt8[np.ndarray, "n H W 3"]]:
    """``size`` frames at a time; the last batch may be smaller."""
    while batch := list(islice(frames, size)):
        yield np.stack(batch)


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items; a thread makes the next one while the last is in use."""
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(next, items, None)
        while (item := upcoming.result()) is not None:
            upcoming = pool.submit(next, items, None)
            yield item
