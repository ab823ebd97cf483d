"""Gathering numbers, naming skeletons, telling them by proportions, writing folders."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from pose_files import body, poses

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents.frame_files import KeptFile, names, read_videos, stems, write
from temporal_pose.formats.documents.gathering import Gathering, finite
from temporal_pose.formats.documents.naming import by_names, by_number
from temporal_pose.formats.documents.poses import boxed, cornered, flat, keyed, labelled, whole
from temporal_pose.formats.documents.proportions import limbs, told_apart
from temporal_pose.formats.documents.texts import DamagedError
from temporal_pose.pose.skeletons import SKELETONS


def test_numbers_are_gathered_in_their_order() -> None:
    numbers = Gathering("it", 2)
    numbers.add([[1, 2.5, 3, 4]], "frame 1")
    numbers.add([[5, None, 7, 8], [9, 10**400, 1, 2]], "frame 2")
    expected = [[[1, 2.5], [3, 4]], [[5, np.nan], [7, 8]], [[9, np.inf], [1, 2]]]
    assert np.array_equal(numbers.array(), expected, equal_nan=True)
    assert Gathering("it", 3).array().shape == (0, 0, 3)


def test_a_frame_is_gathered_whole_or_not_at_all() -> None:
    numbers = Gathering("it", 2)
    numbers.add([[1, 2]], "frame 1")
    with pytest.raises(DamagedError, match=r"^it: frame 2 has 'x'; expected a number$"):
        numbers.add([[3, 4], ["x", 5]], "frame 2")
    numbers.add([[6, 7]], "frame 3")
    assert numbers.array().tolist() == [[[1, 2]], [[6, 7]]]


def test_what_is_infinite_is_said_and_missing() -> None:
    values = np.array([[[1, np.inf, np.nan], [-np.inf, 2, 3]]])
    found, said = finite(values, "it")
    assert np.array_equal(found, [[[1, np.nan, np.nan], [np.nan, 2, 3]]], equal_nan=True)
    assert said == ("it: 2 of its numbers are infinite: taken as missing",)
    assert finite(found, "it")[1] == ()


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *((3, 3), (3.0, 3), ([3], 3), ([[3.0]], 3), ("3", 3), (-1, -1), (2.5, -1), (True, -1)),
        *((None, -1), ("x", -1), ([1, 2], -1), (float("nan"), -1), (10**30, -1)),
    ],
)
def test_numbers_of_people(value, number) -> None:
    assert whole(value) == number


def test_boxes() -> None:
    assert boxed([1, 2, 3.5, 4]) == (1, 2, 3.5, 4)
    assert cornered([[1, 2, 4, 8]]) == cornered([1, 2, 4, 8]) == (1, 2, 3, 6)
    assert boxed([1, 2, 3]) is boxed([1, 2, 3, "4"]) is boxed([1, 2, 3, 1e300]) is boxed(7) is None


def test_labels_of_frames() -> None:
    assert [keyed(key) for key in ("12", "012", "x 1", "1" * 19)] == [12, 12, "x 1", "1" * 19]
    assert labelled(3.0, "it", "an id") == 3
    for odd in (None, 2.5, True, "", [1], 1 << 70):
        with pytest.raises(DamagedError, match=r"^it: an id is .*; expected a number or a name$"):
            labelled(odd, "it", "an id")


def test_pairs_become_flat_lists_if_they_are_pairs() -> None:
    assert flat([[1, 2], [3, 4]], 2) == [1, 2, 3, 4]
    for other in ([[1, 2, 3]], [[1, 2], [3]], [1, 2], "ab", [[1, 2], 3]):
        assert flat(other, 2) is other


@pytest.mark.parametrize("name", SKELETONS)
def test_the_names_of_a_skeleton_tell_it(name) -> None:
    assert by_names(list(SKELETONS[name].keypoints), "other") is SKELETONS[name]


def test_names_that_are_no_skeleton_of_ours() -> None:
    halpe = ["head" if one == "head_top" else one for one in SKELETONS["halpe26"].keypoints]
    assert by_names(halpe, "halpe") is SKELETONS["halpe26"]
    own = by_names(["A", "B c"], "own", [[0, 1], [1, 2], "x", [0]])
    assert (own.name, own.keypoints, own.limbs) == ("own", ("A", "B c"), (("A", "B c"),))
    assert by_names(["A", "A"], "own") is by_names([1, 2], "own") is by_names(None, "own") is None


def test_numbers_of_keypoints_that_tell_a_skeleton() -> None:
    assert by_number(17, Given()) is SKELETONS["coco17"]
    assert by_number(26, Given()) is SKELETONS["halpe26"]
    assert by_number(133, Given()) is SKELETONS["wholebody133"]
    assert by_number(25, Given()) is by_number(14, Given()) is None
    assert by_number(17, Given(skeleton=SKELETONS["h36m17"])) is SKELETONS["h36m17"]


TWO = (SKELETONS["body25"], SKELETONS["body25b"])


@pytest.mark.parametrize("scale", [0.001, 1, 1000])
def test_proportions_do_not_depend_on_size_and_place(scale) -> None:
    people = body("body25b") * np.array([scale, scale, 1]) + np.array([5 * scale, -scale, 0])
    assert told_apart(people, TWO) is told_apart(people, TWO[::-1]) is SKELETONS["body25b"]
    short, long = (limbs(people, one) for one in TWO[::-1])
    assert short < 0.2 < 0.3 < long


def test_proportions_tell_nothing_of_few_points() -> None:
    assert told_apart(np.zeros((3, 25, 3)), TWO) is None
    assert told_apart(np.ones((3, 25, 3)), TWO) is None
    assert told_apart(np.empty((0, 25, 3)), TWO) is None
    assert told_apart(poses(25)[:, 0], TWO) is None


def test_a_folder_is_written_whole_or_not_at_all(tmp_path) -> None:
    def files():
        yield "a", b"1"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "out", files())
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out").mkdir()
    write(tmp_path / "out", [("a", b"1"), ("b", b"2")])
    assert names(tmp_path / "out", "") == ["a", "b"]
    with pytest.raises(DataError, match=re.escape("is there already; choose another out=")):
        write(tmp_path / "out", [])


def test_files_of_clips_are_named_differently() -> None:
    values = poses(17)[:, 0]
    clips = [
        Clip(name, np.arange(5), values[..., :2], values[..., 2]) for name in ("a/b", "a:b", "c")
    ]
    assert stems(clips) == ["a_b", "a_b_1", "c"]


def test_each_damaged_file_is_named_as_long_as_they_are_few(tmp_path) -> None:
    for n in range(22):
        (tmp_path / f"a_{n}.txt").touch()

    def read(folder, files, damaged):
        damaged += [DamagedError(f"{one.frame} is empty") for one in files[:-1]]
        return SimpleNamespace(files=(KeptFile(files[-1].name, files[-1].frame, 0, 1),))

    (video,) = read_videos(tmp_path, ".txt", "a_0.txt", read)
    said = video.remarks
    assert said[0] == "0 is empty: its frame has no poses, and the file is not written"
    assert (len(said), said[-1]) == (21, "1 more files are damaged like these")
