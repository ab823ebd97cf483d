"""A report's networks are timed as their runs have them; what cannot be is said."""

from pathlib import Path

import pytest
import yaml
from commands import TINY, Command

import temporal_pose.training.timing as timing
from temporal_pose.reporting.finished import read_results

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated by PEP 585")  # omegaconf's own types


def test_the_networks_of_runs_are_timed_and_a_strangers_is_not_called(
    command: Command, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(timing, "_SECONDS", 0)
    for model in ("conv3d", "deciwatch", "savgol"):
        assert command("train", f"model={model}", *TINY).status == 0
    file = Path("runs/pretrain/conv3d/setup1/k1/config.yaml")
    config = yaml.safe_load(file.read_text())
    config["model"]["network"]["_target_"] = "pathlib.Path.unlink"
    config["objects"]["task"]["network"]["_target_"] = "pathlib.Path.unlink"
    file.write_text(yaml.safe_dump(config))
    from temporal_pose.app.prediction_times import measured

    times = measured(read_results(Path("runs"), "pretrain"))
    ways = ("CPU, batch of 1", "CPU, batch of 64")
    assert list(times.milliseconds) == ["deciwatch"]
    assert all(times.milliseconds["deciwatch"][way] > 0 for way in ways)
    (problem,) = times.problems
    assert "pathlib.Path.unlink" in problem
    assert problem.endswith(" (its prediction time is left out)")
    ended = command("report", "timing=true")
    assert ended.status == 0
    page = Path("runs/report/pretrain/report.md").read_text()
    assert "| Model | Parameters | The thesis's | CPU, batch of 1 | CPU, batch of 64 |" in page
    assert "Measured on " in page
    assert "left out: " in ended.out
