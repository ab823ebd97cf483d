"""One job of a sweep: its share of the GPUs."""

import os

import pytest
import torch

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated by PEP 585")  # omegaconf's own types


@pytest.fixture(autouse=True)
def two_gpus(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "to be removed, and put back in the end")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")


def taken(devices, folder, given=None):
    """Takes a GPU as a process would that sees all, or those that it was given."""
    from temporal_pose.app.jobs import one_gpu

    os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    os.environ.update({"CUDA_VISIBLE_DEVICES": given} if given else {})
    return one_gpu(devices, folder), os.environ.get("CUDA_VISIBLE_DEVICES")


def test_every_job_has_a_gpu_that_no_other_has(tmp_path) -> None:
    first, number = taken("auto", tmp_path)
    assert number == "0"
    second, number = taken(1, tmp_path)
    assert number == "1"
    assert taken("auto", tmp_path)[1] is None  # none is free: left to Lightning
    with first:
        pass
    third, number = taken("auto", tmp_path)
    assert number == "0"
    del second, third


def test_who_asks_for_several_or_was_given_some_is_left_alone(tmp_path) -> None:
    assert taken(2, tmp_path)[1] is None
    assert taken([0, 1], tmp_path)[1] is None
    assert taken("auto", tmp_path, given="1")[1] == "1"
    assert not list(tmp_path.iterdir())
