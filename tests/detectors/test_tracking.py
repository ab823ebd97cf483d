"""One person is followed by the overlap of boxes, and the state survives an interruption."""

import numpy as np
import pytest

from temporal_pose.detectors.tracking import Tracker, intersection_over_union
from temporal_pose.errors import ConfigError

HERE, NEAR, FAR = [10.0, 10, 40, 80], [14.0, 12, 40, 80], [200.0, 10, 50, 90]
NAN = [float("nan")] * 4


def pick(tracker, *people):
    """Whom a tracker picks of (box, score) pairs."""
    return picks(tracker, *people)[0]


def picks(tracker, *people):
    """Who each of the followed people is, of (box, score) pairs."""
    boxes = np.array([box for box, _ in people], np.float32).reshape(-1, 4)
    return tracker(boxes, np.array([score for _, score in people], np.float32))


def test_the_overlap_of_boxes():
    boxes = np.array([[2.0, 3, 4, 6], [4, 3, 4, 6], [6, 9, 1, 1], [3, 4, 2, 3]])
    found = intersection_over_union(boxes[0], boxes)
    np.testing.assert_allclose(found, [1, 12 / 36, 0, 6 / 24])


def test_the_first_frame_shows_the_most_confident():
    assert pick(Tracker(), (HERE, 0.6), (FAR, 0.9)) == 1


def test_then_overlap_counts_and_not_the_score():
    tracker = Tracker()
    pick(tracker, (HERE, 0.6))
    assert pick(tracker, (FAR, 0.99), (NEAR, 0.5), ([30.0, 30, 40, 80], 0.9)) == 1


def test_another_person_is_taken_when_patience_ends():
    tracker = Tracker(patience=2)
    pick(tracker, (HERE, 0.9))
    assert [pick(tracker, (FAR, 0.9)) for _ in range(3)] == [None, None, 0]
    assert pick(tracker, (HERE, 0.99), (FAR, 0.6)) == 1


def test_a_person_who_comes_back_in_time_is_the_same():
    tracker = Tracker(patience=2)
    pick(tracker, (HERE, 0.9))
    assert pick(tracker) is None
    assert pick(tracker, (FAR, 0.9)) is None
    assert pick(tracker, (FAR, 0.9), (NEAR, 0.6)) == 1
    assert [pick(tracker), pick(tracker)] == [None, None], "patience begins anew"


def test_without_patience_the_most_confident_follows_at_once():
    tracker = Tracker(patience=0)
    pick(tracker, (HERE, 0.9))
    assert pick(tracker, (FAR, 0.7), ([300.0, 0, 9, 9], 0.8)) == 1
    assert pick(tracker) is None
    assert pick(tracker, (FAR, 0.7), (HERE, 0.8)) == 1


@pytest.mark.parametrize("stop", range(1, 12))
def test_it_goes_on_after_an_interruption(stop):
    frames = [[(HERE, 0.9)], [(NEAR, 0.5), (FAR, 0.9)], [], [(FAR, 0.9)], [(FAR, 0.9)]]
    frames += [[], [(FAR, 0.9), (HERE, 0.8)], [(HERE, 0.9)], [], [], [], [(HERE, 0.6)]]
    whole, boxes = Tracker(patience=2), []
    picked = [pick(whole, *people) for people in frames]
    for people, who in zip(frames, picked, strict=True):
        boxes.append(NAN if who is None else people[who][0])
    rest = Tracker(patience=2)
    rest.resume(np.array(boxes[:stop], np.float32)[:, None])
    assert [pick(rest, *people) for people in frames[stop:]] == picked[stop:]


def test_it_begins_anew_after_frames_without_anybody():
    tracker = Tracker(patience=3)
    tracker.resume(np.full((2, 1, 4), np.nan, np.float32))
    assert pick(tracker, (HERE, 0.6), (FAR, 0.9)) == 1
    tracker.resume(np.empty((0, 1, 4), np.float32))
    assert pick(tracker, (HERE, 0.6), (FAR, 0.9)) == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"overlap": 0}, "tracker.overlap is 0; expected more than 0, less than 1"),
        ({"overlap": 1}, "tracker.overlap is 1; expected more than 0, less than 1"),
        ({"patience": -1}, "tracker.patience is -1; expected 0 or more frames"),
    ],
)
def test_values_out_of_range(wrong, message):
    with pytest.raises(ConfigError) as refusal:
        Tracker(**wrong)
    assert str(refusal.value) == message
