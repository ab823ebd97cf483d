"""Tables hold the numbers of the runs, and say the same as Markdown, LaTeX, CSV and text."""

import csv
import io
import re

import numpy as np
import pytest
from rich.console import Console

from temporal_pose.reporting.latex import latex
from temporal_pose.reporting.markdown import markdown
from temporal_pose.reporting.results import read_results
from temporal_pose.reporting.sheets import sheet, tidy
from temporal_pose.reporting.tables import all_tables, error_table, keypoint_tables, pck_table
from temporal_pose.reporting.terminal import terminal

FORMS = ("markdown", "latex")


def read(folders):
    return read_results(folders.root, "pretrain")


def row(table, name):
    return dict(table.rows)[name]


def numbers(table, name):
    return [cell.number() for cell in row(table, name)]


def parsed(table, form):
    """The body of a table by row, as text without bold type."""
    if form == "markdown":
        lines = [line.strip("| ").split(" | ") for line in markdown(table, 1).splitlines()[3:]]
        lines = [line for line in lines if len(line) > 1]
    else:
        body = latex([table]).split(r"\midrule")[1].split(r"\bottomrule")[0]
        body = body.replace("--", "–").replace(r"$\pm$", "±").replace(r"$^\dagger$", "†")
        body = body.replace(r"$^\ddagger$", "‡").replace(r"\_", "_")
        body = re.sub(r"\\textbf\{([^}]*)\}", r"**\1**", body)
        lines = [line.removesuffix(r" \\").split(" & ") for line in body.strip().splitlines()]
    return {line[0].replace("\\", ""): line[1:] for line in lines}


def test_a_column_is_a_threshold_and_a_setup(folders):
    folders.add(setup=1, pck=(0.125, 0.25, 0.5))
    folders.add(setup=3, pck=(0.375, 0.625, 1.0))
    table = pck_table(read(folders), 1)
    assert numbers(table, "Conv3D") == [
        "12.5",
        "–",
        "37.5",
        "25.0",
        "–",
        "62.5",
        "50.0",
        "–",
        "100.0",
    ]
    assert numbers(table, "Identity function") == [
        "20.0",
        "–",
        "20.0",
        "60.0",
        "–",
        "60.0",
        "80.0",
        "–",
        "80.0",
    ]
    assert numbers(table, "DeciWatch") == ["–"] * 9
    assert table.headers[0].spans == (("PCK@0.05", 3), ("PCK@0.1", 3), ("PCK@0.2", 3))
    assert table.headers[2].columns == ["1.1", "1.2", "1.3"] * 3
    assert "–: no finished run." in table.legend


def test_the_header_gives_the_mean_threshold_in_heatmap_pixels(folders):
    folders.add(setup=1, torso=16.05)
    assert pck_table(read(folders), 1).headers[1].spans == (("0.80", 3), ("1.61", 3), ("3.21", 3))
    folders.add(setup=2, torso=17.0)
    spans = pck_table(read(folders), 1).headers[1].spans
    assert spans == (("0.80 to 0.85", 3), ("1.61 to 1.70", 3), ("3.21 to 3.40", 3))


def test_best_is_marked_with_all_that_equal_it_as_shown(folders):
    folders.add("conv3d", pck=(0.5001, 0.75, 0.9))
    folders.add("deciwatch", pck=(0.4999, 0.7, 0.9))
    folders.add("biconvlstm_s", pck=(0.49, 0.7, 0.9))
    table = pck_table(read(folders), 1)
    best = {name: [cell.best for cell in cells[::3]] for name, cells in table.rows}
    assert best["Conv3D"] == [True, True, True]
    assert best["DeciWatch"] == [True, False, True]
    assert best["bi-ConvLSTM - sum."] == [False, False, True]
    assert best["Identity function"] == best["bi-ConvLSTM - concat."] == [False] * 3


def test_the_identity_can_be_best_and_a_lone_number_is_not(folders):
    folders.add("conv3d", pck=(0.1, 0.2, 0.3), setup=2)
    cells = row(pck_table(read(folders), 1), "Identity function")
    assert [cell.best for cell in cells] == [False, True, False] * 3
    folders.add("identity", setup=1, pck=(0.2, 0.6, 0.8), parameters=0)
    cells = row(pck_table(read(folders), 1), "Identity function")
    assert [cell.best for cell in cells] == [False, True, False] * 3


def test_worse_than_the_identity_of_the_same_run_is_marked(folders):
    folders.add("conv3d", pck=(0.1999, 0.2, 0.9))
    cells = row(table := pck_table(read(folders), 1), "Conv3D")
    assert [cell.signs for cell in cells[::3]] == ["", "†", ""]  # 20.0 against 20.0 is no worse
    assert "†: worse than the identity function." in table.legend


