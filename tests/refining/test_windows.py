"""Whole videos: every frame is refined once, whatever its length, gaps and frame rate."""

from typing import Any

import lightning as L
import numpy as np
import pytest
import torch
from temporal_pose.refining.videos import Refined, refine
from torch import Tensor, nn

from temporal_pose.data.module import PoseData
from temporal_pose.data.windows import Cut
from temporal_pose.errors import DataError
from temporal_pose.filters.gaussian import Gaussian
from temporal_pose.inputs.recorded import Recording
from temporal_pose.models.identity import Identity
from temporal_pose.pose.codecs import CoordinateCodec, HeatmapCodec, TrackCodec
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.heatmaps import render
from temporal_pose.pose.observations import Tracks
from temporal_pose.pose.sequences import Detections, PoseSequence
from temporal_pose.training.task import Refinement

K, SIZE, T = 25, 17, 3


class Reader:
    def read(self) -> list[PoseSequence]:
        raise AssertionError("a prediction needs no data set")


def video(frames: int, fps: float = 30, **detections: Any) -> PoseSequence:
    """People of 25 keypoints who move and jitter; the first keypoint is missing at times."""
    rng = np.random.default_rng(frames)
    places = rng.uniform(100, 300, (1, K, 2)) + 4 * np.arange(frames)[:, None, None]
    found = np.ones((frames, K), bool)
    found[2:4, 0] = False
    fields: dict[str, Any] = {
        "keypoints": (places + rng.normal(0, 3, (frames, K, 2))).astype(np.float32),
        "detected": found,
        "scores": rng.uniform(0.1, 1, (frames, K)).astype(np.float32),
    } | detections
    nothing = np.zeros((frames, K, 2), np.float32)
    seen = Detections(**fields)
    return PoseSequence("v", nothing, found & False, np.arange(frames), fps, detections=seen)


def data(whole: bool = False, box: str = "window", length: int = T, **cut: Any) -> PoseData:
    framing = Framing(box=box, size=SIZE)
    parts = {"framing": framing, "cut": Cut(length=length, **cut), "whole_videos": whole}
    return PoseData(Reader(), Recording(), **parts)


def refined(
    sequence: PoseSequence, network: nn.Module, codec: Any = None, **parts: Any
) -> Refined:
    codec = codec or CoordinateCodec(size=SIZE, held=True)
    fabric = L.Fabric(accelerator="cpu", devices=1)
    return refine(Refinement(network, codec), data(**parts), sequence, fabric)


class Shift(nn.Module):
    """Moves everything by so many heatmap pixels, more in each frame of the window."""

    def forward(self, positions: Tensor) -> Tensor:
        return positions + (2 / (SIZE - 1)) * torch.arange(positions.shape[1])[:, None, None]


@pytest.mark.parametrize("box", ["frame", "window"])
@pytest.mark.parametrize("step", [1, 2])
def test_what_changes_nothing_gives_back_what_was_detected(box: str, step: int) -> None:
    """With every second frame taken, that holds for what moves evenly."""
    sequence = video(13)
    if step == 2:
        even = np.linspace(100, 160, 13)[:, None, None] + np.arange(K)[:, None] * [3, 5]
        sequence = video(13, keypoints=even.astype(np.float32), detected=np.ones((13, K), bool))
    result = refined(sequence, Identity(), box=box, frame_step=step)
    seen = sequence.detections
    assert seen is not None
    assert result.frames.all()
    np.testing.assert_array_equal(result.before.there, seen.detected)
    np.testing.assert_allclose(result.after.scores, seen.scores * seen.detected, rtol=1e-6)
    for poses in (result.before, result.after):
        there = seen.detected
        np.testing.assert_allclose(poses.keypoints[there], seen.keypoints[there], atol=2e-3)
    assert result.jitter == pytest.approx(result.jitter[::-1], abs=2e-3)


