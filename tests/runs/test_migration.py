import copy

import pytest
import yaml

from temporal_pose.files.constructing import check_targets
from temporal_pose.files.overrides import checked_overrides
from temporal_pose.runs.migration import migrated

#: A finetuning of before 'noise' became 'input', with the lists of numbers cut short.
OLD = """
setup: 1
k: 1
seed: 1
setup_name: setup1
setups:
  setup1: {sigmas: [1, 1.5, 2, 2.5, 3], frame_step: 1}
model:
  interval: 5
  codec: {_target_: temporal_pose.pose.codecs.HeatmapCodec, size: 20, sigma: 1}
  fit:
    _target_: temporal_pose.training.fitting.GradientDescent
    callbacks:
    - {_target_: temporal_pose.training.pictures.Pictures, every: 10}
  name: conv3d
  network: {_target_: temporal_pose.models.conv3d.Conv3d, keypoints: 25, window: 5}
data:
  root: null
  reader:
    noise:
      _target_: temporal_pose.pose.fitted_noise.FittedNoise
      shift_scale: 1
      fit:
        groups: [nose, ear]
        white: [0.00258, 0.00219]
    _target_: temporal_pose.data.simulated_detector.SimulatedDetector
    reader: {_target_: temporal_pose.data.synthetic.Synthetic, subjects: 4}
  name: synthetic_detector
callbacks:
- {_target_: temporal_pose.training.pictures.Pictures, every: 10}
optimizer: {_target_: torch.optim.Adam, _partial_: true, lr: 0.0001}
objects:
  data:
    _target_: temporal_pose.data.module.PoseData
    reader:
      noise: {_target_: temporal_pose.pose.fitted_noise.FittedNoise, shift_scale: 1}
      _target_: temporal_pose.data.simulated_detector.SimulatedDetector
    noise: {_target_: temporal_pose.pose.recording.Recording, outside: clamp}
    framing: {_target_: temporal_pose.pose.framing.Framing, box: frame}
  task:
    _target_: temporal_pose.training.task.Refinement
    network: {_target_: temporal_pose.models.conv3d.Conv3d, keypoints: 25}
augment: null
noise: {_target_: temporal_pose.pose.recording.Recording, outside: clamp}
loss: {_target_: temporal_pose.pose.losses.masked_mse, _partial_: true}
stage: finetune
start: e14172b96971b8f4
overrides: [setup=1, k=1, noise=recorded, noise.outside=clamp, data.subjects=4]
"""


def test_a_run_of_before_reads_as_one_of_today():
    new = migrated(yaml.safe_load(OLD))
    assert list(new) == [n.replace("noise", "input") for n in yaml.safe_load(OLD)]
    recording = {"_target_": "temporal_pose.inputs.recorded.Recording", "outside": "clamp"}
    assert new["input"] == new["objects"]["data"]["input"] == recording
    assert "noise" not in new["objects"]["data"]
    fitted = "temporal_pose.inputs.fitted.FittedNoise"
    assert new["data"]["reader"]["noise"]["_target_"] == fitted
    assert new["objects"]["data"]["reader"]["noise"]["_target_"] == fitted
    said = ["setup=1", "k=1", "input=recorded", "input.outside=clamp", "data.subjects=4"]
    assert new["overrides"] == said
    check_targets(new, "config.yaml")
    assert checked_overrides(new["overrides"], "config.yaml") == said


def test_nothing_else_changes_and_what_is_given_stays():
    old = yaml.safe_load(OLD)
    before, new = copy.deepcopy(old), migrated(old)
    assert old == before
    for name in set(old) - {"noise", "objects", "data", "overrides"}:
        assert new[name] == old[name]
    assert new["objects"]["task"] == old["objects"]["task"]


def test_what_is_of_today_comes_back_equal():
    once = migrated(yaml.safe_load(OLD))
    assert migrated(once) == once
    both = {"noise": 1, "input": {"_target_": "a.B"}}
    assert migrated(both) == both


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("noise=gaussian", "input=gaussian"),
        ("noise.mean=0", "input.mean=0"),
        ("+noise.mean=0", "+input.mean=0"),
        ("++noise.mean=0", "++input.mean=0"),
        ("~noise.mean", "~input.mean"),
        ("noise@data.reader.noise=gaussian", "input@data.reader.noise=gaussian"),
        ("noise.fit='/a/noise.yaml'", "input.fit='/a/noise.yaml'"),
        ("runs_dir='runs/${noise.mean}'", "runs_dir='runs/${input.mean}'"),
        ("data.reader.noise.mean=0", "data.reader.noise.mean=0"),
        ("data.root=/data/noise=1", "data.root=/data/noise=1"),
        ("noisy=1", "noisy=1"),
        (
            "noise._target_=temporal_pose.pose.noise.GaussianNoise",
            "input._target_=temporal_pose.inputs.simulated.GaussianNoise",
        ),
    ],
)
def test_saved_settings_are_typed_as_today(then, now):
    assert migrated({"overrides": [then]})["overrides"] == [now]
    assert migrated({"overrides": [now]})["overrides"] == [now]


@pytest.mark.parametrize(
    "config", [{}, {"overrides": None}, {"overrides": [3]}, {"objects": 3}, {"noise": None}]
)
def test_what_is_not_as_expected_is_left_for_others_to_refuse(config):
    expected = {"input": None} if "noise" in config else config
    assert migrated(config) == expected