def test_several_seeds_give_mean_and_sample_deviation(folders):
    shares = [(0.5, 0.75, 0.8), (0.625, 0.75, 0.85), (0.55, 0.7, 0.99)]
    for seed, pck in enumerate(shares, 1):
        folders.add(seed=seed, pck=pck, identity=(0.1 * seed, 0.2, 0.3))
    table = pck_table(read(folders), 1)
    percent = 100 * np.array(shares)
    cells = row(table, "Conv3D")[::3]
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
    assert [cell.signs for cell in row(table, "Identity function")] == ["‡", "", ""] * 3
    assert table.legend[-1].startswith("‡: the runs of 1.1, seed 1, were not tested on the same")


def test_the_identity_run_itself_is_asked_first(folders):
    folders.add("conv3d", identity=(0.1, 0.5, 0.7))
    folders.add("identity", identity=(0.2, 0.6, 0.8), parameters=0)
    assert numbers(pck_table(read(folders), 1), "Identity function")[::3] == [
        "20.0",
        "60.0",
        "80.0",
    ]


def test_keypoints_have_the_thesis_names_and_order(folders):
    folders.add(setup=2, groups={"nose": 0.875, "index_finger": 0.625})
    (table,) = keypoint_tables(read(folders), 1)
    assert [name for name, _ in table.rows] == [
        *("Nose", "Ear", "Shoulder", "Elbow", "Wrist", "Pinky", "Index finger", "Thumb"),
        *("Hip", "Knee", "Ankle", "Heel", "Toes"),
    ]
    conv3d = slice(3, 6)
    assert table.headers[0].spans[1] == ("Conv3D", 3)
    assert numbers(table, "Nose")[conv3d] == ["–", "87.5", "–"]
    assert numbers(table, "Index finger")[conv3d] == ["–", "62.5", "–"]
    assert numbers(table, "Ear")[conv3d] == ["–", "n/a", "–"]
    reason = "n/a: the data has nothing to measure it by, or the run has not kept it."
    assert reason in table.legend


def test_filters_have_their_own_tables_of_keypoints(folders):
    folders.add("savgol", parameters=0, whole=True)
    folders.add("savgol_window", parameters=0)
    tables = keypoint_tables(read(folders), 1)
    assert [table.key for table in tables] == [
        *("keypoints_k1", "keypoints_k1_video_filters", "keypoints_k1_window_filters")
    ]
    assert "Seeing the whole video, not a window: Savitzky-Golay." in tables[1].legend


def test_of_errors_the_lowest_is_best(folders):
    folders.add("conv3d", errors=(1.5, 5.0))
    folders.add("deciwatch", errors=(1.25, 0.75))
    table = error_table(read(folders), 1)
    assert numbers(table, "DeciWatch")[::3] == ["1.25", "0.75"]
    assert [cell.best for cell in row(table, "DeciWatch")[::3]] == [True, True]
    assert [cell.signs for cell in row(table, "Conv3D")[::3]] == ["", "†"]


def test_without_any_lag_the_errors_are_as_they_were(folders):
    folders.add()
    table = error_table(read(folders), 1)
    assert [text for text, _ in table.headers[0].spans] == ["Position error", "Acceleration error"]
    assert "Lag" not in " ".join(table.legend)


def test_of_lags_the_nearest_to_zero_is_best_and_none_is_worse_than_the_input(folders):
    folders.add("conv3d", lag=-0.25, identity_lag=0.0)
    folders.add("deciwatch", lag=0.5, identity_lag=0.0)
    folders.add("biconvlstm_s", lag=float("nan"))
    folders.add("biconvlstm_c")  # of an older version
    folders.add("savgol", parameters=0, lag=-0.004, identity_lag=0.0)
    table = error_table(read(folders), 1)
    lags = {name: cells[6] for name, cells in table.rows}
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
    assert table.headers[0].spans[2] == ("Lag", 3)
    assert table.headers[1].spans[2] == ("frames", 3)


def test_a_lag_is_a_row_of_the_tidy_sheet(folders):
    folders.add(lag=-0.25, identity_lag=float("nan"), val_error=2.0)
    lines = list(csv.DictReader(io.StringIO(tidy(read(folders)))))
    values = {line["metric"]: line["value"] for line in lines}
    assert (values["test/lag_frames"], values["identity/lag_frames"]) == ("-0.25", "")
    assert values["val/error_px"] == "2.0"


