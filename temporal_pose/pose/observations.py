"""What a batch holds: the truth, and what a detector, real or simulated, made of it."""

from typing import NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor


class Tracks(NamedTuple):
    """Detected keypoints over time, as the classical filters take them.

    Args:
        positions: pixels of any frame of reference; meaningless where not detected.
        detected: which keypoints the detector found.
        fps: frames per second of each row.
    """

    positions: Float[Tensor, "B T K 2"]
    detected: Bool[Tensor, "B T K"]
    fps: Float[Tensor, " B"]


class Observed(NamedTuple):
    """What the detector gives for a batch of windows.

    Simulated detectors give positions and the width of the blob they would draw; a real one may
    give its heatmaps instead.

    Args:
        positions: heatmap pixels; zero where not detected.
        detected: which keypoints the detector found.
        sigmas: standard deviation of the blob at each position, heatmap pixels.
        boxes: image pixels.
        fps: frames per second of each window, left-out frames counted out.
    """

    positions: Float[Tensor, "B T K 2"]
    detected: Bool[Tensor, "B T K"]
    sigmas: Float[Tensor, "B T K"]
    boxes: Float[Tensor, "B T 4"]
    fps: Float[Tensor, " B"]


class Batch(NamedTuple):
    """A batch of windows on the device, ready for any model.

    Args:
        observed: the input.
        keypoints: true positions in heatmap pixels; zero where not visible.
        visible: which keypoints have a truth; only these count in loss and metrics.
        torso: torso diameter of each frame in heatmap pixels.
        window: number of each window within its data set.
    """

    observed: Observed
    keypoints: Float[Tensor, "B T K 2"]
    visible: Bool[Tensor, "B T K"]
    torso: Float[Tensor, "B T"]
    window: Int[Tensor, " B"]
