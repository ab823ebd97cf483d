"""Figure 1: how training went."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from temporal_pose.reporting.axes import plain, plain_numbers
from temporal_pose.reporting.events import Curve, Curves
from temporal_pose.reporting.models import models
from temporal_pose.reporting.results import Results, Run

#: One colour a setup (Okabe and Ito, 2008: for every kind of colour vision).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

#: Tags, titles, and whether the axis is logarithmic.
PANELS = (
    ("train/loss", "Training loss", True),
    ("val/loss", "Validation loss", True),
    ("val/pck@0.05", "Validation PCK@0.05 (%)", False),
)
_ACCURACY, _IDENTITY = "val/pck@0.05", "val/identity/pck@0.05"


def learning_curves(results: Results, curves: Mapping[str, Curves]) -> Figure | None:
    """A row of three panels a model: training loss, validation loss, validation PCK@0.05.

    Args:
        curves: by the path of the run; a model none of whose runs has any training loss is left
            out, for it was not trained.

    Returns:
        None where nothing was trained.
    """
    trained = [run for run in results.runs if len(curves[str(run.path)]["train/loss"])]
    keys = {run.model for run in trained}
    rows = [model for model in models(results) if model.key in keys]
    if not rows:
        return None
    figure = Figure((10, 2.4 * len(rows) + 0.7), layout="constrained")
    grid = figure.subplots(len(rows), len(PANELS), squeeze=False, sharex=True)
    for model, panels in zip(rows, grid, strict=True):
        for run in trained:
            if run.model == model.key:
                _draw(list(panels), curves[str(run.path)], style(run, results))
        panels[0].set_ylabel(model.name, fontsize=10, fontweight="bold")
    figure.align_ylabels(grid[:, 0])
    _finish(grid)
    _legend(figure, trained, results)
    return figure


def style(run: Run, results: Results) -> dict[str, object]:
    """Colour by setup, the paler the higher k is among those there are."""
    ks, setup = sorted(results.ks), results.setups.index(run.setup)
    pale = 0.55 * ks.index(run.k) / max(1, len(ks) - 1)
    colour = np.array(to_rgb(COLOURS[setup % len(COLOURS)]))
    return {"color": tuple((colour + pale * (1 - colour)).tolist())}


def _draw(panels: Sequence[Axes], curves: Curves, look: Mapping[str, object]) -> None:
    for axes, (tag, _, _) in zip(panels, PANELS, strict=True):
        curve = _shown(curves[tag], tag)
        alone = {"marker": "_", "markersize": 14} if len(curve) == 1 else {}  # no line of a point
        axes.plot(curve.epochs, curve.values, linewidth=1.3, **look, **alone)
        dots = curve.at(curves.drops)
        axes.plot(dots.epochs, dots.values, "o", color=look["color"], markersize=4)
        if tag == _ACCURACY and len(curves[_IDENTITY]):
            level = _shown(curves[_IDENTITY], tag).values.mean()
            axes.axhline(level, color=look["color"], linestyle="--", linewidth=0.8)


def _shown(curve: Curve, tag: str) -> Curve:
    return Curve(curve.epochs, 100 * curve.values) if "pck@" in tag else curve


def _finish(grid: np.ndarray) -> None:
    for panels in grid:
        for axes, (_, _, logarithmic) in zip(panels, PANELS, strict=True):
            plain(axes)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            values = np.concatenate([np.asarray(line.get_ydata()) for line in axes.lines])
            if logarithmic and values.min() > 0:
                axes.set_yscale("log")
                plain_numbers(axes.yaxis, values.min(), values.max())
    for axes, (_, title, _) in zip(grid[0], PANELS, strict=True):
        axes.set_title(title, fontsize=10)
    for axes in grid[-1]:
        axes.set_xlabel("Epoch", fontsize=9)
    accuracies = grid[:, -1]  # compare across models; losses do not
    limits = np.array([axes.get_ylim() for axes in accuracies])
    for axes in accuracies:
        axes.set_ylim(limits.min(), limits.max())


def _legend(figure: Figure, trained: Sequence[Run], results: Results) -> None:
    """One entry an experiment; where k changes, the next column begins."""
    shown = sorted({(run.k, run.setup): run for run in trained}.items())
    handles = [Line2D([], [], label=run.experiment, **style(run, results)) for _, run in shown]
    grey = {"color": "#777777", "linewidth": 0.8}
    handles += [
        Line2D([], [], linestyle="--", label="identity function", **grey),
        Line2D(
            [],
            [],
            linestyle="",
            marker="o",
            markersize=4,
            color="#777777",
            label="lower learning rate from here",
        ),
    ]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=min(8, len(handles)),
        frameon=False,
        fontsize=9,
        handlelength=2.6,
    )
