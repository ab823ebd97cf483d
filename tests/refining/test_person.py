"""Arrays as people have them: what is missing, how sure, and when."""

import numpy as np
import pytest

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.refining.person import person

F, K = 7, 3


def places() -> np.ndarray:
    return np.random.default_rng(0).uniform(10, 500, (F, K, 2))


def test_missing_ones_are_marked_and_zeroed_whatever_their_score() -> None:
    given = places()
    given[1, 0] = np.nan
    given[2, 1] = 0
    given[3, 2] = -1
    made = person(given, np.full((F, K), 0.9), fps=30)
    expected = np.ones((F, K), bool)
    expected[1, 0] = expected[2, 1] = expected[3, 2] = False
    np.testing.assert_array_equal(made.found, expected)
    np.testing.assert_array_equal(made.keypoints[~expected], 0)
    np.testing.assert_array_equal(made.scores, np.where(expected, 0.9, 0))


def test_scores_may_be_a_third_number_or_nothing_and_nan_means_sure() -> None:
    scores = np.random.default_rng(1).uniform(0.1, 1, (F, K))
    scores[4, 1] = np.nan
    beside = person(places(), scores, fps=30)
    third = person(np.concatenate([places(), scores[..., None]], -1), fps=30)
    np.testing.assert_array_equal(beside.scores, third.scores)
    assert beside.scores[4, 1] == 1
    assert (person(places(), fps=30).scores == 1).all()


def test_time_is_even_or_as_it_is_given() -> None:
    even = person(places(), fps=25)
    assert even.even and even.fps == 25
    np.testing.assert_allclose(even.times, np.arange(F) / 25)
    times = np.array([0, 0.1, 0.2, 0.3, 0.55, 0.6, 0.7])
    uneven = person(places(), times=times)
    assert not uneven.even
    assert uneven.fps == pytest.approx(10)


def test_shares_of_the_image_need_its_size() -> None:
    shares = places() / 1000
    made = person(shares, fps=30, image_size=(1000, 500))
    np.testing.assert_allclose(made.keypoints, shares * [1000, 500])
    with pytest.raises(DataError, match=r"^keypoints: positions are shares of an image whose"):
        person(shares, fps=30)


@pytest.mark.parametrize(
    ("given", "about", "message"),
    [
        (np.zeros((4, 2)), {"fps": 30}, r"^keypoints have shape \(4, 2\); expected \(frames, "),
        (np.zeros((0, 3, 2)), {"fps": 30}, r"^keypoints have shape \(0, 3, 2\); expected"),
        (np.zeros((4, 3, 4)), {"fps": 30}, r"^keypoints have shape \(4, 3, 4\); expected"),
        (np.array([["a"]]), {"fps": 30}, r"^keypoints are of type <U1; expected real numbers"),
        (np.zeros((4, 3, 2), complex), {"fps": 30}, r"^keypoints are of type complex128; exp"),
        (50 * np.ones((4, 3, 2)), {"fps": 30, "scores": np.ones((3, 3))}, r"^scores have shape"),
        (
            50 * np.ones((4, 3, 2)),
            {"times": [0, 1, 1, 2]},
            r"^times do not increase at frame 2; exp",
        ),
        (50 * np.ones((4, 3, 2)), {"times": [0, 1]}, r"^times have shape \(2,\); expected \(4,\)"),
    ],
)
def test_arrays_that_cannot_be_poses(given, about, message) -> None:
    with pytest.raises(DataError, match=message):
        person(given, **about)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({}, r"^fps is not set; add fps=, frames a second, or times=, the second of each frame"),
        ({"fps": 0}, r"^fps is 0; expected a positive number"),
        ({"fps": float("nan")}, r"^fps is nan; expected a positive number"),
        ({"fps": 30, "skeleton": "coco17"}, r"^skeleton 'coco17' has 17 keypoints, these poses 3"),
        ({"fps": 30, "skeleton": "coco"}, r"^skeleton 'coco' is unknown; expected one of"),
    ],
)
def test_settings_that_do_not_fit(about, message) -> None:
    with pytest.raises(ConfigError, match=message):
        person(places(), **about)
