"""On real detections beside what several cameras say: the dances of AIST++."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from smoothing import applied, tracks_of

from temporal_pose.filters.base import Filter
from temporal_pose.filters.butterworth import Butterworth
from temporal_pose.filters.robust import Robust

OUT_OF_STEP = [f"c05_d04_mBR0_ch{dance:02d}" for dance in (1, 3, 6)]
CLIP = "gBR_sBM_c01_d04_mBR0_ch02.npz"


class Clip(NamedTuple):
    """One camera's view of a dance, image pixels."""

    poses: np.ndarray
    scores: np.ndarray
    truth: np.ndarray
    visible: np.ndarray
    fps: float

    @classmethod
    def of(cls, file: Path, step: int = 1) -> "Clip":
        with np.load(file) as found:
            seen, truth = (found[name][::step].astype(float) for name in ("detections", "truth"))
            return cls(
                seen[..., :2], seen[..., 2], truth, found["visible"][::step], found["fps"] / step
            )

    def errors(self, poses: np.ndarray, among: np.ndarray | bool = True) -> float:
        """Mean distance from the truth over visible points."""
        return np.linalg.norm(poses - self.truth, axis=-1)[self.visible & among].mean()

    def measure(self, poses: np.ndarray) -> tuple[float, float]:
        """Error and jitter, the mean length of the error's second difference."""
        bends = np.linalg.norm(np.diff(poses - self.truth, 2, axis=0), axis=-1)
        three = self.visible[2:] & self.visible[1:-1] & self.visible[:-2]
        return self.errors(poses), bends[three].mean()

    def smoothed(self, smooth: Filter, poses=None, scores=None, detected=None) -> np.ndarray:
        """What a filter makes of it, in units of a 56th of the person, as a codec gives them."""
        poses = self.poses if poses is None else poses
        scores = self.scores if scores is None else scores
        detected = np.ones(scores.shape, bool) if detected is None else detected
        unit = 1.2 * np.median(np.ptp(self.poses, axis=1).max(-1)) / 56
        tracks = tracks_of(poses[None] / unit, detected[None], self.fps, scores[None])
        return applied(smooth, tracks)[0].numpy() * unit


@pytest.fixture
def clips(shared_data) -> Callable[..., list[Clip]]:
    files = sorted((shared_data / "aist_gbr").glob("*.npz"))
    kept = [file for file in files if not any(name in file.name for name in OUT_OF_STEP)]
    return lambda step, every=1: [Clip.of(file, step) for file in kept[::every]]


@pytest.fixture
def clip(shared_data) -> Clip:
    return Clip.of(shared_data / "aist_gbr" / CLIP)


@pytest.mark.parametrize(("step", "calmer"), [(1, 0.90), (2, 0.72)])
def test_the_default_errs_a_tenth_less_than_raw_and_on_no_file_more(clips, step, calmer):
    read = clips(step)
    before = np.array([clip.measure(clip.poses) for clip in read])
    after = np.array([clip.measure(clip.smoothed(Robust())) for clip in read])
    error, jitter = 1 - after.mean(0) / before.mean(0)
    assert len(read) == 42
    assert error > 0.10
    assert jitter > calmer
    assert (after[:, 0] < before[:, 0]).all()


@pytest.mark.parametrize("step", [1, 2])
def test_every_filters_defaults_err_less_than_raw(any_filter, clips, step):
    read = clips(step, every=6)
    before = np.array([clip.measure(clip.poses) for clip in read])
    after = np.array([clip.measure(clip.smoothed(any_filter)) for clip in read])
    error, jitter = 1 - after.mean(0) / before.mean(0)
    assert error > 0.01
    assert jitter > 0.2


@pytest.mark.parametrize("smooth", [Robust, Butterworth])
def test_an_automatic_cutoff_is_nearly_as_good(clips, smooth):
    read = clips(1, every=6)
    before, usual, auto = (
        np.mean([clip.measure(each(clip)) for clip in read], axis=0)
        for each in (
            lambda clip: clip.poses,
            lambda clip: clip.smoothed(smooth()),
            lambda clip: clip.smoothed(smooth(cutoff_hz="auto")),
        )
    )
    assert auto[0] < usual[0] + 0.02 * before[0]
    assert auto[1] < usual[1] + 0.03 * before[1]


def test_missing_points_come_back(clip, rng):
    lost = rng.random(clip.scores.shape) < 0.05
    poses = np.where(lost[..., None], 0, clip.poses)
    found = clip.smoothed(Robust(), poses, np.where(lost, 0, clip.scores), ~lost)
    assert clip.errors(found, ~lost) < clip.errors(clip.poses, ~lost)
    assert clip.errors(found, lost) < 10


def test_missing_frames_come_back(clip, rng):
    lost = np.repeat(rng.random((len(clip.poses), 1)) < 0.25, 17, axis=1)
    found = clip.smoothed(Robust(), detected=~lost)
    assert clip.errors(found, ~lost) < clip.errors(clip.poses, ~lost)
    assert clip.errors(found, lost) < 10


def test_unsure_guesses_pull_little(clip, rng):
    off, poses = np.zeros(clip.scores.shape, bool), clip.poses.copy()
    while off.mean() < 0.08:
        frame, keypoint = rng.integers(len(off) - 5), rng.integers(17)
        angle = rng.uniform(0, 2 * np.pi)
        if not off[frame : frame + 5, keypoint].any():
            poses[frame : frame + 5, keypoint] += 150 * np.array([np.cos(angle), np.sin(angle)])
            off[frame : frame + 5, keypoint] = True
    found = clip.smoothed(Robust(), poses, np.where(off, 0.05, clip.scores))
    assert clip.errors(found, ~off) < clip.errors(clip.poses, ~off)
    assert clip.errors(found, off) < 10


def test_sure_jumps_leave_no_trace(clip, rng):
    off = rng.random(clip.scores.shape) < 0.01
    poses = clip.poses + 200 * off[..., None]
    found = clip.smoothed(Robust(), poses, np.where(off, 0.9, clip.scores))
    assert clip.errors(found, ~off) < clip.errors(clip.poses, ~off)
    assert clip.errors(found, off) < 10


def test_exchanged_legs_leave_no_trace(clip):
    poses, off = clip.poses.copy(), np.zeros(clip.scores.shape, bool)
    left, right = [11, 13, 15], [12, 14, 16]
    for frame in range(20, len(poses) - 3, 40):
        some = slice(frame, frame + 3)
        poses[some, left], poses[some, right] = clip.poses[some, right], clip.poses[some, left]
        off[some, left] = off[some, right] = True
    found = clip.smoothed(Robust(), poses)
    assert clip.errors(found, ~off) < clip.errors(clip.poses, ~off)
    assert clip.errors(found, off) < 10


def test_half_of_all_scores_may_be_no_numbers(clip, rng):
    scores = np.where(rng.random(clip.scores.shape) < 0.5, np.nan, clip.scores)
    assert clip.errors(clip.smoothed(Robust(), scores=scores)) < clip.errors(clip.poses)
