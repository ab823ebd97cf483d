"""Whether a detector's output resembles another's."""

import numpy as np
import pytest

from temporal_pose.pose.likeness import MEASURES, measures, ranges, unlike

F, K = 41, 7


def video(seed: int, jitter: float = 2.0, score: float = 0.7) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    start = rng.uniform(0, 200, (1, K, 2)) + np.zeros((F, 1, 1))
    seen = start + rng.normal(0, jitter, start.shape)
    found = measures(seen, np.ones((F, K), bool), rng.normal(score, 0.05, (F, K)), start)
    assert found is not None
    return found


def test_by_hand() -> None:
    """A body 100 px tall, every detection 3 px from its smoother."""
    start = np.zeros((F, 2, 2))
    start[:, 1, 1] = 100
    scores = np.tile([0.25, 0.75], (F, 1))
    found = measures(start + np.array([3.0, 0]), np.ones((F, 2), bool), scores, start)
    assert found == pytest.approx(dict(zip(MEASURES, (0.03, 0.5, 0.5), strict=True)))


def test_size_makes_no_difference_and_the_unknown_does_not_count() -> None:
    rng = np.random.default_rng(0)
    start = rng.uniform(0, 200, (F, K, 2))
    seen, scores = start + rng.normal(0, 2, start.shape), rng.random((F, K))
    detected = rng.random((F, K)) < 0.7
    start[5:9, 2] = np.nan
    first = measures(seen, detected, scores, start)
    other = measures(3 * seen + 7, detected, scores, 3 * start + 7)
    assert first == pytest.approx(other)
    seen[~detected], scores[~detected] = 1e6, 0
    assert measures(seen, detected, scores, start) == first


def test_of_one_recording_others_may_differ_more_than_of_many() -> None:
    alone, many = ranges([video(3)]), ranges(video(seed) for seed in range(50))
    other = video(3, jitter=2.6)
    assert unlike(other, alone) is None
    assert unlike(other, many) is not None
    assert unlike(video(3, jitter=9.0), alone) is not None


def test_nothing_seen() -> None:
    nothing = np.zeros((F, K, 2))
    assert measures(nothing, np.zeros((F, K), bool), np.zeros((F, K)), nothing) is None
    assert ranges([None, None]) == {}


def test_its_own_kind_is_alike_and_others_are_told() -> None:
    usual = ranges(video(seed) for seed in range(50))
    alike = [unlike(video(seed), usual) is None for seed in range(50, 100)]
    assert np.mean(alike) > 0.9
    assert (unlike(video(1, jitter=9.0), usual) or "").startswith("jitter 0.0")
    told = unlike(video(1, score=0.2), usual)
    assert told is not None
    assert "median score 0.19" in told
    assert "usual 0.6" in told
    assert unlike(None, usual) is None
    assert unlike(video(1), {}) is None
