"""Prediction times are per window, of calls that were waited for."""

import time

import pytest
import torch
from torch import nn

import temporal_pose.training.timing as module
from temporal_pose.pose.codecs import CoordinateCodec, HeatmapCodec
from temporal_pose.training.task import Refinement
from temporal_pose.training.timing import (
    BATCHES,
    devices,
    prediction_ms,
    prediction_times,
    sample,
)

T, K, SIZE = 5, 3, 11
CPU = torch.device("cpu")


class Slow(nn.Module):
    """Takes 4 ms a call, whatever it is given."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.calls, self.training_calls, self.shapes = 0, 0, set()

    def forward(self, given):
        time.sleep(0.004)
        self.calls += 1
        self.training_calls += self.training
        self.shapes.add(tuple(given.shape))
        return given * self.weight


@pytest.mark.parametrize("windows", [1, 8])
def test_a_call_is_shared_by_its_windows(windows):
    network = Slow()
    spent = prediction_ms(
        Refinement(network, CoordinateCodec(SIZE)), sample(windows, T, K, SIZE, CPU)
    )
    assert 4 / windows <= spent < 400 / windows
    assert network.calls > 3
    assert not network.training_calls
    assert network.weight.grad is None


def test_each_device_and_each_size_of_batch_is_measured(monkeypatch):
    monkeypatch.setattr(module, "_SECONDS", 0)
    network = Slow()
    found = dict(prediction_times(Refinement(network, HeatmapCodec(SIZE)), T, K, SIZE))
    names = {"cpu": "CPU", "cuda": "GPU"}
    assert list(found) == [
        f"{names[device.type]}, batch of {n}" for device in devices() for n in BATCHES
    ]
    assert network.shapes == {(n, T, K, SIZE, SIZE) for n in BATCHES}
    one, many = found["CPU, batch of 1"], found["CPU, batch of 64"]
    assert many < one


def test_the_sample_is_a_detectors_output_with_its_peaks_where_it_says():
    observed = sample(2, T, K, SIZE, CPU)
    peaks = observed.heatmaps.flatten(-2).argmax(-1)
    places = torch.stack([peaks % SIZE, peaks // SIZE], -1)
    assert (places - observed.positions).abs().max() <= 0.5
    again = sample(2, T, K, SIZE, CPU)
    assert torch.equal(observed.positions, again.positions)


def test_a_gpu_is_waited_for_before_each_look_at_the_clock(monkeypatch):
    """Every call is preceded and followed by a wait."""
    said = []
    monkeypatch.setattr(module, "_SECONDS", 0.1)
    monkeypatch.setattr(module, "_MOST", 3)
    monkeypatch.setattr(module, "_wait", lambda device: said.append("wait"))
    network = Slow()
    network.register_forward_hook(lambda *_: said.append("call"))
    prediction_ms(Refinement(network, CoordinateCodec(SIZE)), sample(1, T, K, SIZE, CPU))
    assert said == ["wait", "call", "wait"] * 4


def test_of_a_slow_network_one_call_is_timed(monkeypatch):
    monkeypatch.setattr(module, "_SECONDS", 0.001)
    network = Slow()
    prediction_ms(Refinement(network, CoordinateCodec(SIZE)), sample(1, T, K, SIZE, CPU))
    assert network.calls == 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_takes_time():
    task = Refinement(nn.Linear(2, 2), CoordinateCodec(SIZE))
    found = dict(prediction_times(task, T, K, SIZE))
    assert found["GPU, batch of 64"] > 0
