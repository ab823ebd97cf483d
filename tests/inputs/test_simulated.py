"""Simulated detector noise against the specification's formula."""

import math

import pytest
import torch
from scipy import stats

from temporal_pose.errors import ConfigError
from temporal_pose.inputs.simulated import GaussianNoise
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.observations import Framed, WindowBatch

TORSO = 16.04  # heatmap pixels: the thesis's mean on ClimbAlong
B, T, K = 311, 5, 7
FRAMES = torch.arange(B * T).view(B, T)
BY = pytest.mark.parametrize("keyed_by", ["frame", "window"])


def add(noise: GaussianNoise, at: float = 500.0, size: int = 1001, **more):
    """Displacements and sigmas of keypoints far from any border."""
    keypoints = torch.full((B, T, K, 2), at, dtype=torch.float64)
    visible = torch.ones(B, T, K).bool()
    moved, sigmas = noise(keypoints, visible, FRAMES, TORSO, size, **more)
    return moved - keypoints, sigmas


@pytest.mark.parametrize("scale", [1.0, 2.0, 0.5])
@pytest.mark.parametrize("mean", [1.0, 0.0])
@pytest.mark.parametrize("epoch", [None, 0, 3])
@BY
def test_mean_and_spread(scale, mean, epoch, keyed_by) -> None:
    shift, _ = add(GaussianNoise(scale, mean=mean, keyed_by=keyed_by), epoch=epoch)
    std = scale * 0.2 * TORSO  # about 3 px for k = 1 and 6 px for k = 2
    for axis in (0, 1):
        drawn = shift[..., axis].flatten()
        assert stats.kstest(drawn.numpy(), "norm", (mean, std)).pvalue > 1e-3
        assert drawn.mean().item() == pytest.approx(mean, abs=4 * std / math.sqrt(len(drawn)))
        assert drawn.std().item() == pytest.approx(std, rel=0.05)
    x, y = shift.flatten(0, 2).T
    assert stats.pearsonr(x, y).pvalue > 1e-3


def test_sigmas_are_drawn_uniformly_from_their_set() -> None:
    choices = [1.0, 1.5, 2.0, 2.5, 3.0]
    shift, sigmas = add(GaussianNoise(1.0, sigmas=choices))
    counts = [int((sigmas == sigma).sum()) for sigma in choices]
    assert sum(counts) == B * T * K
    assert stats.chisquare(counts).pvalue > 1e-3
    # A blob's width says nothing about how far it went.
    assert stats.pearsonr(sigmas.flatten(), shift[..., 0].flatten()).pvalue > 1e-3
    assert (add(GaussianNoise(1.0))[1] == 1).all()


def test_a_frame_has_one_sigma_and_all_are_drawn() -> None:
    choices = [1.0, 1.5, 2.0, 2.5, 3.0]
    shift, sigmas = add(GaussianNoise(1.0, sigmas=choices, keyed_by="frame"))
    assert (sigmas == sigmas[..., :1]).all()
    counts = [int((sigmas[..., 0] == sigma).sum()) for sigma in choices]
    assert sum(counts) == B * T
    assert stats.chisquare(counts).pvalue > 1e-3
    assert stats.pearsonr(sigmas[..., 0].flatten(), shift[..., 0, 0].flatten()).pvalue > 1e-3
    # Shifts of the keypoints of a frame are as independent as those of other frames.
    assert stats.pearsonr(shift[..., 0, 0].flatten(), shift[..., 1, 0].flatten()).pvalue > 1e-3


def test_windows_that_overlap_agree_at_any_step_if_noise_belongs_to_frames() -> None:
    """Also at half frame rate, whose frames are among those of full rate."""
    noise = GaussianNoise(1.0, sigmas=(1.0, 1.5, 2.0), keyed_by="frame")
    place, there = torch.full((1, 1, K, 2), 20.0), torch.ones(1, 1, K).bool()
    seen: dict[int, list[torch.Tensor]] = {}
    for first, step in ((0, 1), (1, 1), (4, 1), (3, 2), (0, 2), (2, 3)):
        windows = WindowBatch(
            place.expand(-1, T, -1, -1),
            there.expand(-1, T, -1),
            torch.tensor([30.0]),
            torch.tensor([first]),
            step=torch.tensor([step]),
        )
        framed = Framed(windows.keypoints, windows.visible, torch.rand(1, T, 4))
        observed = noise.observe(windows, framed, TORSO)
        for t in range(T):
            seen.setdefault(first + t * step, []).append(
                torch.cat([observed.positions[0, t], observed.sigmas[0, t, :, None]], -1)
            )
    assert sum(len(found) > 1 for found in seen.values()) > 5
    for found in seen.values():
        assert all(torch.equal(one, found[0]) for one in found)
    different = [found[0] for found in seen.values()]
    assert not any(torch.equal(a, b) for a, b in zip(different[1:], different, strict=False))


def test_an_absolute_spread_knows_nothing_of_the_torso() -> None:
    shift, _ = add(GaussianNoise(2.0, std_px=2.95, mean=0.0, keyed_by="frame"))
    assert shift.std().item() == pytest.approx(5.9, rel=0.03)
    assert shift.mean().item() == pytest.approx(0.0, abs=4 * 5.9 / math.sqrt(shift.numel()))


