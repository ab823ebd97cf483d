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


def test_a_run_whose_folder_is_shut_has_failed(tmp_path, monkeypatch, capsys) -> None:
    """Not even its lock can be opened, so nobody knows whether it is busy."""
    from hydra import compose, initialize_config_dir

    from temporal_pose.app.composing import run_path
    from temporal_pose.app.jobs import RECORD, run_in_sweep
    from temporal_pose.app.sweeps import Sweep
    from temporal_pose.files.conf import CONF
    from temporal_pose.runs.records import Record

    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", ["model=identity", f"runs_dir={tmp_path}"])
    folder, record = run_path(config).absolute(), Record(tmp_path / ".sweeps" / "1")
    (folder / ".lock").mkdir(parents=True)
    record.plan([folder])
    monkeypatch.setenv(RECORD, str(record.folder))
    run_in_sweep("train", config)
    (entry,) = record.read()
    assert entry.state == "failed"
    assert entry.error.startswith("Is a directory (")
    assert f"error: {folder}: Is a directory (" in capsys.readouterr().err
    with pytest.raises(SystemExit) as end:
        Sweep("train").on_multirun_end(config)
    assert end.value.code == 1
    assert "1 runs: 1 failed\n  failed: " in capsys.readouterr().err
