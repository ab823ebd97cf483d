"""The Butterworth filter against scipy's, and at its ends."""

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt, sosfilt_zi, sosfiltfilt
from smoothing import applied, check_fair, kept, swing, tracks_of

from temporal_pose.filters.butterworth import Butterworth


def test_far_from_the_ends_it_is_scipys(rng):
    walks = rng.normal(size=(2, 241, 3, 2)).cumsum(1)
    smoothed = applied(Butterworth(cutoff_hz=4.0), tracks_of(walks, fps=50.0)).numpy()
    expected = sosfiltfilt(butter(2, 4.0, fs=50.0, output="sos"), walks, axis=1)
    np.testing.assert_allclose(smoothed[:, 60:-60], expected[:, 60:-60], atol=1e-3)


@pytest.mark.parametrize(("hertz", "share"), [(1.0, 1 / (1 + 6**-4)), (6.0, 0.5), (12.0, 1 / 17)])
def test_half_of_the_amplitude_is_left_at_the_cutoff(hertz, share):
    poses = swing(np.arange(1200) / 240, 10.0, hertz)
    smoothed = applied(Butterworth(cutoff_hz=6.0), tracks_of(poses[None], fps=240.0))[0].numpy()
    assert kept(poses, smoothed) == pytest.approx(share, abs=0.01)


def test_steady_motion_scale_and_the_direction_of_time(walks, gappy):
    check_fair(Butterworth(), walks, gappy)


def test_short_gaps_are_bridged_by_lines_before(walks):
    detected = torch.ones(3, 17, 5, dtype=torch.bool)
    detected[:, 5:7] = False
    filled = walks.clone()
    filled[:, 5] = (2 * walks[:, 4] + walks[:, 7]) / 3
    filled[:, 6] = (walks[:, 4] + 2 * walks[:, 7]) / 3
    smooth = Butterworth()
    found = applied(smooth, tracks_of(walks, detected))
    torch.testing.assert_close(found, applied(smooth, tracks_of(filled)))


@pytest.mark.parametrize("fps", [12.0, 5.0, 1.0])
def test_a_cutoff_beyond_half_the_frame_rate_changes_nothing(walks, fps):
    assert torch.equal(applied(Butterworth(cutoff_hz=6.0), tracks_of(walks, fps=fps)), walks)


def test_both_coordinates_of_each_stretch_have_its_own_automatic_cutoff(rng):
    seconds = np.arange(240) / 60
    slow = 40 * np.sin(2 * np.pi * 0.5 * seconds) + rng.normal(0, 4, 240)
    fast = 40 * np.sin(2 * np.pi * 3.0 * seconds) + rng.normal(0, 0.5, 240)
    poses = np.stack([slow, fast], 1)[None, :, :, None].repeat(2, -1)
    smooth = Butterworth(cutoff_hz="auto")
    together = applied(smooth, tracks_of(poses, fps=60.0))
    for keypoint in (0, 1):
        alone = applied(smooth, tracks_of(poses[:, :, [keypoint]], fps=60.0))
        torch.testing.assert_close(together[:, :, [keypoint]], alone)
    left = together.numpy()[0, 60:180, :, 0]
    assert np.abs(left[:, 0] - 40 * np.sin(np.pi * seconds[60:180])).mean() < 2
    assert np.ptp(left[:, 1]) > 72


def test_one_frame_at_a_time_it_is_scipys_pass_forward(rng):
    walks = 300 + rng.normal(size=(40, 3, 2)).cumsum(0)
    sections = butter(2, 6.0, fs=50.0, output="sos")
    rest = sosfilt_zi(sections)[..., None, None] * walks[0]
    expected, _ = sosfilt(sections, walks, axis=0, zi=rest)
    for lag, earlier in ((0, 0), (1, 1), (2, 2), (5, 2)):  # the pass is two frames late
        steps = Butterworth().causal(50.0, lag)
        seen = np.ones(3, bool)
        found = np.array([steps.step(pose, np.ones(3), seen) for pose in walks])
        assert np.isnan(found[:lag]).all()
        np.testing.assert_allclose(found[lag:], expected[earlier:][: 40 - lag], atol=1e-9)
