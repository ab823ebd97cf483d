"""One pose at a time, against the filters of whole videos."""

import re

import numpy as np
import pytest
import torch
from smoothing import applied

import temporal_pose
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.options import whole_filters
from temporal_pose.filters.gaussian import Gaussian
from temporal_pose.models.identity import Identity
from temporal_pose.pose.observations import Tracks
from temporal_pose.refining.named_filters import filter_named
from temporal_pose.refining.streaming import Stream, Streamed, streamed

F, K = 31, 7
EVERY = pytest.mark.parametrize("model", whole_filters())


@pytest.fixture
def walk():
    rng = np.random.default_rng(0)
    return 300 + 40 * rng.normal(size=(1, K, 2)) + rng.normal(size=(F, K, 2)).cumsum(0)


@EVERY
@pytest.mark.parametrize("lag", [0, 2])
def test_frame_after_frame_is_the_same_as_all_at_once(model, walk, lag):
    scores = np.random.default_rng(1).uniform(0.2, 1, (F, K))
    whole = streamed(walk, scores, fps=30, model=model, lag=lag)
    assert whole.keypoints.shape == (F, K, 2)
    np.testing.assert_array_equal(whole.scores, scores)
    stream = temporal_pose.Stream(fps=30, model=model, lag=lag)
    for t in range(F):
        refined = stream.push(walk[t], scores[t])
        if t < lag:
            assert refined is None
        else:
            np.testing.assert_array_equal(refined.keypoints, whole.keypoints[t - lag])
    rest = stream.finish()
    assert len(rest) == lag
    for refined, expected in zip(rest, whole.keypoints[F - lag :], strict=True):
        np.testing.assert_array_equal(refined.keypoints, expected)


def test_a_window_filter_gives_what_it_makes_of_all_frames_until_now(walk):
    lag, smooth = 3, Gaussian(0.05)
    found = streamed(walk, fps=30.0, model=smooth, lag=lag).keypoints
    for t in range(F - lag):
        tracks = Tracks(
            torch.from_numpy(walk[None, : t + lag + 1]),
            torch.ones(1, t + lag + 1, K, dtype=torch.bool),
            torch.tensor([30.0]),
        )
        np.testing.assert_allclose(found[t], applied(smooth, tracks)[0, t].numpy(), atol=1e-6)


def test_with_a_long_lag_the_default_is_the_smoother_of_whole_videos(walk):
    calm = walk[:1] + np.sin(np.arange(F) / 9)[:, None, None]
    found = streamed(calm, fps=30, lag=F - 1).keypoints
    whole = temporal_pose.refine(calm, fps=30).keypoints
    np.testing.assert_allclose(found, whole, atol=0.05)


@EVERY
def test_scale_does_not_matter_and_place_neither(model, walk):
    moved = streamed(walk * 3 + 50, fps=30, model=model, lag=1).keypoints
    found = streamed(walk, fps=30, model=model, lag=1).keypoints
    np.testing.assert_allclose(moved, found * 3 + 50, atol=1e-2)


@pytest.mark.parametrize("lag", [0, 3])
def test_a_single_keypoint_has_no_size_and_is_followed_all_the_same(lag):
    rng, seconds = np.random.default_rng(0), np.arange(120) / 30
    truth = 300 + 80 * np.stack([np.sin(3 * seconds), np.cos(2 * seconds)], -1)[:, None]
    found = streamed(truth + rng.normal(0, 3, truth.shape), fps=30, lag=lag).keypoints
    assert np.linalg.norm(found - truth, axis=-1).max() < 14
    still = streamed(np.full((30, 1, 2), 7.0), fps=30, lag=lag).keypoints
    np.testing.assert_allclose(still, 7)


