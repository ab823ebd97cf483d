"""The best filter is chosen without a look at the test set."""

import numpy as np
import pytest

from temporal_pose.reporting.comparisons import read_tested
from temporal_pose.reporting.contrasts import best_filter, difference_table, fast_table
from temporal_pose.reporting.results import read_results


def read(folders):
    read_tested.cache_clear()
    return read_results(folders.root, "pretrain")


def keep_predictions(path, scale, of_input=1.0):
    """Predictions that are off by a constant, and an input that is off by another."""
    truth = np.random.default_rng(0).normal(size=(7, 5, 3, 2)).cumsum(1).astype(np.float32)
    np.savez(
        path / "predictions.npz",
        window=np.arange(7),
        video=np.array(list("aabbccc")),
        predicted=truth + np.float32([scale, 0]),
        observed=truth + np.float32([of_input, 0]),
        truth=truth,
        visible=np.ones((7, 5, 3), bool),
        torso=np.ones((7, 5), np.float32),
    )


def test_the_best_filter_is_best_in_validation_whatever_the_test_says(folders):
    folders.add("savgol", parameters=0, whole=True, errors=(0.5, 1.0), val_error=2.0)
    folders.add("kalman", parameters=0, whole=True, errors=(1.5, 1.0), val_error=1.0)
    folders.add("conv3d", errors=(0.1, 0.1), val_error=0.1)
    assert best_filter(read(folders), 1, "1").key == "kalman"
    assert best_filter(read(folders), 1, "2") is None
    assert best_filter(read(folders), 2, "1") is None


def test_validation_errors_are_means_over_seeds_and_must_be_there_for_all(folders):
    for seed, (savgol, kalman) in enumerate(((1.0, 2.0), (5.0, 3.0)), 1):
        folders.add("savgol", seed=seed, parameters=0, whole=True, val_error=savgol)
        folders.add("kalman", seed=seed, parameters=0, whole=True, val_error=kalman)
    assert best_filter(read(folders), 1, "1").key == "kalman"
    folders.add("kalman", seed=3, parameters=0, whole=True)
    assert best_filter(read(folders), 1, "1").key == "savgol"


def test_what_an_older_version_made_is_not_chosen_and_the_table_says_why(folders):
    filters = {"savgol": (0.5, None), "gaussian": (0.75, 2.0), "kalman": (1.0, None)}
    for model, (error, validated) in filters.items():
        extra = {} if validated is None else {"val_error": validated}
        path = folders.add(model, parameters=0, whole=True, errors=(error, 1.0), **extra)
        keep_predictions(path, error)
    keep_predictions(folders.add("conv3d", errors=(0.25, 1.0)), 0.25)
    table = difference_table(read(folders), 1)
    assert (
        "Best filter: lowest position error on the validation set. 1.1: Gaussian." in table.legend
    )
    assert (
        "Not considered as best filter, for an older version made the runs, without val/error_px "
        "(force=true repeats them): Savitzky-Golay 1.1, Kalman 1.1."
    ) in table.legend
    rows = dict(table.rows)
    assert rows["Conv3D"][3].mean == pytest.approx(-0.5, abs=1e-6)
    assert rows["Gaussian"][3].number() == "+0.00"
    assert rows["Kalman"][3].mean == pytest.approx(0.25, abs=1e-6)


def test_without_a_best_filter_its_column_is_not_available(folders):
    keep_predictions(folders.add("savgol", parameters=0, whole=True), 0.5)
    table = difference_table(read(folders), 1)
    assert [cell.number() for cell in dict(table.rows)["Savitzky-Golay"]] == [
        *("-0.50 [-0.50, -0.50]", "–", "–", "n/a", "–", "–")
    ]
    assert not any(line.startswith("Best filter") for line in table.legend)


def test_worse_than_the_input_on_fast_movements_is_marked(folders):
    keep_predictions(folders.add("conv3d"), 1.5)
    keep_predictions(folders.add("kalman", parameters=0, whole=True), 0.5)
    table = fast_table(read(folders), 1)
    cells = {name: cells[0] for name, cells in table.rows}
    assert [name for name, cell in cells.items() if cell.worse] == ["Conv3D"]
    assert [name for name, cell in cells.items() if cell.best] == ["Kalman"]
    assert cells["Conv3D"].number() == "1.50"
