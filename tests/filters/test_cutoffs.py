"""The automatic cut-off: higher for faster motion, lower for more noise."""

import numpy as np
import pytest
from smoothing import applied, tracks_of

from temporal_pose.filters.butterworth import Butterworth
from temporal_pose.filters.cutoffs import USUAL, chosen, residual_analysis
from temporal_pose.filters.robust import Robust
from temporal_pose.filters.stretches import Stretches


def stretches(values, fps=60.0, lengths=None) -> Stretches:
    """(T, N) along x."""
    positions = np.stack([values, np.zeros_like(values)], -1)
    lengths = np.full(values.shape[1], len(values)) if lengths is None else np.array(lengths)
    seen = np.arange(len(values))[:, None] < lengths
    sure, sizes = np.ones(values.shape), np.full(values.shape[1], 300.0)
    return Stretches(positions, seen, lengths, fps, sure, sizes)


def motion(hertz, noise, rng, fps=60.0, seconds=6) -> np.ndarray:
    """Swings of several frequencies up to one."""
    times = np.arange(seconds * fps) / fps
    shares = np.array([0.3, 0.6, 1.0])
    swings = np.sin(2 * np.pi * np.outer(times, hertz * shares) + np.arange(3)) * 30 / (1 + shares)
    return swings.sum(1) + rng.normal(0, noise, len(times))


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0])
def test_faster_motion_gets_a_higher_cutoff(rng, fps):
    tracks = np.stack([motion(hertz, 2.0, rng, fps) for hertz in (0.5, 1.5, 4.0)], 1)
    found = residual_analysis(stretches(tracks, fps))
    assert found[0] < found[1] < found[2]
    assert found[0] > 0.5
    assert found[2] < 12


def test_more_noise_gets_a_lower_cutoff(rng):
    tracks = np.stack([motion(2.0, noise, rng) for noise in (0.3, 2.0, 8.0)], 1)
    found = residual_analysis(stretches(tracks))
    assert found[0] > found[1] > found[2]


def test_it_errs_little_more_than_the_best_cutoff_of_all(rng):
    for hertz, noise in ((0.7, 3.0), (3.0, 3.0), (2.0, 0.7)):
        clean = motion(hertz, 0.0, rng)
        poses = np.stack([clean, clean[::-1]], -1)
        noisy = (poses + rng.normal(0, noise, poses.shape))[None, :, None]
        errors = {
            cutoff: np.abs(
                applied(Butterworth(cutoff), tracks_of(noisy, fps=60.0)).numpy()[0, :, 0] - poses
            ).mean()
            for cutoff in ("auto", 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
        }
        auto = errors.pop("auto")
        assert auto < 1.25 * min(errors.values())
        assert auto < 0.7 * max(errors.values())


def test_outliers_do_not_pass_for_noise(rng):
    track = motion(3.0, 1.0, rng)[:, None]
    jumped = track.copy()
    jumped[rng.choice(len(track), 8, replace=False)] += 280
    found, without = (residual_analysis(stretches(each))[0] for each in (jumped, track))
    assert found == pytest.approx(without, rel=0.25)


def test_a_steady_motion_does_not_matter(rng):
    track = motion(2.0, 1.0, rng)[:, None]
    steady = track + 4.0 * np.arange(len(track))[:, None]
    assert residual_analysis(stretches(steady)) == pytest.approx(
        residual_analysis(stretches(track)), rel=0.1
    )


def test_each_stretch_has_its_own_and_short_ones_the_usual(rng):
    tracks = np.stack([motion(1.0, 2.0, rng), motion(4.0, 2.0, rng)], 1)
    held = np.where(np.arange(len(tracks))[:, None] < [360, 50], tracks, tracks[49])
    found = residual_analysis(stretches(held, lengths=[360, 50]))
    assert found[0] == residual_analysis(stretches(tracks[:, :1]))[0]
    assert found[1] == USUAL
    assert chosen("auto", stretches(held[:20])).tolist() == [USUAL, USUAL]
    assert chosen(3.5, stretches(held)).tolist() == [3.5, 3.5]


def test_what_stands_still_gets_a_number():
    found = residual_analysis(stretches(np.full((120, 1), 7.0)))
    assert 0 < found[0] < 60


def test_gaps_do_not_matter_much(rng):
    tracks = np.stack([motion(2.0, 2.0, rng), motion(2.0, 2.0, rng)], 1)[:, None]
    poses = tracks.transpose(0, 2, 1).repeat(2, axis=2)[None]
    detected = np.ones((1, 360, 2), bool)
    detected[0, ::7] = False
    whole, gappy = (
        applied(Robust("auto"), tracks_of(poses, seen, fps=60.0)).numpy()
        for seen in (np.ones_like(detected), detected)
    )
    assert np.abs(whole - gappy).mean() < 1
