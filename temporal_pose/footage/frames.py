"""Footage, and going through it a batch at a time."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import islice
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

#: Names of files that count as images.
ENDINGS = (".jpg", ".jpeg", ".png")

_LARGEST_DIVISOR = 1001_000  # of a frame rate, as in 30000/1001

#: Consecutive frames of one size, in red, green and blue; rows in memory need not be next to each
#: other.
Frames = Sequence[UInt8[np.ndarray, "H W 3"]] | UInt8[np.ndarray, "n H W 3"]

Item = TypeVar("Item")
Seen = TypeVar("Seen")


@runtime_checkable
class Footage(Protocol):
    """Frames of one size: a video, or a folder of images.

    Attributes:
        size: width and height in pixels.
        fps: frames a second.
        count: frames, as far as one can tell before reading them.
        times: seconds at which frames are shown, from the first one on, where their rate varies;
            None where it does not.
        time_base: seconds, the unit of the stamps of `stamped`.
        remarks: sentences that the user should know.
    """

    size: tuple[int, int]
    fps: float
    count: int
    times: Float[np.ndarray, " F"] | None
    time_base: Fraction
    remarks: list[str]

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it from other footage, as plain data."""
        ...

    def frames(self, start: int = 0) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
        """Frames in red, green and blue, from number ``start`` on."""
        ...

    def stamped(self, start: int = 0) -> Iterator[tuple[int, UInt8[np.ndarray, "H W 3"]]]:
        """The same with the time at which each is shown, in units of `time_base`."""
        ...


def exact_rate(fps: float) -> Fraction:
    """Frames a second as video files have them: 29.97003 is 30000/1001."""
    return Fraction(fps).limit_denominator(_LARGEST_DIVISOR)


def detected(
    footage: Footage,
    detector: Callable[[Frames, Any], Seen],
    choose: Any,
    start: int = 0,
    batch_size: int = 4,
) -> Iterator[tuple[Frames, Seen]]:
    """Batches of frames, and what the detector sees in them, in constant memory.

    Args:
        detector: called with images and ``choose``.
        choose: picks people of each frame.
        start: number of the first frame.

    Raises:
        DataError: a frame that cannot be read.
    """
    for images in ahead(batches(footage.frames(start), batch_size)):
        yield images, detector(images, choose)


def batches(
    frames: Iterator[UInt8[np.ndarray, "H W 3"]], size: int
) -> Iterator[list[UInt8[np.ndarray, "H W 3"]]]:
    """``size`` frames at a time, as they are; the last batch may be smaller."""
    while batch := list(islice(frames, size)):
        yield batch


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items; a thread makes the next one while the last is in use."""
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(next, items, None)
        while (item := upcoming.result()) is not None:
            upcoming = pool.submit(next, items, None)
            yield item
