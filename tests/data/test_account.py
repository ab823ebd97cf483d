"""What was read, in words."""

import numpy as np

from temporal_pose.data.account import account
from temporal_pose.data.windows import Cut, Windows
from temporal_pose.pose.sequences import PoseSequence
from temporal_pose.pose.skeletons import CLIMBALONG25


def video(name: str, length: int, fps: float = 30.0, hidden=(), empty: int = 0) -> PoseSequence:
    points = np.random.default_rng(0).uniform(0, 50, (length, 25, 2)).astype(np.float32)
    visible = np.ones((length, 25), bool)
    visible[:, [CLIMBALONG25.index(name) for name in hidden]] = False
    visible[length - empty :] = False
    return PoseSequence(name, points, visible, np.arange(length), fps)


def sides(videos) -> dict[str, Windows]:
    windows = Windows(videos, Cut(5))
    return {
        side: windows.select(windows.video == i) for i, side in enumerate(("train", "val", "test"))
    }


def test_by_hand() -> None:
    hidden = ("left_thumb", "right_thumb", "left_wrist")
    videos = [
        video("a", 1000, 60.0, hidden),
        video("b", 600, 30.0, hidden),
        video("c", 400, 60.0, hidden),
    ]
    assert account(videos, sides(videos), 16.0444) == [
        "3 videos, 2,000 frames, 30, 60 frames a second",
        "windows: train 200, val 120, test 80",
        "videos:  train 1, val 1, test 1",
        "mean torso diameter of the training windows: 16.04 heatmap px",
        "missing keypoints: nose 0%, ear 0%, shoulder 0%, elbow 0%, wrist 50%, pinky 0%, "
        "index finger 0%, thumb 100%, hip 0%, knee 0%, ankle 0%, heel 0%, toes 0%",
    ]


def test_frames_without_a_pose_are_named() -> None:
    videos = [video("a", 20, empty=2), video("b", 20), video("c", 20, empty=7)]
    lines = account(videos, sides(videos), 16.0)
    assert lines[-1] == (
        "9 frames of 2 videos have no pose and are treated as gaps (most in c: 7)"
    )
    assert "nose 15%" in lines[-2]
