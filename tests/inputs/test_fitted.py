"""The simulated detector: rates, spreads, correlations and scores as its profile asks."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from temporal_pose.errors import ConfigError
from temporal_pose.inputs.fitted import FittedNoise
from temporal_pose.inputs.profiles import Profile
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.observations import WindowBatch
from temporal_pose.pose.skeletons import CLIMBALONG25

K = len(CLIMBALONG25)
QUIET = Profile(
    *(0.003, 0.005, 0.004, 0.08, 0.0),
    *(0.3, 0.5, 0.6, 0.75, 0.9, 0.2),
    *(0.0, 0.08, 0.0, 0.1, 0.0),
    *(0.0, 0.05, 0.0, 0.3),
)
GENERATOR = torch.Generator().manual_seed(0)
POSE = torch.rand(K, 2, generator=GENERATOR, dtype=torch.float64) * 40
SIDE = (POSE.amax(0) - POSE.amin(0)).max().item()
MIRROR = list(CLIMBALONG25.mirror)
PAIRS = torch.tensor([i != side for i, side in enumerate(MIRROR)])


def noise(k: float = 1.0, seed: int = 0, resample: bool = True, **changed: float) -> FittedNoise:
    """All groups err alike: as QUIET, but for what is changed."""
    rows = {name: [value] for name, value in (QUIET._asdict() | changed).items()}
    others = [name for name in CLIMBALONG25.groups if name != "hip"]
    fit = {"groups": ["hip"], **rows, "borrowed": dict.fromkeys(others, "hip")}
    return FittedNoise(k, fit, (1.0, 2.0), seed, resample)


def detect(
    detector: FittedNoise, frames: int = 6007, fps: float = 30.0, pose=POSE, drawn: int = 0
):
    """One long window of a pose that stands still: errors, detected, scores."""
    numbers = torch.arange(frames)[None]
    truth, seen = pose.expand(1, frames, K, 2), torch.ones(1, frames, K).bool()
    latents = detector.latents(numbers, torch.tensor([fps]), drawn)
    positions, detected, scores = detector.detect(truth, seen, latents)
    return positions[0] - pose, detected[0], scores[0]


def windows(fps: float = 30.0) -> WindowBatch:
    """Seven overlapping windows of three frames over one video, some keypoints missing."""
    video = POSE + torch.arange(11)[:, None, None] * 3.0
    seen = torch.rand(11, K, generator=torch.Generator().manual_seed(1)) < 0.8
    index = torch.arange(7)[:, None] + torch.arange(3)
    poses = video.float().where(seen[..., None], 0)
    return WindowBatch(poses[index], seen[index], torch.full((7,), fps), index[:, 0])


def observe(detector: FittedNoise, batch: WindowBatch, epoch: int | None = None, box="window"):
    framed = detector.frame(batch, Framing(box))
    return detector.observe(batch, framed, 16.0, epoch=epoch), framed


def correlation(values: torch.Tensor, lag: int) -> float:
    values = values.flatten(1)
    return ((values[lag:] * values[: len(values) - lag]).mean() / values.square().mean()).item()


def test_spread_is_a_share_of_the_pose() -> None:
    errors, _, _ = detect(noise())
    whole = math.hypot(QUIET.white, QUIET.slow, QUIET.bias)
    assert errors.std().item() == pytest.approx(whole * SIDE, rel=0.03)
    assert errors.mean().item() == pytest.approx(0, abs=0.1 * whole * SIDE)
    twice, _, _ = detect(noise(), pose=2 * POSE)
    torch.testing.assert_close(twice, 2 * errors)


def test_errors_last_as_long_as_they_should() -> None:
    """Whatever the frame rate: two frames at 60 are one at 30."""
    power = QUIET.white**2 + QUIET.slow**2 + QUIET.bias**2
    for fps in (30.0, 60.0):
        errors, _, _ = detect(noise(), frames=10007, fps=fps)
        for lag in (1, 2, 5):
            h = np.array([lag / fps / QUIET.slow_s, lag / fps / 0.4])
            slow, bias = (1 + h) * np.exp(-h)
            expected = (QUIET.slow**2 * slow + QUIET.bias**2 * bias) / power
            assert correlation(errors, lag) == pytest.approx(expected, abs=0.03)


def test_k_scales_what_is_no_jump() -> None:
    (one, _, scores), (two, _, same) = (detect(noise(k)) for k in (1.0, 2.0))
    torch.testing.assert_close(two, 2 * one)
    assert torch.equal(scores, same)


def test_scores_have_the_quantiles_asked_for() -> None:
    _, _, scores = detect(noise(), frames=20011)
    for q, expected in zip((0.05, 0.25, 0.5, 0.75, 0.95), QUIET.scores, strict=True):
        assert scores.quantile(q, dim=0).mean().item() == pytest.approx(expected, abs=0.01)
    assert scores.min() >= 0
    assert scores.max() <= 1
    h = 1 / 30 / QUIET.score_s
    ranks = torch.special.ndtri(scores[:20000].argsort(0).argsort(0).double().add(0.5) / 20000)
    assert correlation(ranks, 1) == pytest.approx((1 + h) * math.exp(-h), abs=0.01)


def test_scores_of_other_ranges_are_kept() -> None:
    names = ("score_05", "score_25", "score_50", "score_75", "score_95")
    wild = dict(zip(names, (-2.0, 0.0, 2.0, 4.0, 6.0), strict=True))
    _, _, scores = detect(noise(**wild))
    assert -2 <= scores.min() < -1.9
    assert 5.9 < scores.max() <= 6


def test_low_scores_drift_further() -> None:
    errors, _, scores = detect(noise(trust=3.0, white=0.0), frames=20011)
    lengths = errors.norm(dim=-1)
    for low, high in ((0.3, 0.4), (0.5, 0.6), (0.75, 0.85)):
        there = (scores > low) & (scores < high)
        expected = (
            math.hypot(QUIET.slow, QUIET.bias) * SIDE * math.exp(3 * (0.6 - (low + high) / 2))
        )
        assert lengths[there].mean().item() == pytest.approx(expected * 1.2533, rel=0.06)
    white, _, levels = detect(noise(trust=3.0, slow=0.0, bias=0.0))
    found = [white[levels < 0.5].std().item(), white[levels > 0.75].std().item()]
    assert found == pytest.approx([QUIET.white * SIDE] * 2, rel=0.03)


def test_outliers_come_at_their_rate_last_and_lower_the_score() -> None:
    settings = {"outliers": 0.06, "doubt": 0.7, "white": 0.0, "slow": 0.0, "bias": 0.0}
    errors, _, scores = detect(noise(**settings), frames=20011)
    lengths = errors.norm(dim=-1) / SIDE
    far = lengths > 0
    assert far.double().mean().item() == pytest.approx(0.06, rel=0.05)
    assert (lengths[far] >= 0.1 - 1e-9).all()
    assert stats.kstest(lengths[far][::29].numpy() - 0.1, "expon", (0, 0.08)).pvalue > 1e-3
    again = (far[1:] & far[:-1]).sum() / far[:-1].sum()
    assert again > 0.6
    doubt = stats.norm.isf(stats.rankdata(scores.numpy(), axis=0) / (len(scores) + 1))
    most = stats.norm.pdf(stats.norm.isf(0.06)) / 0.06
    assert doubt[far.numpy()].mean() == pytest.approx(0.7 * most, rel=0.05)


def test_outliers_stay_with_the_body() -> None:
    """Along each axis they end within the pose's box, where one of the two directions does."""
    errors, _, _ = detect(noise(outliers=0.5, jump=0.05, white=0.0, slow=0.0, bias=0.0))
    low, high = POSE.amin(0), POSE.amax(0)
    there = POSE + errors
    outside = (there < low) | (there > high)
    both = (POSE - errors < low) | (POSE - errors > high)
    assert not (outside & ~both).any()


