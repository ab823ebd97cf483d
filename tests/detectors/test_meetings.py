"""Two people who pass each other stay who they are, though one is not seen for a while."""

import numpy as np
import pytest

from temporal_pose.detectors.tracking import Tracker

FRAMES, WIDTH = 60, 40.0
NAN = [float("nan")] * 4


def walks(step=4.0, other=-4.0):
    """Boxes of two people, who meet in the middle of the frames."""
    away = (np.arange(FRAMES) - FRAMES / 2)[:, None, None] * np.array([[step], [other]])
    boxes = np.zeros((FRAMES, 2, 4), np.float32)
    boxes[..., 0] = 300 + away[..., 0]
    boxes[..., 1:] = 50, WIDTH, 90
    return boxes


def followed(tracker, boxes, seen, start=0):
    """Who is taken for whom: of each followed person, the number of the one seen."""
    found = []
    for row, there in zip(boxes[start:], seen[start:], strict=True):
        which = np.flatnonzero(there)
        scores = np.where(which == 0, 0.9, 0.8).astype(np.float32)
        chosen = tracker(row[which].reshape(-1, 4), scores)
        found.append([None if one is None else int(which[one]) for one in chosen])
    return found


def hidden(boxes, who):
    """Frames in which one is seen who is behind the other one."""
    seen = np.ones((FRAMES, 2), bool)
    seen[:, who] = np.abs(boxes[:, 0, 0] - boxes[:, 1, 0]) > WIDTH * 0.7
    return seen


@pytest.mark.parametrize("people", [2, "all"])
@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize("steps", [(4.0, -4.0), (3.0, -1.5), (2.0, 0.0)])
def test_each_comes_out_on_the_other_side(people, who, steps):
    boxes = walks(*steps)
    seen = hidden(boxes, who)
    for row, there in zip(followed(Tracker(people), boxes, seen), seen, strict=True):
        assert row == [place if is_seen else None for place, is_seen in enumerate(there)]


@pytest.mark.parametrize("people", [2, "all"])
@pytest.mark.parametrize("stop", [5, 22, 27, 30, 33, 36, 40])
def test_it_goes_on_in_the_middle_of_a_meeting(people, stop):
    boxes = walks()
    seen = hidden(boxes, 1)
    whole = followed(Tracker(people), boxes, seen)
    rest = Tracker(people)
    rest.resume(np.where(seen[:stop, :, None], boxes[:stop], np.nan))
    assert followed(rest, boxes, seen, stop) == whole[stop:]


@pytest.mark.parametrize("people", [2, "all"])
@pytest.mark.parametrize("stop", [0, 29, 32, 35])
def test_whoever_was_taken_for_the_other_is_found_out(people, stop):
    """The second is lost first, and then the one who is seen where both are is the second."""
    boxes, seen = walks(), np.ones((FRAMES, 2), bool)
    seen[26:30, 1] = seen[30:40, 0] = False
    whole = followed(Tracker(people), boxes, seen)
    assert whole[30] == [1, None], "nothing tells them apart"
    assert whole[36:40] == [[None, 1]] * 4
    assert whole[40:] == [[0, 1]] * (FRAMES - 40)
    rest = Tracker(people)
    stored = [[NAN if one is None else boxes[at, one] for one in whole[at]] for at in range(stop)]
    rest.resume(np.array(stored, np.float32).reshape(stop, 2, 4))
    assert followed(rest, boxes, seen, stop) == whole[stop:]


def test_a_box_about_both_is_nobody():
    boxes = walks()
    seen = hidden(boxes, 1)
    tracker = Tracker("all")
    for row, there in zip(boxes, seen, strict=True):
        people = list(row[there])
        if not there[1] and abs(row[0, 0] - row[1, 0]) < 20:
            left, right = row[:, 0].min(), row[:, 0].max() + WIDTH
            people.append(np.array([left - 5, 45, right - left + 40, 100], np.float32))
        chosen = tracker(np.array(people), np.linspace(0.9, 0.8, len(people), dtype=np.float32))
        assert chosen[:2] == [0, 1 if there[1] else None]


def test_somebody_who_leaves_behind_another_is_not_waited_for_without_end():
    boxes = walks(2.0, 0.0)
    seen = hidden(boxes, 0)
    seen[30:, 0] = False
    tracker = Tracker("all", patience=2, every=10)
    followed(tracker, boxes, seen)
    tracker(boxes[-1, 1:], np.array([0.9], np.float32))
    searched = 0
    for _ in range(20):
        searched += tracker.searching
        tracker(boxes[-1, 1:], np.array([0.9], np.float32))
    assert searched == 2, "once in ten frames"
