"""A clip of poses alone, as GIF and as MP4."""

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("av", reason="the detect extra is not installed")

from temporal_pose.errors import ConfigError
from temporal_pose.footage.clip import clip
from temporal_pose.footage.drawing import LEFT, RIGHT
from temporal_pose.footage.video import Video
from temporal_pose.pose.skeletons import Skeleton

PAIR = Skeleton("pair", ("left_hand", "right_hand"), (("left_hand", "right_hand"),))
STEPS = 50 + 3 * np.arange(13.0)
POSES = np.stack([np.stack([STEPS, STEPS], 1), np.stack([STEPS + 60, STEPS + 90], 1)], 1)


def colours(frame: np.ndarray, colour, off: int = 40) -> np.ndarray:
    """Pixels of about a colour, by x and y."""
    return np.argwhere(np.abs(frame.astype(int) - colour).max(-1) < off)[:, ::-1]


def test_a_gif_shows_both_versions_side_by_side(tmp_path):
    raw = POSES.copy()
    raw[:, 1] = np.nan
    clip(tmp_path / "sub" / "a.gif", raw, POSES, PAIR, fps=25, height=120)
    with Image.open(tmp_path / "sub" / "a.gif") as gif:
        assert (gif.n_frames, gif.info["duration"], gif.info["loop"]) == (13, 40, 0)
        assert gif.size[1] == 120
        frames = []
        for number in (2, 10):
            gif.seek(number)
            frames.append(np.asarray(gif.convert("RGB")))
    half = frames[0].shape[1] // 2
    for frame in frames:
        assert len(colours(frame[:, :half], LEFT))
        assert not len(colours(frame[:, :half], RIGHT)), "was not seen"
        assert len(colours(frame[:, half:], RIGHT))
    moved = [colours(frame[:, half:], LEFT).mean(0) for frame in frames]
    assert (moved[1] - moved[0] > 5).all()


def test_an_mp4(tmp_path):
    clip(tmp_path / "a.mp4", POSES + 2, POSES, PAIR, fps=30, height=120)
    video = Video(tmp_path / "a.mp4")
    assert (video.count, video.fps, video.size[1]) == (13, 30, 120)
    frame = list(video.frames())[5]
    assert len(colours(frame, LEFT, off=90)), "a codec blurs colours"


def test_a_gif_is_never_faster_than_players_show(tmp_path):
    clip(tmp_path / "a.gif", POSES, POSES, None, fps=120, height=60)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.info["duration"] == 20


def test_what_cannot_be(tmp_path):
    with pytest.raises(ConfigError) as refusal:
        clip(tmp_path / "a.avi", POSES, POSES)
    assert str(refusal.value) == (
        f"out is '{tmp_path / 'a.avi'}'; expected a name that ends in .gif or .mp4"
    )
    with pytest.raises(ConfigError, match="the clip has no keypoint; expected poses"):
        clip(tmp_path / "a.gif", POSES * np.nan, POSES * np.nan)
    assert list(tmp_path.iterdir()) == []
