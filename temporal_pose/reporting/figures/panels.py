"""Drawing poses and heatmaps: arrays in, a figure out, and nothing shared between calls; and how
axes look and figures become files, for every figure there is.
"""

import io
from collections.abc import Mapping, Sequence
from itertools import product
from math import ceil, sqrt
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from jaxtyping import Bool, Float, UInt8
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    ScalarFormatter,
)

from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton

#: How the first pose is drawn, which lies below the others, how the second, ... The colours
#: (Okabe and Ito, 2008) and the line styles differ for every kind of colour vision.
STYLES: tuple[dict[str, Any], ...] = tuple(
    {"color": colour, "linestyle": line, "linewidth": width, "markersize": dot}
    for colour, line, width, dot in (
        ("#B0B0B0", "-", 3.4, 4.5),
        ("#E69F00", "--", 1.0, 2.0),
        ("#0072B2", "-", 1.4, 2.0),
        ("#009E73", "-.", 1.4, 2.0),
        ("#CC79A7", ":", 1.8, 2.0),
    )
)

_RIM_AND_CORE = (("#000000", 2.6), ("#FFFFFF", 1.2))

#: Ids in an SVG file are hashes; with a fixed salt they are the same every time.
_FILE = {"svg.hashsalt": "temporal_pose", "svg.fonttype": "path"}


class Poses(NamedTuple):
    """One person in successive frames.

    Args:
        keypoints: heatmap pixels; meaningless where not shown.
        shown: which keypoints to draw.
    """

    keypoints: Float[np.ndarray, "T K 2"]
    shown: Bool[np.ndarray, "T K"]


def skeletons(
    poses: Mapping[str, Poses],
    skeleton: Skeleton = CLIMBALONG25,
    size: int = 56,
    columns: int | None = None,
) -> Figure:
    """A panel a frame with poses over each other, in heatmap pixels, y downwards.

    Each panel's title gives the mean distance from the first pose, over the keypoints that both
    show.

    Args:
        poses: by the name in the legend; the first one is the truth; five at most.
        size: rows and columns of a heatmap, the extent of a panel.
        columns: panels side by side; about as many as rows where None.
    """
    frames = len(next(iter(poses.values())).keypoints)
    columns = columns or ceil(sqrt(frames + 1))
    rows = ceil((frames + 1) / columns)
    figure = Figure((2.25 * columns, 2.65 * rows), dpi=100)
    figure.subplots_adjust(0.01, 0.01, 0.99, 1 - 0.42 / (2.65 * rows), 0.04, 0.22)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for frame, axes in enumerate(panels[:frames]):
        for (name, pose), style in zip(poses.items(), STYLES[: len(poses)], strict=True):
            line = limbs(pose.keypoints[frame], pose.shown[frame], skeleton)
            axes.plot(*line, marker="o", markeredgewidth=0, label=name, **style)
        axes.set_title(_title(poses, frame), fontsize=10, pad=3)
        axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), xticks=[], yticks=[])
        axes.set_aspect("equal")
        axes.spines[:].set_color("#BBBBBB")
    for axes in panels[frames:]:
        axes.axis("off")
    panels[frames].legend(handles=panels[0].lines, loc="center", frameon=False, fontsize=12)
    return figure


def filmstrip(poses: Mapping[str, Poses], skeleton: Skeleton | None, size: int = 56) -> Figure:
    """A row a pose, a column a frame, in heatmap pixels, y downwards; every pose but the first,
    the truth, on top of that, and above it its mean distance from it.

    Args:
        poses: by name.
        skeleton: names the limbs; None for keypoints alone.
        size: rows and columns of a heatmap, the extent of a panel.
    """
    truth = next(iter(poses.values()))
    frames = len(truth.keypoints)
    figure = Figure((1.75 * frames + 0.4, 1.85 * len(poses) + 0.3), dpi=100, layout="constrained")
    grid = figure.subplots(len(poses), frames, squeeze=False).tolist()
    for (name, pose), panels in zip(poses.items(), grid, strict=True):
        panels[0].set_ylabel(name, fontsize=8)
        for frame, axes in enumerate(panels):
            for which, style in ((truth, STYLES[0]), (pose, STYLES[2])):
                line = limbs(which.keypoints[frame], which.shown[frame], skeleton)
                axes.plot(*line, marker="o", markeredgewidth=0, **style)
            axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), xticks=[], yticks=[])
            axes.set_aspect("equal")
            axes.spines[:].set_color("#DDDDDD")
            if pose is not truth:
                axes.set_title(f"{_apart(truth, pose, frame)} px", fontsize=8, pad=2)
    for frame, axes in enumerate(grid[0]):
        axes.set_title(f"frame {frame + 1}", fontsize=9, pad=3)
    return figure


def limbs(
    keypoints: Float[np.ndarray, "K 2"], shown: Bool[np.ndarray, " K"], skeleton: Skeleton | None
) -> Float[np.ndarray, "2 points"]:
    """One line with gaps through all limbs whose ends are shown, and each keypoint for itself."""
    gap, joined = np.full((1, 2), np.nan), skeleton.limb_indices if skeleton else ()
    limbs = [keypoints[[a, b]] for a, b in joined if shown[a] and shown[b]]
    alone = [keypoints[[i]] for i in np.flatnonzero(shown)]
    return np.concatenate([gap, *(part for piece in (*limbs, *alone) for part in (piece, gap))]).T


