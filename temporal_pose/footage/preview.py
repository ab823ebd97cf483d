"""A few frames with what was detected drawn over them, for a person to look at."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from temporal_pose.footage.drawing import (
    LEFT,
    colour_of,
    draw_box,
    draw_label,
    draw_pose,
    look_of,
    write_png,
)
from temporal_pose.footage.frames import Frames
from temporal_pose.pose.skeletons import Skeleton

_WIDTH, _COLUMNS = 480, 3  # pixels of a panel, panels in a row

#: A person: the box (x, y, width, height) and the keypoints (K, 2), image pixels.
Body = tuple[Float[np.ndarray, " 4"], Float[np.ndarray, "K 2"]]


class Preview:
    """Gathers panels as frames go by.

    Args:
        skeleton: of the keypoints; its limbs are drawn.
        frames: in the footage.
        panels: taken from it, evenly.
    """

    def __init__(self, skeleton: Skeleton, frames: int, panels: int = 6) -> None:
        self.skeleton = skeleton
        self.wanted = set(
            np.linspace(0, frames - 1, panels + 2).round().astype(int)[1:-1].tolist()
        )
        self.panels: list[Image.Image] = []

    def look(self, first: int, images: Frames, people: Sequence[Sequence[Body | None]]) -> None:
        """Keeps a panel of each wanted frame.

        Args:
            first: number of the first of these frames.
            people: in each of them, in one order; None for one who is not there.
        """
        for number in sorted(self.wanted & set(range(first, first + len(images)))):
            self.panels.append(self._panel(number, images[number - first], people[number - first]))

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
        write_png(path, sheet)

    def _panel(
        self, number: int, image: UInt8[np.ndarray, "H W 3"], people: Sequence[Body | None]
    ) -> Image.Image:
        zoom = _WIDTH / image.shape[1]
        panel = Image.fromarray(image).resize((_WIDTH, max(1, round(zoom * image.shape[0]))))
        look = look_of(self.skeleton, len(self.skeleton), panel.height)
        there = [(who, body) for who, body in enumerate(people, 1) if body is not None]
        label = f"frame {number}" + ("" if there else ": nobody")
        draw_label(panel, label, panel.height // 30)
        for who, (box, keypoints) in there:
            x, y, width, height = (zoom * box).tolist()
            several = len(people) > 1
            draw_box(panel, (x, y, width, height), colour_of(who) if several else LEFT)
            draw_pose(panel, zoom * keypoints, look.of(who) if several else look)
        return panel
