"""Samples side by side: crops with their skeletons, as figures."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from temporal_pose.exploring.latent_charts import ORANGE, PALETTE
from temporal_pose.exploring.sample_columns import mean_over
from temporal_pose.exploring.samples import Samples
from temporal_pose.exploring.walks import Walk
from temporal_pose.files.escaping import for_figure
from temporal_pose.pose.skeletons import Skeleton

_EXAMPLES = 9
_TRUTH, _DECODED = "#00A878", ORANGE
_MEAN = 2000  # crops that a mean crop is made of
_PITCH = 1.06  # from a panel to the next; each is 1 wide and high


class Panel(NamedTuple):
    """A place for one crop in a figure; all are of one axes, for axes take time to draw.

    Args:
        x: of its left edge.
        y: of its upper edge, downwards.
        frame: what is drawn in the panel ends at.
    """

    axes: Axes
    x: float
    y: float
    frame: Rectangle


def cluster(samples: Samples, members: Int[np.ndarray, " n"], number: int, seed: int) -> Figure:
    """A cluster: its mean crop, its mean pose, and some members drawn at random.

    Args:
        number: of the cluster, 0 for the first.
    """
    rng = np.random.default_rng(seed + number)
    shown = np.sort(rng.permutation(members)[:_EXAMPLES])
    figure, panels = _row(_EXAMPLES + 2, 1)
    colour = PALETTE[number % len(PALETTE)]
    if samples.thumbnails is not None:
        some = np.sort(rng.permutation(members)[:_MEAN])
        mean = samples.thumbnails[some].mean(0)
        _picture(panels[0, 0], mean.round().astype(np.uint8))
    _titled(panels[0, 0], "mean crop")
    mean_pose = mean_over(samples.poses[members], 0)
    limbs(panels[0, 1], mean_pose, samples.skeleton, colour)
    _titled(panels[0, 1], "mean pose")
    for place, sample in enumerate(shown, 2):
        _sample(panels[0, place], samples, int(sample))
    return figure


def walk(samples: Samples, walked: Walk) -> Figure:
    """A walk: the nearest samples, the mean poses of those as far along, and what the network
    decodes, if it does.
    """
    rows = ["nearest sample", "mean pose", *(["decoded"] if walked.decoded is not None else [])]
    figure, panels = _row(len(walked.steps), len(rows))
    for place, name in enumerate(walked.steps):
        _sample(panels[0, place], samples, int(walked.nearest[place]))
        _titled(panels[0, place], name)
        mean = mean_over(samples.poses[walked.alike[place]], 0)
        limbs(panels[1, place], mean, samples.skeleton, PALETTE[0])
        if walked.decoded is not None:
            limbs(panels[2, place], walked.decoded[place], samples.skeleton, _DECODED)
    for row, name in enumerate(rows):
        _named(panels[row, 0], name)
    return figure


def off(samples: Samples, without: Float[np.ndarray, "n K 2"], count: int = 8) -> Figure:
    """The best known samples: predictions of the network as it is, and with branches off.

    Args:
        without: predictions with branches off, of the first n samples.
    """
    known = (samples.labels[: len(without)] > 0).sum(1)
    shown = np.argsort(-known, kind="stable")[:count]
    figure, panels = _row(max(len(shown), 2), 2)
    for place, sample in enumerate(shown.tolist()):
        for row, poses in enumerate((samples.predicted, without)):
            _picture(panels[row, place], _crop(samples, sample))
            limbs(panels[row, place], poses[sample], samples.skeleton, (_TRUTH, ORANGE)[row])
    _named(panels[0, 0], "as it is")
    _named(panels[1, 0], "branches off")
    return figure


def limbs(panel: Panel, pose: Float[np.ndarray, "K 2"], skeleton: Skeleton, colour: str) -> None:
    """Draws a pose, shares of the crop; what is NaN is left out."""
    pose = pose + np.array([panel.x, panel.y])
    ends = pose[np.array(skeleton.limb_indices, int).reshape(-1, 2)]
    apart = np.full((len(ends), 1, 2), np.nan)  # a line ends at what is no number
    line = np.concatenate((ends, apart), 1).reshape(-1, 2)
    within: dict[str, Any] = {"color": colour, "clip_path": panel.frame}
    panel.axes.plot(*line.T, linewidth=1.3, **within)
    panel.axes.plot(*pose.T, "o", markersize=1.6, **within)


def _sample(panel: Panel, samples: Samples, sample: int) -> None:
    _picture(panel, _crop(samples, sample))
    limbs(panel, samples.poses[sample], samples.skeleton, _TRUTH)


def _crop(samples: Samples, sample: int) -> UInt8[np.ndarray, "S S 3"] | None:
    return None if samples.thumbnails is None else np.asarray(samples.thumbnails[sample])


def _picture(panel: Panel, crop: UInt8[np.ndarray, "S S 3"] | None) -> None:
    if crop is not None:
        extent = (panel.x, panel.x + 1, panel.y + 1, panel.y)
        panel.axes.imshow(crop, extent=extent, aspect="auto")


def _row(columns: int, rows: int) -> tuple[Figure, dict[tuple[int, int], Panel]]:
    """A figure, and its panels by row and column."""
    width, height = _PITCH * columns + 0.2, _PITCH * rows + 0.2
    figure = Figure((width, height), dpi=110)
    axes = figure.add_axes((0.2 / width, 0.04 / height, 1 - 0.22 / width, 1 - 0.2 / height))
    axes.set_axis_off()
    panels = {}
    for row, column in np.ndindex(rows, columns):
        x, y = _PITCH * column, _PITCH * row
        frame = Rectangle((x, y), 1, 1, facecolor="#F6F7F9", edgecolor="#D9DEE7", zorder=-1)
        axes.add_patch(frame)
        panels[row, column] = Panel(axes, x, y, frame)
    axes.set(xlim=(-0.01, _PITCH * columns), ylim=(_PITCH * rows, -0.01), autoscale_on=False)
    return figure, panels


def _titled(panel: Panel, text: str) -> None:
    place = (panel.x + 0.5, panel.y - 0.03)
    panel.axes.text(*place, for_figure(text), fontsize=7, ha="center", va="bottom")


def _named(panel: Panel, text: str) -> None:
    place = (panel.x - 0.04, panel.y + 0.5)
    panel.axes.text(*place, text, fontsize=7, rotation=90, ha="right", va="center")
