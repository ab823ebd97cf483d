"""Drawing poses and heatmaps: arrays in, a figure out, and nothing shared between calls."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import ceil, sqrt
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

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
            limbs = _limbs(pose.keypoints[frame], pose.shown[frame], skeleton)
            axes.plot(*limbs, marker="o", markeredgewidth=0, label=name, **style)
        axes.set_title(_title(poses, frame), fontsize=10, pad=3)
        axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), xticks=[], yticks=[])
        axes.set_aspect("equal")
        axes.spines[:].set_color("#BBBBBB")
    for axes in panels[frames:]:
        axes.axis("off")
    panels[frames].legend(handles=panels[0].lines, loc="center", frameon=False, fontsize=12)
    return figure


def _limbs(
    keypoints: Float[np.ndarray, "K 2"], shown: Bool[np.ndarray, " K"], skeleton: Skeleton
) -> Float[np.ndarray, "2 points"]:
    """One line with gaps through all limbs whose ends are shown, and each keypoint for itself."""
    gap = np.full((1, 2), np.nan)
    limbs = [keypoints[[a, b]] for a, b in skeleton.limb_indices if shown[a] and shown[b]]
    alone = [keypoints[[i]] for i in np.flatnonzero(shown)]
    return np.concatenate([gap, *(part for piece in (*limbs, *alone) for part in (piece, gap))]).T


def _title(poses: Mapping[str, Poses], frame: int) -> str:
    (_, truth), *others = poses.items()
    errors = []
    for name, pose in others:
        both = truth.shown[frame] & pose.shown[frame]
        apart = np.linalg.norm(pose.keypoints[frame] - truth.keypoints[frame], axis=-1)[both]
        errors.append(f"{name}: {apart.mean():.1f}" if len(apart) else f"{name}: –")
    return f"frame {frame + 1}" + ("\n" + ", ".join(errors) + " px" if errors else "")


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