def _title(poses: Mapping[str, Poses], frame: int) -> str:
    (_, truth), *others = poses.items()
    errors = [f"{name}: {_apart(truth, pose, frame)}" for name, pose in others]
    return f"frame {frame + 1}" + ("\n" + ", ".join(errors) + " px" if errors else "")


def _apart(truth: Poses, pose: Poses, frame: int) -> str:
    """Mean distance in a frame over the keypoints that both show."""
    both = truth.shown[frame] & pose.shown[frame]
    apart = np.linalg.norm(pose.keypoints[frame] - truth.keypoints[frame], axis=-1)[both]
    return f"{apart.mean():.1f}" if len(apart) else "–"


def heatmaps(
    maps: Float[np.ndarray, "N M H W"],
    peaks: Float[np.ndarray, "N M 2"],
    shown: Bool[np.ndarray, "N M"],
    rows: Sequence[str],
    columns: Sequence[str],
) -> Figure:
    """Heatmaps side by side, for example of N keypoints' input, output and target.

    A row has one colour scale, from zero to its largest value, along which colours change with
    the square root, so that a wide, low blob is seen beside a narrow, high one. Values below
    zero look like zero.

    Args:
        peaks: position read off each map, heatmap pixels; the last column's is the truth.
        shown: which maps have a keypoint; the others say so.
        rows: N names.
        columns: M names.
    """
    figure = Figure((1.9 * len(columns) + 0.9, 1.9 * len(rows) + 0.6), dpi=100)
    top, bottom = 1 - 0.28 / figure.get_figheight(), 0.36 / figure.get_figheight()
    figure.subplots_adjust(0.06, bottom, 0.9, top, 0.04, 0.06)
    grid = figure.subplots(len(rows), len(columns), squeeze=False).tolist()
    for row, panels in enumerate(grid):
        scale = PowerNorm(0.5, 0, max(float(maps[row].max()), 0.0) or 1.0, clip=True)
        for axes, heatmap in zip(panels, maps[row], strict=True):
            axes.imshow(heatmap, cmap="viridis", norm=scale, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
        _mark_peaks(panels, peaks[row], shown[row])
        panels[0].set_ylabel(rows[row], fontsize=12)
        _scale_bar(figure, panels[-1], scale)
    for axes, name in zip(grid[0], columns, strict=True):
        axes.set_title(name, fontsize=12, pad=3)
    handles = [
        Line2D([], [], color="#000000", linestyle="", marker=mark, label=name)
        for mark, name in {"+": "truth", "x": "peak of this map"}.items()
    ]
    figure.legend(handles=handles, loc="lower center", ncols=2, frameon=False, fontsize=12)
    return figure


def _mark_peaks(
    panels: Sequence[Axes], peaks: Float[np.ndarray, "M 2"], shown: Bool[np.ndarray, " M"]
) -> None:
    """The truth in every panel, and each map's own peak; white on a black rim."""
    for axes, peak, there in zip(panels, peaks, shown, strict=True):
        marks = {"+": peaks[-1]} if shown[-1] else {}
        marks |= {"x": peak} if there and axes is not panels[-1] else {}
        for (mark, at), (colour, width) in product(marks.items(), _RIM_AND_CORE):
            axes.plot(*at, mark, color=colour, markersize=8, markeredgewidth=width)
        if not there:
            axes.text(0.5, 0.5, "missing", transform=axes.transAxes, color="#FFFFFF", ha="center")


def _scale_bar(figure: Figure, beside: Axes, scale: PowerNorm) -> None:
    box = beside.get_position()
    axes = figure.add_axes((box.x1 + 0.01, box.y0, 0.015, box.height))
    top = float(scale.vmax or 0)
    bar = figure.colorbar(ScalarMappable(scale, "viridis"), cax=axes, ticks=[0, top / 4, top])
    bar.ax.set_yticklabels([f"{tick:.2g}" for tick in (0, top / 4, top)], fontsize=9)
    bar.ax.minorticks_off()


def pixels(figure: Figure) -> UInt8[np.ndarray, "H W 3"]:
    """The figure as an image."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def png(figure: Figure) -> bytes:
    """The figure as PNG."""
    return _save(figure, format="png", dpi=150, metadata={"Software": None})


def svg(figure: Figure) -> bytes:
    """The figure as SVG."""
    return _save(figure, format="svg", metadata={"Date": None, "Creator": None})


def _save(figure: Figure, **how: Any) -> bytes:
    buffer = io.BytesIO()
    with matplotlib.rc_context(_FILE):
        figure.savefig(buffer, **how)
    return buffer.getvalue()


def plain(axes: Axes) -> None:
    """No box, a faint grid, small numbers."""
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)


def plain_numbers(axis: Axis, low: float, high: float) -> None:
    """On a logarithmic axis, a few round numbers instead of powers of ten.

    Args:
        low, high: the smallest and the largest value shown.
    """
    subs = (1, 2, 5) if high > 10 * low else (1, 1.5, 2, 3, 5, 7)
    wide = high > 3 * low
    axis.set_major_locator(LogLocator(subs=subs) if wide else MaxNLocator(5))
    if wide:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    else:  # as many digits as tell neighbours apart
        digits = ScalarFormatter(useOffset=False)
        digits.set_scientific(False)
        axis.set_major_formatter(digits)
    axis.set_minor_formatter(NullFormatter())
