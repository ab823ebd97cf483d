"""Names beside points, placed so that they cover neither points nor each other."""

from collections.abc import Sequence
from itertools import product
from math import cos, pi, sin

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox, BboxBase

_DISTANCES = (7, 13, 21, 30, 42)  # points, from a marker's centre to the nearest edge of its name
_ANGLES = tuple(pi * n / 8 for n in (0, 1, -1, 2, -2, 3, -3, 4, -4, 8, 7, -7, 6, -6, 5, -5))
_MARKER = 5  # half the width that a point keeps free, points
_GAP = 4  # between names side by side, points


def place_labels(axes: Axes, points: Sequence[tuple[str, float, float]], size: float = 8) -> None:
    """Writes each point's name beside it; a thin line leads to a name further off.

    The layout must be settled. Points are served in turn, and each takes the nearest place where
    it covers least.

    Args:
        points: name, x, y.
    """
    if not points:
        return
    where = axes.transData.transform([(x, y) for _, x, y in points])
    pixel = axes.get_figure(root=True).dpi / 72
    reach = _MARKER * pixel
    taken = [Bbox.from_extents(x - reach, y - reach, x + reach, y + reach) for x, y in where]
    for (name, x, y), at in zip(points, where, strict=True):
        label = axes.annotate(name, (x, y), fontsize=size, va="center", ha="center")
        box = _place(axes, label, at, pixel, taken)
        taken.append(
            Bbox.from_extents(box.x0 - _GAP * pixel, box.y0, box.x1 + _GAP * pixel, box.y1)
        )


def _place(
    axes: Axes,
    label: Annotation,
    at: Float[np.ndarray, "2"],
    pixel: float,
    taken: Sequence[Bbox],
) -> Bbox:
    figure = axes.get_figure(root=True)
    extent = label.get_window_extent(FigureCanvasAgg(figure).get_renderer())
    half = np.array([extent.width, extent.height]) / 2
    options = []
    for distance, angle in product(_DISTANCES, _ANGLES):
        centre = at + _offset(distance * pixel, angle, half)
        box = Bbox([centre - half, centre + half])
        options.append((_covered(box, taken, axes.bbox), distance, tuple(centre - at), box))
    _, distance, offset, box = min(options, key=lambda option: option[0])
    label.set_position(tuple(np.array(offset) / pixel))
    label.set_anncoords("offset points")
    if distance > _DISTANCES[0]:
        _lead(axes, at, box)
    return box


def _offset(distance: float, angle: float, half: Float[np.ndarray, "2"]) -> Float[np.ndarray, "2"]:
    """From a point to the centre of a name whose edge is that far away in that direction."""
    direction = np.array([cos(angle), sin(angle)])
    side = np.where(np.abs(direction) < 1e-9, 0, np.sign(direction))
    return distance * direction + half * np.where(np.abs(direction) > 0.3, side, direction)


def _covered(box: BboxBase, taken: Sequence[BboxBase], panel: BboxBase) -> float:
    """Area of a box that lies on others, or, counted double, outside its panel."""
    shared = sum(_overlap(box, other) for other in taken)
    return shared + 2 * (box.width * box.height - _overlap(box, panel))


def _overlap(a: BboxBase, b: BboxBase) -> float:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return max(0.0, width) * max(0.0, height)


def _lead(axes: Axes, at: Float[np.ndarray, "2"], box: Bbox) -> None:
    """A line from a point to the nearest point of its name."""
    end = np.clip(at, [box.x0, box.y0], [box.x1, box.y1])
    line = axes.transData.inverted().transform([at, end])
    axes.plot(*line.T, color="#888888", linewidth=0.5, zorder=1, scalex=False, scaley=False)
