"""Metrics against a few lines of numpy that share nothing with them."""

import math

import numpy as np
import pytest
import torch

from temporal_pose.pose.metrics import (
    PoseMetrics,
    acceleration_errors,
    position_errors,
    torso_diameter,
)
from temporal_pose.pose.skeletons import CLIMBALONG25, SKELETONS, Skeleton

PENN13 = SKELETONS["penn13"]

B, T, K = 7, 5, 25
GROUPS = (
    "nose ear shoulder elbow wrist pinky index_finger thumb hip knee ankle heel toes".split()  # noqa: SIM905
)


def example(seed: int = 0):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0, 55, (B, T, K, 2)).astype(np.float32)
    predicted = (truth + rng.normal(size=truth.shape) * 2).astype(np.float32)
    visible = rng.random((B, T, K)) < 0.8
    torso = rng.uniform(8, 24, (B, T)).astype(np.float32)
    return tuple(torch.tensor(x) for x in (predicted, truth, visible, torso))


def score(*batches, **settings) -> dict[str, float]:
    metrics = PoseMetrics(**settings)
    for batch in batches:
        metrics.update(*batch)
    return {name: float(value) for name, value in metrics.compute().items()}


def by_hand(predicted, truth, visible, torso) -> dict[str, float]:
    p, t, v, d = (x.numpy().astype(float) for x in (predicted, truth, visible, torso))
    v = v.astype(bool)
    away = np.hypot(*np.moveaxis(p - t, -1, 0))
    scores = {f"pck@{a}": (away <= a * d[..., None])[v].mean() for a in (0.05, 0.1, 0.2)}
    for a in (0.05, 0.1, 0.2):
        for i, group in enumerate(GROUPS):
            columns = [0] if i == 0 else [2 * i - 1, 2 * i]
            hit = (away <= a * d[..., None])[..., columns]
            scores[f"pck@{a}/{group}"] = hit[v[..., columns]].mean()
    scores["error_px"] = away[v].mean()
    bends = [
        np.linalg.norm(np.diff(p[b, :, k], 2, axis=0) - np.diff(t[b, :, k], 2, axis=0), axis=-1)[i]
        for b in range(B) for k in range(K) for i in range(T - 2) if v[b, i : i + 3, k].all()
    ]  # fmt: skip
    scores["accel_error_px"] = np.mean(bends)
    velocities, behind = [], []
    for b, i, k in np.ndindex(B, T - 2, K):
        if v[b, i : i + 3, k].all():
            velocities += [*np.gradient(t[b, :, k], axis=0)[i + 1]]
            behind += [*(t - p)[b, i + 1, k]]
    (lag,), *_ = np.linalg.lstsq(np.array(velocities)[:, None], np.array(behind), rcond=None)
    scores["lag_frames"] = lag
    return scores


