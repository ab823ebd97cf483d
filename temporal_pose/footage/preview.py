"""A few frames with what was detected drawn over them, for a person to look at."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.pose.heatmaps import decode_subpixel
from temporal_pose.pose.skeletons import Skeleton

_BOX, _LIMB, _POINT = "#E69F00", "#FFFFFF", "#0072B2"
_WIDTH, _COLUMNS = 480, 3  # pixels of a panel, panels in a row


class Preview:
    """Gathers panels as frames go by.

    Args:
        skeleton: of the heatmaps; its limbs are drawn.
        frames: in the footage.
        panels: taken from it, evenly.
    """

    def __init__(self, skeleton: Skeleton, frames: int, panels: int = 6) -> None:
        self.skeleton = skeleton
        self.wanted = set(
            np.linspace(0, frames - 1, panels + 2).round().astype(int)[1:-1].tolist()
        )
        self.panels: list[Image.Image] = []

    def look(
        self,
        first: int,
        images: UInt8[np.ndarray, "n H W 3"],
        boxes: Float[torch.Tensor, "n 4"],
        heatmaps: Float[torch.Tensor, "n K h w"],
    ) -> None:
        """Keeps a panel of each wanted frame.

        Args:
            first: number of the first of these frames.
            boxes: image pixels, NaN where there is nobody.
        """
        for number in sorted(self.wanted & set(range(first, first + len(images)))):
            at = number - first
            self.panels.append(self._panel(number, images[at], boxes[at], heatmaps[at]))

    def save(self, path: Path) -> None:
        """Writes what was gathered, three panels in a row; nothing if there are none."""
        if not self.panels:
            return
        width, height = self.panels[0].size
        columns = min(_COLUMNS, len(self.panels))
        sheet = Image.new("RGB", (columns * width, -(-len(self.panels) // columns) * height))
        for index, panel in enumerate(self.panels):
            sheet.paste(panel, (index % columns * width, index // columns * height))
        path.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(path)

    def _panel(
        self,
        number: int,
        image: UInt8[np.ndarray, "H W 3"],
        box: Float[torch.Tensor, " 4"],
        heatmaps: Float[torch.Tensor, "K h w"],
    ) -> Image.Image:
        zoom = _WIDTH / image.shape[1]
        panel = Image.fromarray(image).resize((_WIDTH, max(1, round(zoom * image.shape[0]))))
        draw = ImageDraw.Draw(panel)
        nobody = not box.isfinite().all()
        label = f"frame {number}" + (": nobody" if nobody else "")
        draw.text((6, 4), label, _LIMB, stroke_width=2, stroke_fill="#000000")
        if nobody:
            return panel
        x, y, width, height = (zoom * box).tolist()
        draw.rectangle((x, y, x + width, y + height), outline=_BOX, width=2)
        places = heatmap_to_image(decode_subpixel(heatmaps)[0], box, heatmaps.shape[-1])
        points = [(x, y) for x, y in (zoom * places).tolist()]
        for a, b in self.skeleton.limb_indices:
            draw.line((*points[a], *points[b]), fill=_LIMB, width=2)
        for x, y in points:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=_POINT, outline=_LIMB)
        return panel
