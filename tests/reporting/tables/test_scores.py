"""Tables hold the numbers of the runs."""

import numpy as np

from temporal_pose.reporting.finished import MODELS, read_results, title_of
from temporal_pose.reporting.tables.scores import (
    cost_table,
    error_table,
    keypoint_tables,
    pck_table,
)
from temporal_pose.runs.results import HOLDOUT


def read(folders, grid=False):
    return read_results(folders.root, "pretrain", grid)


def row(table, name):
    return dict(table.rows)[name]


def numbers(table, name):
    return [cell.number() for cell in row(table, name)]


def test_a_column_is_a_threshold_and_a_setup_that_was_run(folders):
    folders.add(setup=1, pck=(0.125, 0.25, 0.5))
    folders.add(setup=3, pck=(0.375, 0.625, 1.0))
    table = pck_table(read(folders), 1)
    assert [name for name, _ in table.rows] == ["Identity function", "Conv3D"]
    assert numbers(table, "Conv3D") == ["12.5", "37.5", "25.0", "62.5", "50.0", "100.0"]
    assert numbers(table, "Identity function") == ["20.0", "20.0", "60.0", "60.0", "80.0", "80.0"]
    assert table.headings[0].spans == (("PCK@0.05", 2), ("PCK@0.1", 2), ("PCK@0.2", 2))
    assert table.headings[2].columns == ["1.1", "1.3"] * 3
    assert not any("no finished run" in line for line in table.notes("Bold"))


def test_rows_and_columns_are_those_of_the_tables_own_k(folders):
    folders.add("conv3d", setup=1, k=1)
    folders.add("deciwatch", setup=2, k=2)
    first, second = (pck_table(read(folders), k) for k in (1, 2))
    assert [name for name, _ in first.rows] == ["Identity function", "Conv3D"]
    assert [name for name, _ in second.rows] == ["Identity function", "DeciWatch"]
    assert second.headings[2].columns == ["2.2"] * 3


def test_the_whole_grid_shows_what_is_missing(folders):
    folders.add(setup=2, pck=(0.125, 0.25, 0.5))
    table = pck_table(read(folders, grid=True), 1)
    assert [name for name, _ in table.rows] == [title_of(key) for key in MODELS]
    assert numbers(table, "Conv3D")[:3] == ["–", "12.5", "–"]
    assert numbers(table, "DeciWatch") == ["–"] * 9
    assert "–: no finished run." in table.notes("Bold")


def test_the_header_gives_the_mean_threshold_in_heatmap_pixels(folders):
    folders.add(setup=1, torso=16.05)
    assert pck_table(read(folders), 1).headings[1].spans == (("0.80", 1), ("1.61", 1), ("3.21", 1))
    folders.add(setup=2, torso=17.0)
    spans = pck_table(read(folders), 1).headings[1].spans
    assert spans == (("0.80 to 0.85", 2), ("1.61 to 1.70", 2), ("3.21 to 3.40", 2))


def test_best_is_marked_with_all_that_equal_it_as_shown(folders):
    folders.add("conv3d", pck=(0.5001, 0.75, 0.9))
    folders.add("deciwatch", pck=(0.4999, 0.7, 0.9))
    folders.add("biconvlstm_s", pck=(0.49, 0.7, 0.9))
    table = pck_table(read(folders), 1)
    best = {name: [cell.best for cell in cells] for name, cells in table.rows}
    assert best["Conv3D"] == [True, True, True]
    assert best["DeciWatch"] == [True, False, True]
    assert best["bi-ConvLSTM - sum."] == [False, False, True]
    assert best["Identity function"] == [False] * 3


def test_the_identity_can_be_best_and_a_lone_number_is_not(folders):
    folders.add("conv3d", pck=(0.1, 0.2, 0.3), setup=2)
    cells = row(pck_table(read(folders), 1), "Identity function")
    assert [cell.best for cell in cells] == [True] * 3
    folders.add("identity", setup=1, pck=(0.2, 0.6, 0.8), parameters=0)
    cells = row(pck_table(read(folders), 1), "Identity function")
    assert [cell.best for cell in cells] == [False, True] * 3


def test_worse_than_the_identity_of_the_same_run_is_marked(folders):
    folders.add("conv3d", pck=(0.1999, 0.2, 0.9))
    cells = row(table := pck_table(read(folders), 1), "Conv3D")
    assert [cell.signs for cell in cells] == ["", "†", ""]  # 20.0 against 20.0 is no worse
    assert "†: worse than the identity function." in table.notes("Bold")


def test_several_seeds_give_mean_and_sample_deviation(folders):
    shares = [(0.5, 0.75, 0.8), (0.625, 0.75, 0.85), (0.55, 0.7, 0.99)]
    for seed, pck in enumerate(shares, 1):
        folders.add(seed=seed, pck=pck, identity=(0.1 * seed, 0.2, 0.3))
    table = pck_table(read(folders), 1)
    percent = 100 * np.array(shares)
    cells = row(table, "Conv3D")
    np.testing.assert_allclose([cell.mean for cell in cells], percent.mean(0))
    np.testing.assert_allclose([cell.sd for cell in cells], percent.std(0, ddof=1))
    assert cells[0].number() == "55.8 ± 6.3"
    assert numbers(table, "Identity function")[0] == "20.0 ± 10.0"
    assert table.legend[-1] == "Mean ± sample standard deviation over 3 seeds."


