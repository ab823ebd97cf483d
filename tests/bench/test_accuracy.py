"""Comparing filters on real detections, on next to nothing."""

import csv

import numpy as np
import pytest
from commands import write_paired

from temporal_pose.bench.accuracy.__main__ import main
from temporal_pose.bench.accuracy.bands import by_band
from temporal_pose.bench.accuracy.comparing import change
from temporal_pose.bench.accuracy.videos import aist, read
from temporal_pose.errors import ConfigError, DataError


def test_every_filter_by_its_defaults_and_tuned(tmp_path, capsys):
    write_paired(tmp_path / "own", dances=3, cameras=2)
    main([f"{tmp_path}/own", "--filters", "median", "robust", "--out", f"{tmp_path}/table"])
    shown = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in shown[2:9]] == [
        "| raw",
        *["| median"] * 3,
        *["| robust"] * 3,
    ]
    with (tmp_path / "table/60fps.csv").open() as opened:
        raw, usual, tuned, calm, robust, _, bounded = csv.DictReader(opened)
    assert float(usual["error"]) < float(raw["error"])
    assert float(tuned["error"]) < float(raw["error"]), "on dances that it was not tuned on"
    assert (usual["settings"], calm["settings"].split(":")[0]) == (
        "defaults",
        "tuned, as calm as robust or calmest",
    )
    assert float(calm["jitter"]) <= float(tuned["jitter"])
    assert float(bounded["jitter"]) <= 1.01 * float(robust["jitter"])
    assert float(robust["than_robust_change"]) == 0
    assert float(raw["than_robust_low"]) > 0
    low, change_, high = (float(usual[f"jitter_{end}"]) for end in ("low", "change", "high"))
    assert low <= change_ <= high
    written = (tmp_path / "table/60fps.md").read_text().splitlines()
    assert written[2:11] == shown[:9]
    assert written[-9:] == shown[-9:]


def test_errors_by_bands_are_those_of_all_points(tmp_path):
    """Files are of different lengths, and points without a truth are in no band."""
    write_paired(tmp_path / "own", dances=2, cameras=1, frames=31)
    write_paired(tmp_path / "more", dances=1, cameras=1, frames=17)
    (tmp_path / "more/g_c00_ch00.npz").rename(tmp_path / "own/g_c07_ch07.npz")
    videos = read(tmp_path / "own", aist(), step=1).videos
    videos[0].visible[3:5, 2] = False
    halved = [video.measured((video.raw + video.truth) / 2) for video in videos]
    raw = np.concatenate([np.linalg.norm(v.raw - v.truth, axis=-1)[v.visible] for v in videos])
    found = by_band(videos, halved)
    assert set(found) == {"Input's error (torsos)", "Movement", "Detector's score"}
    for kind, bands in found.items():
        assert sum(band.share for band in bands.values()) == pytest.approx(1)
        for band in bands.values():
            assert band.refined == pytest.approx(band.raw / 2, rel=1e-5)
        if kind != "Movement":  # which knows nothing of a first frame
            mean = sum(band.share * band.raw for band in bands.values())
            assert mean == pytest.approx(raw.mean(), rel=1e-5)


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
