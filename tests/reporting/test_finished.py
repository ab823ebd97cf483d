"""Finished runs are found, read, and refused when damaged."""

import pytest

from temporal_pose.errors import RunFolderError
from temporal_pose.files.options import options
from temporal_pose.reporting.finished import (
    MODELS,
    SETUPS,
    ModelKind,
    read_results,
    stages_with_runs,
    title_of,
)


def read(folders, stage="pretrain", grid=False):
    return read_results(folders.root, stage, grid)


def test_a_run_is_read_with_its_place_and_its_scores(folders):
    path = folders.add("deciwatch", setup=3, k=0.5, seed=11, pck=(0.25, 0.5, 0.75))
    (run,) = read(folders).runs
    assert (run.path, run.model, run.setup, run.k, run.seed) == (path, "deciwatch", "3", 0.5, 11)
    assert (run.experiment, run.git, run.config_hash) == ("0.5.3", "abc123+", "f00d")
    assert run.scores["test/pck@0.1"] == 0.5
    assert "seed" not in run.scores


def test_only_finished_runs_of_the_stage_count(folders):
    folders.add("conv3d")
    folders.add("conv3d", stage="finetune")
    (folders.add("deciwatch") / "metrics.json").unlink()
    assert [run.model for run in read(folders).runs] == ["conv3d"]


def test_seeds_lie_below_the_default_one(folders):
    for seed in (1, 3, 2):
        folders.add(seed=seed)
    assert [run.seed for run in read(folders).at("conv3d", "1", 1)] == [1, 2, 3]


def test_k_1_comes_first_and_setups_are_those_that_were_run(folders):
    for k in (2, 0.5, 1):
        folders.add(k=k, setup=2)
    results = read(folders)
    assert results.ks == [1, 0.5, 2]
    assert results.setups == ["2"]
    assert results.thresholds() == ["pck@0.05", "pck@0.1", "pck@0.2"]


def test_of_the_whole_grid_every_row_and_column_is_there(folders):
    folders.add(setup=2)
    folders.add("savgol", setup=4, parameters=0, whole=True)
    results = read(folders, grid=True)
    assert results.setups == [*SETUPS, "4"]
    assert [model.key for model in results.models] == [*MODELS, "savgol"]


def test_groups_are_those_of_the_files_in_their_order(folders):
    folders.add(groups={"nose": 1, "ear": 1}, strict_groups={0.05: {"toes": 0}})
    folders.add("deciwatch", groups={"ear": 1, "tail/tip": 1})
    results = read(folders)
    assert results.groups("pck@0.2") == ["nose", "ear", "tail/tip"]
    assert results.groups("pck@0.05") == ["toes"]
    assert results.groups("pck@0.1") == []


@pytest.mark.parametrize(
    ("stage", "command", "setting"),
    [
        ("pretrain", "train", ""),
        ("finetune", "finetune", ""),
        ("scratch", "finetune", " from_scratch=true"),
        ("pretrained", "finetune", " tune=false"),
    ],
)
def test_without_any_run_the_error_says_how_to_make_one(tmp_path, stage, command, setting):
    with pytest.raises(RunFolderError) as caught:
        read_results(tmp_path, stage)
    assert str(caught.value) == (
        f"{tmp_path}/{stage} holds no finished run; make one, for example with python -m "
        f"temporal_pose.{command} model=conv3d setup=1 k=1{setting} runs_dir={tmp_path}"
    )


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("metrics.json", "[1]", "is unreadable or damaged: it holds no JSON object;"),
        ("metrics.json", '{"test/pck@0.2": "high"}', "test/pck@0.2 is 'high'; expected a number"),
        ("config.yaml", "just text", "is damaged"),
        ("config.yaml", "a: &a [*a]", "is damaged"),
        ("config.yaml", "[" * 100_000, "is damaged"),
    ],
)
def test_a_damaged_run_is_left_out_and_named(folders, file, content, said):
    folders.add("conv3d")
    bad = folders.add("deciwatch") / file
    bad.write_text(content)
    results = read(folders)
    assert [run.model for run in results.runs] == ["conv3d"]
    (problem,) = results.problems
    assert problem.startswith(f"{bad} ")
    assert said in problem
    assert problem.endswith(" (the run is left out)")


