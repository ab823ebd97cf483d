"""The best filter is chosen without a look at the test set; what predictions tell, in tables."""

import pytest

from temporal_pose.reporting.finished import read_results
from temporal_pose.reporting.tables.contrasts import (
    band_table,
    best_filter,
    difference_table,
    prediction_tables,
    worse_table,
)


def test_the_best_filter_is_best_in_validation_whatever_the_test_says(folders):
    folders.add("savgol", parameters=0, whole=True, errors=(0.5, 1.0), val_error=2.0)
    folders.add("kalman", parameters=0, whole=True, errors=(1.5, 1.0), val_error=1.0)
    folders.add("conv3d", errors=(0.1, 0.1), val_error=0.1)
    assert best_filter(read_results(folders.root, "pretrain"), 1, "1").key == "kalman"
    assert best_filter(read_results(folders.root, "pretrain"), 1, "2") is None
    assert best_filter(read_results(folders.root, "pretrain"), 2, "1") is None


def test_validation_errors_are_means_over_seeds_and_must_be_there_for_all(folders):
    for seed, (savgol, kalman) in enumerate(((1.0, 2.0), (5.0, 3.0)), 1):
        folders.add("savgol", seed=seed, parameters=0, whole=True, val_error=savgol)
        folders.add("kalman", seed=seed, parameters=0, whole=True, val_error=kalman)
    assert best_filter(read_results(folders.root, "pretrain"), 1, "1").key == "kalman"
    folders.add("kalman", seed=3, parameters=0, whole=True)
    assert best_filter(read_results(folders.root, "pretrain"), 1, "1").key == "savgol"


def test_what_an_older_version_made_is_not_chosen_and_the_table_says_why(folders):
    filters = {"savgol": (0.5, None), "gaussian": (0.75, 2.0), "kalman": (1.0, None)}
    for model, (error, validated) in filters.items():
        extra = {} if validated is None else {"val_error": validated}
        path = folders.add(model, parameters=0, whole=True, errors=(error, 1.0), **extra)
        folders.keep(path, error)
    folders.keep(folders.add("conv3d", errors=(0.25, 1.0)), 0.25)
    table = difference_table(read_results(folders.root, "pretrain"), 1)
    assert (
        "Best filter: lowest position error on the validation set. 1.1: Gaussian." in table.legend
    )
    assert (
        "Not considered as best filter, for an older version made the runs, without val/error_px "
        "(force=true repeats them): Kalman 1.1, Savitzky-Golay 1.1."
    ) in table.legend
    rows = dict(table.rows)
    assert rows["Conv3D"][1].mean == pytest.approx(-0.5, abs=1e-6)
    assert rows["Gaussian"][1].number() == "+0.00"
    assert rows["Kalman"][1].mean == pytest.approx(0.25, abs=1e-6)


def test_without_a_best_filter_its_column_is_not_available(folders):
    folders.keep(folders.add("savgol", parameters=0, whole=True), 0.5)
    table = difference_table(read_results(folders.root, "pretrain"), 1)
    assert [cell.number() for cell in dict(table.rows)["Savitzky-Golay"]] == [
        *("-0.50 [-0.50, -0.50]", "n/a")
    ]
    assert not any(line.startswith("Best filter") for line in table.legend)


def test_worse_than_the_input_is_marked_in_every_band(folders):
    folders.keep(folders.add("conv3d"), 1.5)
    folders.keep(folders.add("kalman", parameters=0, whole=True), 0.5)
    table = band_table(read_results(folders.root, "pretrain"), 1)
    assert table.headings[0].spans == (("Input's error (torsos)", 1), ("Movement", 3))
    assert table.headings[1].columns == ["to 0.2", "slower half", "between", "fastest tenth"]
    assert {name: {c.number() + c.signs for c in cells} for name, cells in table.rows} == {
        "Identity function 1.1": {"1.00"},
        "Conv3D 1.1": {"1.50†"},
        "Kalman 1.1": {"0.50"},
    }
    assert all(cell.best for cell in dict(table.rows)["Kalman 1.1"])
    assert "*: best of its band and experiment." in table.notes("*")


def test_videos_and_keypoints_that_became_worse(folders):
    """Three keypoints: one better by 0.9, one worse by 0.2, one as it was."""
    folders.keep(folders.add("conv3d"), (0.1, 1.2, 1.0))
    folders.keep(folders.add("kalman", parameters=0, whole=True), 1.5)
    folders.add("savgol", parameters=0, whole=True)
    table = worse_table(read_results(folders.root, "pretrain"), 1)
    shown = {name: [cell.number() for cell in cells] for name, cells in table.rows}
    assert shown == {
        "Conv3D": ["0.0", "33.3"],
        "Kalman": ["100.0", "100.0"],
        "Savitzky-Golay": ["n/a", "n/a"],
    }
    assert [cell.best for cell in dict(table.rows)["Conv3D"]] == [True, True]


def test_a_k_without_predictions_has_none_of_these_tables(folders):
    folders.keep(folders.add("conv3d"), 1.5)
    folders.add("conv3d", k=2)
    results = read_results(folders.root, "pretrain")
    found = [table.key for k in results.ks for table in prediction_tables(results, k)]
    assert found == ["differences_k1", "worse_k1", "bands_k1"]
