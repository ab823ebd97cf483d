"""The default smoother against its definition, and on what it is made for."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from smoothing import applied, check_fair, kept, swing, tracks_of
from torch.testing import assert_close

from temporal_pose.errors import ConfigError
from temporal_pose.filters.filter_module import FilterModule
from temporal_pose.filters.robust import Robust


def smoothed(poses, smooth=None, **about) -> np.ndarray:
    """(F, K, 2) of one person."""
    given = {name: np.asarray(value)[None] for name, value in about.items() if name != "fps"}
    tracks = tracks_of(poses[None], fps=about.get("fps", 30.0), **given)
    return applied((smooth or Robust()), tracks)[0].numpy()


def least(values, weights, seconds, stiff, scale) -> np.ndarray:
    """What makes the sum of the definition least, by a general minimiser; (F, 2)."""

    def total(flat):
        curve = flat.reshape(values.shape)
        away = np.linalg.norm(values - curve, axis=1)
        slopes = np.diff(curve, axis=0) / np.diff(seconds)[:, None]
        middle = (seconds[2:] - seconds[:-2])[:, None] / 2
        bends = (np.diff(slopes, axis=0) / middle) ** 2 * middle
        return (weights * scale**2 * np.log1p((away / scale) ** 2)).sum() + stiff * bends.sum()

    start = values[:, :].ravel()
    return minimize(total, start, method="BFGS", options={"gtol": 1e-6}).x.reshape(values.shape)


@pytest.mark.parametrize("uneven", [False, True])
def test_it_minimises_what_it_says(rng, uneven):
    fps, size = 30.0, 100.0
    steps = rng.uniform(0.5, 1.5, 10) if uneven else np.ones(10)
    frames = np.append(0, steps.cumsum())
    frames = frames / np.median(np.diff(frames))
    poses = np.zeros((11, 3, 2))
    poses[:, 1:] = [[0, 0], [60, size]]
    poses[:, 0] = rng.normal(0, 2, (11, 2)).cumsum(0) + 40
    poses[6, 0] += 14
    detected, scores = np.ones((11, 3), bool), rng.uniform(0.3, 0.9, (11, 3))
    detected[3, 0], scores[7, 0] = False, 0.01
    times = {"times": frames / fps} if uneven else {}
    found = smoothed(poses, Robust(4.0, 0.2), detected=detected, scores=scores, **times)
    seen = detected[:, 0]
    weights = np.where(seen, np.maximum(scores[:, 0], 0.05), 0)
    weights = weights / np.median(weights[seen])
    weights[[2, 4]] *= 1.5  # each stands for half of the way to the other as well
    stiff = (fps / (2 * np.pi * 4)) ** 4
    expected = least(poses[:, 0], weights, frames, stiff, 0.2 * size)
    np.testing.assert_allclose(found[:, 0], expected, atol=0.02)


def test_a_frequency_is_left_as_a_fourth_order_filter_leaves_it():
    seconds = np.arange(1200) / 240
    for hertz in (1.0, 3.0, 5.0, 8.0):
        poses = swing(seconds, 10.0, hertz)
        expected = 1 / (1 + (hertz / 5) ** 4)
        assert kept(poses, smoothed(poses, fps=240.0)) == pytest.approx(expected, abs=0.02)


def test_steady_motion_scale_and_the_direction_of_time(walks, gappy):
    check_fair(Robust(), walks, gappy)


def test_a_jump_leaves_hardly_a_trace(rng):
    poses = swing(np.arange(90) / 30)
    jumped = poses.copy()
    jumped[40, 2] += 200
    jumped[60, 0] -= 300
    away = np.linalg.norm(smoothed(jumped) - smoothed(poses), axis=-1)
    assert away.max() < 6
    assert np.linalg.norm(smoothed(jumped, Robust(outlier=9.0)) - poses, axis=-1).max() > 60


@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_a_fast_limb_is_no_outlier(fps):
    poses = swing(np.arange(4 * fps) / fps, amplitude=160.0)
    assert kept(poses, smoothed(poses, fps=fps)) > 0.95


def test_low_scores_count_little(rng):
    poses = swing(np.arange(90) / 30)
    off, scores = poses.copy(), np.full((90, 5), 0.9)
    off[30:34, 2] += 12
    near = np.abs(smoothed(off, scores=scores) - poses)[:, 2].max()
    scores[30:34, 2] = 0.06
    assert np.abs(smoothed(off, scores=scores) - poses)[:, 2].max() < near / 3


def test_without_scores_all_are_sure(walks, gappy):
    plain = applied(Robust(), tracks_of(walks, gappy))
    for score in (1.0, 0.4, float("nan")):
        scores = torch.full((3, 17, 5), score)
        assert_close(applied(Robust(), tracks_of(walks, gappy, scores=scores)), plain)


def test_a_score_that_is_no_number_counts_as_sure(rng):
    poses, scores = rng.normal(size=(17, 5, 2)), rng.uniform(0.2, 0.8, (17, 5))
    unknown = np.where(rng.random((17, 5)) < 0.3, np.nan, scores)
    sure = np.where(np.isnan(unknown), 1.0, unknown)
    np.testing.assert_allclose(smoothed(poses, scores=unknown), smoothed(poses, scores=sure))


def test_a_gap_is_filled_by_the_motion_itself():
    poses = swing(np.arange(120) / 60, hertz=1.0)
    detected = np.ones((120, 5), bool)
    detected[20:34] = detected[70:80] = False
    error = np.linalg.norm(smoothed(poses, detected=detected, fps=60.0) - poses, axis=-1)
    assert error[20:34].max() < 4
    line = np.linspace(poses[19], poses[34], 16)[1:-1]
    assert np.linalg.norm(line - poses[20:34], axis=-1).max() > 14


def test_a_point_that_stands_still_but_for_a_moment_gives_numbers():
    still = np.full((30, 1, 2), 7.0)
    moved = still.copy()
    moved[11] += 1e6
    assert np.abs(smoothed(moved) - 7).max() < 1e-3
    np.testing.assert_array_equal(smoothed(still), still)


@pytest.mark.parametrize("cutoff_hz", [1e-6, 1e-3, 1e3, 1e9])
def test_extreme_cutoffs_give_numbers(walks, gappy, cutoff_hz):
    assert torch.isfinite(applied(Robust(cutoff_hz), tracks_of(walks, gappy))).all()


def test_nothing_is_left_but_a_line_at_the_lowest_cutoff(rng):
    walk = rng.normal(size=(41, 3, 2)).cumsum(0)
    found = smoothed(walk, Robust(1e-4, outlier=1e3))
    fits = np.polynomial.polynomial.polyfit(np.arange(41), walk.reshape(41, -1), 1)
    line = np.polynomial.polynomial.polyval(np.arange(41), fits).T.reshape(walk.shape)
    np.testing.assert_allclose(found, line, atol=1e-2)


@pytest.mark.parametrize("value", ["5 Hz", -1.0, float("nan")])
def test_settings_are_checked(value):
    message = f"^cutoff_hz is {value}; expected a positive number of hertz, or auto$"
    with pytest.raises(ConfigError, match=message):
        Robust(cutoff_hz=value)


def test_auto_travels_in_a_checkpoint():
    state = FilterModule(Robust(cutoff_hz="auto")).state_dict()
    module = FilterModule(Robust())
    module.load_state_dict(state)
    other = module.smoother
    assert other.cutoff_hz == "auto"
    assert other.with_settings(cutoff_hz=3.0).settings["cutoff_hz"] == 3.0
    assert repr(other) == "Robust(cutoff_hz=auto, outlier=0.03, max_gap_s=0.25)"


@pytest.mark.parametrize("every", [2, 5, 8])
def test_a_cut_off_means_the_same_where_only_some_frames_were_looked_at(every):
    seconds = np.arange(600) / 60
    poses, detected = swing(seconds), np.zeros((600, 5), bool)
    detected[::every] = True
    found = smoothed(poses, detected=detected, fps=60.0)
    assert kept(poses[::every], found[::every]) > 0.93


@pytest.mark.parametrize("every", [5, 8])
def test_nor_does_it_one_frame_at_a_time(every):
    seconds, seen = np.arange(600) / 60, np.arange(600) % every == 0
    poses, step = swing(seconds), Robust().causal(60, lag=30).step
    frames = zip(np.where(seen[:, None, None], poses, 0), seen, strict=True)
    found = np.stack([step(pose, np.ones(5), np.full(5, there)) for pose, there in frames])[30:]
    assert kept(poses[:-30][seen[:-30]], found[seen[:-30]]) > 0.95
