"""Whole videos with heatmaps: the same as ever, and never many heatmaps at once."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from temporal_pose.data import portions
from temporal_pose.data.module import PoseData
from temporal_pose.data.recordings import Recordings
from temporal_pose.data.splits import Split
from temporal_pose.data.windows import Cut, Windows
from temporal_pose.errors import ConfigError
from temporal_pose.filters.filter_module import as_module
from temporal_pose.filters.gaussian import Gaussian
from temporal_pose.inputs.recorded import Recording
from temporal_pose.pose.codecs import HeatmapCodec, TrackCodec
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.observations import Batch
from temporal_pose.pose.sequences import Detections, PoseSequence
from temporal_pose.training.fitting import Decoded

K, SIZE, T = 25, 14, 5


class Stored:
    """Heatmaps that are made when they are read, and how many were read at once."""

    def __init__(self, seed: int) -> None:
        self.seed, self.reads, self.size = seed, [], (SIZE, SIZE)

    def read(self, frames):
        self.reads.append(len(frames))
        maps = [np.random.default_rng((self.seed, i)).random((K, SIZE, SIZE)) for i in frames]
        maps = np.array(maps, np.float32) ** 9
        maps[frames % 7 == 3, 2] = 0  # not found
        return maps

    def in_skeleton(self, target):
        raise AssertionError("the videos have one skeleton already")


def sequence(number: int, length: int) -> PoseSequence:
    rng = np.random.default_rng(number)
    points = rng.uniform(10, 90, (length, K, 2)).astype(np.float32)
    there, scores = np.ones((length, K), bool), rng.random((length, K), np.float32)
    corner = rng.uniform(0, 9, (length, 2))
    boxes = np.concatenate([corner, corner + 90], 1).astype(np.float32)
    seen = Detections(points, there, scores, boxes, Stored(number))
    return PoseSequence(f"v{number}", points, there, np.arange(length), 30.0, detections=seen)


class Videos:
    def __init__(self) -> None:
        self.all = [sequence(number, length) for number, length in enumerate((11, 23, 67))]

    def read(self):
        return self.all


@pytest.fixture
def videos(monkeypatch) -> Videos:
    monkeypatch.setattr(portions, "_AT_ONCE", 10)
    return Videos()


def data(videos: Videos, whole: bool) -> PoseData:
    split = Split({"train": ["v0"], "val": ["v1"], "test": ["v2"]})
    settings = {"framing": Framing("window", size=SIZE), "cut": Cut(T), "split": split}
    made = PoseData(videos, Recording(), batch_size=99, workers=0, whole_videos=whole, **settings)
    made.setup()
    return made


def batch_of(made: PoseData):
    return made.prepare(next(iter(made.test_dataloader())))


@pytest.mark.parametrize("decoder", ["subpixel", "argmax"])
@pytest.mark.parametrize("render", ["subpixel", "thesis"])
def test_what_filters_are_given_is_the_same(videos, decoder, render) -> None:
    kept, let_go = (batch_of(data(videos, whole)) for whole in (False, True))
    assert kept.observed.heatmaps is not None
    assert let_go.observed.heatmaps is None
    for one, other in zip(kept[1:], let_go[1:], strict=True):
        assert torch.equal(one, other)
    codec = TrackCodec(SIZE, render, decoder, frame="image")
    for one, other in zip(codec.read(kept.observed), codec.read(let_go.observed), strict=True):
        assert one is other is None or torch.allclose(one, other, atol=1e-4)
    found = codec.positions(let_go.observed)
    assert torch.allclose(found, codec.positions(kept.observed), atol=1e-4)


def test_few_heatmaps_are_in_memory_at_once(videos) -> None:
    made = data(videos, True)
    found = batch_of(made)
    assert found.observed.positions.shape == (13, T, K, 2)
    reads = videos.all[2].detections.heatmaps.reads
    assert sum(reads) == 65
    assert max(reads) == 10


def test_nothing_of_a_portion_outlives_it(videos, monkeypatch) -> None:
    """What does would lie between heatmaps, and memory would grow with the video."""
    left: list[weakref.ref[torch.Tensor]] = []

    def lean(batch: Batch) -> Batch:
        assert not any(one() is not None for one in left)
        made = kept(batch)
        left.append(weakref.ref(made.observed.positions))
        return made

    kept = portions._lean
    monkeypatch.setattr(portions, "_lean", lean)
    batch_of(data(videos, True))
    assert len(left) == 7


def test_tuning_and_tests_see_the_same(videos) -> None:
    codec, smooth = TrackCodec(SIZE), as_module(Gaussian(0.05))
    kept, let_go = (Decoded.of(codec, batch_of(data(videos, whole))) for whole in (False, True))
    assert torch.allclose(smooth(kept.tracks), smooth(let_go.tracks), atol=1e-4)


def test_a_network_that_reads_heatmaps_says_what_is_wrong(videos) -> None:
    observed = batch_of(data(videos, True)).observed
    with pytest.raises(ConfigError, match=r"^model\.whole_videos is true, which lets go of the "):
        HeatmapCodec(SIZE).read(observed)


def test_frames_know_their_video() -> None:
    recordings = Recordings(Videos().all)
    found = recordings.videos(torch.tensor([0, 10, 11, 33, 34, 100]))
    assert found.tolist() == [0, 0, 1, 1, 2, 2]


def test_windows_without_heatmaps_are_the_same_otherwise() -> None:
    videos = Videos().all
    windows = Windows(videos, Cut(T), None, Recordings(videos))
    lean = portions.WithoutHeatmaps(windows)
    assert len(lean) == len(windows)
    some, expected = lean[[1, 4]], windows[[1, 4]]
    assert some.recorded.heatmaps is None
    assert torch.equal(some.recorded.scores, expected.recorded.scores)
    assert torch.equal(some.keypoints, expected.keypoints)


def test_a_step_between_frames_is_kept(videos) -> None:
    split = Split({"train": ["v0"], "val": ["v1"], "test": ["v2"]})
    found = []
    for whole in (False, True):
        made = PoseData(
            videos,
            Recording(),
            framing=Framing("window", size=SIZE),
            cut=Cut(T, frame_step=2),
            split=split,
            batch_size=99,
            workers=0,
            whole_videos=whole,
        )
        made.setup()
        found.append(batch_of(made).observed.positions)
    assert torch.allclose(*found, atol=1e-4)


def test_videos_without_heatmaps_go_the_usual_way(videos) -> None:
    for number, one in enumerate(videos.all):
        seen = replace(one.detections, heatmaps=None)
        videos.all[number] = replace(one, detections=seen)
    observed = batch_of(data(videos, True)).observed
    assert observed.heatmaps is observed.peaks is None
