"""Corrections of a smoother: none at first, never jittering, never beyond their bound."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.models.correction import CHANNELS, Correction
from temporal_pose.models.deciwatch import DeciWatch
from temporal_pose.models.each_keypoint import EachKeypoint
from temporal_pose.models.whole_body import WholeBody

B, T, K = 3, 11, 7

WITHIN = {
    "whole body": lambda: WholeBody(K, CHANNELS, width=5, depth=2),
    "each keypoint": lambda: EachKeypoint(CHANNELS, width=5, depth=2),
    "deciwatch": lambda: DeciWatch(K, T, 3, 8, 2, 1, 13, glorot=True, channels=CHANNELS),
}


def given(seed: int = 0) -> torch.Tensor:
    """A smooth start, detections about it, scores; some are missing, one keypoint throughout."""
    generator = torch.Generator().manual_seed(seed)
    time = torch.linspace(0, 1, T)[:, None, None]
    start = torch.rand(B, 1, K, 2, generator=generator) * 2 - 1 + 0.1 * time
    detected = start + 0.05 * torch.randn(B, T, K, 2, generator=generator)
    scores = torch.rand(B, T, K, 1, generator=generator).add(0.1)
    scores = scores.where(torch.rand(B, T, K, 1, generator=generator) > 0.2, 0)
    scores[:, :, 4] = 0
    return torch.cat([start, detected, scores], -1)


def correction(within: str = "whole body", gain: float = 1.0, **settings: Any) -> Correction:
    """One that has learned something."""
    torch.manual_seed(1)
    made = Correction(WITHIN[within](), gain=gain, **settings).eval()
    if within != "deciwatch":
        nn.init.normal_(made.network.leave[1].weight, std=0.1)
    return made


def untrained(within: str) -> Correction:
    torch.manual_seed(1)
    return Correction(WITHIN[within](), gain=float(within != "deciwatch"))


@pytest.mark.parametrize("within", WITHIN)
def test_untrained_it_is_the_smoother(within) -> None:
    seen = given()
    made = untrained(within)
    assert torch.equal(made.eval()(seen), seen[..., :2])


@pytest.mark.parametrize("within", WITHIN)
def test_training_moves_it_from_there(within) -> None:
    seen = given()
    made = untrained(within)
    optimizer = torch.optim.SGD(made.parameters(), lr=1.0)
    for _ in range(2):
        optimizer.zero_grad()
        (made(seen) - seen[..., :2] - 0.01).square().sum().backward()
        optimizer.step()
    assert all(one.grad is not None for one in made.parameters())
    assert not torch.allclose(made.eval()(seen), seen[..., :2])


@pytest.mark.parametrize("within", WITHIN)
def test_a_keypoint_that_is_never_seen_stays_and_disturbs_nobody(within) -> None:
    seen, other = given(), given()
    other[:, :, 4, :4] += 9
    made = correction(within)
    first, second = made(seen), made(other)
    assert torch.equal(first[:, :, 4], seen[:, :, 4, :2])
    rest = [k for k in range(K) if k != 4]
    torch.testing.assert_close(first[:, :, rest], second[:, :, rest])
    assert not torch.allclose(first[:, :, rest], seen[:, :, rest, :2])


@pytest.mark.parametrize("within", WITHIN)
def test_place_and_size_make_no_difference(within) -> None:
    seen = given().double()
    moved = seen.clone()
    moved[..., :4] = moved[..., :4] * 37 + torch.tensor([5.0, -3, 5, -3])
    made = correction(within).double()
    expected = made(seen) * 37 + torch.tensor([5.0, -3])
    torch.testing.assert_close(made(moved), expected, atol=1e-4, rtol=1e-6)


@pytest.mark.parametrize("bound", [0.5, 2.0])
def test_a_correction_stays_within_its_bound(bound) -> None:
    seen = given()
    found = (seen[..., 4] > 0).numpy()
    away = (seen[..., 2:4] - seen[..., :2]).norm(dim=-1).numpy()
    usual = np.sqrt((away**2 * found).sum(1) / np.maximum(found.sum(1), 1))
    moved = (correction(gain=100.0, bound=bound)(seen) - seen[..., :2]).norm(dim=-1)
    moved = moved.detach().numpy()
    assert (moved <= bound * usual[:, None] * 1.001 + 1e-5).all()
    assert moved.max() > 0.9 * bound * usual.min()
    free = correction(gain=100.0, bound=None)(seen) - seen[..., :2]
    assert free.norm(dim=-1).max() > moved.max()


def test_where_detections_lie_on_the_start_nothing_moves() -> None:
    seen = given()
    seen[..., 2:4] = seen[..., :2]
    moved = (correction(gain=100.0)(seen) - seen[..., :2]).abs().max()
    assert moved < 1e-4


def test_a_correction_never_jitters() -> None:
    """What the network within gives is convolved with a Gaussian, and so calmer by its share."""

    class Jitter(nn.Module):
        def forward(self, features: torch.Tensor) -> torch.Tensor:
            frames = torch.arange(features.shape[1])[:, None, None]
            return features[..., :2] + (-1.0) ** frames

    made = Correction(Jitter(), sigma=2.0, bound=None).eval()
    nn.init.ones_(made.gain)
    seen = torch.cat([given(number) for number in range(3)], 1)
    moved, size = made(seen) - seen[..., :2], 2.0  # no pose here is larger than its square
    assert moved[:, 6:-6].abs().max() < 1e-3 * size


def test_each_keypoint_alike() -> None:
    """Another order of the keypoints is no other network."""
    seen, made = given(), correction("each keypoint")
    order = [3, 0, 6, 1, 5, 2, 4]
    torch.testing.assert_close(made(seen[:, :, order]), made(seen)[:, :, order])


def test_a_checkpoint_of_another_bound_is_refused() -> None:
    with pytest.raises(CheckpointError, match="Correction with"):
        correction(bound=3.0).load_state_dict(correction(bound=4.0).state_dict())


@pytest.mark.parametrize(("setting", "value"), [("sigma", 0), ("bound", -1.0), ("bound", True)])
def test_settings_out_of_range(setting, value) -> None:
    with pytest.raises(ConfigError, match=f"{setting} is {value}; expected a positive number"):
        Correction(nn.Identity(), **{setting: value})


@pytest.mark.parametrize("kind", [WholeBody, EachKeypoint])
@pytest.mark.parametrize(("setting", "value"), [("width", 0), ("depth", 0), ("channels", -2)])
def test_sizes_of_what_is_within(kind, setting, value) -> None:
    with pytest.raises(ConfigError, match=f"{setting} is {value}; expected a whole number"):
        kind(**{setting: value})


@pytest.mark.parametrize("kind", [WholeBody, EachKeypoint])
def test_dropout_out_of_range(kind) -> None:
    with pytest.raises(ConfigError, match="dropout is 1; expected at least 0 and less than 1"):
        kind(dropout=1)


def test_without_scores_it_sees_only_what_was_found() -> None:
    seen, other = given(), given()
    other[..., 4] = torch.where(seen[..., 4] > 0, 0.3 + 0.5 * seen[..., 4], 0)
    blind, sighted = correction(scores=False), correction()
    assert torch.equal(blind(seen), blind(other))
    assert not torch.allclose(sighted(seen), sighted(other))
    with pytest.raises(CheckpointError, match="'scores': False"):
        sighted.load_state_dict(blind.state_dict())


def test_a_codec_without_scores_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="sees 5 numbers of each keypoint, and the codec gives 4"
    ):
        correction()(given()[..., :4])
