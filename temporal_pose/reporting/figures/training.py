"""The figures of a report but for the trade-off: how training went, and five frames in a row."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from temporal_pose.errors import RunFolderError
from temporal_pose.files.escaping import for_figure
from temporal_pose.pose.skeletons import CLIMBALONG25
from temporal_pose.reporting.figures.panels import Poses, filmstrip, plain, plain_numbers
from temporal_pose.reporting.finished import SETUPS, ModelKind, Results, Run
from temporal_pose.reporting.tables.contrasts import best_filter
from temporal_pose.runs.events import Curve, Curves
from temporal_pose.runs.predictions import Predictions, read_predictions
from temporal_pose.runs.results import (
    HOLDOUT_PREDICTIONS,
    PREDICTIONS,
    STRICT_PCK,
    TRAINING_LOSS,
    VALIDATION,
    VALIDATION_LOSS,
)

#: One colour a setup (Okabe and Ito, 2008: for every kind of colour vision).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

#: Tags, titles, and whether the axis is logarithmic.
PANELS = (
    (TRAINING_LOSS, "Training loss", True),
    (VALIDATION_LOSS, "Validation loss", True),
    (f"{VALIDATION.refined}{STRICT_PCK}", "Validation PCK@0.05 (%)", False),
)
_ACCURACY, _IDENTITY = (f"{of}{STRICT_PCK}" for of in VALIDATION)

_MOST_ROWS = 20  # models in a figure; more would be larger than an image may be
_FAR = 1e30  # what is drawn of a training that diverges ends here
_FRAMES = 5


def learning_curves(results: Results, curves: Mapping[Path, Curves]) -> Figure | None:
    """A row of three panels a model: training loss, validation loss, validation PCK@0.05.

    Args:
        curves: by the path of the run; a model none of whose runs has any training loss is left
            out, for it was not trained.

    Returns:
        None where nothing was trained.
    """
    trained = [r for r in results.runs if r.path in curves and len(curves[r.path][TRAINING_LOSS])]
    keys = {run.model for run in trained}
    rows = [model for model in results.models if model.key in keys][:_MOST_ROWS]
    if not rows:
        return None
    figure = Figure((10, 2.4 * len(rows) + 0.7), layout="constrained")
    grid = figure.subplots(len(rows), len(PANELS), squeeze=False, sharex=True)
    for model, panels in zip(rows, grid, strict=True):
        for run in trained:
            if run.model == model.key:
                _draw(list(panels), curves[run.path], style(run, results))
        panels[0].set_ylabel(for_figure(model.name, 24), fontsize=10, fontweight="bold")
    figure.align_ylabels(grid[:, 0])
    _finish(grid)
    _legend(figure, trained, results)
    return figure


def style(run: Run, results: Results) -> dict[str, object]:
    """Colour by setup, whichever were run, the paler the higher k is among those there are."""
    ks, setups = sorted(results.ks), sorted({*SETUPS, *results.setups})
    pale = 0.55 * ks.index(run.k) / max(1, len(ks) - 1)
    colour = np.array(to_rgb(COLOURS[setups.index(run.setup) % len(COLOURS)]))
    return {"color": tuple((colour + pale * (1 - colour)).tolist())}


def _draw(panels: Sequence[Axes], curves: Curves, look: Mapping[str, object]) -> None:
    for axes, (tag, _, _) in zip(panels, PANELS, strict=True):
        curve = _shown(curves[tag], tag)
        alone = {"marker": "_", "markersize": 14} if len(curve) == 1 else {}  # no line of a point
        axes.plot(curve.epochs, curve.values, linewidth=1.3, **look, **alone)
        dots = curve.at(curves.drops)
        axes.plot(dots.epochs, dots.values, "o", color=look["color"], markersize=4)
        identity = _shown(curves[_IDENTITY], tag)
        if tag == _ACCURACY and len(identity):
            level = identity.values.mean()
            axes.axhline(level, color=look["color"], linestyle="--", linewidth=0.8)


def _shown(curve: Curve, tag: str) -> Curve:
    """What of a curve can be drawn, accuracies in percent."""
    finite = np.abs(curve.values) < _FAR
    values = curve.values[finite]
    return Curve(curve.epochs[finite], 100 * values if "pck@" in tag else values)


def _finish(grid: np.ndarray) -> None:
    for panels in grid:
        for axes, (_, _, logarithmic) in zip(panels, PANELS, strict=True):
            plain(axes)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            drawn = [np.asarray(line.get_ydata()) for line in axes.lines]
            values = np.concatenate([*drawn, np.zeros(0)])
            if logarithmic and len(values) and values.min() > 0:
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
    handles = [
        Line2D([], [], label=for_figure(run.experiment, 20), **style(run, results))
        for _, run in shown
    ]
    grey = {"color": "#777777", "linewidth": 0.8}
    dot = {"linestyle": "", "marker": "o", "markersize": 4, "color": "#777777"}
    handles += [
        Line2D([], [], linestyle="--", label="identity function", **grey),
        Line2D([], [], label="lower learning rate from here", **dot),
    ]
    look = {"loc": "outside lower center", "frameon": False, "fontsize": 9, "handlelength": 2.6}
    figure.legend(handles=handles, ncols=min(8, len(handles)), **look)


class FiveFrames(NamedTuple):
    """The picture of a window.

    Args:
        caption: what it shows, of which video.
    """

    figure: Figure
    caption: str


def five_frames(results: Results) -> FiveFrames | None:
    """Truth, detector and each network, and the best filter, on five frames in a row.

    They are of the experiment with most such models, and the window is nobody's choice: the one
    whose input has the median error among those that show most keypoints. Where runs have kept
    predictions of the hold-out video, they are of that.

    Returns:
        None where no network has kept predictions.
    """
    places = [(k, setup) for k in results.ks for setup in results.setups]
    runs = max((_of_models(results, *place) for place in places), key=len, default={})
    held = all((run.path / HOLDOUT_PREDICTIONS).is_file() for run in runs.values())
    name = HOLDOUT_PREDICTIONS if held else PREDICTIONS
    kept = {model: found for model, run in runs.items() if (found := _kept(run.path / name))}
    if not kept:
        return None
    first, run = next(iter(kept.values())), next(iter(runs.values()))
    kept = {name: one for name, one in kept.items() if _same(one, first)}
    window = _median_window(first)
    rows = {"truth": first.truth, "detector": first.observed}
    rows |= {name: one.predicted for name, one in kept.items()}
    shown = first.visible[window, :_FRAMES]
    poses = {name: Poses(row[window, :_FRAMES], shown) for name, row in rows.items()}
    size = run.settings("data").get("size")
    size = size if type(size) is int and 5 <= size <= 10_000 else 56
    skeleton = CLIMBALONG25 if shown.shape[1] == len(CLIMBALONG25) else None
    which = "the hold-out video" if held else "the test video"
    return FiveFrames(
        filmstrip(poses, skeleton, size),
        f"Truth, detector and models on {len(shown)} frames in a row of {which} "
        f"{first.video[window]}, experiment {run.experiment}: the window whose input has the "
        "median error among those that show most keypoints. Grey: the truth. Above each pose its "
        "mean distance from it, heatmap pixels; every frame has its own box",
    )


def _of_models(results: Results, k: float, setup: str) -> dict[str, Run]:
    """By name, the first run that has predictions of each network, and of the best filter."""
    filtered = best_filter(results, k, setup)
    networks = [model for model in results.models if model.kind == ModelKind.NETWORK]
    found = {
        for_figure(model.name, 24): [r for r in results.at(model.key, setup, k) if r.tested]
        for model in (*networks[:_MOST_ROWS], *([filtered] if filtered else []))
    }
    return {name: runs[0] for name, runs in found.items() if runs}


def _kept(file: Path) -> Predictions | None:
    try:
        return read_predictions(file)
    except RunFolderError:  # of the test set it has been reported already
        return None


def _same(one: Predictions, other: Predictions) -> bool:
    return np.array_equal(one.window, other.window) and np.array_equal(one.visible, other.visible)


def _median_window(kept: Predictions) -> int:
    shown = kept.visible[:, :_FRAMES].sum((1, 2))
    candidates = np.flatnonzero(shown == shown.max())
    off = np.where(kept.visible[..., None], kept.observed - kept.truth, 0)[candidates]
    errors = np.linalg.norm(off, axis=-1).sum((1, 2))
    return int(candidates[np.argsort(errors, kind="stable")[len(candidates) // 2]])