def test_what_is_missing_is_filled_for_a_moment_and_then_unknown(walk):
    poses, scores = walk.copy(), np.full((F, K), 0.5)
    poses[10:13, 2], poses[8:25, 4], poses[:, 5] = np.nan, 0, -1
    scores[3, 1] = np.nan
    found = streamed(poses, scores, fps=30, lag=0)
    known = ~np.isnan(found.keypoints).any(-1)
    assert known[:, [0, 1, 2, 3, 6]].all()
    assert not known[:, 5].any()
    assert known[:15, 4].all()
    assert not known[15:25, 4].any()
    assert known[25:, 4].all()
    assert (found.scores[10:13, 2] == 0).all()
    assert found.scores[3, 1] == 1


def test_scores_may_stand_beside_the_positions(walk):
    scores = np.random.default_rng(1).uniform(0.2, 1, (F, K, 1))
    beside = streamed(np.concatenate([walk, scores], -1), fps=30)
    np.testing.assert_array_equal(
        beside.keypoints, streamed(walk, scores[..., 0], fps=30).keypoints
    )
    np.testing.assert_array_equal(beside.scores, scores[..., 0])


def test_without_a_model_poses_are_given_back_as_they_are(walk):
    walk[5, 2] = np.nan
    found = streamed(walk, fps=30, model="identity", lag=4).keypoints
    np.testing.assert_allclose(found, walk, rtol=1e-12)


def test_fewer_frames_than_the_lag_are_given_back_at_the_end(walk):
    stream = Stream(fps=30, lag=9)
    assert [stream.push(pose) for pose in walk[:4]] == [None] * 4
    assert len(stream.finish()) == 4
    assert Stream(fps=30, lag=9).finish() == []


def test_a_jump_with_a_high_score_leaves_hardly_a_trace(walk):
    calm = np.repeat(walk[:1], F, axis=0)
    jumped = calm.copy()
    jumped[20, 3] += 200
    for lag, most in ((0, 12), (5, 3)):
        away = np.linalg.norm(streamed(jumped, fps=30, lag=lag).keypoints - calm, axis=-1)
        assert away.max() < most


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fps": 0}, "fps is 0; expected a positive number, frames a second"),
        ({"fps": "29.97"}, "fps is 29.97; expected a positive number, frames a second"),
        ({"fps": 30, "lag": -1}, "lag is -1; expected a whole number of frames, 0 or more"),
        ({"fps": 30, "lag": 0.5}, "lag is 0.5; expected a whole number of frames, 0 or more"),
        (
            {"fps": 30, "model": Identity()},
            "model is Identity, which has no form for one frame at a time; expected a filter, "
            "or what temporal_pose.load gives",
        ),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        Stream(**settings)


def test_an_unknown_model_is_named():
    with pytest.raises(ConfigError, match=r"^model 'nope' is no filter; expected one of "):
        Stream(fps=30, model="nope")


@pytest.mark.parametrize(
    ("pose", "scores", "message"),
    [
        (np.ones((3, 4)), None, "the pose has shape (3, 4); expected (keypoints, 2), or 3 with"),
        (np.ones((7, 2)), np.ones(6), "scores have shape (6,); expected (7,)"),
        (np.ones((6, 2)), None, "the pose has 6 keypoints; expected 7, as the frames before had"),
    ],
)
def test_poses_are_checked(pose, scores, message):
    stream = Stream(fps=30)
    stream.push(np.ones((7, 2)))
    with pytest.raises(DataError, match=f"^{re.escape(message)}"):
        stream.push(pose, scores)


def test_a_pose_that_does_not_fit_the_skeleton():
    message = "^the pose has 7 keypoints; expected 17, as the skeleton had$"
    with pytest.raises(DataError, match=message):
        Stream(fps=30, skeleton="coco17").push(np.ones((7, 2)))


def test_a_stream_is_one_of_its_own():
    """Two do not share what they remember."""
    one, other = (Stream(fps=30, model=filter_named().smoother) for _ in range(2))
    one.push(np.full((3, 2), 90.0))
    found = other.push(np.full((3, 2), 7.0))
    assert isinstance(found, Streamed)
    np.testing.assert_array_equal(found.keypoints, np.full((3, 2), 7.0))
