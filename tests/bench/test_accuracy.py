"""Comparing filters on real detections, on next to nothing."""

import csv

import numpy as np
import pytest
from commands import write_paired

from temporal_pose.bench.accuracy.__main__ import main
from temporal_pose.bench.accuracy.comparing import change
from temporal_pose.errors import ConfigError, DataError


def test_every_filter_by_its_defaults_and_tuned(tmp_path, capsys):
    write_paired(tmp_path / "own", dances=3, cameras=2)
    main([f"{tmp_path}/own", "--filters", "median", "identity", "--out", f"{tmp_path}/table"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        "| raw",
        *["| median"] * 2,
        "| identity",
    ]
    with (tmp_path / "table/60fps.csv").open() as opened:
        raw, usual, tuned, same = csv.DictReader(opened)
    assert float(usual["error"]) < float(raw["error"])
    assert float(tuned["error"]) < float(raw["error"]), "on dances that it was not tuned on"
    assert float(same["error_change"]) == 0 and same["files"] == "0"
    assert (
        float(usual["jitter_low"]) <= float(usual["jitter_change"]) <= float(usual["jitter_high"])
    )
    assert (tmp_path / "table/60fps.md").read_text().splitlines()[2:] == lines


def test_a_change_and_its_interval():
    """Groups are drawn whole: where all change alike, there is no doubt."""
    before, groups = np.array([2.0, 4, 6, 8, 10]), np.array([0, 0, 1, 1, 2])
    assert change(before, before * 0.5, groups, seed=0) == (-0.5, -0.5, -0.5)
    after = before * np.array([0.5, 0.5, 1, 1, 1])
    value, low, high = change(before, after, groups, seed=0)
    assert value == pytest.approx(27 / 30 - 1)
    assert -0.5 <= low < value < high <= 0


def test_what_cannot_be(tmp_path):
    with pytest.raises(DataError, match="holds no file of the paired layout"):
        main([str(tmp_path)])
    write_paired(tmp_path / "own", dances=1, cameras=1)
    with pytest.raises(ConfigError, match="'x' does not match g_c00_ch00"):
        main([f"{tmp_path}/own", "--group", "x"])
    with pytest.raises(ConfigError, match="--step is 0; expected 1 or more"):
        main([f"{tmp_path}/own", "--step", "0"])