def test_some_outliers_land_on_the_other_side() -> None:
    settings = {"outliers": 0.1, "other": 0.4, "white": 0.0, "slow": 0.0, "bias": 0.0}
    errors, _, _ = detect(noise(**settings), frames=20011)
    onto = (errors + POSE - POSE[MIRROR]).norm(dim=-1) < 1e-9
    far = errors.norm(dim=-1) > 0
    share = (onto & far)[:, PAIRS].sum() / far[:, PAIRS].sum()
    assert share.item() == pytest.approx(0.4, abs=0.03)


def test_swaps_exchange_both_of_a_pair() -> None:
    settings = {"swaps": 0.05, "white": 0.0, "slow": 0.0, "bias": 0.0}
    errors, _, _ = detect(noise(**settings), frames=20011)
    swapped = errors.norm(dim=-1) > 0
    assert not swapped[:, ~PAIRS].any()
    assert torch.equal(swapped, swapped[:, MIRROR])
    assert swapped[:, PAIRS].double().mean().item() == pytest.approx(0.05, rel=0.06)
    away = (POSE[MIRROR] - POSE).expand_as(errors)
    torch.testing.assert_close(errors[swapped], away[swapped])
    again = (swapped[1:] & swapped[:-1]).sum() / swapped[:-1].sum()
    assert again > 0.4


