"""A missing keypoint adds neither loss nor gradient."""

import numpy as np
import pytest
import torch

from temporal_pose.errors import ConfigError
from temporal_pose.pose.losses import MotionLoss, masked_mse

B, T, K = 2, 3, 5
VALUES = pytest.mark.parametrize("value", [(7, 11), (2,)], ids=["heatmaps", "coordinates"])


def pair(value, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    output, target = torch.randn(2, B, T, K, *value, generator=generator, dtype=torch.float64)
    return output.clone(), target.clone(), torch.rand(B, T, K, generator=generator) < 0.6


@VALUES
def test_mean_over_what_is_present(value) -> None:
    output, target, visible = pair(value)
    expected = np.mean((output.numpy()[visible] - target.numpy()[visible]) ** 2)
    assert masked_mse(output, target, visible).item() == pytest.approx(expected, rel=1e-12)


@VALUES
def test_hidden_keypoints_give_no_loss_and_no_gradient(value) -> None:
    output, target, visible = pair(value)
    other = torch.where(visible[(..., *[None] * len(value))], output, 1000.0)
    losses = [masked_mse(o.requires_grad_(), target, visible) for o in (output, other)]
    assert losses[0].item() == losses[1].item()
    for loss, leaf in zip(losses, (output, other), strict=True):
        loss.backward()
        assert not leaf.grad[~visible].any()
        assert leaf.grad[visible].all()
    expected = 2 * (output - target).detach()[visible] / visible.sum() / np.prod(value)
    torch.testing.assert_close(output.grad[visible], expected)


@VALUES
def test_hidden_targets_do_not_count_whatever_they_are(value) -> None:
    output, target, visible = pair(value)
    expected = masked_mse(output, target, visible)
    target[~visible] = torch.inf
    assert masked_mse(output, target, visible) == expected


@VALUES
def test_gradient_by_finite_differences(value) -> None:
    output, target, visible = pair(value)
    assert torch.autograd.gradcheck(
        lambda x: masked_mse(x, target, visible), (output.requires_grad_(),)
    )


def test_nothing_present() -> None:
    output, target, visible = pair((7, 11))
    loss = masked_mse(output.requires_grad_(), target, torch.zeros_like(visible))
    loss.backward()
    assert loss.item() == 0
    assert not output.grad.any()


@VALUES
def test_weighted_by_count_batches_add_up(value) -> None:
    output, target, visible = pair(value)
    parts = [masked_mse(o, t, v) * v.sum() for o, t, v in zip(output, target, visible, strict=True)
             for o, t, v in [(o[None], t[None], v[None])]]  # fmt: skip
    whole = masked_mse(output, target, visible)
    torch.testing.assert_close(sum(parts) / visible.sum(), whole)


def motion_example(seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    output = torch.randn(2, 5, 3, 2, generator=generator, dtype=torch.float64)
    target = torch.randn(2, 5, 3, 2, generator=generator, dtype=torch.float64)
    visible = torch.rand(2, 5, 3, generator=generator) < 0.8
    return output, target, visible


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_motion_loss_by_hand(weight) -> None:
    output, target, visible = motion_example()
    error, seen = (output - target).numpy(), visible.numpy()
    distances = [np.hypot(*error[i]) for i in zip(*np.nonzero(seen), strict=True)]
    bends = [
        np.hypot(*np.diff(error[b, t : t + 3, k], 2, axis=0)[0])
        for b, t, k in np.ndindex(2, 3, 3)
        if seen[b, t : t + 3, k].all()
    ]
    expected = np.mean(distances) + weight * np.mean(bends)
    assert MotionLoss(weight)(output, target, visible).item() == pytest.approx(expected, rel=1e-6)


def test_motion_loss_leaves_out_what_is_missing() -> None:
    output, target, visible = motion_example()
    for spoil in (1e3, torch.nan):
        spoiled = target.where(visible[..., None], spoil)
        given = output.clone().requires_grad_()
        loss = MotionLoss()(given, spoiled, visible)
        assert loss.item() == MotionLoss()(output, target, visible).item()
        loss.backward()
        assert not given.grad[~visible].any()
        assert given.grad[visible].any(-1).all()


def test_motion_loss_has_a_slope_everywhere() -> None:
    output, target, visible = motion_example()
    at_truth = target.clone().requires_grad_()
    MotionLoss()(at_truth, target, visible).backward()
    assert torch.isfinite(at_truth.grad).all()
    assert torch.autograd.gradcheck(
        lambda x: MotionLoss()(x, target, visible), output.requires_grad_()
    )
    nothing = MotionLoss()(output, target, torch.zeros_like(visible))
    assert nothing.item() == 0


def test_motion_loss_checks_its_weight() -> None:
    with pytest.raises(ConfigError) as error:
        MotionLoss(-1.0)
    assert str(error.value) == "loss.acceleration is -1.0; expected 0 or a positive number"


def test_motion_is_of_positions() -> None:
    with pytest.raises(ConfigError) as error:
        MotionLoss()(*pair((7, 11)))
    assert str(error.value) == (
        "loss=motion compares positions, and this model gives heatmaps; expected a model that "
        "gives positions, such as tcn or deciwatch, or loss=mse"
    )


def test_harm_is_what_exceeds_the_nearest_that_was_read() -> None:
    output, target, visible = pair((2,))
    start, detected = (pair((2,), seed)[0] for seed in (1, 2))
    given = torch.cat([start, detected, torch.ones(B, T, K, 1)], -1)
    away = [np.linalg.norm(one.numpy() - target.numpy(), axis=-1) for one in (start, detected)]
    own = np.linalg.norm(output.numpy() - target.numpy(), axis=-1)
    more = np.maximum(own - np.minimum(*away), 0)[visible.numpy()].mean()
    plain = MotionLoss(0.5)(output, target, visible, given).item()
    harmed = MotionLoss(0.5, harm=3.0)(output, target, visible, given).item()
    assert harmed - plain == pytest.approx(3 * more, abs=1e-6)
    assert MotionLoss(0.5, harm=3.0)(output, target, visible).item() == pytest.approx(plain)
    nearest = torch.tensor(away[0] <= away[1])[..., None]
    kept = MotionLoss(0.0, harm=3.0)(start.where(nearest, detected), target, visible, given)
    there = MotionLoss(0.0)(start.where(nearest, detected), target, visible, given)
    assert kept.item() == pytest.approx(there.item(), abs=1e-6)
