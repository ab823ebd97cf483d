"""The figure of accuracy and jitter shows the errors of the runs."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from temporal_pose.reporting.figures.tradeoff import place_labels, tradeoff
from temporal_pose.reporting.finished import read_results


def test_a_point_a_model_at_its_mean_errors(folders):
    for seed, error in enumerate((1.0, 2.0, 6.0), 1):
        folders.add("conv3d", seed=seed, errors=(error, 0.5))
    folders.add("savgol_window", parameters=0, errors=(2.5, 0.75))
    figure = tradeoff(read_results(folders.root, "pretrain"))
    (axes,) = figure.axes
    points = {
        tuple(line.get_xydata()[0].tolist()) for line in axes.lines if line.get_marker() != "None"
    }
    assert points == {(3.0, 4.0), (3.0, 0.5), (2.5, 0.75)}
    assert {t.get_text() for t in axes.texts} == {"Identity", "Conv3D", "Savitzky-Golay"}
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_title() == "Experiment 1.1"


def test_a_lag_that_is_seen_stands_behind_the_name(folders):
    for model, lag in {"conv3d": 0.26, "deciwatch": -0.05, "my_net": 0.049, "other": None}.items():
        folders.add(model, errors=(1.5, 0.5), lag=lag)
    folders.add("identity", parameters=0)
    figure = tradeoff(read_results(folders.root, "pretrain"))
    names = {text.get_text() for text in figure.axes[0].texts}
    assert names == {"Identity", "Conv3D +0.3", "DeciWatch -0.1", "my_net", "other"}
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[-1] == "+0.1: lag in frames, if not 0.0"


def test_without_errors_there_is_no_tradeoff(folders):
    folders.add(errors=(None, None), identity_errors=(None, None))
    assert tradeoff(read_results(folders.root, "pretrain")) is None


def test_names_of_crowded_points_do_not_cover_each_other():
    figure = Figure((5, 4))
    axes = figure.subplots()
    places = np.random.default_rng(0).uniform(0.45, 0.55, (9, 2))
    axes.plot(*places.T, "o")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    place_labels(axes, [(f"model {n}", *place) for n, place in enumerate(places.tolist())])
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == 9
    wide = [Bbox.from_extents(box.x0 - 4, box.y0, box.x1 + 4, box.y1) for box in boxes]
    assert not any(a.overlaps(b) for n, a in enumerate(wide) for b in boxes[:n])