def test_windows_begin_at_every_frame_and_their_mean_is_taken() -> None:
    """In box ``frame`` a heatmap pixel is a share of that frame's box, whatever the window."""
    sequence = video(8, detected=np.ones((8, K), bool))
    result = refined(sequence, Shift(), box="frame")
    places = result.before.keypoints
    cell = 1.2 * np.ptp(places, axis=1).max(-1) / SIZE  # boxes are square, with a margin of 0.1
    # by its place in the windows that show it: 0; 0 1; 0 1 2; ...; 1 2; 2
    mean = np.array([0, 0.5, 1, 1, 1, 1, 1.5, 2])
    expected = places + mean[:, None, None] * cell[:, None, None]
    np.testing.assert_allclose(result.after.keypoints, expected, atol=5e-3)


def test_a_filter_of_whole_videos_sees_them_whole() -> None:
    sequence = video(11, detected=np.ones((11, K), bool))
    smoother = Gaussian(sigma_s=0.05)
    codec = TrackCodec(size=SIZE, frame="image")
    result = refined(sequence, smoother, codec, whole=True)
    seen = sequence.detections
    assert seen is not None
    places = torch.from_numpy(seen.keypoints)[None].double()
    expected = smoother(Tracks(places, torch.ones(1, 11, K).bool(), torch.tensor([30.0])))
    np.testing.assert_allclose(result.after.keypoints, expected[0].numpy(), atol=5e-3)
    assert result.jitter[1] < 0.5 * result.jitter[0]


def with_gaps(frames: int, fps: float = 30) -> PoseSequence:
    """Nobody in frames 7 to 10, which at windows of 3 frames is too long to bridge, and in 13."""
    seen = video(frames).detections
    assert seen is not None
    found = seen.detected.copy()
    found[7:11] = found[13] = False
    found[1:6, 4] = False
    found[:, 5] = False
    return video(frames, fps, keypoints=seen.keypoints, detected=found)


def test_gaps_short_stretches_and_missing_keypoints() -> None:
    """Frames 0 to 6; 11 to 16, of which 13 is bridged; keypoints are filled in for 2 frames."""
    sequence = with_gaps(17)
    result = refined(sequence, Identity())
    seen = sequence.detections
    assert seen is not None
    np.testing.assert_array_equal(np.flatnonzero(~result.frames), range(7, 11))
    there = seen.detected.copy()
    there[2:4, 0] = there[[1, 2, 4, 5], 4] = there[13] = True
    there[:, 5] = False
    np.testing.assert_array_equal(result.after.there, there)
    assert not result.after.keypoints[~there].any()
    np.testing.assert_array_equal(result.after.scores > 0, seen.detected)
    assert result.left == 0


def test_what_is_filled_in_stays_where_it_was_seen() -> None:
    """Windows that do not show a keypoint have no say; frame 4 is nearer to 6, 2 to 0."""
    sequence = with_gaps(17)
    result = refined(sequence, Identity())
    seen, made = result.before.keypoints, result.after.keypoints
    np.testing.assert_allclose(made[1, 4], seen[0, 4], atol=2e-3)
    np.testing.assert_allclose(made[2, 4], seen[0, 4], atol=2e-3)
    np.testing.assert_allclose(made[4, 4], seen[6, 4], atol=2e-3)
    np.testing.assert_allclose(made[5, 4], seen[6, 4], atol=2e-3)
    # two of the three windows that show frame 13 show 12 as well, and hold what they saw there
    others = np.arange(K) != 5
    held = (2 * seen[12] + seen[14])[others] / 3
    np.testing.assert_allclose(made[13, others], held, atol=2e-3)


