"""Splits without a leak."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from temporal_pose.data.splits import (
    SIDES,
    Split,
    alternate,
    assign,
    assign_fold,
    assign_named,
    check_disjoint,
)
from temporal_pose.data.windows import Cut, Windows
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.sequences import PoseSequence

THIRDS = (0.6, 0.2, 0.2)


def video(name: str) -> PoseSequence:
    places = np.random.default_rng(0).random((11, 25, 2), np.float32)
    return PoseSequence(name, places, np.ones((11, 25), bool), np.arange(11), 30.0)


def counts(sides) -> list[int]:
    return [list(sides.values()).count(i) for i in range(3)]


@pytest.mark.parametrize(
    ("count", "expected"), [(5, [3, 1, 1]), (10, [6, 2, 2]), (100, [60, 20, 20])]
)
def test_60_20_20(count, expected) -> None:
    sides = assign([f"v{i}" for i in range(count)], THIRDS, 0)
    assert len(sides) == count
    assert counts(sides) == expected


@pytest.mark.parametrize(
    "fractions",
    [THIRDS, (0.1, 0.1, 0.8), (0.05, 0.9, 0.05), (0.98, 0.01, 0.01), (0.02, 0.49, 0.49)],
)
@pytest.mark.parametrize("count", [3, 4, 5, 7, 11, 50])
def test_every_side_gets_something(count, fractions) -> None:
    sides = assign([f"v{i}" for i in range(count)], fractions, 0)
    assert sum(counts(sides)) == count
    assert min(counts(sides)) >= 1
    if count == 50:
        assert counts(sides) == pytest.approx([50 * f for f in fractions], abs=1.01)


def test_reproducible_and_independent_of_order_and_repetition() -> None:
    labels = [f"v{i}" for i in range(23)]
    first = assign(labels, THIRDS, 5)
    assert assign(labels[::-1] + labels, THIRDS, 5) == first
    before = np.random.get_state()[1].copy()  # noqa: NPY002 to see that nobody touches it
    others = [assign(labels, THIRDS, seed) for seed in range(20)]
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert len({tuple(sorted(o.items())) for o in others}) > 15
    # No label has a side of its own: over many seeds each is on every side.
    for label in labels:
        assert {assign(labels, THIRDS, seed)[label] for seed in range(60)} == {0, 1, 2}


@pytest.mark.parametrize(
    "fractions",
    [(0.6, 0.4), (0.6, 0.2, 0.1), (0.8, 0.2, 0.0), (1.2, -0.1, -0.1), (0.5, 0.2, float("nan"))],
)
def test_fractions_are_checked(fractions) -> None:
    with pytest.raises(ConfigError) as error:
        assign(["a", "b", "c"], fractions, 0)
    assert str(error.value) == (
        f"data.fractions is {list(fractions)}; expected three positive numbers with sum 1"
    )


def test_too_few_videos() -> None:
    with pytest.raises(DataError) as error:
        assign(["a", "b", "a"], THIRDS, 0)
    assert str(error.value) == (
        "there are 2 videos or groups of videos to split; expected at least 3, one each for "
        "training, validation and test"
    )


def test_named_sides() -> None:
    named = {"test": ["d"], "train": ["a", "b"], "val": ["c"]}
    assert assign_named(["d", "a", "a", "b", "c"], named) == {"a": 0, "b": 0, "c": 1, "d": 2}


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (
            {"train": ["a"], "val": ["b"]},
            "data.split names the sides train, val; expected train, val and test, each with at "
            "least one video or group",
        ),
        (
            {"train": ["a"], "val": ["b"], "test": []},
            "data.split names the sides train, val, test; expected train, val and test, each with "
            "at least one video or group",
        ),
        (
            {},
            "data.split names the sides none; expected train, val and test, each with at least "
            "one video or group",
        ),
        (
            {"train": ["a", "x"], "val": ["b"], "test": ["c", "d", "w"]},
            "data.split: 'w' is unknown (2 in all); there are 4 videos or groups, such as a, b, c",
        ),
        (
            {"train": ["a"], "val": ["b"], "test": ["c"]},
            "data.split: 'd' is on no side of the split (1 in all); there are 4 videos or groups, "
            "such as a, b, c",
        ),
        (
            {"train": ["a", "d"], "val": ["b"], "test": ["c", "d"]},
            "data.split puts 'd' into both train and test; a video or group must be on one side "
            "only, or the test would be on data seen in training",
        ),
    ],
)
def test_named_sides_are_checked(named, message) -> None:
    with pytest.raises(DataError) as error:
        assign_named(["a", "b", "c", "d"], named)
    assert str(error.value) == message


VIDEOS = {"c": 7, "a": 5, "d": 3, "b": 11, "e": 2}  # windows of each, in the order of the files


def test_alternate_gives_the_last_videos_to_training_and_the_others_in_turn() -> None:
    labels = [name for name, count in VIDEOS.items() for _ in range(count)]
    sides = alternate(labels, THIRDS)
    # 40 % of 28 windows are 11.2: c's seven are within, and with a's five there are too many.
    assert sides == [2, 1, 2, 1, 2, 1, 2] + [0] * 21
    assert alternate(labels, (0.5, 0.25, 0.25))[:13] == [2, 1] * 6 + [0]


@pytest.mark.parametrize("fractions", [(0.98, 0.01, 0.01), (0.02, 0.49, 0.49)])
def test_alternate_leaves_something_for_every_side(fractions) -> None:
    labels = [name for name, count in VIDEOS.items() for _ in range(count)]
    assert set(alternate(labels, fractions)) == {0, 1, 2}
    with pytest.raises(DataError) as error:
        alternate(["a"] * 9, fractions)
    assert str(error.value) == "data.split=alternate needs at least 2 videos; there are 1"


def test_disjoint() -> None:
    overlapping = np.array([[0, 1, 2], [1, 2, 3]])
    apart = {"train": overlapping, "val": np.array([[4, 5, 6]]), "test": np.array([[7, 8, 9]])}
    check_disjoint(apart)
    for side in SIDES[1:]:
        with pytest.raises(DataError) as error:
            check_disjoint(apart | {side: overlapping + 10})
        assert str(error.value) == (
            f"two windows of the {side} set share a frame; use data.stride=null"
        )
    for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
        shared = apart | {other: np.array([[apart[one].max(), 20, 21]])}
        with pytest.raises(DataError) as error:
            check_disjoint(shared)
        message = f"windows of the {one} and {other} sets share a frame: a leak; use data.split"
        assert str(error.value).startswith(message)


@pytest.mark.parametrize(("count", "folds"), [(5, 5), (7, 3), (23, 5)])
def test_every_label_is_tested_once_and_chosen_by_once(count, folds) -> None:
    labels = [f"v{i}" for i in range(count)]
    turns = [assign_fold(labels, folds, fold, 7) for fold in range(1, folds + 1)]
    for label in labels:
        sides = sorted(turn[label] for turn in turns)
        assert sides == [0] * (folds - 2) + [1, 2]
    sizes = [counts(turn)[2] for turn in turns]
    assert max(sizes) - min(sizes) <= 1
    assert turns == [assign_fold(labels[::-1] * 2, folds, f, 7) for f in range(1, folds + 1)]
    assert turns != [assign_fold(labels, folds, f, 8) for f in range(1, folds + 1)]


def test_more_folds_than_labels() -> None:
    with pytest.raises(DataError, match=r"data\.folds is 4, and there are 3 videos or groups"):
        assign_fold(["a", "b", "c"], 4, 1, 0)


@pytest.mark.parametrize(
    ("folds", "fold", "by", "message"),
    [
        (2, 1, "video", "data.folds is 2; expected a whole number from 3"),
        (None, 1, "video", "data.folds is None; expected a whole number from 3"),
        (5, 6, "video", "data.fold is 6; expected 1 to 5, or with train and finetune none"),
        (5, None, "video", "data.fold is None; expected 1 to 5"),
        (5, 1, "window", "data.split is 'window'; expected video, of which folds are made"),
    ],
)
def test_folds_that_there_are_not(folds, fold, by, message) -> None:
    with pytest.raises(ConfigError) as error:
        Split(by, folds=folds, fold=fold)
    assert str(error.value).startswith(message)


def test_groups_that_are_only_learned_from() -> None:
    """They are for training, and change nothing in how the others are divided."""
    own, more = [video(f"a/{i}") for i in range(5)], [video(f"b/{i}") for i in range(7)]
    both, alone = Windows([*own, *more], Cut(5)), Windows(own, Cut(5))
    for split in (Split(), Split(folds=5, fold=2)):
        sides = replace(split, train_only="^b/").sides(both, both.names)
        expected = split.sides(alone, alone.names)
        assert torch.equal(sides[: len(alone)], expected)
        assert not sides[len(alone) :].any()
    with pytest.raises(ConfigError, match=r"data\.train_only '\(' is no regular expression"):
        Split(train_only="(")
