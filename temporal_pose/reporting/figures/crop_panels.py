"""Drawing crops of single people: skeletons and heatmaps over the pixels."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from temporal_pose.files.escaping import for_figure
from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.reporting.figures.panels import limbs

#: Truth and prediction: below and above each other, and of colours that everybody can tell apart.
_STYLES = (
    {"color": "#FFFFFF", "linestyle": "-", "linewidth": 3.4, "markersize": 5.0},
    {"color": "#D55E00", "linestyle": "-", "linewidth": 1.6, "markersize": 3.0},
)


class Looked(NamedTuple):
    """A crop as a network saw and answered it.

    Args:
        image: red, green and blue, 0 to 1.
        truth: crop pixels.
        shown: which keypoints have a truth.
        predicted: crop pixels.
        heatmaps: what was emitted, of the whole crop; peaks of 1.
        targets: what should have been.
    """

    image: Float[np.ndarray, "S S 3"]
    truth: Float[np.ndarray, "K 2"]
    shown: Bool[np.ndarray, " K"]
    predicted: Float[np.ndarray, "K 2"]
    heatmaps: Float[np.ndarray, "K H W"]
    targets: Float[np.ndarray, "K H W"]


def skeletons(crops: Sequence[Looked], skeleton: Skeleton) -> Figure:
    """The crops side by side, with the true and the predicted pose; above each the mean distance
    of the two in crop pixels.
    """
    figure = Figure((2.6 * len(crops), 3.0), dpi=100, layout="constrained")
    for axes, crop in zip(figure.subplots(1, len(crops), squeeze=False).flat, crops, strict=True):
        _picture(axes, crop.image)
        everywhere = np.ones_like(crop.shown)
        poses = ((crop.truth, crop.shown, "truth"), (crop.predicted, everywhere, "prediction"))
        for (pose, shown, name), style in zip(poses, _STYLES, strict=True):
            line = limbs(pose, shown, skeleton)
            axes.plot(*line, marker="o", markeredgewidth=0, label=name, **style)
        apart = np.linalg.norm(crop.predicted - crop.truth, axis=-1)[crop.shown]
        axes.set_title(f"{apart.mean():.1f} px" if len(apart) else "no truth", fontsize=10)
    axes.legend(loc="lower right", fontsize=8, facecolor="#888888")
    return figure


def heatmaps(crops: Sequence[Looked], keypoints: Sequence[int], names: Sequence[str]) -> Figure:
    """A row a crop: all targets in one, all heatmaps in one, and those of some keypoints, over
    the pixels.

    Args:
        keypoints: which have a panel of their own.
        names: theirs.
    """
    columns = ["all targets", "all heatmaps", *names]
    figure = Figure((2.1 * len(columns), 2.2 * len(crops) + 0.2), dpi=100, layout="constrained")
    grid = figure.subplots(len(crops), len(columns), squeeze=False).tolist()
    for panels, crop in zip(grid, crops, strict=True):
        maps = [crop.targets.max(0), crop.heatmaps.max(0), *crop.heatmaps[list(keypoints)]]
        for axes, heatmap in zip(panels, maps, strict=True):
            _picture(axes, crop.image.mean(-1, keepdims=True).repeat(3, -1) * 0.7)
            size = len(crop.image)
            axes.imshow(
                heatmap,
                cmap="magma",
                vmin=0,
                vmax=max(float(heatmap.max()), 1e-6),
                alpha=np.clip(heatmap / max(float(heatmap.max()), 1e-6), 0, 1) ** 0.5 * 0.8,
                extent=(-0.5, size - 0.5, size - 0.5, -0.5),
                interpolation="nearest",
            )
        for axes, heatmap in zip(panels[1:], maps[1:], strict=True):
            axes.set_xlabel(f"peak {heatmap.max():.2f}", fontsize=8, labelpad=1)
    for axes, name in zip(grid[0], columns, strict=True):
        axes.set_title(for_figure(name, 24), fontsize=10)
    return figure


def _picture(axes: Axes, image: Float[np.ndarray, "S S 3"]) -> None:
    axes.imshow(image.clip(0, 1), interpolation="nearest")
    size = len(image)
    axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), xticks=[], yticks=[])
