"""Poses, and what is asked of them, beside a video of another length or size."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from temporal_pose.errors import DataError
from temporal_pose.footage.alignment import check_fits, remarks

VIDEO = Path("a.mp4")


class Film:
    """Eleven frames."""

    size, fps, count, times, time_base = (96, 64), 25.0, 11, None, Fraction(1, 25)

    def __init__(self):
        self.remarks, self.identity = [], {}

    def frames(self, start=0):
        yield from np.zeros((11 - start, 64, 96, 3), np.uint8)

    def stamped(self, start=0):
        yield from enumerate(self.frames(start), start)


@pytest.mark.parametrize("start", [*range(-6, 11)])
def test_poses_that_share_a_frame_with_the_video_fit(start):
    check_fits(Film(), VIDEO, [7], start)
    last = start + 7 - 11
    said = remarks(Film(), 7, start)
    assert len(said) == (last > 0)
    assert not said or said[0].startswith(f"the last {last} frames of the keypoints lie beyond")


@pytest.mark.parametrize("start", [-7, 11, 200])
def test_others_do_not(start):
    with pytest.raises(DataError) as error:
        check_fits(Film(), VIDEO, [7], start)
    assert str(error.value) == (
        f"a.mp4 has 11 frames; with video_start={start} none of the 7 of the keypoints is in it: "
        "expected 0 to 10"
    )


@pytest.mark.parametrize("frames", [10, 12])
def test_as_many_poses_as_frames_need_no_start(frames):
    check_fits(Film(), VIDEO, [11, 11])
    with pytest.raises(DataError, match=r"a.mp4 has 11 frames, the keypoints 1\d, 1 (more|fewer)"):
        check_fits(Film(), VIDEO, [11, frames])


def test_a_still_is_a_frame_of_the_video():
    check_fits(Film(), VIDEO, [11], None, [0, 10])
    with pytest.raises(DataError) as error:
        check_fits(Film(), VIDEO, [11], None, [3, 12, 11])
    assert str(error.value) == "a.mp4 has 11 frames; stills has 11: expected 0 to 10"


def test_keypoints_of_another_image_are_told():
    assert remarks(Film(), 11, None, (96, 64)) == []
    assert remarks(Film(), 11, None, (64, 96)) == [
        "the keypoints are of an image of 64x96, the video has 96x64: is it the one that they "
        "were detected in?"
    ]
