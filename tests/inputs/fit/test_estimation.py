"""The fit recovers what an independent simulation, frame by frame in NumPy, put in."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from temporal_pose.errors import DataError
from temporal_pose.inputs.fit.correlations import (
    autocorrelation,
    event_time_constant,
    exceed,
    time_constant,
    variance_shares,
)
from temporal_pose.inputs.fit.estimation import LEAST, LIKE, estimate
from temporal_pose.inputs.fit.measures import measure
from temporal_pose.inputs.fit.residuals import PairedTrack, Residuals, out_of_step
from temporal_pose.inputs.profiles import Profile
from temporal_pose.pose.skeletons import CLIMBALONG25

K, FPS = len(CLIMBALONG25), 30.0
MIRROR = list(CLIMBALONG25.mirror)
TRUE = Profile(
    *(0.003, 0.006, 0.005, 0.06, 1.5),
    *(0.0, 0.0, 0.0, 0.0, 0.0, 0.15),
    *(0.05, 0.08, 0.3, 0.12, 0.7),
    *(0.005, 0.05, 0.04, 0.1),
)
BIAS_S = 0.4


def lasting_noise(rng, frames, seconds, *shape):
    """Smooth Gaussian processes through the Cholesky factor of their covariance."""
    apart = np.abs(np.subtract.outer(np.arange(frames), np.arange(frames))) / FPS / seconds
    covariance = (1 + apart) * np.exp(-apart) + 1e-9 * np.eye(frames)
    drawn = np.linalg.cholesky(covariance) @ rng.standard_normal((frames, np.prod(shape)))
    return drawn.reshape(frames, *shape)


LEVELS = {rate: stats.norm.isf(rate) for rate in (TRUE.outliers, TRUE.swaps, TRUE.misses)}


def event(own, doubt, rate, share):
    return share * doubt + (1 - share**2) ** 0.5 * own > LEVELS[rate]


def recording(rng, frames=701) -> PairedTrack:
    """Eleven seconds of a pose that stands still, its side 200 px."""
    pose = rng.uniform(0, 1, (K, 2))
    pose = 200 * (pose - pose.min(0)) / np.ptp(pose, axis=0) + 50
    p = TRUE
    names = ("score_s", "outlier_s", "swap_s", "miss_s")
    doubt, jumpy, swappy, missy = (
        lasting_noise(rng, frames, getattr(p, name), K) for name in names
    )
    slow, bias = (lasting_noise(rng, frames, seconds, K, 2) for seconds in (p.slow_s, BIAS_S))
    scores = 1 / (1 + np.exp(doubt - 0.5))
    positions = np.empty((frames, K, 2))
    onto = rng.random((frames // 10 + 1, K)) < p.other
    for t in range(frames):
        for k in range(K):
            spread = np.exp(p.trust * (1 / (1 + np.exp(-0.5)) - scores[t, k]))
            error = p.slow * slow[t, k] + p.bias * bias[t, k]
            error = 200 * (p.white * rng.standard_normal(2) + spread * error)
            positions[t, k] = pose[k] + error
            if event(jumpy[t, k], doubt[t, k], p.outliers, p.doubt):
                angle, far = rng.uniform(0, 2 * np.pi), 0.1 + rng.exponential(p.jump)
                leap = 200 * far * np.array([np.cos(angle), np.sin(angle)])
                other = onto[t // 10, k] and MIRROR[k] != k
                positions[t, k] = pose[MIRROR[k]] + error if other else pose[k] + leap + error
        for k in range(K):
            pair = (doubt[t, k] + doubt[t, MIRROR[k]]) / np.sqrt(2)
            if k < MIRROR[k] and event(swappy[t, k], pair, p.swaps, p.doubt):
                positions[t, [k, MIRROR[k]]] = positions[t, [MIRROR[k], k]]
    detected = ~event(missy, doubt, p.misses, 0)
    visible = rng.random((frames, K)) < 0.95
    return PairedTrack(
        np.broadcast_to(pose, positions.shape), visible, positions, detected, scores, FPS
    )


@pytest.fixture(scope="module")
def recorded() -> list[Residuals]:
    rng = np.random.default_rng(3)
    return [Residuals(replace(recording(rng), video=str(i))) for i in range(9)]


def test_the_fit_recovers_what_was_put_in(recorded) -> None:
    fit = estimate(recorded)
    assert set(fit) == set(CLIMBALONG25.groups)
    rows = [row for name, row in fit.items() if name != "nose" and not isinstance(row, str)]
    assert len(rows) == 12
    found = Profile(*np.mean(rows, 0))
    relative = {"white": 0.15, "slow": 0.1, "bias": 0.2, "slow_s": 0.15, "trust": 0.1}
    relative |= {"outliers": 0.1, "jump": 0.3, "score_s": 0.1, "misses": 0.1, "miss_s": 0.25}
    relative |= {"swaps": 0.4, "outlier_s": 0.4, "doubt": 0.1, "other": 0.15}
    for name, tolerance in relative.items():
        expected = pytest.approx(getattr(TRUE, name), rel=tolerance)
        assert getattr(found, name) == expected, name
    levels = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    expected = 1 / (1 + np.exp(-0.5 - stats.norm.ppf(levels)))
    np.testing.assert_allclose(found.scores, expected, atol=0.02)


def test_measures_agree_with_what_was_put_in(recorded) -> None:
    found = measure(recorded, [i for i in range(K) if MIRROR[i] != i])
    assert found.misses == pytest.approx(TRUE.misses, rel=0.1)
    assert found.outliers == pytest.approx(TRUE.outliers, rel=0.15)
    assert found.swaps == pytest.approx(TRUE.swaps, rel=0.4)
    assert 0.6 < found.lasting < 1
    assert -1 < found.score < -0.2
    assert found.spread < found.error
    still = replace(recorded[0].track, positions=recorded[0].track.truth)
    perfect = measure([Residuals(still)], [1, 2, 3])
    assert (perfect.error, perfect.spread, perfect.outliers, perfect.acceleration) == (0, 0, 0, 0)
    assert np.isnan(perfect.lasting)
    assert np.isnan(perfect.score)


def test_a_group_without_data_borrows_from_the_likest(recorded) -> None:
    names = CLIMBALONG25.keypoints
    bare = ("pinky", "index_finger", "thumb", "heel", "toes", "ear", "nose", "ankle")
    shown = np.array([not name.endswith(bare) for name in names])
    part = [
        Residuals(replace(one.track, visible=one.track.visible & shown)) for one in recorded[:2]
    ]
    fit = estimate(part)
    borrowed = {name: row for name, row in fit.items() if isinstance(row, str)}
    assert borrowed == {
        **dict.fromkeys(("pinky", "index_finger", "thumb"), "wrist"),
        **dict.fromkeys(("ankle", "heel", "toes"), "knee"),
        **dict.fromkeys(("nose", "ear"), "shoulder"),
    }
    assert set(LIKE) == set(CLIMBALONG25.groups)


def test_without_data_there_is_no_fit(recorded) -> None:
    track = recorded[0].track
    empty = Residuals(replace(track, detected=np.zeros_like(track.detected)))
    with pytest.raises(DataError, match=f"^no group of keypoints has {LEAST} detections beside a"):
        estimate([empty])
    other = Residuals(replace(track, fps=60.0))
    with pytest.raises(DataError, match=r"^the videos have 30, 60 frames a second; a fit needs"):
        estimate([recorded[0], other])


def test_a_detector_without_scores_can_be_fitted(recorded) -> None:
    ones = [
        Residuals(replace(one.track, scores=np.ones_like(one.track.scores)))
        for one in recorded[:2]
    ]
    row = estimate(ones)["wrist"]
    assert isinstance(row, Profile)
    assert (row.trust, row.doubt, row.score_s) == (0, 0, 0)
    assert set(row.scores) == {1}
    assert row.outliers > 0.02


def test_nobody_is_there(recorded) -> None:
    """Frames without a pose count nowhere, and give no warning."""
    track = recorded[0].track
    visible = track.visible.copy()
    visible[3:9] = False
    residuals = Residuals(replace(track, visible=visible))
    assert np.isnan(residuals.errors[3:9]).all()
    assert not residuals.far[3:9].any()
    assert np.isfinite(measure([residuals], [5, 6]).error)


@pytest.mark.parametrize("late", [0, 17, -23])
def test_videos_out_of_step_are_found(late) -> None:
    rng = np.random.default_rng(1)
    times = np.arange(200)[:, None, None] / FPS
    swing = 40 * np.sin(2 * np.pi * (0.31 * times + rng.random((1, 5, 2))))
    truth = swing + 30 * np.sin(2 * np.pi * 0.83 * times) + rng.uniform(0, 200, (1, 5, 2))
    seen = np.roll(truth, late, 0) + rng.normal(0, 2, truth.shape)
    all_ = np.ones((200, 5), bool)
    track = PairedTrack(truth, all_, seen, all_, all_.astype(float), FPS)
    assert out_of_step([track]) == (None if late == 0 else late / FPS)


def test_correlations_are_those_of_normal_numbers() -> None:
    rng = np.random.default_rng(2)
    values = lasting_noise(rng, 601, 0.1, 211) + 0.5 * rng.standard_normal((601, 211))
    values[rng.random(values.shape) < 0.1] = np.nan
    found = autocorrelation([values[:400], values[400:]], FPS)
    h = np.arange(1, 21) / FPS / 0.1
    np.testing.assert_allclose(found[1:], (1 + h) * np.exp(-h) / 1.25, atol=0.03)
    slow, bias, seconds = variance_shares(found, FPS)
    assert (slow, seconds) == pytest.approx((0.8, 0.1), rel=0.1)
    assert bias < 0.05
    clean = autocorrelation([lasting_noise(rng, 601, 0.2, 211)], FPS)
    assert time_constant(clean, FPS) == pytest.approx(0.2, rel=0.05)
    nothing = np.full_like(found, np.nan)
    assert variance_shares(nothing, FPS) == (0, 0, 0)
    assert time_constant(nothing, FPS) == 0
    assert np.isnan(autocorrelation([np.zeros((9, 2))], FPS)).all()


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.95])
def test_probability_that_two_exceed_a_level(correlation) -> None:
    covariance = [[1, correlation], [correlation, 1]]
    expected = stats.multivariate_normal([0, 0], covariance).cdf([-1.3, -1.3])
    assert exceed(1.3, correlation) == pytest.approx(expected, abs=1e-6)


def test_time_constants_behind_events() -> None:
    rng = np.random.default_rng(5)
    own = lasting_noise(rng, 1201, 0.2, 307)
    there = own > stats.norm.isf(0.1)
    stay = (there[1:] & there[:-1]).sum() / there[:-1].sum()
    assert event_time_constant(0.1, stay, FPS) == pytest.approx(0.2, rel=0.1)
    assert event_time_constant(0.0, float("nan"), FPS) == 0
    assert event_time_constant(0.1, 0.05, FPS) == 0
    assert event_time_constant(0.1, 0.9999, FPS) == 1