def test_misses_come_at_their_rate_and_are_held() -> None:
    detector = noise(misses=0.1)
    _, detected, scores = detect(detector, frames=20011)
    assert (~detected).double().mean().item() == pytest.approx(0.1, rel=0.08)
    assert not scores[~detected].any()
    batch = windows()
    observed, _ = observe(detector, batch)
    free, _ = observe(noise(), batch)
    assert (batch.visible & ~observed.detected).any()
    assert not (observed.detected & ~batch.visible).any()
    assert torch.equal(observed.positions[observed.detected], free.positions[observed.detected])
    assert not observed.scores[~observed.detected].any()
    late = observed.detected[:, 0] & ~observed.detected[:, 1]
    assert torch.equal(observed.positions[:, 1][late], observed.positions[:, 0][late])


LIVELY = {
    **{"trust": 2.0, "outliers": 0.1, "other": 0.3, "doubt": 0.8, "swaps": 0.1, "misses": 0.1},
    **{"jump": 0.02},
}


def test_overlapping_windows_see_one_detector() -> None:
    detector, batch = noise(**LIVELY), windows()
    numbers = batch.window[:, None] + torch.arange(3)
    whole = detector.latents(torch.arange(11)[None], torch.tensor([30.0]), 0)
    parts = detector.latents(numbers, batch.fps, 0)
    for one, all_ in zip(parts, whole, strict=True):
        torch.testing.assert_close(one, all_[0, numbers])
    observed, _ = observe(detector, batch)
    assert torch.equal(observed.detected[0, 1:], observed.detected[1, :-1])
    assert torch.equal(observed.scores[2, 2], observed.scores[4, 0])


def test_a_sigma_belongs_to_a_frame_if_asked_to() -> None:
    batch = windows()
    observed, _ = observe(replace(noise(**LIVELY), keyed_by="frame"), batch)
    assert (observed.sigmas == observed.sigmas[..., :1]).all()
    assert torch.equal(observed.sigmas[0, 1:], observed.sigmas[1, :-1])
    assert set(observed.sigmas.unique().tolist()) == {1.0, 2.0}
    other, _ = observe(noise(**LIVELY), batch)
    assert torch.equal(observed.positions, other.positions)


def test_noise_belongs_to_a_window_not_to_a_batch() -> None:
    detector, batch = noise(**LIVELY), windows()
    whole, _ = observe(detector, batch)
    order = torch.tensor([5, 0, 3])
    some = WindowBatch(*(part[order] for part in batch[:4]))
    part, _ = observe(detector, some)
    for name in ("positions", "detected", "sigmas", "scores"):
        torch.testing.assert_close(getattr(part, name), getattr(whole, name)[order])
    assert part.positions.dtype == torch.float32
    assert part.scores.dtype == torch.float32


@pytest.mark.parametrize("box", ["frame", "window"])
def test_positions_are_clipped_to_the_map(box) -> None:
    observed, framed = observe(noise(40.0, **LIVELY), windows(), box=box)
    assert observed.positions.min() == 0
    assert observed.positions.max() == 55
    assert torch.equal(observed.boxes, framed.boxes)
    assert set(observed.sigmas.unique().tolist()) == {1.0, 2.0}
    assert observed.weights is observed.heatmaps is None


def test_noise_is_fresh_every_epoch_unless_told_otherwise() -> None:
    def drawn(epoch, **settings):
        return observe(noise(**settings), windows(), epoch)[0].positions

    fresh = [drawn(epoch) for epoch in (None, 0, 1)]
    assert not any(torch.equal(a, b) for i, a in enumerate(fresh) for b in fresh[:i])
    assert torch.equal(drawn(0), fresh[1])
    assert torch.equal(drawn(5, resample=False), drawn(0, resample=False))
    assert torch.equal(drawn(0, resample=False), fresh[1])
    assert torch.equal(drawn(None, resample=False), fresh[0])
    assert not torch.equal(drawn(None, seed=1), fresh[0])


def test_a_frame_without_a_pose_has_no_detection() -> None:
    batch = windows()
    empty = batch._replace(visible=torch.zeros_like(batch.visible))
    observed, _ = observe(noise(), empty)
    assert not observed.detected.any()
    assert observed.positions.isfinite().all()
    assert not observed.scores.any()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"shift_scale": 0.0}, "input.shift_scale is 0.0; expected a positive number"),
        ({"shift_scale": math.nan}, "input.shift_scale is nan; expected a positive number"),
        ({"sigmas": ()}, "input.sigmas is []; expected positive numbers"),
        ({"keyed_by": "file"}, "input.keyed_by is 'file'; expected frame or window"),
        ({"fit": "no.yaml"}, "input.fit=no.yaml cannot be read: No such file or directory"),
    ],
)
def test_settings_are_checked(setting, message) -> None:
    with pytest.raises(ConfigError) as error:
        FittedNoise(**{"shift_scale": 1.0, "fit": noise().fit} | setting)
    assert str(error.value) == message
