"""Paired differences, bands and what became worse, against plain numpy and scipy's bootstrap."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from temporal_pose.reporting.comparisons import (
    KeptErrors,
    paired_difference,
    speeds,
    whole,
    worsened,
)
from temporal_pose.runs.predictions import Predictions

N, T, K = 23, 5, 3
RNG = np.random.default_rng(7)
TRUTH = RNG.normal(size=(N, T, K, 2)).cumsum(1).astype(np.float32)
VISIBLE = RNG.random((N, T, K)) < 0.8
VIDEO = np.array([f"v{number % 11}" for number in range(N)])


def predictions(scale: float, visible=VISIBLE, **fields) -> Predictions:
    """Predictions that are off by normal errors of that size, of an input that is off by 1."""
    noise = np.random.default_rng(int(scale * 100)).normal(size=TRUTH.shape)
    arrays = {
        "window": np.arange(N),
        "video": VIDEO,
        "predicted": (TRUTH + scale * noise).astype(np.float32),
        "observed": (TRUTH + noise[::-1]).astype(np.float32),
        "truth": TRUTH,
        "visible": visible,
        "torso": np.full((N, T), 10, np.float32),
    }
    return Predictions(**(arrays | fields))


def errors_of(kept: Predictions, what: str) -> np.ndarray:
    return np.sqrt(((getattr(kept, what) - kept.truth) ** 2).sum(-1))


def test_the_difference_and_its_interval() -> None:
    kept = good, bad = predictions(0.5), predictions(0.8)
    ours, theirs = map(KeptErrors.of, kept)
    found = paired_difference([ours], [theirs])
    gaps = errors_of(good, "predicted") - errors_of(bad, "predicted")
    assert found is not None
    assert found.mean == pytest.approx(gaps[VISIBLE].mean(), rel=1e-5)
    low, high = interval(gaps, VIDEO)
    width = high - low
    assert found.interval == pytest.approx((low, high), abs=0.06 * width)
    back = paired_difference([theirs], [ours])
    assert back is not None
    assert back.mean == pytest.approx(-found.mean)


def interval(gaps, cluster) -> tuple[float, float]:
    """Scipy's, of the ratio of sums by cluster."""
    names = sorted(set(cluster))
    sums = np.array([gaps[name == cluster][VISIBLE[name == cluster]].sum() for name in names])
    counts = np.array([VISIBLE[name == cluster].sum() for name in names])
    reference = bootstrap(
        (sums, counts),
        lambda s, c, axis: s.sum(axis) / c.sum(axis),
        paired=True,
        method="percentile",
        n_resamples=20000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    return reference.low, reference.high


def test_groups_of_videos_are_drawn_where_they_are_known() -> None:
    group = np.array([f"g{number % 4}" for number in range(N)])
    kept = predictions(0.5, group=group)
    found = paired_difference([KeptErrors.of(kept)], None)
    gaps = errors_of(kept, "predicted") - errors_of(kept, "observed")
    low, high = interval(gaps, group)
    assert found is not None
    assert found.interval == pytest.approx((low, high), abs=0.08 * (high - low))


def test_of_one_video_there_is_no_interval() -> None:
    alone = KeptErrors.of(predictions(0.5, video=np.array(["v"] * N)))
    found = paired_difference([alone], None)
    assert found is not None
    assert found.interval is None


def test_a_difference_to_the_input_and_to_itself() -> None:
    kept = predictions(0.5)
    run = KeptErrors.of(kept)
    gaps = errors_of(kept, "predicted") - errors_of(kept, "observed")
    found = paired_difference([run], None)
    assert found is not None
    assert found.mean == pytest.approx(gaps[VISIBLE].mean(), rel=1e-5)
    same = paired_difference([run], [run])
    assert same is not None
    assert (same.mean, same.interval) == (0, (0, 0))


def test_runs_of_other_windows_are_not_compared() -> None:
    run, other = KeptErrors.of(predictions(0.5)), KeptErrors.of(predictions(0.6, ~VISIBLE))
    assert paired_difference([run], [other]) is None
    assert paired_difference([run, None], [run]) is None
    assert paired_difference([run], [None]) is None
    assert paired_difference([None], None) is None
    assert worsened([run, other]) is None
    assert worsened([]) is None


def test_what_lies_where_there_is_no_truth_counts_nowhere() -> None:
    clean = predictions(0.5)
    wild = np.where(VISIBLE[..., None], clean.predicted, np.inf).astype(np.float32)
    blank = np.where(VISIBLE[..., None], TRUTH, np.nan)
    ours, theirs = (
        KeptErrors.of(clean),
        KeptErrors.of(clean._replace(predicted=wild, truth=blank.astype(np.float32))),
    )
    np.testing.assert_array_equal(ours.errors, theirs.errors)
    assert ours.bands == theirs.bands
    assert not ours.errors[~VISIBLE].any()


def test_movements_by_their_speed() -> None:
    kept = predictions(0.5)
    moves = [
        (float(np.hypot(*(TRUTH[n, t, k] - TRUTH[n, t - 1, k]))), (n, t, k))
        for n in range(N)
        for t in range(1, T)
        for k in range(K)
        if VISIBLE[n, t, k] and VISIBLE[n, t - 1, k]
    ]
    moves.sort(reverse=True)
    bands = KeptErrors.of(kept).bands["Movement"]
    assert list(bands) == ["slower half", "between", "fastest tenth"]
    shares = [band.share for band in bands.values()]
    assert shares == pytest.approx([0.5, 0.4, 0.1], abs=1.5 / len(moves))
    chosen = tuple(np.array([at for _, at in moves[: round(shares[2] * len(moves))]]).T)
    fastest = bands["fastest tenth"]
    assert fastest.refined == pytest.approx(errors_of(kept, "predicted")[chosen].mean(), rel=1e-5)
    assert fastest.raw == pytest.approx(errors_of(kept, "observed")[chosen].mean(), rel=1e-5)


def test_without_two_frames_nothing_moves() -> None:
    speed, moving = speeds(TRUTH[:, :1], VISIBLE[:, :1])
    assert not speed.any()
    assert not moving.any()


def test_bands_of_the_inputs_error_are_those_of_pck() -> None:
    off = np.array([0.5, 0.75, 1.5, 3.0], np.float32)  # 0.05, 0.075, 0.15, 0.3 of the torso
    truth = np.zeros((1, 4, 2, 2), np.float32)
    kept = Predictions(
        window=np.arange(1),
        video=np.array(["v"]),
        predicted=truth + np.float32([2, 0]),
        observed=truth + np.stack([off, 0 * off], -1)[None, :, None],
        truth=truth,
        visible=np.ones((1, 4, 2), bool),
        torso=np.full((1, 4), 10, np.float32),
        scores=np.float32([[[0.3, 0.9], [0.61, 0.2], [0.5, 0.5], [0.5, 0.7]]]),
    )
    bands = KeptErrors.of(kept).bands
    found = {name: (band.raw, band.refined, band.share) for name, band in
             bands["Input's error (torsos)"].items()}  # fmt: skip
    assert found == {
        "to 0.05": (0.5, 2, 0.25),
        "to 0.1": (0.75, 2, 0.25),
        "to 0.2": (1.5, 2, 0.25),
        "above 0.2": (3, 2, 0.25),
    }
    scores = {name: band.share for name, band in bands["Detector's score"].items()}
    assert scores == {"to 0.3": 0.25, "to 0.6": 0.375, "above 0.6": 0.375}


def test_a_torso_of_nothing_divides_nothing() -> None:
    bands = KeptErrors.of(predictions(0.5, torso=np.zeros((N, T), np.float32))).bands
    assert list(bands["Input's error (torsos)"]) == ["above 0.2"]


def test_videos_and_cells_that_became_worse() -> None:
    """Of two videos and two keypoints, one pair is better, and worse enough to spoil its video."""
    truth = np.zeros((3, 2, 2, 2), np.float32)
    off = np.zeros_like(truth)
    off[..., 0] = np.array([[2, 1], [0, 0], [1, 0]])[:, None]  # by window and keypoint
    visible = np.ones((3, 2, 2), bool)
    visible[0, :, 1] = False
    kept = Predictions(
        window=np.arange(3),
        video=np.array(["a", "a", "b"]),
        predicted=truth + off,
        observed=truth + np.float32([0.75, 0]),
        truth=truth,
        visible=visible,
        torso=np.ones((3, 2), np.float32),
    )
    found = worsened([KeptErrors.of(kept)])
    # a: keypoint 0 has 1 against 0.75, keypoint 1 has 0; together 2/3 against 0.75.
    # b: keypoint 0 has 1, keypoint 1 has 0; together 0.5.
    assert found is not None
    assert (found.videos, found.cells) == (0, 0.5)
    assert worsened([KeptErrors.of(kept._replace(predicted=truth + 2 * off))]).videos == 1


def test_folds_count_as_one_run_on_the_whole() -> None:
    rng = np.random.default_rng(0)

    def fold(first: int, windows: int) -> KeptErrors:
        shape = (windows, 3, 5)
        own = (rng.random(shape), rng.random(shape), rng.random(shape) < 0.8)
        numbers = np.arange(first, first + windows)
        names = np.array([f"v{number // 2}" for number in numbers])
        return KeptErrors(numbers, names, names, *own, bands={})

    parts = [fold(0, 4), fold(4, 7), fold(11, 2)]
    joined = whole(parts)
    assert whole(parts[:1]) is parts[0]
    np.testing.assert_array_equal(joined.window, np.arange(13))
    gaps = np.concatenate([(one.errors - one.identity)[one.visible] for one in parts])
    found = paired_difference([joined], None)
    assert found is not None
    assert found.mean == pytest.approx(gaps.mean())
    assert paired_difference(parts, None) is None  # three runs on different windows
