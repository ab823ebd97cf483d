"""From image pixels to heatmap pixels: which box a window of poses is seen through."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from temporal_pose.errors import ConfigError
from temporal_pose.pose.boxes import image_to_heatmap, tight_boxes


@dataclass(frozen=True)
class Framing:
    """Boxes from annotated or detected keypoints (thesis, section 1.2.1), or a detector's own.

    Args:
        box: 'frame' gives every frame its own box (thesis); 'window' gives all frames of a window
            one box, so that motion across the image is not cancelled.
        margin: share of the extent added on each side.
        size: rows and columns of a heatmap.
        aspect: 'square' grows the shorter side of a box (thesis); 'stretch' stretches the box to
            the heatmap as it is (the thesis as it was finished).
    """

    box: str = "frame"
    margin: float = 0.1
    size: int = 56
    aspect: str = "square"

    def __post_init__(self) -> None:
        if self.box not in ("frame", "window"):
            raise ConfigError(f"data.box is '{self.box}'; expected frame or window")
        if self.aspect not in ("square", "stretch"):
            raise ConfigError(f"data.aspect is '{self.aspect}'; expected square or stretch")
        if not self.margin >= 0:
            raise ConfigError(f"data.margin is {self.margin}; expected 0 or more")
        if self.size < 5:
            raise ConfigError(f"data.size is {self.size}; expected at least 5")

    def __call__(
        self,
        keypoints: Float[Tensor, "B T K 2"],
        visible: Bool[Tensor, "B T K"],
        zoom: Float[Tensor, " B"] | None = None,
    ) -> tuple[Float[Tensor, "B T K 2"], Float[Tensor, "B T 4"]]:
        """Keypoints in heatmap pixels, zero where not visible, and their boxes in image pixels.

        Args:
            keypoints: image pixels.
            zoom: by how much to enlarge each window's poses within their boxes.
        """
        boxes = self.around(keypoints, visible, zoom)
        inside = image_to_heatmap(keypoints, boxes, self.size)
        return inside.where(visible[..., None], 0), boxes

    def around(
        self,
        keypoints: Float[Tensor, "B T K 2"],
        visible: Bool[Tensor, "B T K"],
        zoom: Float[Tensor, " B"] | None = None,
    ) -> Float[Tensor, "B T 4"]:
        """The boxes of visible keypoints; image pixels."""
        how = (self.margin, self.aspect == "square")
        if self.box == "frame":
            boxes = tight_boxes(keypoints, visible, *how)
        else:
            boxes = tight_boxes(keypoints.flatten(1, 2), visible.flatten(1, 2), *how)
            boxes = boxes[:, None].expand(-1, keypoints.shape[1], -1)
        return boxes if zoom is None else _shrink(boxes, zoom[:, None, None])

    def given(
        self, boxes: Float[Tensor, "B T 4"], zoom: Float[Tensor, " B"] | None = None
    ) -> Float[Tensor, "B T 4"]:
        """A detector's own boxes, or for 'window' the one box that holds those of a window.

        They are taken as they are: neither grown nor made square (thesis, finetuning, 1.1).
        """
        if self.box == "window":
            low = boxes[..., :2].amin(1, keepdim=True)
            high = (boxes[..., :2] + boxes[..., 2:]).amax(1, keepdim=True)
            boxes = torch.cat([low, high - low], -1).expand_as(boxes)
        return boxes if zoom is None else _shrink(boxes, zoom[:, None, None])


def _shrink(boxes: Float[Tensor, "B T 4"], by: Float[Tensor, "B 1 1"]) -> Float[Tensor, "B T 4"]:
    extent = boxes[..., 2:] / by
    return torch.cat([boxes[..., :2] + (boxes[..., 2:] - extent) / 2, extent], -1)
