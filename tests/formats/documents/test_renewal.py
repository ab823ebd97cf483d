"""Which numbers change when poses go back."""

import numpy as np
import pytest

from temporal_pose.formats.clips import Clip
from temporal_pose.formats.documents.parting import Kept, are_grades
from temporal_pose.formats.documents.renewal import (
    missing,
    new_numbers,
    renewal,
    rounded,
    tight,
    written,
)
from temporal_pose.formats.documents.texts import Original, Path

NAN = np.nan


def changes(old, new, graded: bool = False, hides: bool = False) -> list[list[str | None]]:
    """Numbers of one pose in turn, from (x, y, score) to (x, y, score)."""
    before, after = np.array(old, float)[None], np.array(new, float)[None]
    kept = Kept(Original(Path("it"), 0), np.array([4]), before, graded, {}, hides=hides)
    clip = Clip("a", np.array([0]), after[..., :2], after[..., 2], rows=np.array([4]))
    found = renewal(clip, kept)
    if 4 not in found.places:
        return [[None] * 3 for _ in old]
    return np.array(found.numbers(4, (0, 1, 2)), object).reshape(-1, 3).tolist()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((1.5, 2, 0.5), (1.5, 2, 0.5), [None, None, None]),
        ((1.5, 2, 0.5), (1.5 + 1e-12, 2, 0.5), [None, None, None]),
        ((1.5, 2, 0.5), (1.75, 2, 0.5), ["1.75", None, None]),
        ((1.5, 2, 0.5), (1.5, 3.00049, 0.123456789), [None, "3", "0.123457"]),
        ((1.5, 2, 0.5), (1.75, 2, NAN), ["1.75", None, None]),
        ((1.5, 2, 0.5), (NAN, NAN, NAN), ["0", "0", "0"]),
        ((1.5, 2, 0.5), (np.inf, 2, 0.5), ["0", "0", "0"]),
        ((0, 0, 0.3), (NAN, NAN, 0), [None, None, None]),
        ((-1, -1, 0.3), (NAN, NAN, NAN), [None, None, None]),
        ((NAN, 3, 0.3), (NAN, NAN, 0), [None, None, None]),
        ((0, 0, 0.3), (0, 0, 0.9), [None, None, None]),
        ((0, 0, 0), (4, 5.5, 0.25), ["4", "5.5", "0.25"]),
        ((0, 0, 0), (4, 5.5, NAN), ["4", "5.5", "1"]),
        ((NAN, NAN, NAN), (4, 5.5, NAN), ["4", "5.5", "1"]),
        ((1, 2, 0.5), (-0.0001, 2, 0.5), ["0", None, None]),
        ((1, 2, 0.5), (1e300, 2, 0.5), ["1e+300", None, None]),
    ],
)
def test_numbers_that_change(old, new, expected) -> None:
    assert changes([old, (7, 8, 0.9)], [new, (7, 8, 0.9)]) == [expected, [None] * 3]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((3, 4, 1), (3, 4, 0.5), [None, None, None]),
        ((3, 4, 2), (3, 5, 1), [None, "5", None]),
        ((0, 0, 0), (3, 5, 0.4), ["3", "5", "1"]),
        ((3, 4, 2), (NAN, NAN, NAN), ["0", "0", "0"]),
    ],
)
def test_grades_stay_grades(old, new, expected) -> None:
    assert changes([old], [new], graded=True) == [expected]
    assert changes([old], [new], graded=True, hides=True) == [expected]


def test_a_grade_of_zero_may_hide_a_position() -> None:
    assert changes([(3, 4, 0)], [(5, 4, 0)], graded=True) == [["5", None, None]]
    assert changes([(3, 4, 0)], [(NAN, NAN, 0)], graded=True, hides=True) == [[None] * 3]
    assert changes([(3, 4, 0)], [(5, 4, 0)], graded=True, hides=True) == [["5", None, "1"]]


def test_what_is_missing() -> None:
    values = np.array(
        [(0, 0, 1), (-1, -1, 1), (NAN, 1, 1), (0, 5, 1), (-1, 5, 1), (3, 3, 0)], float
    )
    assert missing(values).tolist() == [True, True, True, False, False, False]
    assert missing(values, hides=True).tolist()[-1]


def test_new_poses_have_a_score_where_they_have_a_position() -> None:
    values = np.array([[(1.23456, 2, NAN), (NAN, 2, 0.5), (-1, -1, 0.5), (3, 4, 0.5)]])
    clip = Clip("a", np.array([0]), values[..., :2], values[..., 2])
    expected = [(1.235, 2, 1), (0, 0, 0), (0, 0, 0), (3, 4, 0.5)]
    assert new_numbers(clip).tolist() == [[list(one) for one in expected]]


def test_rounding() -> None:
    values = np.array([[(1.23456789, -1e-9, 0.123456789)]])
    assert rounded(values, False).tolist() == [[[1.235, 0, 0.123457]]]
    assert rounded(values, True).tolist() == [[[1.234568, 0, 0.123457]]]
    assert not np.signbit(rounded(values, True)).any()
    assert [written(value) for value in (3.0, 0.25, 1e22)] == ["3", "0.25", "1e+22"]


def test_the_tight_box() -> None:
    values = np.array([(3, 9, 1), (0, 0, 0), (5.25, 7, 0.1)])
    assert tight(values) == [3, 7, 2.25, 2]
    assert tight(np.zeros((3, 3))) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [([0, 1, 2], True), ([2, 2, 2], True), ([0, 0, 0], False), ([0, 1, 0.5], False)],
)
def test_scores_that_are_grades(scores, expected) -> None:
    assert are_grades(np.array(scores, float)) is expected
    assert not are_grades(np.array([1, NAN]))
