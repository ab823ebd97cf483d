"""What is to be refined, and where it goes."""

from pathlib import Path

import numpy as np
import pytest
from pose_files import openpose

from temporal_pose.formats.known import named
from temporal_pose.refining.sources import apart, find

CSV = "frame,a_x,a_y\n0,10,20\n1,11,21\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.csv").write_text(CSV)
    np.save(own / "a.npy", np.arange(12.0).reshape(2, 3, 2) * 50)
    (own / "b.csv").write_text(CSV)
    return own


def test_no_result_takes_the_place_of_anothers(folder: Path, tmp_path: Path) -> None:
    found, out = find(folder), tmp_path / "out"
    assert apart(found, out, None) == found
    parted = apart(found, out, named("csv"))
    assert [one.path.name for one in parted.sources] == ["a.csv", "b.csv"]
    assert parted.bad == [
        f"{folder}/a.npy: its result would be {out}/a.csv, as that of a.csv; refine it into "
        "another folder"
    ]


def test_dots_in_the_name_of_a_folder_are_no_suffix(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    for name in ("cam.01", "cam.02"):
        openpose(tmp_path / "own" / name)
    found = find(tmp_path / "own")
    assert len(found.sources) == 2
    assert apart(found, tmp_path / "out", named("csv")) == found


def test_results_among_the_sources_are_no_sources(folder: Path) -> None:
    (folder / "calm" / ".made").mkdir(parents=True)
    (folder / "calm" / "a.csv").write_text(CSV)
    found = find(folder)
    assert [one.path.name for one in found.sources] == ["a.csv", "a.npy", "b.csv"]
    assert (found.bad, found.others) == ([], [])
    assert [one.path.name for one in find(folder / "calm").sources] == ["a.csv"]
