"""What networks start from: videos at several rates, and a smoother's view of each."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from temporal_pose.data.starting import every_checked, started, thinned
from temporal_pose.errors import ConfigError
from temporal_pose.pose.sequences import Detections, PoseSequence
from temporal_pose.pose.skeletons import SKELETONS
from temporal_pose.refining.named_filters import filter_named

F, K = 61, 17
COCO17 = SKELETONS["coco17"]


def video(frames: np.ndarray | None = None, detections: bool = True, **parts: Any) -> PoseSequence:
    rng = np.random.default_rng(0)
    numbers = np.arange(F) if frames is None else frames
    truth = rng.uniform(50, 250, (1, K, 2)) + 1.5 * numbers[:, None, None]
    seen = (truth + rng.normal(0, 2, truth.shape)).astype(np.float32)
    found = rng.random((len(numbers), K)) > 0.1
    scores = np.where(found, rng.uniform(0.2, 1, found.shape), 0).astype(np.float32)
    kept = Detections(np.where(found[..., None], seen, 0), found, scores) if detections else None
    return PoseSequence(
        "a", truth.astype(np.float32), found, numbers, 60.0, "dance", None, kept, COCO17, **parts
    )


def test_every_third_frame_is_a_video_of_its_own() -> None:
    whole = video()
    third = thinned(whole, 3)
    assert (third.name, third.group, third.fps) == ("a (every 3.)", "dance", 20.0)
    np.testing.assert_array_equal(third.frames, np.arange(21))
    np.testing.assert_array_equal(third.keypoints, whole.keypoints[::3])
    assert third.detections is not None
    assert whole.detections is not None
    np.testing.assert_array_equal(third.detections.scores, whole.detections.scores[::3])
    assert thinned(whole, 1) is whole


def test_gaps_stay_gaps() -> None:
    frames = np.r_[4:14, 20:27]  # 4, 6, 8, 10, 12 and, after the gap, 20, 22, 24, 26
    half = thinned(video(frames), 2)
    np.testing.assert_array_equal(half.frames, [0, 1, 2, 3, 4, 8, 9, 10, 11])


@pytest.mark.parametrize("step", [1, 2])
def test_the_start_is_what_refining_gives(step) -> None:
    smoother, whole = filter_named("robust"), video()
    begun = started(whole, smoother, step).detections
    assert begun is not None
    assert begun.start is not None
    assert whole.detections is not None
    for phase in range(step):
        own = slice(phase, None, step)
        seen = np.where(whole.detections.detected[own, :, None], whole.keypoints[own], np.nan)
        seen = np.where(np.isnan(seen), np.nan, whole.detections.keypoints[own])
        scores = whole.detections.scores[own]
        alone = smoother.refine(seen, scores, fps=60 / step, skeleton=COCO17)
        np.testing.assert_allclose(begun.start[own], alone.keypoints, atol=1e-3)


def test_what_the_smoother_sets_aside_is_missing() -> None:
    whole = video()
    assert whole.detections is not None
    jumped = whole.detections.keypoints.copy()
    jumped[30, 9] += 400
    found = whole.detections.detected.copy()
    found[28:33, 9] = True
    scores = np.where(found, np.maximum(whole.detections.scores, 0.5), 0).astype(np.float32)
    jumped[[28, 29, 31, 32], 9] = whole.keypoints[[28, 29, 31, 32], 9]
    seen = Detections(jumped, found, scores)
    begun = started(replace(whole, detections=seen), filter_named("robust"), 1).detections
    assert begun is not None
    assert found[30, 9]
    assert not begun.detected[30, 9]
    assert begun.scores[30, 9] == 0


def test_nothing_to_start_from() -> None:
    with pytest.raises(ConfigError, match=r"a holds no detections, and this model starts from"):
        started(video(detections=False), filter_named("robust"), 1)


@pytest.mark.parametrize("every", [[], [0], [True], [2, -1]])
def test_steps_that_are_none(every) -> None:
    with pytest.raises(ConfigError, match=r"data\.every is"):
        every_checked(every)
