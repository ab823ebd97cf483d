"""What was found as charts: arrays in, a figure out."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from temporal_pose.exploring.clusters import Partition
from temporal_pose.exploring.components import Components
from temporal_pose.exploring.skips import SkipsOff
from temporal_pose.files.escaping import for_figure

BLUE, ORANGE, GREY = "#0072B2", "#E69F00", "#8A8F98"
#: Colours of clusters (Okabe and Ito, 2008, and darker ones beyond).
PALETTE = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"),
    *("#D55E00", "#6A51A3", "#8C6D31", "#525252", "#B8A300"),
)


def explained(found: Components) -> Figure:
    """How much of the variance the first so many components hold."""
    figure = Figure((6.2, 3.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    total = np.cumsum(found.explained)
    axes.plot(np.arange(1, len(total) + 1), total, color=BLUE, linewidth=1.8)
    for share, colour in ((0.95, ORANGE), (0.5, GREY)):
        count = found.needed(share)
        axes.axhline(share, color=colour, linewidth=0.8, linestyle=":")
        text = f"{count:,} component{'s' * (count > 1)} hold {share:.0%}"
        axes.plot([count], [total[count - 1]], "o", color=colour, markersize=6, label=text)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    axes.set(xscale="log", ylim=(0, 1.03), xlabel="number of components", ylabel="variance held")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    _plain(axes)
    return figure


def silhouettes(parts: Sequence[Partition]) -> Figure:
    """Silhouettes beside those of one cloud, stability, and the density between clusters."""
    figure = Figure((9.2, 3), dpi=110, layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    ks = [one.k for one in parts]
    left.plot(ks, [p.silhouette for p in parts], "o-", color=BLUE, label="samples")
    left.plot(ks, [p.null for p in parts], "s--", color=GREY, label="one Gaussian cloud")
    left.set(title="silhouette (higher: better parted)")
    left.legend(frameon=False, fontsize=8)
    middle.plot(ks, [p.stability for p in parts], "o-", color=BLUE)
    middle.axhline(0.9, color=ORANGE, linestyle=":", label="clusters: above")
    middle.set(title="agreement between seeds", ylim=(-0.05, 1.08))
    right.plot(ks, [p.between for p in parts], "o-", color=BLUE)
    right.axhline(0.25, color=ORANGE, linestyle=":", label="clusters: below")
    right.set(title="density between clusters", ylim=(-0.05, 1.08))
    for axes in (left, middle, right):
        axes.set(xlabel="clusters, k", xticks=ks)
        axes.title.set_fontsize(9.5)
        _plain(axes)
    for axes in (middle, right):
        axes.legend(frameon=False, fontsize=8)
    low = min(0.0, *(p.silhouette for p in parts))
    left.set_ylim(low, max(*(max(p.silhouette, p.null) for p in parts), 0.05) * 1.15)
    return figure


def plane(
    places: Float[np.ndarray, "N 2"], labels: Int[np.ndarray, " N"], names: tuple[str, str]
) -> Figure:
    """Samples in the plane, coloured by cluster.

    Args:
        labels: 0 for the first cluster.
        names: of the two axes.
    """
    figure = Figure((6.2, 5), dpi=110, layout="constrained")
    axes = figure.subplots()
    for label in np.unique(labels):
        rows = labels == label
        colour = PALETTE[int(label) % len(PALETTE)]
        name = f"part {label + 1}"
        axes.scatter(*places[rows].T, s=7, color=colour, linewidths=0, alpha=0.7, label=name)
    axes.set(xlabel=names[0], ylabel=names[1])
    axes.legend(frameon=False, fontsize=8, markerscale=2)
    _plain(axes)
    return figure


def branches(found: SkipsOff) -> Figure:
    """What is found of each keypoint with and without branches."""
    figure = Figure((9.2, 3.4), dpi=110, layout="constrained")
    axes = figure.subplots()
    there = np.flatnonzero(np.isfinite(found.whole))
    places = np.arange(len(there))
    axes.bar(places - 0.2, found.whole[there], 0.4, color=GREY, label="the network as it is")
    axes.bar(places + 0.2, found.cut[there], 0.4, color=ORANGE, label="branches off")
    names = [for_figure(found.names[i].replace("_", " "), 24) for i in there]
    axes.set_xticks(places, names, rotation=40, ha="right", fontsize=8)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set(ylabel="found within 5 % of the crop")
    axes.legend(frameon=False, fontsize=8)
    _plain(axes)
    return figure


def _plain(axes: Axes) -> None:
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
