"""One person is followed by the overlap of boxes, and the state survives an interruption."""

import numpy as np
import pytest

from temporal_pose.detectors.overlap import intersection_over_union
from temporal_pose.detectors.tracking import Tracker
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
        ({"every": 0}, "tracker.every is 0; expected 1 frame or more"),
    ],
)
def test_values_out_of_range(wrong, message):
    with pytest.raises(ConfigError) as refusal:
        Tracker(**wrong)
    assert str(refusal.value) == message


def test_two_people_keep_their_places():
    tracker = Tracker(people=2)
    assert picks(tracker, (HERE, 0.6), (FAR, 0.9)) == [1, 0]
    assert picks(tracker, (NEAR, 0.9), (FAR, 0.3)) == [1, 0]
    assert picks(tracker, (FAR, 0.3)) == [0, None]
    assert picks(tracker, (NEAR, 0.9)) == [None, 0]


def test_overlaps_are_largest_together():
    """Each of the first person's boxes would do, the second person's but one."""
    tracker = Tracker(people=2, overlap=0.2)
    first, second = [0.0, 0, 40, 80], [60.0, 0, 40, 80]
    assert picks(tracker, (first, 0.9), (second, 0.8)) == [0, 1]
    both, only = [22.0, 0, 40, 80], [4.0, 0, 40, 80]
    assert picks(tracker, (only, 0.5), (both, 0.9)) == [0, None]


def test_of_a_number_of_people_another_takes_the_place_when_patience_ends():
    tracker = Tracker(people=2, patience=1)
    assert picks(tracker, (HERE, 0.9), (FAR, 0.8)) == [0, 1]
    other = [400.0, 10, 50, 90]
    assert picks(tracker, (HERE, 0.9), (other, 0.8)) == [0, None]
    assert picks(tracker, (HERE, 0.9), (other, 0.8)) == [0, 1]


def test_everybody_is_followed_and_places_are_not_taken_again():
    tracker = Tracker(people="all", patience=1)
    assert picks(tracker) == []
    assert picks(tracker, (HERE, 0.6), (FAR, 0.9)) == [1, 0]
    assert picks(tracker, (FAR, 0.9)) == [0, None]
    assert picks(tracker, (FAR, 0.9)) == [0, None]
    assert picks(tracker, (FAR, 0.9), (NEAR, 0.9)) == [0, None, 1]


def test_nobody_is_new_who_overlaps_one_that_is_known():
    tracker = Tracker(people="all")
    assert picks(tracker, (HERE, 0.6), (NEAR, 0.9)) == [1]
    assert picks(tracker, (HERE, 0.6), (NEAR, 0.9)) == [1]


def test_a_choice_that_is_taken_back():
    tracker = Tracker(patience=1)
    pick(tracker, (HERE, 0.9))
    assert pick(tracker, (NEAR, 0.9)) == 0
    tracker.lost(0)
    assert tracker.searching
    assert pick(tracker, (HERE, 0.9), (FAR, 1.0)) == 0, "missed for one frame, from where it was"
    tracker.lost(0)
    assert pick(tracker, (FAR, 0.9)) == 0, "missed for two"


def test_a_stranger_who_is_nobody_leaves_no_place():
    tracker = Tracker(people="all")
    assert picks(tracker, (HERE, 0.6)) == [0]
    tracker.lost(0)
    assert picks(tracker, (FAR, 0.6)) == [0]
    tracker.lost(0)
    assert picks(tracker, (FAR, 0.6), (HERE, 0.5)) == [0, 1]


def test_when_a_frame_is_searched():
    one, all_ = Tracker(patience=2), Tracker(people="all", every=3, patience=1)
    assert one.searching
    pick(one, (HERE, 0.9))
    assert not one.searching
    pick(one)
    assert one.searching
    searched = []
    for people in ([(HERE, 1)], [(HERE, 1)], [(HERE, 1)], [], [], [], [(HERE, 1)]):
        searched.append(all_.searching)
        picks(all_, *people)
    assert searched == [True, False, False, True, True, False, True]


@pytest.mark.parametrize("people", [2, "all"])
@pytest.mark.parametrize("stop", range(1, 9))
def test_several_go_on_after_an_interruption(people, stop):
    frames = [[(HERE, 0.9)], [(NEAR, 0.5), (FAR, 0.9)], [], [(FAR, 0.9)], [(FAR, 0.9)]]
    frames += [[(HERE, 0.7), (FAR, 0.9)], [(HERE, 0.8)], [], [(FAR, 0.9), (HERE, 0.6)]]
    whole, boxes, picked = Tracker(people=people, patience=2), [], []
    for there in frames:
        picked.append(picks(whole, *there))
        boxes.append([NAN if who is None else there[who][0] for who in picked[-1]])
    count = max(map(len, boxes[:stop]))
    stored = [row + [NAN] * (count - len(row)) for row in boxes[:stop]]
    rest = Tracker(people=people, patience=2)
    rest.resume(np.array(stored, np.float32).reshape(stop, count, 4))
    assert [picks(rest, *there) for there in frames[stop:]] == picked[stop:]


@pytest.mark.parametrize("people", [0, -1, True, "some"])
def test_how_many_people(people):
    with pytest.raises(ConfigError) as refusal:
        Tracker(people=people)
    assert str(refusal.value) == f"person is {people!r}; expected a whole number from 1, or all"