def test_unequal_numbers_of_seeds_are_listed(folders):
    for seed in (1, 2):
        folders.add("conv3d", seed=seed)
    folders.add("deciwatch")
    folders.add("conv3d", setup=2)
    assert pck_table(read(folders), 1).legend[-1] == (
        "Mean ± sample standard deviation over seeds. Number of seeds: Identity function 1 or 2; "
        "Conv3D 1 or 2; DeciWatch 1."
    )


def test_runs_with_other_input_are_pointed_out(folders):
    folders.add("conv3d")
    folders.add("deciwatch", identity=(0.1, 0.5, 0.7))
    table = pck_table(read(folders), 1)
    assert [cell.signs for cell in row(table, "Identity function")] == ["‡"] * 3
    assert table.legend[-1].startswith("‡: the runs of 1.1, seed 1, were not tested on the same")


def test_the_identity_run_itself_is_asked_first(folders):
    folders.add("conv3d", identity=(0.1, 0.5, 0.7))
    folders.add("identity", identity=(0.2, 0.6, 0.8), parameters=0)
    found = numbers(pck_table(read(folders), 1), "Identity function")
    assert found == ["20.0", "60.0", "80.0"]


def test_a_row_a_group_of_keypoints_that_was_measured_and_all_of_them(folders):
    folders.add("conv3d", setup=2, groups={"nose": 0.875, "index_finger": 0.625, "ear": None})
    (table,) = keypoint_tables(read(folders), 1)
    assert [name for name, _ in table.rows] == ["Nose", "Index finger", "All keypoints"]
    assert table.headings[0].spans == (("Identity function", 1), ("Conv3D", 1))
    assert numbers(table, "Nose") == ["87.5", "87.5"]
    assert numbers(table, "All keypoints") == ["80.0", "90.0"]


def test_what_one_run_has_not_measured_is_said(folders):
    folders.add("conv3d", groups={"nose": 0.5, "ear": 0.5})
    folders.add("deciwatch", groups={"nose": 0.75})
    (table,) = keypoint_tables(read(folders), 1)
    assert numbers(table, "Ear")[2] == "n/a"
    reason = "n/a: the data has nothing to measure it by, or the run has not kept it."
    assert reason in table.notes("Bold")


def test_the_total_is_the_mean_of_the_networks_columns(folders):
    for setup, (first, second) in {1: (0.5, 0.75), 3: (0.25, 0.875)}.items():
        folders.add("conv3d", setup=setup, groups={"nose": first})
        folders.add("deciwatch", setup=setup, groups={"nose": second})
    (table,) = keypoint_tables(read(folders), 1)
    assert table.headings[0].spans[-2:] == (("DeciWatch", 2), ("Total", 1))
    assert table.headings[1].columns == ["1.1", "1.3"] * 3 + [""]
    nose = numbers(table, "Nose")
    assert nose[2:] == ["50.0", "25.0", "75.0", "87.5", f"{(50 + 25 + 75 + 87.5) / 4:.1f}"]
    assert "Total: mean of the networks' columns." in table.legend
    assert table.rows[0][1][-1].best is False


def test_there_is_a_table_for_every_threshold_that_runs_have_kept_widest_first(folders):
    strict = {0.05: {"nose": 0.125}, 0.1: {"nose": 0.25}}
    folders.add("conv3d", groups={"nose": 0.5}, strict_groups=strict)
    tables = keypoint_tables(read(folders), 1)
    assert [table.key for table in tables] == [
        *("keypoints_k1_pck0.2", "keypoints_k1_pck0.1", "keypoints_k1_pck0.05")
    ]
    assert [numbers(table, "Nose")[1] for table in tables] == ["50.0", "25.0", "12.5"]
    folders.add("conv3d", k=2)  # as an older version made it
    assert [t.key for t in keypoint_tables(read(folders), 2)] == ["keypoints_k2_pck0.2"]


def test_filters_have_their_own_tables_of_keypoints(folders):
    folders.add("savgol", parameters=0, whole=True)
    folders.add("savgol_window", parameters=0)
    tables = keypoint_tables(read(folders), 1)
    assert [table.key for table in tables] == [
        "keypoints_k1_pck0.2",
        "keypoints_k1_pck0.2_video_filters",
        "keypoints_k1_pck0.2_window_filters",
    ]
    assert "Seeing the whole video, not a window: Savitzky-Golay." in tables[1].legend
    assert not any(span == ("Total", 1) for table in tables for span in table.headings[0].spans)


