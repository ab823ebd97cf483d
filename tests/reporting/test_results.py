"""Finished runs are found, read, and refused when damaged."""

import pytest

from temporal_pose.errors import RunFolderError
from temporal_pose.reporting.models import Kind, models
from temporal_pose.reporting.provenance import data_names, disagreements, notes
from temporal_pose.reporting.results import read_results, stages_with_runs

PENN = {
    "_target_": "temporal_pose.data.penn_action.PennAction",
    "root": "/home/somebody/secret/penn",
    "actions": ["situp", "squat"],
}


def read(folders, stage="pretrain"):
    return read_results(folders.root, stage)


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


def test_k_1_comes_first_and_the_three_setups_are_always_there(folders):
    for k in (2, 0.5, 1):
        folders.add(k=k, setup=2)
    results = read(folders)
    assert results.ks == [1, 0.5, 2]
    assert results.setups == ["1", "2", "3"]
    assert results.thresholds == ["pck@0.05", "pck@0.1", "pck@0.2"]


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
    ("content", "reason"),
    [
        ("[1]", "it holds no JSON object"),
        ("{}", "it holds no test/pck@..."),
        ('{"test/pck@0.2": "high"}', "test/pck@0.2 is 'high'; expected a number"),
        ('{"test/pck@', "Unterminated string starting at: line 1 column 2 (char 1)"),
    ],
)
def test_damaged_metrics_are_named(folders, content, reason):
    file = folders.add() / "metrics.json"
    file.write_text(content)
    with pytest.raises(RunFolderError) as caught:
        read(folders)
    assert str(caught.value) == (
        f"{file} is unreadable or damaged: {reason}; delete its folder and repeat the run"
    )


def test_a_damaged_configuration_is_named(folders):
    file = folders.add() / "config.yaml"
    file.write_text("just text")
    with pytest.raises(
        RunFolderError, match=r"config\.yaml is unreadable or damaged: it holds no"
    ):
        read(folders)


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
    assert [(row.name, row.kind) for row in models(read(folders))] == [
        ("Identity function", Kind.IDENTITY),
        ("Conv3D", Kind.NETWORK),
        ("DeciWatch", Kind.NETWORK),
        ("bi-ConvLSTM - sum.", Kind.NETWORK),
        ("bi-ConvLSTM - concat.", Kind.NETWORK),
        ("my_net", Kind.NETWORK),
        ("One-Euro", Kind.VIDEO_FILTER),
        ("Savitzky-Golay", Kind.VIDEO_FILTER),
        ("Savitzky-Golay (5 frames)", Kind.WINDOW_FILTER),
        ("Kalman (9 frames)", Kind.WINDOW_FILTER),
    ]


def test_data_is_described_without_anyones_home(folders):
    folders.add(reader=PENN, git="abc")
    folders.add("deciwatch", reader=PENN, seed=4, git="def+")
    assert notes(read(folders)) == [
        "Data: Penn Action with simulated detector noise: root penn, actions situp squat.",
        "Finished runs: 2, of 2 models.",
        "Seeds: 1, 4.",
        "Experiments are named k.setup, setups being 1 (sigmas 1 2, frame step 1).",
        "Code: commits abc, def+ (a plus sign: changed since).",
    ]


def test_synthetic_data_and_pseudo_truth_are_called_so(folders):
    folders.add()
    aist = {"_target_": "temporal_pose.data.paired.Paired", "root": "/data/aist_gbr"}
    folders.add("deciwatch", reader=aist, input=None)
    results = read(folders)
    assert data_names(results) == (
        "Paired (pseudo ground truth); synthetic data with simulated detector noise "
        "(an articulated body made from a seed, not a real recording)"
    )
    assert notes(results)[-1].startswith("The runs were made on different data")


@pytest.mark.parametrize(
    ("truth", "remark"),
    [
        ("annotated", ""),
        ("pseudo", " (pseudo ground truth)"),
        ("simulated", " (an articulated body made from a seed, not a real recording)"),
        ("none", " (no ground truth: the detector's own output, which says nothing of accuracy)"),
        ("markers", " (truth: markers)"),
    ],
)
def test_the_kind_of_truth_is_said_wherever_the_data_is_named(folders, truth, remark):
    """As the configuration has it; the folder's name says nothing any more."""
    reader = {"_target_": "temporal_pose.data.paired.Paired", "root": "/data/aist_gbr"}
    folders.add(reader=reader, truth=truth, input=None)
    assert data_names(read(folders)) == f"Paired{remark}"


@pytest.mark.parametrize(
    ("noise", "said"),
    [
        ({"_target_": "temporal_pose.inputs.recorded.Recording"}, " with real detections"),
        ({"_target_": "my.own.Recording", "sigma": 1}, " with real detections"),
        (
            {"_target_": "temporal_pose.inputs.simulated.GaussianNoise"},
            " with simulated detector noise",
        ),
        ({"mean": 1}, " with simulated detector noise"),
        ({}, ""),
        (None, ""),
    ],
)
def test_real_detections_are_told_from_simulated_ones(folders, noise, said):
    folders.add(reader=PENN, truth="annotated", input=noise, stage="finetune")
    assert data_names(read(folders, "finetune")) == f"Penn Action{said}"


def test_a_simulated_body_has_no_real_detections(folders):
    poses = {"_target_": "temporal_pose.data.synthetic.Synthetic", "seed": 0}
    target = "temporal_pose.data.simulated_detector.SimulatedDetector"
    reader = {"_target_": target, "reader": poses, "noise": {"sigmas": [1]}}
    noise = {"_target_": "temporal_pose.inputs.recorded.Recording"}
    folders.add(input=noise, truth="simulated", reader=reader)
    assert notes(read(folders))[0].endswith("recording): seed 0.")
    assert data_names(read(folders)) == (
        "synthetic data with simulated detections "
        "(an articulated body made from a seed, not a real recording)"
    )


def test_stages_are_there_once_a_run_is_finished(folders):
    (folders.add(stage="scratch") / "metrics.json").unlink()
    folders.add(stage="pretrained")
    assert stages_with_runs(folders.root, ("scratch", "pretrained", "none")) == ["pretrained"]


def test_a_combined_reader_names_its_parts(folders):
    brace = {"_target_": "temporal_pose.data.brace.Brace", "root": "/a/brace"}
    readers = {"penn_action": PENN, "brace": brace}
    folders.add(reader={"_target_": "temporal_pose.data.combined.Combined", "readers": readers})
    assert data_names(read(folders)) == "Penn Action + Brace with simulated detector noise"


def test_different_input_is_reported_and_rounding_is_not(folders):
    folders.add("identity", pck=(0.2, 0.6, 0.8), parameters=0)
    folders.add("conv3d", identity=(0.2, 0.6, 0.8002))
    assert disagreements(read(folders), 1, "1") == []
    folders.add("deciwatch", identity=(0.2, 0.6, 0.825))
    assert disagreements(read(folders), 1, "1") == [
        "‡: the runs of 1.1, seed 1, were not tested on the same input (other data or other "
        "noise), for the PCK@0.2 of their identity function differs: 80.00 (Identity function); "
        "80.02 (Conv3D); 82.50 (DeciWatch). Do not compare their rows."
    ]


def test_other_seeds_may_have_other_noise(folders):
    folders.add(seed=1)
    folders.add(seed=2, identity=(0.1, 0.2, 0.3))
    assert disagreements(read(folders), 1, "1") == []