def test_where_no_run_can_be_read_the_error_names_the_first(folders):
    file = folders.add() / "metrics.json"
    file.write_text("[]")
    with pytest.raises(RunFolderError) as caught:
        read(folders)
    assert str(caught.value).startswith(
        f"{folders.root}/pretrain holds no finished run that can be read ({file} is unreadable or "
        "damaged: it holds no JSON object; "
    )


def test_damaged_predictions_leave_the_scores(folders):
    folders.keep(folders.add("conv3d"))
    path = folders.add("deciwatch")
    (path / "predictions.npz").write_bytes(b"PK\x03\x04 not a zip file")
    results = read(folders)
    assert [(run.model, run.tested is None) for run in results.runs] == [
        ("conv3d", False),
        ("deciwatch", True),
    ]
    (problem,) = results.problems
    assert problem.startswith(f"{path}/predictions.npz is unreadable or damaged: ")
    assert problem.endswith(" (its predictions are left out)")


@pytest.mark.parametrize("k", ["nan", "inf", "0", "-1", "1e999", "two"])
def test_a_folder_without_a_k_in_its_name_is_named(folders, k):
    folders.add("conv3d")
    path = folders.add("deciwatch")
    path.rename(path.with_name(f"k{k}"))
    results = read(folders)
    assert [run.model for run in results.runs] == ["conv3d"]
    assert results.problems == (
        f"{path.with_name(f'k{k}')} has no k or no seed in its name; expected k1 or k1/seed2 "
        "(the run is left out)",
    )


def test_what_could_not_be_measured_is_none(folders):
    folders.add(errors=(1.5, None), identity_errors=(float("nan"), 1.0))
    (run,) = read(folders).runs
    assert run.scores["test/accel_error_px"] is None
    assert run.scores["identity/error_px"] is None


def test_rows_have_the_thesis_order_then_filters_and_custom_names(folders):
    folders.add("kalman_window", parameters=0, window=9)
    folders.add("savgol", parameters=0, whole=True)
    folders.add("my_net")
    folders.add("savgol_window", parameters=0)
    folders.add("one_euro", parameters=0, whole=True)
    folders.add("my_filter", parameters=0, whole=True, title="A filter")
    for model in reversed(MODELS[1:]):
        folders.add(model)
    assert [(row.name, row.kind) for row in read(folders).models] == [
        ("Identity function", ModelKind.IDENTITY),
        ("Conv3D", ModelKind.NETWORK),
        ("DeciWatch", ModelKind.NETWORK),
        ("bi-ConvLSTM - sum.", ModelKind.NETWORK),
        ("bi-ConvLSTM - concat.", ModelKind.NETWORK),
        ("my_net", ModelKind.NETWORK),
        ("A filter", ModelKind.VIDEO_FILTER),
        ("One-Euro", ModelKind.VIDEO_FILTER),
        ("Savitzky-Golay", ModelKind.VIDEO_FILTER),
        ("Kalman (9 frames)", ModelKind.WINDOW_FILTER),
        ("Savitzky-Golay (5 frames)", ModelKind.WINDOW_FILTER),
    ]


def test_every_model_of_conf_has_a_name_of_its_own_but_for_filters_of_windows():
    titles = {name: title_of(name) for name in options("model")}
    whole = {name: title for name, title in titles.items() if not name.endswith("_window")}
    assert all(title != name for name, title in titles.items())
    assert len(set(whole.values())) == len(whole)
    assert all(title_of(f"{name}_window") == titles[name] for name in whole
               if f"{name}_window" in titles)  # fmt: skip
    assert title_of("../data/aist") == "../data/aist"


@pytest.mark.parametrize("title", [["a", "b"], {"a": 1}, None, 3, ""])
def test_a_title_that_is_no_text_counts_for_nothing(folders, title):
    folders.add("conv3d", title=title)
    assert read(folders).models[1].name == "Conv3D"


def test_stages_are_there_once_a_run_is_finished(folders):
    (folders.add(stage="scratch") / "metrics.json").unlink()
    folders.add(stage="pretrained")
    assert stages_with_runs(folders.root, ("scratch", "pretrained", "none")) == ["pretrained"]
