"""What a batch holds on its way to a model: annotated windows, what a detector made of them."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


class Recorded(NamedTuple):
    """What a real detector made of a batch of windows; image pixels.

    Args:
        keypoints: detected positions; zero where not detected, or where heatmaps stand for them.
        detected: which keypoints the detector found; heatmaps may show fewer.
        scores: how sure the detector was.
        boxes: the detector's boxes, x, y, width, height; None where it gives keypoints alone.
        heatmaps: as the detector gives them, of its box each; None where it gives keypoints alone.
        turn: what the windows were turned or mirrored by after recording, a matrix for image
            positions; None for nothing.
        start: where a smoother has the keypoints, NaN where it does not know; None without one.
    """

    keypoints: Float[Tensor, "B T K 2"]
    detected: Bool[Tensor, "B T K"]
    scores: Float[Tensor, "B T K"]
    boxes: Float[Tensor, "B T 4"] | None = None
    heatmaps: Float[Tensor, "B T K h w"] | None = None
    turn: Float[Tensor, "B 2 2"] | None = None
    start: Float[Tensor, "B T K 2"] | None = None


class WindowBatch(NamedTuple):
    """Windows as they leave memory: poses in image pixels.

    Args:
        keypoints: the truth; zero where not visible.
        visible: which keypoints have a truth.
        fps: frames a second of each window, left-out frames counted out.
        window: number of each window's first frame in the data set, whatever the split.
        recorded: what a real detector saw; None where none is asked for.
        step: by how much the number of a frame is above that of the one before; None for 1.
    """

    keypoints: Float[Tensor, "B T K 2"]
    visible: Bool[Tensor, "B T K"]
    fps: Float[Tensor, " B"]
    window: Int[Tensor, " B"]
    recorded: Recorded | None = None
    step: Int[Tensor, " B"] | None = None

    @property
    def frames(self) -> Int[Tensor, "B T"]:
        """Number of each frame in the data set, whatever window shows it."""
        step = torch.ones_like(self.window) if self.step is None else self.step
        count = torch.arange(self.visible.shape[1], device=self.window.device)
        return self.window[:, None] + step[:, None] * count


class Framed(NamedTuple):
    """Windows seen through boxes.

    Args:
        keypoints: the truth in heatmap pixels; zero where not visible.
        visible: which keypoints have a truth that counts.
        boxes: image pixels.
    """

    keypoints: Float[Tensor, "B T K 2"]
    visible: Bool[Tensor, "B T K"]
    boxes: Float[Tensor, "B T 4"]


class Tracks(NamedTuple):
    """Detected keypoints over time, as the classical filters take them.

    Args:
        positions: pixels of any frame of reference; meaningless where not detected.
        detected: which keypoints the detector found.
        fps: frames a second of each row.
        scores: how sure the detector was; None where it does not say.
        times: seconds of each frame, increasing; None for frames ``1 / fps`` apart.
    """

    positions: Float[Tensor, "B T K 2"]
    detected: Bool[Tensor, "B T K"]
    fps: Float[Tensor, " B"]
    scores: Float[Tensor, "B T K"] | None = None
    times: Float[Tensor, "B T"] | None = None


class Observed(NamedTuple):
    """What the detector gives for a batch of windows.

    Simulated detectors give positions and the width of the blob they would draw; a real one may
    give its heatmaps instead.

    Args:
        positions: heatmap pixels; where not detected, what `hold` puts there.
        detected: which keypoints the detector found.
        sigmas: standard deviation of the blob at each position, heatmap pixels.
        boxes: image pixels.
        fps: frames a second of each window, left-out frames counted out.
        scores: how sure the detector was, 1 being sure; 0 where not detected.
        weights: by how much each blob is scaled where it is drawn; None for 1.
        heatmaps: of a real detector, each of the mass that a blob has; None where blobs are to be
            drawn. Their peaks, read with sub-pixel precision, are ``positions``.
        peaks: the brightest pixels of heatmaps that were let go, for they are many; None where
            none were.
        start: heatmap pixels where a smoother has the keypoints; where it does not know,
            ``positions``. None without a smoother.
    """

    positions: Float[Tensor, "B T K 2"]
    detected: Bool[Tensor, "B T K"]
    sigmas: Float[Tensor, "B T K"]
    boxes: Float[Tensor, "B T 4"]
    fps: Float[Tensor, " B"]
    scores: Float[Tensor, "B T K"]
    weights: Float[Tensor, "B T K"] | None = None
    heatmaps: Float[Tensor, "B T K H W"] | None = None
    peaks: Float[Tensor, "B T K 2"] | None = None
    start: Float[Tensor, "B T K 2"] | None = None


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


def hold(
    positions: Float[Tensor, "B T K 2"], detected: Bool[Tensor, "B T K"], size: int
) -> Float[Tensor, "B T K 2"]:
    """Positions with those that were not detected filled in, as a person would without a model.

    A keypoint stays where the window last showed it, or stands already where the window first
    shows it; one that the window never shows stands in the middle of the heatmap.
    """
    time = torch.arange(detected.shape[1], device=detected.device)[:, None]
    last = time.where(detected, -1).cummax(1).values
    first = time.where(detected, len(time)).flip(1).cummin(1).values.flip(1)
    source = last.where(last >= 0, first.where(first < len(time), 0))
    held = positions.gather(1, source[..., None].expand_as(positions))
    return held.where(detected.any(1, keepdim=True)[..., None], (size - 1) / 2)
