"""Several sets as one."""

import numpy as np
import pytest

from temporal_pose.data.combined import Combined
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.sequences import PoseSequence


class Given:
    """A reader of sequences that are there already."""

    def __init__(self, *sequences: PoseSequence) -> None:
        self.sequences = sequences

    def read(self) -> list[PoseSequence]:
        return list(self.sequences)


def sequence(name: str, at: float, group: str = "") -> PoseSequence:
    keypoints = np.full((7, 25, 2), at, np.float32)
    return PoseSequence(name, keypoints, np.ones((7, 25), bool), np.arange(7), 30.0, group)


def test_names_and_groups_get_the_name_of_their_set() -> None:
    first, second = sequence("0001", 1.0), sequence("0001", 2.0, "anna")
    read = Combined({"penn": Given(first), "mine": Given(second, sequence("b", 3.0))}).read()
    assert [s.name for s in read] == ["penn/0001", "mine/0001", "mine/b"]
    assert [s.group for s in read] == ["penn/0001", "mine/anna", "mine/b"]
    assert read[1].keypoints is second.keypoints
    assert (first.name, second.group) == ("0001", "anna")


def test_a_name_that_is_there_twice_in_a_set() -> None:
    both = Given(sequence("a", 1.0), sequence("a", 2.0))
    with pytest.raises(DataError, match=r"^two sequences are called 'x/a'; rename one$"):
        Combined({"x": both}).read()


def test_a_set_that_is_there_twice() -> None:
    sets = {"x": Given(sequence("a", 1.0)), "y": Given(sequence("a", 1.0))}
    with pytest.raises(DataError, match=r"^'x/a' and 'y/a' hold the same poses; read them only"):
        Combined(sets).read()


def test_sequences_without_any_keypoint_are_alike_and_yet_no_copies() -> None:
    nothing = [
        PoseSequence(n, np.zeros((3, 25, 2)), np.zeros((3, 25), bool), np.arange(3), 30.0)
        for n in "ab"
    ]
    assert len(Combined({"x": Given(*nothing)}).read()) == 2


def test_names_of_sets_are_checked() -> None:
    with pytest.raises(ConfigError, match=r"^readers is empty; expected at least one set$"):
        Combined({})
    for name in ("", "a/b"):
        with pytest.raises(ConfigError, match=rf"^readers has '{name}'; expected a name wit"):
            Combined({name: Given()})
