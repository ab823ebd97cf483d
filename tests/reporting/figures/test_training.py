"""Figures show the curves of the events and the errors of the runs, each time the same."""

import re

import numpy as np
import pytest

from temporal_pose.reporting.figures.panels import png, svg
from temporal_pose.reporting.figures.tradeoff import tradeoff
from temporal_pose.reporting.figures.training import five_frames, learning_curves
from temporal_pose.reporting.finished import read_results
from temporal_pose.runs.events import read_curves


def draw(folders):
    results = read_results(folders.root, "pretrain")
    return learning_curves(results, {r.path: read_curves(r.path) for r in results.runs})


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


@pytest.mark.parametrize("save", [png, svg])
def test_the_same_runs_give_the_same_bytes(folders, log_training, save):
    log_training(folders.add())
    results = read_results(folders.root, "pretrain")
    assert save(draw(folders)) == save(draw(folders))
    assert save(tradeoff(results)) == save(tradeoff(results))


def test_an_experiment_keeps_its_colour_whatever_else_was_run(folders, log_training):
    log_training(folders.add(setup=2))
    alone = draw(folders).axes[0].lines[0].get_color()
    log_training(folders.add(setup=1))
    log_training(folders.add(setup=3))
    lines = [line.get_color() for line in draw(folders).axes[0].lines[::2]]
    assert lines[1] == alone
    assert len(set(lines)) == 3


def test_a_training_without_validation_is_drawn_as_far_as_it_goes(folders, log_scalars):
    log_scalars(folders.add(), 1, **{"train/loss": [3, 2, 1]})
    train, validation, accuracy = draw(folders).axes
    assert train.lines[0].get_ydata().tolist() == [3, 2, 1]
    assert [len(line.get_ydata()) for line in (*validation.lines, *accuracy.lines)] == [0] * 4
    assert png(draw(folders))


def test_what_diverges_is_drawn_until_it_does(folders, log_scalars):
    huge, lost = float(np.finfo(np.float32).max), float("nan")
    log_scalars(folders.add(), 1, **{"train/loss": [3, 2, huge, lost], "val/loss": [lost] * 4})
    train, validation, _ = draw(folders).axes
    assert train.lines[0].get_xydata().tolist() == [[1, 3], [2, 2]]
    assert len(validation.lines[0].get_ydata()) == 0


@pytest.mark.parametrize("name", ["a$\\frac{$", "\x1b[31m", "人" * 300, "$" * 7, "_^{}\\"])
@pytest.mark.filterwarnings("ignore:Glyph", "ignore:constrained_layout not applied")
def test_a_name_is_never_taken_for_tex(folders, log_training, name):
    log_training(path := folders.add("conv3d", title=name))
    folders.keep(path, 0.5)
    results = read_results(folders.root, "pretrain")
    for figure in (draw(folders), tradeoff(results), five_frames(results).figure):
        assert png(figure)
        assert svg(figure)
    label = draw(folders).axes[0].get_ylabel()
    assert label.replace("\\$", "$")[:5] == name.replace("\x1b", "\N{REPLACEMENT CHARACTER}")[:5]


def test_five_frames_show_truth_detector_networks_and_the_best_filter(folders):
    folders.keep(folders.add("conv3d"), 0.5)
    folders.keep(folders.add("deciwatch"), 0.25)
    folders.keep(folders.add("savgol", parameters=0, whole=True, val_error=1.0), 0.75)
    folders.keep(folders.add("kalman", parameters=0, whole=True, val_error=2.0), 0.5)
    folders.add("identity", parameters=0)
    shown = five_frames(read_results(folders.root, "pretrain"))
    rows = np.array(shown.figure.axes).reshape(-1, 5)
    assert [axes.get_ylabel() for axes in rows[:, 0]] == [
        *("truth", "detector", "Conv3D", "DeciWatch", "Savitzky-Golay")
    ]
    titles = [axes.get_title() for axes in rows[1:, 2]]
    assert titles == ["1.0 px", "0.5 px", "0.2 px", "0.8 px"]
    assert re.search("of the test video [abc], experiment 1.1:", shown.caption)


def test_the_window_of_five_frames_is_the_median_one_of_those_that_show_most(folders):
    """Windows 1 to 6 show everything, with an input that is off by their number."""
    truth = np.random.default_rng(1).uniform(8, 12, (7, 5, 3, 2)).astype(np.float32)
    off = np.zeros_like(truth)
    off[..., 0] = np.array([9, 6, 1, 5, 2, 4, 3])[:, None, None]
    visible = np.ones((7, 5, 3), bool)
    visible[0, 4, 1] = False
    video = np.array([f"v{n}" for n in range(7)])
    fields = {"truth": truth, "observed": truth + off, "visible": visible, "video": video}
    folders.keep(folders.add("conv3d"), predicted=truth, **fields)
    assert "test video v5," in five_frames(read_results(folders.root, "pretrain")).caption


def test_the_hold_out_video_is_shown_where_all_have_it(folders):
    for model in ("conv3d", "deciwatch"):
        path = folders.add(model)
        folders.keep(path, 0.5)
        folders.keep(path, 0.5, file="holdout.npz", video=np.array(["longest"] * 7))
    shown = five_frames(read_results(folders.root, "pretrain"))
    assert "of the hold-out video longest," in shown.caption
    (path / "holdout.npz").unlink()
    assert "of the test video" in five_frames(read_results(folders.root, "pretrain")).caption


def test_without_predictions_of_a_network_there_are_no_five_frames(folders):
    folders.keep(folders.add("identity", parameters=0))
    folders.add("conv3d")
    assert five_frames(read_results(folders.root, "pretrain")) is None


def test_a_damaged_hold_out_file_is_left_out(folders):
    path = folders.add("conv3d")
    folders.keep(path, 0.5)
    (path / "holdout.npz").write_bytes(b"PK\x03\x04 not a zip file")
    assert five_frames(read_results(folders.root, "pretrain")) is None
