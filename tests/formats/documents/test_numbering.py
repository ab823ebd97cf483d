"""Frame numbers and videos in names."""

import re

import pytest

from temporal_pose.errors import DataError
from temporal_pose.formats.documents.frame_files import safe
from temporal_pose.formats.documents.numbering import (
    fluent,
    numbered,
    shown,
    sibling,
    taken_apart,
    titles,
)


@pytest.mark.parametrize(
    ("name", "video", "frame", "neighbour"),
    [
        ("NAME_000000000012_keypoints.json", "NAME", 12, "NAME_000000000345_keypoints.json"),
        ("cam01.0007.json", "cam01", 7, "cam01.0345.json"),
        ("12.jpg", "", 12, "345.jpg"),
        ("über wëg 2_7.txt", "über wëg 2", 7, "über wëg 2_345.txt"),
        (
            "1_13_14_mp4-0079_jpg.rf.730c3731f869a9ef47677b7d89fc9df3.txt",
            *("1_13_14_mp4", 79, "1_13_14_mp4-0345_jpg.txt"),
        ),
        ("a/b 2/000.png", "a/b 2/", 0, "a/b 2/345.png"),
        ("v" + "0" * 40 + "5", "v", 5, "v" + "0" * 38 + "345"),
    ],
)
def test_names_are_taken_apart(name, video, frame, neighbour) -> None:
    apart = taken_apart(name)
    assert (apart.video, apart.frame) == (video, frame)
    assert sibling(name, 345) == neighbour


@pytest.mark.parametrize("name", ["", "abc.json", "9" * 19, "x.rf.12.txt"])
def test_names_without_a_frame_number(name) -> None:
    assert taken_apart(name) is None


def test_a_long_name_does_not_take_long() -> None:
    assert taken_apart("1a" * 200_000).frame == 1


def test_one_name_needs_no_number() -> None:
    (only,) = numbered(["clip.json"], "it")
    assert (only.video, only.frame) == ("", 0)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a1", "b"], "it: 'b' has no frame number; expected names such as NAME_000000000012"),
        (["a1", "a01"], "it: 'a1' and 'a01' are both frame 1; remove one of them"),
        (
            ["a1_x2", "a2_x2", "a3_x2"],
            "it: 'a1_x2', 'a2_x2' ... look like 3 videos of one frame; expected the last number "
            "of a name to be the frame's",
        ),
    ],
)
def test_names_that_do_not_number_frames(names, message) -> None:
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        numbered(names, "it")


def test_titles_differ() -> None:
    assert titles(["cam"], "folder") == {"cam": "folder"}
    assert titles(["", "cam"], "folder") == {"": "folder", "cam": "cam"}


def test_names_can_be_printed() -> None:
    shown("a\udcff\ud800b").encode()
    assert shown("äb") == "äb"
    assert safe('a/b\\c:d*e?f"g<h>i|j\nk') == "a_b_c_d_e_f_g_h_i_j_k"


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([5], True),
        ([0, 1, 3], True),
        ([0, 60, 120, 300], True),
        ([0, 61], False),
        (list(range(0, 100, 5)), True),
        ([1, 2, 3, 90], False),
        ([139, 285, 632], False),
    ],
)
def test_numbers_that_look_like_those_of_frames(numbers, expected) -> None:
    assert fluent(numbers) is expected
