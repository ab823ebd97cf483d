"""How well a simulated detector errs like the real one it was fitted to."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.ticker import FuncFormatter
from rich.markup import escape
from rich.table import Table

from temporal_pose.files.escaping import for_figure, one_line
from temporal_pose.inputs.fit.measures import Measures, measure
from temporal_pose.inputs.fit.residuals import Residuals
from temporal_pose.inputs.profiles import OUTLIER, Fit
from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton
from temporal_pose.reporting.figures.panels import plain

#: Okabe and Ito (2008): for every kind of colour vision.
_LOOKS = {
    "real": {"color": "#000000", "linestyle": "-"},
    "simulated": {"color": "#D55E00", "linestyle": "-"},
}

#: Headings, and by how much a measure is multiplied before it is shown.
_COLUMNS = {
    "error": ("error\n%", 100),
    "spread": ("spread\n%", 100),
    "lasting": ("lag-1\ncorr.", 1),
    "outliers": ("outliers\n%", 100),
    "swaps": ("swaps\n%", 100),
    "misses": ("misses\n%", 100),
    "score": ("score,\nerror", 1),
    "acceleration": ("accel.\n%", 100),
}

_PERCENT = FuncFormatter(lambda value, _: f"{100 * value:.10g}%")
_TITLE = "Errors on the training side: real, simulated"
_SHOWN = ("nose", "left_wrist", "right_hip", "left_ankle")
_SECONDS = 10.0


@dataclass(frozen=True)
class Comparison:
    """Errors of a real detector and of the simulated one, of the same people in the same frames.

    Args:
        real: unbroken stretches.
        simulated: the same ones.
        fit: which groups have data of their own.
        skeleton: names the groups.
    """

    real: Sequence[Residuals]
    simulated: Sequence[Residuals]
    fit: Fit
    skeleton: Skeleton = CLIMBALONG25

    @property
    def groups(self) -> dict[str, list[int]]:
        """Keypoints of each group that has data."""
        own = {name for name, row in self.fit.items() if not isinstance(row, str)}
        return {name: list(part) for name, part in self.skeleton.groups.items() if name in own}

    @property
    def sides(self) -> dict[str, Sequence[Residuals]]:
        """The two detectors by name."""
        return {"real": self.real, "simulated": self.simulated}


def table(compared: Comparison) -> Table:
    """Real beside simulated for each group of keypoints, and for all of them."""
    shown = Table(box=None, pad_edge=False, padding=(0, 1))
    shown.title, shown.title_justify, shown.caption_justify = _TITLE, "left", "left"
    shown.add_column("", no_wrap=True)
    for heading, _ in _COLUMNS.values():
        shown.add_column(heading, justify="right", no_wrap=True)
    every = [i for part in compared.groups.values() for i in part]
    for name, members in (*compared.groups.items(), ("all", every)):
        pair = [measure(side, members) for side in compared.sides.values()]
        shown.add_row(_worded(name), *(_cell(column, pair) for column in _COLUMNS))
    rows = compared.fit.items()
    borrowed = [
        f"{_worded(name)} from {_worded(row)}" for name, row in rows if isinstance(row, str)
    ]
    shown.caption = (
        "Lengths are shares of the longer side of the pose's box. Spread and correlation: without "
        f"outliers, which err by more than {OUTLIER:.0%}, and swaps. Score, error: rank "
        "correlation. Acceleration: a frame²."
        + (f" Without data, borrowed: {', '.join(borrowed)}." if borrowed else "")
    )
    return shown


def _worded(name: str) -> str:
    """The name of a group in a table of the terminal; a skeleton may be anybody's."""
    return escape(one_line(name.replace("_", " "), 40))


def _cell(column: str, pair: Sequence[Measures]) -> str:
    values = [_COLUMNS[column][1] * getattr(one, column) for one in pair]
    cells = [f"{value:.2f}" if np.isfinite(value) else "–" for value in values]
    return " ".join(cell.rjust(5 if column == "score" else 4) for cell in cells)


def figure(compared: Comparison) -> Figure:
    """Above, errors over time of one video; below, how often errors exceed a size."""
    groups = compared.groups
    rows = -(-len(groups) // 4)
    sheet = Figure((11, 6.2 + 2.1 * rows), layout="constrained")
    above, below = sheet.add_gridspec(2, 1, height_ratios=[5.2, 2.1 * rows + 0.4])
    _series(sheet, above, compared)
    _exceedances(sheet, below, compared, rows)
    return sheet


def _series(sheet: Figure, where: SubplotSpec, compared: Comparison) -> None:
    shown = [compared.skeleton.index(name) for name in _SHOWN]
    number = _typical(compared.real, shown)
    grid = where.subgridspec(len(_SHOWN), 2).subplots(sharex=True, sharey="row")
    for column, (name, side) in enumerate(compared.sides.items()):
        one = side[number]
        length = round(_SECONDS * one.track.fps)
        seconds = np.arange(len(one.errors))[:length] / one.track.fps
        for axes, keypoint in zip(grid[:, column], shown, strict=True):
            axes.plot(seconds, one.errors[:length, keypoint, 0], linewidth=0.9, **_LOOKS[name])
            plain(axes)
        grid[0, column].set_title(f"{name.capitalize()} detector: horizontal error", fontsize=10)
        grid[-1, column].set_xlabel(f"Time (s), {for_figure(one.track.video)}", fontsize=9)
    for axes, part in zip(grid[:, 0], _SHOWN, strict=True):
        axes.set_ylabel(part.replace("_", " "), fontsize=9)
        axes.yaxis.set_major_formatter(_PERCENT)


def _typical(real: Sequence[Residuals], shown: Sequence[int]) -> int:
    """The stretch with the median error among those that are long enough."""
    length = min(_SECONDS * real[0].track.fps, max(len(one.errors) for one in real))
    errors = {
        number: measure([one], shown).error
        for number, one in enumerate(real)
        if len(one.errors) >= 0.9 * length
    }
    known = sorted((error, number) for number, error in errors.items() if np.isfinite(error))
    return known[len(known) // 2][1] if known else 0


def _exceedances(sheet: Figure, where: SubplotSpec, compared: Comparison, rows: int) -> None:
    grid = where.subgridspec(rows, 4).subplots(sharex=True, sharey=True, squeeze=False)
    panels = list(grid.flat)
    for axes, (name, members) in zip(panels, compared.groups.items(), strict=False):
        for side, residuals in compared.sides.items():
            errors = np.concatenate([one.errors[:, members] for one in residuals])
            lengths = np.sort(np.linalg.norm(errors, axis=-1).ravel())
            lengths = lengths[np.isfinite(lengths)]
            share = 1 - np.arange(len(lengths)) / len(lengths)
            axes.plot(lengths, share, linewidth=1.3, label=side, **_LOOKS[side])
        axes.axvline(OUTLIER, color="#999999", linewidth=0.8, linestyle=":")
        axes.set_title(for_figure(name.replace("_", " ")), fontsize=10)
        axes.set(xscale="log", yscale="log", xlim=(1e-3, 1), ylim=(1e-3, 1.1))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(_PERCENT)
        plain(axes)
    for axes in panels[len(compared.groups) :]:
        axes.axis("off")
    for axes in grid[:, 0]:
        axes.set_ylabel("Detections with more", fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel("Error (share of the pose's side)", fontsize=9)
    panels[0].legend(frameon=False, fontsize=8, loc="lower left")


def png(drawn: Figure) -> bytes:
    """The figure as a file."""
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png", dpi=130, metadata={"Software": None})
    return buffer.getvalue()
