"""Faults put into a real clip, through the door that users take: what they spoil comes back.

Everything else may get no worse than raw; the touched points lie within 10 px of the truth.
"""

import numpy as np
import pytest

import temporal_pose
from temporal_pose.formats.clips import Clip
from temporal_pose.pose.skeletons import SKELETONS
from temporal_pose.refining.clip_refining import refine_clip
from temporal_pose.refining.named_filters import filter_named

LEGS = [11, 13, 15], [12, 14, 16]


class Dance:
    """Real detections, (F, 17, 2 or 1), beside their truth."""

    def __init__(self, file: dict[str, np.ndarray]) -> None:
        self.poses = file["detections"][..., :2].astype(float)
        self.scores = file["detections"][..., 2].astype(float)
        self.truth, self.visible = file["truth"].astype(float), file["visible"]
        self.fps = float(file["fps"])

    def check(self, made: np.ndarray, touched: np.ndarray) -> None:
        """The result is as good as it has to be, and says something wherever something was."""
        before, after = (
            np.linalg.norm(poses - self.truth, axis=-1) for poses in (self.poses, made)
        )
        inner = slice(15, -15)  # where a track begins or ends, nothing says how it went on
        others, own = (self.visible & ~touched)[inner], (self.visible & touched)[inner]
        assert np.isfinite(after[inner][others]).all()
        assert after[inner][others].mean() < before[inner][others].mean()
        if own.any():
            assert np.isfinite(after[inner][own]).mean() > 0.98
            assert np.nanmean(after[inner][own]) < 10

    def refined(self, poses: np.ndarray, scores: np.ndarray) -> np.ndarray:
        about = {"fps": self.fps, "skeleton": "coco17", "image_size": (1920, 1080)}
        return temporal_pose.refine(poses, scores, **about).keypoints


@pytest.fixture
def whole(dance) -> Dance:
    return Dance(dance)


@pytest.mark.parametrize(("mark", "score"), [(0, 0.0), (0, 0.3), (-1, 0.3)])
def test_a_twentieth_of_the_joints_is_marked_as_missing(whole, rng, mark, score) -> None:
    lost = rng.random(whole.scores.shape) < 0.05
    poses, scores = whole.poses.copy(), whole.scores.copy()
    poses[lost], scores[lost] = mark, score
    whole.check(whole.refined(poses, scores), lost)


def test_low_scores_of_guesses_that_last(whole, rng) -> None:
    """8 % of the joints are 150 px off for 5 frames."""
    off, poses = np.zeros(whole.scores.shape, bool), whole.poses.copy()
    while off.mean() < 0.08:
        frame, joint = rng.integers(len(off) - 5), rng.integers(17)
        if not off[frame : frame + 5, joint].any():
            angle = rng.uniform(0, 2 * np.pi)
            poses[frame : frame + 5, joint] += 150 * np.array([np.cos(angle), np.sin(angle)])
            off[frame : frame + 5, joint] = True
    whole.check(whole.refined(poses, np.where(off, 0.05, whole.scores)), off)


def test_sure_jumps_of_a_frame(whole, rng) -> None:
    off = rng.random(whole.scores.shape) < 0.01
    poses = whole.poses + 200 * off[..., None]  # along both axes
    whole.check(whole.refined(poses, np.where(off, 0.9, whole.scores)), off)


def test_legs_exchanged_for_three_frames_in_forty(whole) -> None:
    poses, scores = whole.poses.copy(), whole.scores.copy()
    off = np.zeros(scores.shape, bool)
    for frame in range(20, len(poses) - 3, 40):
        some = slice(frame, frame + 3)
        for values, was in ((poses, whole.poses), (scores, whole.scores)):
            values[some, LEGS[0]], values[some, LEGS[1]] = was[some, LEGS[1]], was[some, LEGS[0]]
        off[some, LEGS[0]] = off[some, LEGS[1]] = True
    whole.check(whole.refined(poses, scores), off)


def test_half_of_all_scores_are_no_numbers(whole, rng) -> None:
    scores = np.where(rng.random(whole.scores.shape) < 0.5, np.nan, whole.scores)
    whole.check(whole.refined(whole.poses, scores), np.zeros(scores.shape, bool))


def test_a_quarter_of_the_frames_is_left_out_with_its_numbers_kept(whole, rng) -> None:
    lost = rng.random(len(whole.poses)) < 0.25
    frames = np.flatnonzero(~lost)
    seen = (frames, whole.poses[~lost], whole.scores[~lost])
    clip = Clip("dance", *seen, SKELETONS["coco17"], whole.fps)
    after, _ = refine_clip(clip, filter_named())
    made = np.full(whole.poses.shape, np.nan)
    made[after.frames] = after.keypoints
    assert len(after) > len(clip)
    whole.check(made, np.repeat(lost[:, None], 17, 1))


def test_two_people_in_turn_in_one_list(whole) -> None:
    """Each is there in every other frame; the other one is 600 px to the right."""
    frames = np.arange(len(whole.poses))
    aside = np.where(frames[:, None, None] % 2, [600, 0], 0)
    poses = whole.poses + aside
    clip = Clip("pair", frames, poses, whole.scores, SKELETONS["coco17"], whole.fps)
    _, tracks = refine_clip(clip, filter_named())
    assert len(tracks) == 2
    made = np.full((2, *whole.poses.shape), np.nan)
    for number, track in enumerate(tracks):
        made[number, track.frames] = track.refined.keypoints
    for number in range(2):
        own = frames % 2 == number
        poses = made[number] - [600 * number, 0]
        whole.check(poses, np.repeat(~own[:, None], 17, 1))
