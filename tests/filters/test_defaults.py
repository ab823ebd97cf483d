"""What every filter's defaults must do: keep motion, follow any clock, tell what they know."""

import numpy as np
import pytest
import torch
from smoothing import applied, kept, swing, tracks_of

from temporal_pose.errors import DataError
from temporal_pose.filters.filter_module import columns_of
from temporal_pose.pose.codecs import TrackCodec
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.observations import Observed


@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_a_fast_swing_keeps_nine_tenths_of_its_amplitude(any_filter, fps):
    poses = swing(np.arange(4 * fps) / fps)
    smoothed = applied(any_filter, tracks_of(poses[None], fps=fps))[0].numpy()
    assert kept(poses, smoothed) >= 0.9


@pytest.mark.parametrize("frame", ["image", "heatmap"])
@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_it_does_in_the_units_of_a_codec(any_filter, fps, frame):
    poses = torch.from_numpy(swing(np.arange(4 * fps) / fps))[:, None].float()  # windows of one
    seen = torch.ones(poses.shape[:-1], dtype=torch.bool)
    inside, boxes = Framing()(poses, seen)
    rates, scores = torch.full((len(poses),), fps), seen.float()
    observed = Observed(inside, seen, scores, boxes, rates, scores)
    codec = TrackCodec(frame=frame)
    smoothed = codec.decode(applied(any_filter, codec.read(observed)), observed)
    corner, cell = boxes[..., None, :2], boxes[..., None, 2:] / 56
    back = (corner + (smoothed + 0.5) * cell)[:, 0].double().numpy()
    assert kept(poses[:, 0].double().numpy(), back) >= 0.9


@pytest.fixture
def shaken(rng):
    """A swing of 1 Hz with jitter, seen every sixtieth second or so."""
    even = np.arange(240) / 60
    times = even + np.append(0, rng.uniform(-0.006, 0.006, 239))
    jitter = rng.normal(0, 3, (240, 5, 2))
    return even, times, jitter


def test_uneven_times_are_smoothed_as_well_as_even_ones(any_filter, shaken):
    even, times, jitter = shaken
    errors = []
    for seconds, own in ((even, None), (times, times)):
        truth = swing(seconds, hertz=1.0)
        tracks = tracks_of((truth + jitter)[None], fps=60.0, times=own)
        smoothed = applied(any_filter, tracks)[0].numpy()
        errors.append(np.linalg.norm(smoothed - truth, axis=-1)[10:-10].mean())
    assert errors[1] < 1.15 * errors[0]


def test_even_times_change_nothing(any_filter, walks, gappy):
    """Not even if a clock that counts in milliseconds rounds them."""
    exact = applied(any_filter, tracks_of(walks, gappy, fps=30.0))
    for seconds in (np.arange(17) / 30 + 1e5, np.round(np.arange(17) / 30, 3)):
        timed = applied(any_filter, tracks_of(walks, gappy, fps=9.0, times=seconds))
        torch.testing.assert_close(timed, exact, rtol=0, atol=0.02)


def test_frames_left_out_of_a_clock_are_frames_missing(any_filter, rng):
    poses = rng.normal(0, 3, (1, 60, 5, 2)).cumsum(1)
    there = np.ones(60, bool)
    there[[7, 8, 20, 33, 34, 35]] = there[45:57] = False
    detected = torch.from_numpy(there)[None, :, None].expand(1, 60, 5)
    whole = applied(any_filter, tracks_of(poses, detected))
    times = np.arange(60)[there] / 30
    short = applied(any_filter, tracks_of(poses[:, there], times=times))
    torch.testing.assert_close(short, whole[:, there], rtol=0, atol=1e-6)
    spans = any_filter.spans(columns_of(tracks_of(poses, detected)))[:, 0]
    assert spans.tolist() == [frame < 45 or frame > 56 for frame in range(60)]


def test_spans_reach_from_the_first_to_the_last_detection(any_filter, walks):
    detected = torch.ones(3, 17, 5, dtype=torch.bool)
    detected[:, :2] = detected[:, 15:] = detected[0, 5:8, 1] = False
    detected[1, 5:13, 2] = detected[2, :, 3] = False
    expected = torch.zeros(3, 17, 5, dtype=torch.bool)
    expected[:, 2:15] = True
    expected[1, 5:13, 2] = expected[2, :, 3] = False
    tracks = columns_of(tracks_of(walks, detected))
    wanted, seen = (part.transpose(0, 1).flatten(1, 2).numpy() for part in (expected, detected))
    np.testing.assert_array_equal(any_filter.spans(tracks), wanted)
    strict = any_filter.with_settings(max_gap_s=0.0).spans(tracks)
    np.testing.assert_array_equal(strict, seen)


def test_a_gap_is_bridged_by_motion(any_filter):
    """Not by positions that stand still and then leap."""
    poses = swing(np.arange(120) / 60, hertz=0.5)
    detected = torch.ones(1, 120, 5, dtype=torch.bool)
    detected[:, 50:65] = False
    smoothed = applied(any_filter, tracks_of(poses[None], detected, fps=60.0))[0].numpy()
    steps = np.abs(np.diff(smoothed[45:70, 0, 0]))
    assert steps.max() < 2 * steps.min() + 1


def test_scores_are_taken_or_left(any_filter, walks, gappy, rng):
    scores = torch.from_numpy(rng.uniform(0.1, 1, (3, 17, 5)))
    assert torch.isfinite(applied(any_filter, tracks_of(walks, gappy, scores=scores))).all()


def test_times_must_increase(any_filter, walks):
    seconds = np.arange(17) / 30
    seconds[9] = seconds[8]
    message = "^times do not increase at frame 9; expected seconds in order$"
    with pytest.raises(DataError, match=message):
        applied(any_filter, tracks_of(walks, times=seconds))
