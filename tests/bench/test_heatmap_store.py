"""The store of the benchmark is a real one, but for its size."""

import numpy as np

from temporal_pose.bench.heatmap_store import CHUNK, SOME, heatmaps, write
from temporal_pose.formats.paired.paired_video import load


def test_every_chunk_is_there_and_most_are_links(tmp_path):
    frames = (SOME + 3) * CHUNK - 5
    write(tmp_path / "a.zarr", frames, seed=0)
    video = load(tmp_path / "a.zarr")
    assert len(video) == frames
    first, last = (video.heatmaps.raw(np.array([n])) for n in (2, SOME * CHUNK + 2))
    np.testing.assert_array_equal(first, last)
    files = [file for file in (tmp_path / "a.zarr/heatmaps/c").rglob("*") if file.is_file()]
    assert len(files) == SOME + 3
    assert len({file.stat().st_ino for file in files}) == SOME


def test_it_is_measured_in_a_process_of_its_own():
    rows = list(heatmaps(gigabytes=0.03, batches=1, repeats=1, steps=1))
    assert [row.unit for row in rows] == ["s", "MB", "%", "%"]
    assert all(np.isfinite(row.value) and row.value >= 0 for row in rows)
