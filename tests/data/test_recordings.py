"""Detections of many videos: each window gets its own, and no frame is read twice."""

import numpy as np
import pytest
import torch

from temporal_pose.data.recordings import Recordings
from temporal_pose.data.windows import Cut, Windows
from temporal_pose.errors import DataError
from temporal_pose.pose.sequences import Detections, PoseSequence

K, H, W = 25, 3, 7


class Stored:
    """Heatmaps that tell which video and frame they are of, and count how often they are read."""

    def __init__(self, video: int, size: tuple[int, int] = (H, W)) -> None:
        self.video, self.reads, self.size = video, [], size

    def read(self, frames):
        self.reads.append(frames.tolist())
        maps = np.zeros((len(frames), K, H, W), np.float32)
        return maps + 1000 * self.video + frames[:, None, None, None]

    def in_skeleton(self, target):
        raise AssertionError("the videos have one skeleton already")


def sequence(number: int, length: int = 11, **changes) -> PoseSequence:
    rng = np.random.default_rng(number)
    points = rng.uniform(10, 90, (length, K, 2)).astype(np.float32)
    there = np.ones((length, K), bool)
    boxes = np.tile(np.float32([1, 2, 50, 60]), (length, 1))
    given = {"boxes": boxes, "heatmaps": Stored(number)} | changes
    seen = Detections(points + number, there, rng.random((length, K), np.float32), **given)
    return PoseSequence(f"v{number}", points, there, np.arange(length), 30.0, detections=seen)


def test_every_window_gets_its_own_frames() -> None:
    videos = [sequence(0, 11), sequence(1, 13), sequence(2, 7)]
    windows = Windows(videos, Cut(5), 2, Recordings(videos))
    order = torch.randperm(len(windows), generator=torch.Generator().manual_seed(0)).tolist()
    batch = windows[order]
    starts = np.cumsum([0, 11, 13])
    for row, number in enumerate(order):
        video, frames = int(windows.video[number]), windows.index[number].numpy()
        local = frames - starts[video]
        seen = videos[video].detections
        assert (batch.recorded.keypoints[row].numpy() == seen.keypoints[local]).all()
        assert (batch.recorded.scores[row].numpy() == seen.scores[local]).all()
        assert (batch.recorded.heatmaps[row, :, 0, 0, 0].numpy() == 1000 * video + local).all()
    for video in videos:
        (read,) = video.detections.heatmaps.reads
        assert read == sorted(set(read))  # windows share frames, which are read once


def test_heatmaps_are_read_only_where_they_are_needed() -> None:
    videos = [sequence(0)]
    windows = Windows(videos, Cut(5), None, Recordings(videos))
    assert windows.take([0, 1], heatmaps=False).recorded.heatmaps is None
    assert videos[0].detections.heatmaps.reads == []
    assert windows[[1]].recorded.heatmaps.shape == (1, 5, K, H, W)


def test_frames_without_a_person_are_gaps() -> None:
    boxes = np.tile(np.float32([1, 2, 50, 60]), (11, 1))
    boxes[5] = np.nan
    videos = [sequence(0, boxes=boxes)]
    assert len(Windows(videos, Cut(5), None, Recordings(videos))) == 2
    assert Windows(videos, Cut(5), 1, Recordings(videos)).index.tolist() == [
        [0, 1, 2, 3, 4],
        [6, 7, 8, 9, 10],
    ]
    assert len(Windows(videos, Cut(5), 1)) == 7  # the truth has no gap


def test_what_cannot_be_joined_is_refused() -> None:
    with pytest.raises(DataError, match=r"^1 of 2 videos have heatmaps, the others have none;"):
        Recordings([sequence(0), sequence(1, heatmaps=None)])
    with pytest.raises(DataError, match=r"^1 of 2 videos have boxes, the others have none;"):
        Recordings([sequence(0, heatmaps=None), sequence(1, boxes=None, heatmaps=None)])
    without = PoseSequence(
        "a", np.zeros((3, K, 2), np.float32), np.ones((3, K), bool), np.arange(3), 30.0
    )
    with pytest.raises(DataError, match=r"^a holds no detections; input=recorded needs"):
        Recordings([without])


def test_heatmaps_need_boxes() -> None:
    with pytest.raises(DataError, match=r"^heatmaps need the boxes that they show$"):
        sequence(0, boxes=None)


def test_maps_of_different_sizes_are_refused_before_any_is_read() -> None:
    videos = [sequence(0), sequence(1, heatmaps=Stored(1, (H, 9)))]
    with pytest.raises(DataError) as error:
        Recordings(videos)
    assert str(error.value) == (
        "heatmaps of v0 have 3 x 7 pixels, those of v1 3 x 9; expected one detector in a data "
        "set: put them into folders of their own"
    )
    assert not any(video.detections.heatmaps.reads for video in videos)
