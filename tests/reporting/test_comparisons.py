"""Paired differences and the fastest movements, against plain numpy and scipy's bootstrap."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import bootstrap

from temporal_pose.errors import RunFolderError
from temporal_pose.reporting.comparisons import (
    fast_error,
    fastest,
    paired_difference,
    read_tested,
)
from temporal_pose.reporting.results import Run

N, T, K = 23, 5, 3
RNG = np.random.default_rng(7)
TRUTH = RNG.normal(size=(N, T, K, 2)).cumsum(1).astype(np.float32)
VISIBLE = RNG.random((N, T, K)) < 0.8
VIDEO = np.array([f"v{number % 11}" for number in range(N)])


def write_run(folder: Path, scale: float, visible=VISIBLE) -> Run:
    """A run whose predictions are off by normal errors of that size."""
    folder.mkdir()
    noise = np.random.default_rng(int(scale * 100)).normal(size=TRUTH.shape)
    np.savez_compressed(
        folder / "predictions.npz",
        window=np.arange(N),
        video=VIDEO,
        predicted=(TRUTH + scale * noise).astype(np.float32),
        observed=(TRUTH + noise[::-1]).astype(np.float32),
        truth=TRUTH,
        visible=visible,
        torso=np.ones((N, T), np.float32),
    )
    return Run(folder, "m", "1", 1.0, 1, {}, {}, "", "")


def errors_of(run: Run, what: str) -> np.ndarray:
    kept = np.load(run.path / "predictions.npz")
    return np.sqrt(((kept[what] - kept["truth"]) ** 2).sum(-1))


def test_the_difference_and_its_interval(tmp_path) -> None:
    good, bad = write_run(tmp_path / "a", 0.5), write_run(tmp_path / "b", 0.8)
    found = paired_difference([good], [bad])
    gaps = errors_of(good, "predicted") - errors_of(bad, "predicted")
    assert found is not None
    assert found.mean == pytest.approx(gaps[VISIBLE].mean(), rel=1e-5)
    names = sorted(set(VIDEO))
    sums = np.array([gaps[name == VIDEO][VISIBLE[name == VIDEO]].sum() for name in names])
    counts = np.array([VISIBLE[name == VIDEO].sum() for name in names])
    reference = bootstrap(
        (sums, counts),
        lambda s, c, axis: s.sum(axis) / c.sum(axis),
        paired=True,
        method="percentile",
        n_resamples=20000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    width = reference.high - reference.low
    assert found.low == pytest.approx(reference.low, abs=0.06 * width)
    assert found.high == pytest.approx(reference.high, abs=0.06 * width)
    back = paired_difference([bad], [good])
    assert back is not None
    assert back.mean == pytest.approx(-found.mean)


def test_a_difference_to_the_input_and_to_itself(tmp_path) -> None:
    run = write_run(tmp_path / "a", 0.5)
    gaps = errors_of(run, "predicted") - errors_of(run, "observed")
    found = paired_difference([run], None)
    assert found is not None
    assert found.mean == pytest.approx(gaps[VISIBLE].mean(), rel=1e-5)
    same = paired_difference([run], [run])
    assert same is not None
    assert (same.mean, same.low, same.high) == (0, 0, 0)


def test_runs_of_other_windows_are_not_compared(tmp_path) -> None:
    run, other = write_run(tmp_path / "a", 0.5), write_run(tmp_path / "b", 0.6, ~VISIBLE)
    assert paired_difference([run], [other]) is None
    (tmp_path / "a/predictions.npz").unlink()
    read_tested.cache_clear()
    assert paired_difference([run], None) is None
    assert fast_error(run) is None


def test_the_fastest_tenth_of_movements() -> None:
    fast = fastest(TRUTH, VISIBLE)
    speeds = [
        (float(np.hypot(*(TRUTH[n, t, k] - TRUTH[n, t - 1, k]))), (n, t, k))
        for n in range(N)
        for t in range(1, T)
        for k in range(K)
        if VISIBLE[n, t, k] and VISIBLE[n, t - 1, k]
    ]
    speeds.sort(reverse=True)
    assert abs(fast.sum() - len(speeds) / 10) <= 1
    assert {tuple(index) for index in np.argwhere(fast)} == {
        index for _, index in speeds[: int(fast.sum())]
    }
    assert not fast[:, 0].any()
    assert not fastest(TRUTH[:, :1], VISIBLE[:, :1]).any()


def test_the_error_on_them(tmp_path) -> None:
    run = write_run(tmp_path / "a", 0.5)
    fast = fastest(TRUTH, VISIBLE)
    assert fast_error(run) == pytest.approx(errors_of(run, "predicted")[fast].mean(), rel=1e-5)
    assert fast_error(run, of_identity=True) == pytest.approx(
        errors_of(run, "observed")[fast].mean(), rel=1e-5
    )


def test_damaged_predictions_are_named(tmp_path) -> None:
    run = write_run(tmp_path / "a", 0.5)
    (tmp_path / "a/predictions.npz").write_bytes(b"PK\x03\x04 not a zip file")
    read_tested.cache_clear()
    with pytest.raises(RunFolderError, match=r"predictions\.npz is damaged"):
        read_tested(run.path)