@pytest.mark.parametrize("seed", range(3))
def test_every_score_by_hand(seed) -> None:
    batch = example(seed)
    scores = score(batch)
    assert list(scores) == list(by_hand(*batch))
    assert scores == pytest.approx(by_hand(*batch), rel=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_batches_add_up(size) -> None:
    batch = example()
    parts = zip(*(x.split(size) for x in batch), strict=True)
    assert score(*parts) == pytest.approx(score(batch), rel=1e-12)


def test_what_is_hidden_does_not_count() -> None:
    predicted, truth, visible, torso = example()
    expected = score((predicted, truth, visible, torso))
    for spoil in (1000.0, torch.nan):
        spoiled = predicted.where(visible[..., None], spoil)
        assert score((spoiled, truth, visible, torso)) == expected


@pytest.mark.parametrize("threshold", [0.05, 0.1, 0.2])
def test_exactly_at_the_threshold_counts(threshold) -> None:
    truth = torch.full((1, 3, K, 2), 20.0)
    visible, torso = torch.ones(1, 3, K).bool(), torch.full((1, 3), 20.0)
    reach = 20 * threshold  # a whole number of pixels
    for away, share in (
        (reach, 1),
        (np.nextafter(np.float32(20 + reach), np.float32(99)) - 20, 0),
    ):
        moved = truth + torch.tensor([float(away), 0.0])
        assert score((moved, truth, visible, torso))[f"pck@{threshold}"] == share


def test_groups_without_truth_are_left_out() -> None:
    predicted, truth, visible, torso = example()
    hidden = [CLIMBALONG25.index(n) for n in ("left_thumb", "right_thumb", "left_heel")]
    visible[..., hidden] = False
    scores = score((predicted, truth, visible, torso))
    for threshold in ("0.05", "0.1", "0.2"):
        assert f"pck@{threshold}/thumb" not in scores
        assert f"pck@{threshold}/heel" in scores  # the right one is there
    assert len(scores) == 3 + 3 * 12 + 3


def test_perfect_and_useless() -> None:
    _, truth, visible, torso = example()
    perfect = score((truth, truth, visible, torso))
    assert all(v == (1 if n.startswith("pck") else 0) for n, v in perfect.items())
    useless = score((truth + 100, truth, visible, torso))
    assert all(v == 0 for n, v in useless.items() if n.startswith("pck"))
    assert useless["error_px"] == pytest.approx(100 * math.sqrt(2), rel=1e-5)
    assert useless["accel_error_px"] < 1e-4  # a constant offset is no jitter


@pytest.mark.parametrize("late", [-0.5, 0.0, 1.0, 2.0])
def test_lag_of_steady_movement(late) -> None:
    _, _, _, torso = example()
    speed = torch.rand(B, 1, K, 2) * 3 - 1.5
    time = torch.arange(float(T))[:, None, None]
    moving = (20 + speed * time, 20 + speed * (time - late))
    visible = torch.ones(B, T, K).bool()
    assert score((moving[1], moving[0], visible, torso))["lag_frames"] == pytest.approx(
        late, abs=1e-5
    )


def test_a_wider_threshold_is_never_harder() -> None:
    scores = score(example())
    assert scores["pck@0.05"] <= scores["pck@0.1"] <= scores["pck@0.2"]


def test_scale_does_not_change_pck() -> None:
    predicted, truth, visible, torso = example()
    small, large = (score((predicted * s, truth * s, visible, torso * s)) for s in (1.0, 4.0))
    for name, value in small.items():
        assert large[name] == pytest.approx(value * (4 if name.endswith("px") else 1), rel=1e-6)


def test_nothing_to_measure() -> None:
    _, truth, visible, torso = example()
    scores = score((truth, truth, torch.zeros_like(visible), torso))
    names = ["pck@0.05", "pck@0.1", "pck@0.2", "error_px", "accel_error_px", "lag_frames"]
    assert list(scores) == names
    assert all(math.isnan(value) for value in scores.values())


@pytest.mark.parametrize("frames", [1, 2])
def test_windows_too_short_for_an_acceleration(frames) -> None:
    predicted, truth, visible, torso = (x[:, :frames] for x in example())
    scores = score((predicted, truth, visible, torso))
    assert math.isnan(scores["accel_error_px"])
    assert math.isnan(scores["lag_frames"])
    assert scores["error_px"] > 0


def test_reset_forgets() -> None:
    metrics = PoseMetrics()
    metrics.update(*example(1))
    metrics.compute()
    metrics.reset()
    metrics.update(*example(2))
    assert {n: float(v) for n, v in metrics.compute().items()} == score(example(2))


def test_another_skeleton_and_other_thresholds() -> None:
    predicted, truth, visible, torso = example()
    batch = predicted[..., :13, :], truth[..., :13, :], visible[..., :13], torso
    scores = score(batch, thresholds=(0.5, 1.0), skeleton=PENN13)
    groups = ["head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"]
    names = [
        "pck@0.5",
        "pck@1",
        *(f"pck@0.5/{g}" for g in groups),
        *(f"pck@1/{g}" for g in groups),
        "error_px",
        "accel_error_px",
        "lag_frames",
    ]
    assert list(scores) == names


def test_acceleration_errors_by_hand() -> None:
    truth = torch.zeros(2, 5, 3, 2)
    assert not acceleration_errors(truth + 7, truth).any()
    time = torch.arange(5.0)[:, None, None]
    drift = time * torch.tensor([3.0, -1.0])
    assert acceleration_errors(truth + drift, truth).abs().max() == 0  # nor is a constant speed
    bend = 0.5 * time**2 * torch.tensor([3.0, 4.0])
    errors = acceleration_errors(truth + bend, truth)
    assert errors.shape == (2, 3, 3)
    torch.testing.assert_close(errors, torch.full_like(errors, 5.0))
    spike = truth.clone()
    spike[0, 2, 1, 0] = 1
    assert acceleration_errors(spike, truth)[0, :, 1].tolist() == [1, 2, 1]


def test_position_errors() -> None:
    predicted = torch.tensor([[3.0, 4.0], [1.0, 1.0]])
    truth = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    assert position_errors(predicted, truth).tolist() == [5, 0]


def test_torso_diameter() -> None:
    points = torch.zeros(5, K, 2)
    index = CLIMBALONG25.index
    points[:, index("left_shoulder")] = torch.tensor([3.0, 4.0])  # left hip at the origin: 5
    points[:, index("right_shoulder")] = torch.tensor([6.0, 9.0])
    points[:, index("right_hip")] = torch.tensor([6.0, -2.0])  # 11
    visible = torch.ones(5, K).bool()
    visible[1, index("right_hip")] = False
    visible[2, index("left_shoulder")] = False
    visible[3, [index("left_shoulder"), index("right_hip")]] = False  # what is left is across
    points[4, index("left_hip")] = torch.nan
    visible[4, index("left_hip")] = False
    diameters = torso_diameter(points, visible)
    assert diameters[[0, 1, 2, 4]].tolist() == [8, 5, 11, 11]
    assert diameters[3].isnan()
    hand = Skeleton("hand", ("wrist", "thumb"))
    assert torso_diameter(points[:, :2], visible[:, :2], hand).isnan().all()
