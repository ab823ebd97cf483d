"""Figure 2: accuracy, jitter and lag."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from temporal_pose.reporting.axes import plain, plain_numbers
from temporal_pose.reporting.cells import Score, identity_cell, model_cell
from temporal_pose.reporting.labels import place_labels
from temporal_pose.reporting.models import Kind, Model, models
from temporal_pose.reporting.results import Results

#: How each kind is drawn: marker, face and rim colour, meaning.
_LOOKS = {
    Kind.IDENTITY: ("X", "#000000", "#000000", "identity function"),
    Kind.NETWORK: ("o", "#0072B2", "#0072B2", "network, sees a window"),
    Kind.WINDOW_FILTER: ("D", "#D55E00", "#D55E00", "filter, sees a window"),
    Kind.VIDEO_FILTER: ("D", "#FFFFFF", "#D55E00", "filter, sees the whole video"),
}
_SCORES = [Score(key, unit=1) for key in ("error_px", "accel_error_px", "lag_frames")]


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
    for model in models(results):
        runs = results.at(model.key, setup, k)
        if model.kind == Kind.IDENTITY:
            cells = [identity_cell(results, setup, k, score) for score in _SCORES]
        else:
            cells = [model_cell(runs, score) for score in _SCORES]
        x, y, lag = (cell.mean for cell in cells)
        if x and y:
            points.append(Point(model, x, y, lag))
    return points


def _draw(axes: Axes, points: Sequence[Point], title: str) -> None:
    axes.set_title(f"Experiment {title}", fontsize=10)
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
