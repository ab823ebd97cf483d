"""Figures show the curves of the events and the errors of the runs, each time the same."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from temporal_pose.reporting.curves import learning_curves
from temporal_pose.reporting.events import read_curves
from temporal_pose.reporting.images import png, svg
from temporal_pose.reporting.labels import place_labels
from temporal_pose.reporting.results import read_results
from temporal_pose.reporting.tradeoff import tradeoff


def draw(folders):
    results = read_results(folders.root, "pretrain")
    return learning_curves(results, {str(r.path): read_curves(r.path) for r in results.runs})


def test_curves_are_read_by_epoch_from_1(folders, log_training):
    log_training(path := folders.add())
    curves = read_curves(path)
    assert curves["train/loss"].epochs.tolist() == [1, 2, 3, 4, 5]
    assert curves["train/loss"].values.tolist() == [5, 4, 3, 2, 1]
    assert curves.drops.tolist() == [4]
    assert len(curves["no/such/tag"]) == 0


def test_a_run_without_events_has_no_curves(folders):
    curves = read_curves(folders.add())
    assert len(curves["train/loss"]) == len(curves.drops) == 0


def test_of_a_repeated_epoch_the_later_value_counts(folders, log_scalars):
    path = folders.add()
    log_scalars(path, 1, **{"val/loss": [3, 2, 9]})
    log_scalars(path, 2, **{"val/loss": [3, 2, 1, 0.5]})
    assert read_curves(path)["val/loss"].values.tolist() == [3, 2, 1, 0.5]


def test_a_row_a_model_a_line_an_experiment(folders, log_training):
    for model in ("deciwatch", "conv3d"):
        for setup in (1, 3):
            log_training(folders.add(model, setup=setup))
    folders.add("savgol", parameters=0, whole=True)
    figure = draw(folders)
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["Conv3D", "DeciWatch"]
    titles = [axes.get_title() for axes in figure.axes[:3]]
    assert titles == ["Training loss", "Validation loss", "Validation PCK@0.05 (%)"]
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["1.1", "1.3", "identity function", "lower learning rate from here"]


def test_panels_show_losses_accuracy_identity_and_drops(folders, log_training):
    log_training(folders.add(setup=2))
    train, validation, accuracy = draw(folders).axes
    curve, dots = train.lines
    assert curve.get_xydata().tolist() == [[1, 5], [2, 4], [3, 3], [4, 2], [5, 1]]
    assert dots.get_xydata().tolist() == [[4, 2]]
    assert validation.lines[0].get_ydata().tolist() == [6, 5, 4, 3, 2]
    curve, dots, identity = accuracy.lines
    assert curve.get_ydata().tolist() == [12.5, 25, 37.5, 50, 62.5]
    assert dots.get_xydata().tolist() == [[4, 50]]
    assert identity.get_ydata() == [25, 25]
    assert identity.get_linestyle() == "--"


def test_accuracies_of_all_models_share_their_scale(folders, log_training, log_scalars):
    log_training(folders.add("conv3d"))
    log_scalars(path := folders.add("deciwatch"), 1, **{"train/loss": [1, 2]})
    log_scalars(path, 2, **{"val/loss": [1, 2], "val/pck@0.05": [0.875, 1]})
    axes = draw(folders).axes
    assert axes[2].get_ylim() == axes[5].get_ylim()
    assert axes[2].get_ylim()[1] > 100


def test_nothing_trained_gives_no_curves(folders):
    folders.add("identity", parameters=0)
    assert draw(folders) is None


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


@pytest.mark.parametrize("save", [png, svg])
def test_the_same_runs_give_the_same_bytes(folders, log_training, save):
    log_training(folders.add())
    results = read_results(folders.root, "pretrain")
    assert save(draw(folders)) == save(draw(folders))
    assert save(tradeoff(results)) == save(tradeoff(results))


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
