from pathlib import Path

import layouts
import numpy as np
import pytest
from layouts import K

from temporal_pose.data import in_step
from temporal_pose.data.in_step import doubt, lag
from temporal_pose.formats.paired.inspection import inspect
from temporal_pose.formats.paired.paired_video import load

FPS, FRAMES = 11.0, 70


def video(folder: Path, late: int, frames: int = FRAMES, **changed: object):
    """People who sway, and detections of them some frames later, a pixel beside."""
    rng = np.random.default_rng(2)
    steps = np.cumsum(rng.normal(size=(frames + 2 * abs(late), 1, 2)), 0) * 9
    places = 400 + rng.uniform(-90, 90, (1, K, 2)) + steps
    truth = places[abs(late) :][:frames].astype(np.float32)
    seen = places[abs(late) - late :][:frames] + rng.normal(size=(frames, K, 2))
    detections = np.concatenate([seen, np.ones((frames, K, 1))], -1).astype(np.float32)
    fields = {"detections": detections, "truth": truth, "visible": np.ones((frames, K), bool)}
    fields["fps"] = FPS
    return inspect(load(layouts.npz(folder / "a.npz", layouts.about(**fields | changed))))


@pytest.mark.parametrize("late", [0, 1, -3, 17, -30])
def test_a_shift_is_found(tmp_path, late):
    found = video(tmp_path, late)
    assert lag(found) == (late or None)
    assert (doubt(found) is None) is (late == 0)


def test_it_is_said_in_frames_and_seconds(tmp_path):
    assert doubt(video(tmp_path, 17)) == (
        "the detections come 17 frames (1.55 s) after their truth; expected the same moments: "
        "shift one of them, or leave the file out by data.exclude"
    )
    assert "come 30 frames (2.73 s) before their truth" in str(doubt(video(tmp_path, -30)))


def test_a_long_video_is_looked_at_in_parts(tmp_path, monkeypatch):
    found = video(tmp_path, 13, frames=3001)
    parts = in_step._stretches(found)
    assert [len(part.truth) for part in parts] == [264] * 5
    assert np.array_equal(parts[-1].truth, found.video.truth[-264:])
    assert lag(found) == 13


@pytest.mark.parametrize(
    "changed", [{"truth": None, "visible": None}, {"visible": np.zeros((FRAMES, K), bool)}]
)
def test_without_a_truth_there_is_no_step(tmp_path, changed):
    assert lag(video(tmp_path, 17, **changed)) is None


def test_a_moment_proves_nothing(tmp_path):
    assert lag(video(tmp_path, 7, frames=21)) is None


def test_heatmaps_tell_as_well(tmp_path):
    late, size = 9, 13
    rng = np.random.default_rng(5)
    path = np.cumsum(rng.normal(size=(FRAMES + late, K, 2)), 0)
    path = 6 + 5 * np.sin(path / 3)
    rows, columns = np.mgrid[:size, :size]
    away = (columns - path[..., 0, None, None]) ** 2 + (rows - path[..., 1, None, None]) ** 2
    maps = np.exp(-away / 2).astype(np.float32)[:FRAMES]
    boxes = np.tile(np.float32([100, 200, 260, 260]), (FRAMES, 1))
    truth = ((path[late:] + 0.5) * 20 + boxes[0, :2]).astype(np.float32)
    fields = {"heatmaps": maps, "boxes": boxes, "truth": truth}
    fields |= {"visible": np.ones((FRAMES, K), bool), "fps": FPS}
    found = inspect(load(layouts.zarr_group(tmp_path / "a.zarr", layouts.about(**fields))))
    assert lag(found) == late
