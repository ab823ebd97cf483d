"""Crops of single people, drawn."""

import numpy as np

from temporal_pose.pose.skeletons import SKELETONS
from temporal_pose.reporting.figures.crop_panels import Looked, heatmaps, skeletons
from temporal_pose.reporting.figures.panels import pixels


def test_crops_are_drawn_with_both_poses_and_their_heatmaps():
    rng = np.random.default_rng(0)
    skeleton = SKELETONS["lsp14"]
    crops = [
        Looked(
            rng.random((20, 20, 3)).astype(np.float32),
            rng.uniform(0, 19, (14, 2)).astype(np.float32),
            np.arange(14) < seen,
            rng.uniform(0, 19, (14, 2)).astype(np.float32),
            rng.random((14, 5, 5)).astype(np.float32),
            np.zeros((14, 5, 5), np.float32),
        )
        for seen in (14, 0)
    ]
    figure = skeletons(crops, skeleton)
    apart = np.linalg.norm(crops[0].truth - crops[0].predicted, axis=-1).mean()
    assert [axes.get_title() for axes in figure.axes] == [f"{apart:.1f} px", "no truth"]
    assert pixels(figure).ndim == 3
    maps = heatmaps(crops, [0, 5], ["right ankle", "a$\\frac{$"])
    titles = [axes.get_title() for axes in maps.axes[:4]]
    assert titles == ["all targets", "all heatmaps", "right ankle", r"a\$\frac{\$"]
    assert pixels(maps).ndim == 3