@pytest.mark.parametrize("fps", [30, 8])
def test_a_filter_bridges_a_quarter_of_a_second(fps: float) -> None:
    """At 8 frames a second that is two frames: not the four from 7 on."""
    sequence = with_gaps(17, fps)
    codec = TrackCodec(size=SIZE, frame="image")
    result = refined(sequence, Gaussian(sigma_s=1e-3), codec, whole=True)
    bridged = range(7, 11) if fps == 30 else []
    assert set(np.flatnonzero(~result.frames)) == set(range(7, 11)) - set(bridged)
    others = np.arange(K) != 5
    assert result.after.there[13, others].all()
    between = (result.before.keypoints[12] + result.before.keypoints[14]) / 2
    np.testing.assert_allclose(result.after.keypoints[13, others], between[others], atol=0.1)
    assert np.isfinite(result.after.keypoints).all()


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_as_few_frames_as_may_be(whole: bool, frames: int) -> None:
    """Of every second frame a window of 3 needs 6, a filter of whole videos 2."""
    codec = TrackCodec(size=SIZE, frame="image", whole=whole)
    sequence = video(frames)
    result = refined(sequence, Gaussian(sigma_s=0.1), codec, whole=whole, frame_step=2)
    assert result.frames.all() == (whole and frames >= 2)
    assert result.left == (0 if result.frames.all() else frames)
    if result.left:
        np.testing.assert_array_equal(result.after.keypoints, result.before.keypoints)


def test_one_keypoint_alone_is_kept() -> None:
    found = np.zeros((4, K), bool)
    found[:, 3] = True
    result = refined(video(4, detected=found), Identity())
    assert not result.frames.any()
    np.testing.assert_array_equal(result.after.there, found)


def test_without_any_stretch_long_enough() -> None:
    result = refined(video(2), Identity())
    assert not result.frames.any()
    assert result.left == 2
    assert np.isnan(result.jitter).all()


class Turns(nn.Module):
    """Errs to one side, and the next time it is called to the other."""

    def __init__(self) -> None:
        super().__init__()
        self.sign = 1

    def forward(self, positions: Tensor) -> Tensor:
        self.sign = -self.sign
        return positions + 0.3 * self.sign


def test_what_takes_turns_does_not_jitter() -> None:
    """Each half of the frames is off to its own side; blended they are right."""
    even = np.linspace(100, 160, 14)[:, None, None] + np.arange(K)[:, None] * [3, 5]
    sequence = video(14, keypoints=even.astype(np.float32), detected=np.ones((14, K), bool))
    result = refined(sequence, Turns(), frame_step=2)
    np.testing.assert_allclose(result.after.keypoints[1:-1], even[1:-1], atol=2e-3)


def test_a_detectors_heatmaps_are_read_in_its_boxes() -> None:
    """Blobs at known places of a map that the box shows in cells of 10 by 20 pixels."""

    class Maps:
        def read(self, frames: Any) -> Any:
            return maps[frames].numpy()

    rng = torch.Generator().manual_seed(0)
    inside = 4 + 8 * torch.rand(7, K, 2, generator=rng)
    maps = render(inside, torch.ones(7, K).bool(), torch.full((7, K), 1.3), SIZE)
    box = np.tile(np.float32([40, 60, 10 * SIZE, 20 * SIZE]), (7, 1))
    nowhere, all_found = np.zeros((7, K, 2), np.float32), np.ones((7, K), bool)
    sequence = video(7, keypoints=nowhere, detected=all_found, boxes=box, heatmaps=Maps())
    codec = HeatmapCodec(size=SIZE)
    expected = (inside.numpy() + 0.5) * [10, 20] + [40, 60]
    for parts in ({}, {"whole": True, "codec": TrackCodec(size=SIZE, frame="image")}):
        network = Gaussian(sigma_s=1e-3) if parts else Identity()
        result = refined(sequence, network, **{"codec": codec, **parts})
        np.testing.assert_allclose(result.before.keypoints, expected, atol=0.05)
        np.testing.assert_allclose(result.after.keypoints, expected, atol=0.05)


def test_a_rate_that_cannot_be_reached() -> None:
    with pytest.raises(
        DataError, match=r"v has 25 frames a second; data\.fps=30 cannot be reached"
    ):
        refined(video(9, fps=25), Identity(), fps=30)
