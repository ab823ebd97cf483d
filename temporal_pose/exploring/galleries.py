"""Samples side by side: crops with their skeletons, as figures."""

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from temporal_pose.exploring.latent_charts import ORANGE, PALETTE
from temporal_pose.exploring.sample_columns import mean_over
from temporal_pose.exploring.samples import Samples
from temporal_pose.exploring.walks import Walk
from temporal_pose.files.escaping import for_figure
from temporal_pose.pose.skeletons import Skeleton

_EXAMPLES = 9
_TRUTH, _DECODED = "#00A878", ORANGE
_MEAN = 2000  # crops that a mean crop is made of


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
        panels[0, 0].imshow(mean.round().astype(np.uint8), extent=(0, 1, 1, 0))
    _titled(panels[0, 0], "mean crop")
    mean_pose = mean_over(samples.poses[members], 0)
    limbs(panels[0, 1], mean_pose, samples.skeleton, colour)
    _titled(panels[0, 1], "mean pose")
    for axes, sample in zip(panels[0, 2:], shown, strict=False):
        _sample(axes, samples, int(sample))
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
        panels[row, 0].set_ylabel(name, fontsize=7)
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
    panels[0, 0].set_ylabel("as it is", fontsize=7)
    panels[1, 0].set_ylabel("branches off", fontsize=7)
    return figure


def limbs(axes: Axes, pose: Float[np.ndarray, "K 2"], skeleton: Skeleton, colour: str) -> None:
    """Draws a pose, shares of the crop; what is NaN is left out."""
    for a, b in skeleton.limb_indices:
        if np.isfinite(pose[[a, b]]).all():
            axes.plot(*pose[[a, b]].T, color=colour, linewidth=1.3)
    axes.plot(*pose.T, "o", color=colour, markersize=1.6)


def _sample(axes: Axes, samples: Samples, sample: int) -> None:
    _picture(axes, _crop(samples, sample))
    limbs(axes, samples.poses[sample], samples.skeleton, _TRUTH)


def _crop(samples: Samples, sample: int) -> UInt8[np.ndarray, "S S 3"] | None:
    return None if samples.thumbnails is None else np.asarray(samples.thumbnails[sample])


def _picture(axes: Axes, crop: UInt8[np.ndarray, "S S 3"] | None) -> None:
    if crop is not None:
        axes.imshow(crop, extent=(0, 1, 1, 0))


def _row(columns: int, rows: int) -> tuple[Figure, np.ndarray]:
    figure = Figure((1.02 * columns + 0.2, 1.02 * rows + 0.2), dpi=110, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[], aspect="equal")
        axes.set_facecolor("#F6F7F9")
        axes.spines[:].set_color("#D9DEE7")
    return figure, panels


def _titled(axes: Axes, text: str) -> None:
    axes.set_title(for_figure(text), fontsize=7, pad=2)