def test_whole_pixels() -> None:
    """Truth and displacement are rounded one by one, so their sum is a whole number as well."""
    noise = GaussianNoise(1.0, std_px=2.95, mean=0.0, rounded=True)
    fine = GaussianNoise(1.0, std_px=2.95, mean=0.0)
    generator = torch.Generator().manual_seed(0)
    places = 100 + 300 * torch.rand(B, T, K, 2, generator=generator)
    there = torch.rand(B, T, K, generator=generator) < 0.8
    windows = WindowBatch(places, there, torch.full((B,), 30.0), FRAMES[:, 0])
    framed = noise.frame(windows, Framing())
    exact = fine.frame(windows, Framing())
    assert torch.equal(framed.keypoints, exact.keypoints.round())
    assert torch.equal(framed.boxes, exact.boxes)
    moved, _ = noise(framed.keypoints, there, FRAMES, TORSO)
    free, _ = fine(torch.full_like(places, 500.0), there, FRAMES, TORSO, 1001)
    expected = (framed.keypoints + (free - 500).round()).clamp(0, 55)
    torch.testing.assert_close(moved[there], expected[there])
    assert torch.equal(moved, moved.round())


def test_positions_are_clipped_to_the_map() -> None:
    keypoints = torch.rand(B, T, K, 2, generator=torch.Generator().manual_seed(0)) * 55
    visible = torch.ones(B, T, K).bool()
    free, _ = GaussianNoise(2.0)(keypoints + 1000, visible, FRAMES, TORSO, 3001)
    moved, _ = GaussianNoise(2.0)(keypoints, visible, FRAMES, TORSO)
    torch.testing.assert_close(moved, (free - 1000).clip(0, 55), atol=1e-3, rtol=0)
    assert (moved == 0).any()
    assert (moved == 55).any()


def test_missing_keypoints_stay_missing() -> None:
    visible = torch.rand(B, T, K, generator=torch.Generator().manual_seed(0)) < 0.5
    keypoints = torch.full((B, T, K, 2), 20.0)
    moved, _ = GaussianNoise(1.0)(keypoints, visible, FRAMES, TORSO)
    whole, _ = GaussianNoise(1.0)(keypoints, torch.ones_like(visible), FRAMES, TORSO)
    assert not moved[~visible].any()
    assert torch.equal(moved[visible], whole[visible])
    assert (keypoints == 20).all()


@BY
def test_noise_belongs_to_a_window_not_to_a_batch(keyed_by) -> None:
    noise = GaussianNoise(1.0, sigmas=(1.0, 2.0), keyed_by=keyed_by)
    keypoints = torch.rand(B, T, K, 2, generator=torch.Generator().manual_seed(0)) * 55
    visible = torch.ones(B, T, K).bool()
    moved, sigmas = noise(keypoints, visible, FRAMES, TORSO)
    order = torch.randperm(B, generator=torch.Generator().manual_seed(1))[:17]
    again, widths = noise(keypoints[order], visible[order], FRAMES[order], TORSO)
    assert torch.equal(again, moved[order])
    assert torch.equal(widths, sigmas[order])


@BY
def test_training_noise_is_fresh_every_epoch(keyed_by) -> None:
    noise = GaussianNoise(1.0, sigmas=(1.0, 2.0), keyed_by=keyed_by)
    drawn = [add(noise, epoch=epoch) for epoch in (None, 0, 1, 2)]
    for i, (shift, sigmas) in enumerate(drawn):
        for other, widths in drawn[:i]:
            assert stats.pearsonr(shift.flatten(), other.flatten()).pvalue > 1e-3
            assert stats.pearsonr(sigmas[..., 0].flatten(), widths[..., 0].flatten()).pvalue > 1e-3


def test_training_noise_of_the_thesis_is_always_the_same() -> None:
    noise = GaussianNoise(1.0, sigmas=(1.0, 2.0), resample=False)
    first, widths = add(noise, epoch=0)
    for epoch in (1, 7):
        again, same = add(noise, epoch=epoch)
        assert torch.equal(again, first)
        assert torch.equal(same, widths)
    assert not torch.equal(add(noise)[0], first)  # validation has noise of its own


def test_validation_noise_does_not_depend_on_resampling() -> None:
    fixed, fresh = (add(GaussianNoise(1.0, resample=flag))[0] for flag in (False, True))
    assert torch.equal(fixed, fresh)
    assert torch.equal(add(GaussianNoise(1.0))[0], fresh)


def test_seeds_are_uncorrelated() -> None:
    a, b = (add(GaussianNoise(1.0, seed=seed))[0].flatten() for seed in (0, 1))
    assert stats.pearsonr(a, b).pvalue > 1e-3


def test_twice_the_shift_is_twice_as_far() -> None:
    """The same draw, scaled: k = 2 is as hard as k = 1 seen twice as large."""
    one, two = (add(GaussianNoise(k, mean=0.0))[0] for k in (1.0, 2.0))
    torch.testing.assert_close(two, 2 * one)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"shift_scale": 0.0}, "input.shift_scale is 0.0; expected a positive number"),
        ({"shift_scale": -1.0}, "input.shift_scale is -1.0; expected a positive number"),
        ({"shift_scale": math.inf}, "input.shift_scale is inf; expected a positive number"),
        ({"shift_scale": math.nan}, "input.shift_scale is nan; expected a positive number"),
        ({"spread": 0.0}, "input.spread is 0.0; expected a positive number"),
        ({"std_px": -2.95}, "input.std_px is -2.95; expected a positive number"),
        ({"keyed_by": "video"}, "input.keyed_by is 'video'; expected frame or window"),
        ({"mean": math.nan}, "input.mean is nan; expected a finite number"),
        ({"sigmas": ()}, "input.sigmas is []; expected positive numbers"),
        ({"sigmas": (1.0, 0.0)}, "input.sigmas is [1.0, 0.0]; expected positive numbers"),
    ],
)
def test_settings_are_checked(setting, message) -> None:
    with pytest.raises(ConfigError) as error:
        GaussianNoise(**{"shift_scale": 1.0} | setting)
    assert str(error.value) == message