def test_the_hold_out_video_has_a_table_of_its_own(folders):
    held = {f"holdout/pck@{a}": v for a, v in ((0.05, 0.25), (0.1, 0.5), (0.2, 0.1))}
    raw = {f"holdout/identity/pck@{a}": 0.2 for a in (0.05, 0.1, 0.2)}
    folders.add("conv3d", also=held | raw)
    table = pck_table(read(folders), 1, HOLDOUT)
    assert table.key == "holdout_k1"
    assert table.title == "Accuracy on the hold-out video for shifting scalar k = 1, in percent"
    assert numbers(table, "Conv3D") == ["25.0", "50.0", "10.0"]
    assert numbers(table, "Identity function") == ["20.0"] * 3
    assert [cell.signs for cell in row(table, "Conv3D")] == ["", "", "†"]
    assert [line.name for line in table.headings] == ["Accuracy metric", "Experiment"]


def test_a_network_costs_parameters_and_time(folders):
    folders.add("conv3d", parameters=78_150)
    folders.add("my_net", parameters=1_234)
    folders.add("savgol", parameters=0, whole=True)
    times = {
        "conv3d": {"CPU, 1": 2.0, "CPU, 64": 0.5},
        "my_net": {"CPU, 1": 1.0, "CPU, 64": 0.625},
    }
    table = cost_table(read(folders), times, "On a machine.")
    assert [name for name, _ in table.rows] == ["Conv3D", "my_net"]
    assert table.headings[0].columns == ["Parameters", "The thesis's", "CPU, 1", "CPU, 64"]
    assert numbers(table, "Conv3D") == ["78,150", "78,150", "2.00", "0.50"]
    assert numbers(table, "my_net") == ["1,234", "–", "1.00", "0.62"]
    assert [cell.best for cell in row(table, "my_net")] == [False, False, True, False]
    assert table.legend[-1] == "On a machine."


def test_without_times_parameters_alone(folders):
    folders.add("conv3d", parameters=10)
    folders.add("conv3d", setup=2, parameters=12)
    table = cost_table(read(folders), {})
    assert table.title == "Parameters"
    assert numbers(table, "Conv3D") == ["12", "78,150"]
    assert "‡: its runs differ; the largest number is shown." in table.legend
    assert [cell.signs for cell in row(table, "Conv3D")] == ["‡", ""]


def test_filters_cost_no_parameters(folders):
    folders.add("savgol", parameters=0, whole=True)
    assert cost_table(read(folders), {}) is None


def test_of_errors_the_lowest_is_best(folders):
    folders.add("conv3d", errors=(1.5, 5.0))
    folders.add("deciwatch", errors=(1.25, 0.75))
    table = error_table(read(folders), 1)
    assert numbers(table, "DeciWatch") == ["1.25", "0.75"]
    assert [cell.best for cell in row(table, "DeciWatch")] == [True, True]
    assert [cell.signs for cell in row(table, "Conv3D")] == ["", "†"]


def test_without_any_lag_the_errors_are_as_they_were(folders):
    folders.add()
    table = error_table(read(folders), 1)
    assert [text for text, _ in table.headings[0].spans] == [
        "Position error",
        "Acceleration error",
    ]
    assert "Lag" not in " ".join(table.legend)


def test_of_lags_the_nearest_to_zero_is_best_and_none_is_worse_than_the_input(folders):
    folders.add("conv3d", lag=-0.25, identity_lag=0.0)
    folders.add("deciwatch", lag=0.5, identity_lag=0.0)
    folders.add("biconvlstm_s", lag=float("nan"))
    folders.add("biconvlstm_c")  # of an older version
    folders.add("savgol", parameters=0, whole=True, lag=-0.004, identity_lag=0.0)
    table = error_table(read(folders), 1)
    lags = {name: cells[2] for name, cells in table.rows}
    assert {name: cell.number() for name, cell in lags.items()} == {
        "Identity function": "+0.00",
        "Conv3D": "-0.25",
        "DeciWatch": "+0.50",
        "bi-ConvLSTM - sum.": "n/a",
        "bi-ConvLSTM - concat.": "n/a",
        "Savitzky-Golay": "+0.00",
    }
    assert [name for name, cell in lags.items() if cell.best] == [
        *("Identity function", "Savitzky-Golay")
    ]
    assert not any(cell.worse for cell in lags.values())
    assert table.headings[0].spans[2] == ("Lag", 1)
    assert table.headings[1].spans[2] == ("frames", 1)


def test_filters_and_networks_that_are_worse_than_their_input_are_marked_everywhere(folders):
    folders.add("conv3d", pck=(0.1, 0.1, 0.1), errors=(3.5, 4.5), groups={"nose": 0.1})
    folders.add("kalman", parameters=0, whole=True, pck=(0.1,) * 3, errors=(3.5, 4.5))
    results = read(folders)
    for table in (pck_table(results, 1), error_table(results, 1)):
        for name in ("Conv3D", "Kalman"):
            assert {cell.signs for cell in row(table, name) if cell.seeds} == {"†"}
        assert "†: worse than the identity function." in table.notes("Bold")
