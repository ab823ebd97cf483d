"""Where results come from is said, and what does not fit together."""

import pytest

from temporal_pose.reporting.finished import read_results
from temporal_pose.reporting.provenance import data_names, disagreements, notes

PENN = {
    "_target_": "temporal_pose.data.penn_action.PennAction",
    "root": "/home/somebody/secret/penn",
    "actions": ["situp", "squat"],
}


def read(folders, stage="pretrain"):
    return read_results(folders.root, stage)


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
