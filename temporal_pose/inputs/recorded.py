"""A real detector's output as the input of a model (thesis, finetuning, section 1.1)."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from temporal_pose.errors import ConfigError
from temporal_pose.pose.boxes import heatmap_to_image, image_to_heatmap
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.heatmaps import MASS, decode_subpixel
from temporal_pose.pose.observations import Framed, Observed, Recorded, WindowBatch, hold


@dataclass(frozen=True)
class Recording:
    """What a real, frozen detector saw, in place of simulated noise.

    Its boxes, not the truth's, make the heatmaps' pixels: nothing of the truth reaches the input.
    Where a detector gives keypoints alone, they are seen through boxes made around them.

    Args:
        outside: what becomes of truth outside the box: 'clamp' moves it to the nearest border
            point (thesis), 'drop' leaves it out of loss and metrics.
        sigma: standard deviation of the blobs drawn for detections without heatmaps, heatmap
            pixels.
        scale_by_score: draws each such blob in proportion to its score.

    Raises:
        ConfigError: a value out of its range.
    """

    outside: str = "clamp"
    sigma: float = 1.0
    scale_by_score: bool = False

    needs_recordings = True

    def __post_init__(self) -> None:
        if self.outside not in ("clamp", "drop"):
            raise ConfigError(f"input.outside is '{self.outside}'; expected clamp or drop")
        if not 0 < self.sigma < float("inf"):
            raise ConfigError(f"input.sigma is {self.sigma}; expected a positive number")

    def frame(
        self, windows: WindowBatch, framing: Framing, zoom: Float[Tensor, " B"] | None = None
    ) -> Framed:
        """The detector's boxes, and the truth in their pixels.

        Args:
            zoom: by how much to enlarge each window's poses within their boxes.
        """
        boxes = self.boxes(recorded(windows), framing, zoom)
        inside = image_to_heatmap(windows.keypoints, boxes, framing.size)
        visible = windows.visible
        if self.outside == "drop":
            within = (inside >= -0.5) & (inside <= framing.size - 0.5)
            visible = visible & within.all(-1)
        border = inside.clamp(0, framing.size - 1)
        return Framed(border.where(visible[..., None], 0), visible, boxes)

    def boxes(
        self, seen: Recorded, framing: Framing, zoom: Float[Tensor, " B"] | None = None
    ) -> Float[Tensor, "B T 4"]:
        """The detector's own boxes, or those around what it detected; image pixels."""
        if seen.boxes is None:
            return framing.around(seen.keypoints, seen.detected, zoom)
        return framing.given(_turned(seen.boxes, seen.turn), zoom)

    def look(self, seen: Recorded, framing: Framing, fps: Float[Tensor, " B"]) -> Observed:
        """What a network is given of detections alone, without any truth."""
        return self._seen(seen, self.boxes(seen, framing), fps, framing.size)

    def observe(
        self,
        windows: WindowBatch,
        framed: Framed,
        mean_torso: float,
        size: int = 56,
        epoch: int | None = None,
    ) -> Observed:
        """The detections in the boxes' pixels; nothing is random."""
        return self._seen(recorded(windows), framed.boxes, windows.fps, size)

    def _seen(
        self, seen: Recorded, boxes: Float[Tensor, "B T 4"], fps: Float[Tensor, " B"], size: int
    ) -> Observed:
        if seen.heatmaps is None:
            positions = image_to_heatmap(seen.keypoints, boxes, size).clamp(0, size - 1)
            detected, heatmaps = seen.detected, None
        else:
            raw = seen.heatmaps.float().clamp(min=0)
            if boxes is not seen.boxes or raw.shape[-2:] != (size, size):
                raw = refit(raw, _known(seen.boxes), boxes, size, seen.turn)
            heatmaps, found = normalised(raw)
            detected = seen.detected & found
            heatmaps = heatmaps * detected[..., None, None]
            positions = decode_subpixel(heatmaps)[0]
        held, scores = hold(positions, detected, size), seen.scores.where(detected, 0)
        start = None if seen.start is None else image_to_heatmap(seen.start, boxes, size)
        drawn = heatmaps is None and self.scale_by_score
        return Observed(
            positions=held,
            detected=detected,
            sigmas=torch.full_like(scores, self.sigma),
            boxes=boxes,
            fps=fps,
            scores=scores,
            weights=scores if drawn else None,
            heatmaps=heatmaps,
            start=None if start is None else start.where(start.isfinite(), held),
        )


def recorded(windows: WindowBatch) -> Recorded:
    """What the detector saw.

    Raises:
        ValueError: the windows were read without it.
    """
    if windows.recorded is None:
        raise ValueError("these windows hold no detections")
    return windows.recorded


def normalised(
    heatmaps: Float[Tensor, "*batch H W"],
) -> tuple[Float[Tensor, "*batch H W"], Bool[Tensor, "*batch"]]:
    """Heatmaps that sum to `MASS`, and which were not empty; empty ones stay so.

    Args:
        heatmaps: without negative values.
    """
    mass = heatmaps.sum((-2, -1))
    found = mass > 0
    return heatmaps * (MASS / mass.where(found, 1))[..., None, None], found


def refit(
    heatmaps: Float[Tensor, "B T K h w"],
    boxes: Float[Tensor, "B T 4"],
    wanted: Float[Tensor, "B T 4"],
    size: int,
    turn: Float[Tensor, "B 2 2"] | None = None,
) -> Float[Tensor, "B T K {size} {size}"]:
    """Heatmaps of one box as another box would show them, by bilinear interpolation.

    Args:
        boxes: of the heatmaps, image pixels.
        wanted: boxes to show, in the image as it is after ``turn``.
        size: rows and columns of the result; outside the heatmaps it is zero.
        turn: what the image was turned by since.
    """
    steps = torch.arange(float(size), device=heatmaps.device)
    cells = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1).flatten(0, 1)
    places = heatmap_to_image(cells.expand(*wanted.shape[:2], -1, -1), wanted, size)
    if turn is not None:
        places = torch.einsum("bji,btcj->btci", turn, places)  # its inverse is its transpose
    share = (places - boxes[..., None, :2]) / boxes[..., None, 2:]
    grid = (2 * share - 1).flatten(0, 1).unflatten(1, (size, size))
    fitted = functional.grid_sample(heatmaps.flatten(0, 1), grid, align_corners=False)
    return fitted.unflatten(0, heatmaps.shape[:2])


def _turned(
    boxes: Float[Tensor, "B T 4"], turn: Float[Tensor, "B 2 2"] | None
) -> Float[Tensor, "B T 4"]:
    """Upright boxes of the same size about the turned centres."""
    if turn is None:
        return boxes
    centres = torch.einsum("bij,btj->bti", turn, boxes[..., :2] + boxes[..., 2:] / 2)
    return torch.cat([centres - boxes[..., 2:] / 2, boxes[..., 2:]], -1)


def _known(boxes: Float[Tensor, "B T 4"] | None) -> Float[Tensor, "B T 4"]:
    if boxes is None:
        raise ValueError("heatmaps without boxes cannot be placed in the image")
    return boxes
