"""Windows: T frames of one video, without a gap, at the wanted rate."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from temporal_pose.data.windows import Cut, Windows, has_pose
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.sequences import PoseSequence

K = 25


def video(name: str, length: int = 0, fps: float = 30.0, frames=None, empty=()) -> PoseSequence:
    """A video whose keypoint 0 stands at (frame number, 1) and whose others spread around it."""
    numbers = np.arange(length) if frames is None else np.asarray(frames)
    points = np.random.default_rng(7).uniform(0, 50, (len(numbers), K, 2)).astype(np.float32)
    points[:, 0] = np.stack([numbers, np.ones(len(numbers))], 1)
    visible = np.ones((len(numbers), K), bool)
    visible[list(empty)] = False
    return PoseSequence(name, points, visible, numbers, fps)


def frames_of(windows: Windows) -> list[list[int]]:
    """The frame numbers of every window, as written into keypoint 0."""
    return windows[list(range(len(windows)))].keypoints[:, :, 0, 0].long().tolist()


def test_by_hand() -> None:
    windows = Windows([video("a", 11), video("b", 5)], Cut(5))
    assert len(windows) == 3
    assert frames_of(windows) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [0, 1, 2, 3, 4]]
    assert windows.video.tolist() == [0, 0, 1]
    assert windows.names == ["a", "b"]
    batch = windows[[2, 0]]
    assert batch.window.tolist() == [11, 0]  # of all frames, the first one's number
    assert batch.keypoints.shape == (2, 5, K, 2)
    assert batch.visible.shape == (2, 5, K)
    assert batch.fps.tolist() == [30, 30]


@pytest.mark.parametrize("length", [2, 3, 5, 7])
@pytest.mark.parametrize("frame_step", [1, 2, 3])
@pytest.mark.parametrize("stride", [None, 1, 2, 11])
def test_no_window_crosses_a_video_a_gap_or_a_frame_without_pose(length, frame_step, stride):
    gaps = np.r_[0:23, 25:31, 40:61, 90:97]
    videos = [
        video("a", frames=gaps, empty=[7, 30]),
        video("b", 29),
        video("c", 31, empty=[0, 30]),
    ]
    windows = Windows(videos, Cut(length, frame_step), stride)
    assert len(windows)
    borders = np.cumsum([0, *(len(v) for v in videos)])
    for index, number in zip(windows.index.numpy(), windows.video.tolist(), strict=True):
        assert (index >= borders[number]).all()
        assert (index < borders[number + 1]).all()
        local = index - borders[number]
        assert (np.diff(videos[number].frames[local]) == frame_step).all()
        between = np.arange(local[0], local[-1] + 1)  # the frames left out count as well
        assert videos[number].visible[between].any(1).all()
        assert videos[number].frames[local[-1]] - videos[number].frames[local[0]] + 1 == (
            (length - 1) * frame_step + 1
        )


@pytest.mark.parametrize("frame_step", [1, 2, 3])
@pytest.mark.parametrize("length", [1, 3, 5])
def test_at_stride_t_no_frame_comes_twice_and_few_are_lost(frame_step, length) -> None:
    videos = [video("a", 53), video("b", 31)]
    index = Windows(videos, Cut(length, frame_step)).index.flatten()
    assert len(index.unique()) == len(index)
    assert len(index) == sum(-(-len(v) // frame_step) // length * length for v in videos)


def test_half_the_frame_rate_spans_2t_minus_1_frames() -> None:
    windows = Windows([video("a", 19)], Cut(5, frame_step=2))
    assert frames_of(windows) == [[0, 2, 4, 6, 8], [10, 12, 14, 16, 18]]
    assert windows.fps.tolist() == [15, 15]


def test_frame_rates_are_brought_down_by_leaving_out_frames() -> None:
    windows = Windows([video("a", 10, 60.0), video("b", 5, 30.0)], Cut(5, fps=30.0))
    assert frames_of(windows) == [[0, 2, 4, 6, 8], [0, 1, 2, 3, 4]]
    assert windows.fps.tolist() == [30, 30]
    both = Windows([video("a", 20, 60.0)], Cut(5, frame_step=2, fps=30.0))
    assert frames_of(both) == [[0, 4, 8, 12, 16]]
    assert both.fps.tolist() == [15]
    ntsc = Windows([video("a", 10, 59.94)], Cut(5, fps=30.0))
    assert frames_of(ntsc) == [[0, 2, 4, 6, 8]]


@pytest.mark.parametrize("rate", [25.0, 24.0, 50.0, 12.5])
def test_frame_rates_that_cannot_be_reached(rate) -> None:
    with pytest.raises(DataError) as error:
        Windows([video("a", 50, rate)], Cut(5, fps=30.0))
    assert str(error.value) == (
        f"a has {rate:g} frames a second; data.fps=30 cannot be reached by leaving out frames: "
        f"use data.fps={rate:g}, that divided by a whole number, or data.fps=null"
    )


def test_short_videos() -> None:
    videos = [video("long", 10), video("short", 8)]
    with pytest.raises(DataError) as error:
        Windows(videos, Cut(5, frame_step=2))
    assert str(error.value) == (
        "short has 4 frames (every 2. of 8), fewer than a window of 5: set data.short=skip to "
        "leave such videos out, or a smaller data.window"
    )
    windows = Windows(videos, Cut(5, frame_step=2, short="skip"))
    assert windows.video.tolist() == [0]


def test_a_long_video_of_short_pieces_gives_no_window_and_no_error() -> None:
    windows = Windows([video("a", frames=[0, 1, 2, 9, 10, 11])], Cut(5))
    assert len(windows) == 0
    assert windows.stretches() == []
    assert len(windows.select(torch.zeros(0).bool())) == 0


def test_dense_windows_start_at_every_frame() -> None:
    windows = Windows([video("a", 9)], Cut(5), stride=1)
    assert frames_of(windows) == [list(range(i, i + 5)) for i in range(5)]
    assert frames_of(Windows([video("a", 9)], Cut(3), 2)) == [
        [0, 1, 2],
        [2, 3, 4],
        [4, 5, 6],
        [6, 7, 8],
    ]


def test_a_window_number_does_not_depend_on_the_selection() -> None:
    windows = Windows([video("a", 23), video("b", 17)], Cut(5))
    keep = torch.tensor([True, False, True, True, False, True, False])
    chosen = windows.select(keep)
    whole, part = windows[list(range(7))], chosen[list(range(4))]
    for everything, some in zip(whole[:4], part[:4], strict=True):
        assert torch.equal(everything[keep], some)
    assert chosen.video.tolist() == [0, 0, 0, 1]
    assert len(windows) == 7
    # Other windows have the same number where they begin at the same frame.
    dense = Windows([video("a", 23), video("b", 17)], Cut(5), 1)
    assert torch.equal(dense.index[torch.isin(dense.index[:, 0], whole.window)], windows.index)


def test_stretches_are_unbroken() -> None:
    videos = [video("a", frames=np.r_[0:15, 20:30]), video("b", 12)]
    windows = Windows(videos, Cut(5))
    assert windows.stretches() == [[0, 1, 2], [3, 4], [5, 6]]
    chosen = windows.select(torch.tensor([1, 0, 1, 1, 1, 0, 1]).bool())
    assert chosen.stretches() == [[0], [1], [2, 3], [4]]


@pytest.mark.parametrize("frame_step", [1, 2])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_stretches_of_selected_windows(frame_step, length) -> None:
    windows = Windows([video("a", 41), video("b", 37, empty=[20])], Cut(length, frame_step))
    keep = torch.rand(len(windows), generator=torch.Generator().manual_seed(0)) < 0.6
    chosen = windows.select(keep)
    stretches = chosen.stretches()
    assert [w for stretch in stretches for w in stretch] == list(range(len(chosen)))
    for stretch in stretches:
        frames = chosen.index[stretch].flatten()
        assert (frames.diff() == frame_step).all()
        assert len(chosen.video[stretch].unique()) == 1
    for before, after in pairwise(stretches):
        a, b = chosen.index[before[-1], -1], chosen.index[after[0], 0]
        same = chosen.video[before[-1]] == chosen.video[after[0]]
        assert not (same and b - a == frame_step)


def test_overlapping_windows_follow_nobody() -> None:
    assert Windows([video("a", 7)], Cut(5), 1).stretches() == [[0], [1], [2]]


def test_a_pose_has_two_distinct_keypoints() -> None:
    points = np.zeros((5, K, 2), np.float32)
    visible = np.zeros((5, K), bool)
    visible[1, 3] = True  # one keypoint
    visible[2, 3:5] = True  # two at the same place
    visible[3, 3:5], points[3, 3] = True, (0, 2)  # two on a line
    visible[4], points[4] = True, np.random.default_rng(0).normal(size=(K, 2))
    sequence = PoseSequence("a", points, visible, np.arange(5), 30.0)
    assert has_pose(sequence).tolist() == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"length": 0}, "data.window is 0; expected a whole number from 1"),
        ({"frame_step": 0}, "frame_step is 0; expected a whole number from 1"),
        ({"fps": 0.0}, "data.fps is 0.0; expected a positive number or null"),
        ({"fps": -25.0}, "data.fps is -25.0; expected a positive number or null"),
        ({"short": "drop"}, "data.short is 'drop'; expected error or skip"),
    ],
)
def test_settings_are_checked(setting, message) -> None:
    with pytest.raises(ConfigError) as error:
        Cut(**setting)
    assert str(error.value) == message
