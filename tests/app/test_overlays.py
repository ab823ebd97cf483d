"""Pictures for a page are made as the video is drawn, or of the video alone."""

import io
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av", reason="the detect extra is not installed")

from filming import SIZE, picture, write
from PIL import Image

from temporal_pose.app.filming import Film
from temporal_pose.app.overlays import DrawnPoses, film, pictures
from temporal_pose.footage.overlay import Overlaid

WANTED = {7: "a hand jumps", 3: "an elbow, too"}


@pytest.fixture
def shown(tmp_path: Path) -> DrawnPoses:
    raw = np.full((9, 2, 2), 32.0) + np.arange(2)[:, None] * 20
    return DrawnPoses(Film(write(tmp_path / "clip.mp4", 11), start=2), [Overlaid(raw, raw + 1)])


def test_they_are_the_same_either_way(shown: DrawnPoses, tmp_path: Path) -> None:
    target, remarks, made = film(shown, tmp_path / "clip.zarr", WANTED)
    assert (target.name, target.exists(), remarks) == ("clip.zarr.overlay.mp4", True, [])
    assert made == pictures(shown, WANTED)
    assert [still.caption for still in made] == ["a hand jumps", "an elbow, too"]


def test_they_show_the_frame_with_its_pose(shown: DrawnPoses) -> None:
    for number, still in zip((7, 3), pictures(shown, WANTED), strict=True):
        with Image.open(io.BytesIO(still.image)) as file:
            shown = np.asarray(file.resize(SIZE)).astype(int)
        changed = np.abs(shown - picture(number)).max(-1) > 60
        rows, columns = np.nonzero(changed)
        assert changed.any()
        assert 24 <= rows.min() <= rows.max() <= 62, "about the keypoints alone"
        assert 24 <= columns.min() <= columns.max() <= 62


def test_none_are_wanted_or_none_is_there(shown: DrawnPoses) -> None:
    assert pictures(shown, {}) == []
    assert pictures(shown, {99: "after the end"}) == []
