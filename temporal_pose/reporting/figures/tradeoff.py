"""The figure of accuracy, jitter and lag; names beside points cover neither points nor names."""

from collections.abc import Sequence
from itertools import product
from math import cos, pi, sin
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox, BboxBase

from temporal_pose.files.escaping import for_figure
from temporal_pose.reporting.figures.panels import plain, plain_numbers
from temporal_pose.reporting.finished import Model, ModelKind, Results
from temporal_pose.reporting.tables.result_table import Score
from temporal_pose.reporting.tables.scores import experiment_cell
from temporal_pose.runs.results import ERROR, JITTER, LAG

#: How each kind is drawn: marker, face and rim colour, meaning.
_LOOKS = {
    ModelKind.IDENTITY: ("X", "#000000", "#000000", "identity function"),
    ModelKind.NETWORK: ("o", "#0072B2", "#0072B2", "network, sees a window"),
    ModelKind.WINDOW_FILTER: ("D", "#D55E00", "#D55E00", "filter, sees a window"),
    ModelKind.VIDEO_FILTER: ("D", "#FFFFFF", "#D55E00", "filter, sees the whole video"),
}
_SCORES = [Score(key, unit=1) for key in (ERROR, JITTER, LAG)]

_DISTANCES = (7, 13, 21, 30, 42)  # points, from a marker's centre to the nearest edge of its name
_ANGLES = tuple(pi * n / 8 for n in (0, 1, -1, 2, -2, 3, -3, 4, -4, 8, 7, -7, 6, -6, 5, -5))
_MARKER = 5  # half the width that a point keeps free, points
_GAP = 4  # between names side by side, points


class Point(NamedTuple):
    """A model in a panel, means over seeds.

    Args:
        x: position error, heatmap pixels.
        y: acceleration error, heatmap pixels a frame².
        lag: frames; None where it was not measured.
    """

    model: Model
    x: float
    y: float
    lag: float | None

    @property
    def name(self) -> str:
        """The model's name without what the marker says already, and a lag worth mentioning."""
        name = self.model.name.removesuffix(" function")
        name = name.rpartition(" (")[0] if name.endswith(" frames)") else name
        name = for_figure(name, 40)
        return f"{name} {self.lag:+.1f}" if self.lags else name

    @property
    def lags(self) -> bool:
        """Whether it lags, or runs ahead, by so much that it is seen: 0.05 frames."""
        return self.lag is not None and abs(self.lag) >= 0.05


def tradeoff(results: Results) -> Figure | None:
    """Mean position error against acceleration error, a panel an experiment, k downwards.

    A filter that smooths more jitters less, but lags behind fast motion, which counts as position
    error: the best are at the lower left. Both axes are logarithmic; a point is the mean over
    seeds, and a number behind its name its lag in frames, if that is 0.05 or more.

    Returns:
        None where no run has both errors.
    """
    grid = {(k, s): _points(results, k, s) for k in results.ks for s in results.setups}
    ks = [k for k in results.ks if any(grid[k, s] for s in results.setups)]
    setups = [s for s in results.setups if any(grid[k, s] for k in ks)]
    if not ks:
        return None
    figure = Figure((4.6 * len(setups) + 0.3, 4 * len(ks) + 0.6), layout="constrained")
    panels = figure.subplots(len(ks), len(setups), squeeze=False, sharex="row", sharey="row")
    for k, row in zip(ks, panels, strict=True):
        for setup, axes in zip(setups, row, strict=True):
            _draw(axes, grid[k, setup], f"{k:g}.{setup}")
        row[0].set_ylabel("Acceleration error (px/frame²): jitter", fontsize=9)
    for axes in panels[-1]:
        axes.set_xlabel("Mean position error (px)", fontsize=9)
    _legend(figure, [point for points in grid.values() for point in points])
    figure.draw_without_rendering()  # settles the layout, which labels are placed in
    for k, row in zip(ks, panels, strict=True):
        for setup, axes in zip(setups, row, strict=True):
            place_labels(axes, [(point.name, point.x, point.y) for point in grid[k, setup]])
    return figure


def _points(results: Results, k: float, setup: str) -> list[Point]:
    points = []
    for model in results.models:
        x, y, lag = (experiment_cell(results, model, setup, k, score).mean for score in _SCORES)
        if x and y:
            points.append(Point(model, x, y, lag))
    return points


def _draw(axes: Axes, points: Sequence[Point], title: str) -> None:
    axes.set_title(for_figure(f"Experiment {title}"), fontsize=10)
    axes.set(xscale="log", yscale="log")
    axes.margins(0.16)
    for point in points:
        marker, face, rim, _ = _LOOKS[point.model.kind]
        axes.plot(point.x, point.y, marker, color=face, markeredgecolor=rim, markersize=6)
    plain(axes)
    axes.tick_params(labelleft=True, labelbottom=True)
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        plain_numbers(axis, *limits)


def _legend(figure: Figure, shown: Sequence[Point]) -> None:
    handles = [
        Line2D([], [], linestyle="", marker=marker, color=face, markeredgecolor=rim, label=meaning)
        for kind, (marker, face, rim, meaning) in _LOOKS.items()
        if any(point.model.kind == kind for point in shown)
    ]
    if any(point.lags for point in shown):
        handles.append(Line2D([], [], linestyle="", label="+0.1: lag in frames, if not 0.0"))
    look = {"loc": "outside lower center", "frameon": False, "fontsize": 9}
    figure.legend(handles=handles, ncols=5 if figure.get_figwidth() > 9 else 2, **look)


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