def test_filters_and_networks_that_are_worse_than_their_input_are_marked_everywhere(folders):
    folders.add("conv3d", pck=(0.1, 0.1, 0.1), errors=(3.5, 4.5), groups={"nose": 0.1})
    folders.add("kalman", parameters=0, whole=True, pck=(0.1,) * 3, errors=(3.5, 4.5))
    results = read(folders)
    for table in (pck_table(results, 1), error_table(results, 1)):
        for name in ("Conv3D", "Kalman"):
            assert {cell.signs for cell in row(table, name) if cell.seeds} == {"†"}
        assert "†: worse than the identity function." in table.legend


def test_the_thesis_tables_come_first(folders):
    for k in (2, 1):
        folders.add(k=k)
        folders.add("savgol", k=k, parameters=0, whole=True)
    assert [table.key for table in all_tables(read(folders))] == [
        *("pck_k1", "pck_k2", "keypoints_k1", "keypoints_k2", "errors_k1", "errors_k2"),
        *("keypoints_k1_video_filters", "keypoints_k2_video_filters"),
    ]


@pytest.fixture
def varied(folders):
    """A table with everything that can be in one."""
    for seed in (1, 2):
        folders.add("conv3d", seed=seed, pck=(0.5 + 0.01 * seed, 0.5, 0.9))
    folders.add("my_net", setup=2, pck=(0.1, 0.7, 0.8))
    folders.add("deciwatch", setup=2, pck=(0.15, 0.9, 0.8), identity=(0.1, 0.5, 0.7))
    return read(folders)


@pytest.mark.parametrize("form", FORMS)
def test_pages_parse_back_to_the_same_numbers(varied, form):
    table = pck_table(varied, 1)
    found = parsed(table, form)
    for name, cells in table.rows:
        shown = [f"**{c.number()}**" if c.best else c.number() for c in cells]
        assert found[name] == [n + c.signs for n, c in zip(shown, cells, strict=True)]
    assert found["Conv3D"][0] == "**51.5 ± 0.7**"
    assert found["my_net"][1] == "10.0†"


def test_latex_has_as_many_cells_in_every_line(varied):
    for table in all_tables(varied):
        text = latex([table])
        width = len(re.search(r"\{l(r+)\}", text)[1])
        lines = text.split(r"\toprule")[1].split(r"\bottomrule")[0].splitlines()
        for line in (line for line in lines if line.endswith(r"\\")):
            spans = [int(n) for n in re.findall(r"\\multicolumn\{(\d+)\}", line)]
            assert line.count(" & ") - len(spans) + sum(spans) == width
        assert text.count("{") == text.count("}")
        assert not re.search(r"(?<!\\)[%#](?! \\usepackage)", text)
        assert text.isascii()


def test_sheets_parse_back_to_the_same_numbers(varied):
    table = pck_table(varied, 1)
    lines = {line["Accuracy metric"]: line for line in csv.DictReader(io.StringIO(sheet(table)))}
    assert float(lines["Conv3D"]["PCK@0.05 1.1"]) == pytest.approx(51.5)
    assert float(lines["Conv3D"]["PCK@0.05 1.1 sd"]) == pytest.approx(0.5**0.5, rel=1e-5)
    assert lines["Conv3D"]["PCK@0.05 1.1 seeds"] == "2"
    assert lines["Conv3D"]["PCK@0.05 1.3"] == lines["my_net"]["PCK@0.05 1.2 sd"] == ""
    assert lines["my_net"]["PCK@0.05 1.3 seeds"] == "0"


def test_every_metric_of_every_run_is_in_the_tidy_sheet(folders):
    folders.add("deciwatch", setup=3, k=2, seed=5, pck=(0.1, 1 / 3, 0.9), errors=(1.0, None))
    lines = list(csv.DictReader(io.StringIO(tidy(read(folders)))))
    values = {line.pop("metric"): line.pop("value") for line in lines}
    assert float(values["test/pck@0.1"]) == 1 / 3
    assert values["test/accel_error_px"] == ""
    assert lines[0] == {
        **{"stage": "pretrain", "model": "deciwatch", "setup": "3", "k": "2", "seed": "5"},
        **{"config_hash": "f00d", "git": "abc123+"},
    }


def test_the_terminal_shows_the_same_means_within_100_columns(varied):
    table = pck_table(varied, 1)
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(terminal(table, 1))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    line = next(line for line in text.splitlines() if line.startswith("Conv3D"))
    assert line.removeprefix("Conv3D").split() == [
        "51.5",
        "–",
        "–",
        "50.0†",
        "–",
        "–",
        "90.0",
        "–",
        "–",
    ]
