"""The temporal convolution network: it starts as a smoother, and knows no place or size."""

import numpy as np
import pytest
import torch

from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.models.tcn import TemporalConvNet, smoother

B, T, K = 3, 11, 7


def network(started: bool = True, **settings) -> TemporalConvNet:
    torch.manual_seed(0)
    net = TemporalConvNet(K, T, width=16, depth=2, **settings).eval()
    if not started:
        torch.nn.init.normal_(net.leave[-1].weight)
    return net


def seen(seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    places = torch.rand(B, T, K, 2, generator=generator) * 2 - 1
    scores = torch.rand(B, T, K, 1, generator=generator)
    return torch.cat([places, scores.where(scores > 0.2, 0)], -1)


def test_the_smoother_is_local_linear_regression() -> None:
    rows = smoother(T, 1.7).double().numpy()
    frames = np.arange(T)
    for at in range(T):
        weights = np.exp(-0.5 * ((frames - at) / 1.7) ** 2)
        design = np.stack([np.ones(T), frames - at], 1)
        scaled = design * weights[:, None]
        expected = np.linalg.solve(design.T @ scaled, scaled.T)[0]
        np.testing.assert_allclose(rows[at], expected, atol=1e-6)


@pytest.mark.parametrize(("window", "sigma"), [(T, 0.1), (T, 0.02), (1, 0.9), (2, 0.05)])
def test_a_smoother_of_next_to_nothing_leaves_poses_as_they_are(window, sigma) -> None:
    torch.testing.assert_close(smoother(window, sigma), torch.eye(window), atol=1e-6, rtol=0)


@pytest.mark.parametrize("sigma", [0.1, 0.2, 0.3, 0.5, 0.9, 4.0])
def test_the_smoothers_rows_sum_to_one(sigma) -> None:
    torch.testing.assert_close(smoother(T, sigma).sum(1), torch.ones(T))


def test_straight_movement_passes_unchanged_at_first() -> None:
    time = torch.linspace(-1, 1, T)[:, None, None]
    places = 0.3 + time * torch.randn(B, 1, K, 2)
    given = torch.cat([places, torch.ones(B, T, K, 1)], -1)
    torch.testing.assert_close(network()(given), places, atol=1e-4, rtol=0)


def test_it_starts_as_the_smoother() -> None:
    given = seen()
    expected = torch.einsum("ts,bskd->btkd", smoother(T, 0.9), given[..., :2])
    torch.testing.assert_close(network()(given), expected, atol=1e-5, rtol=0)


def test_place_and_size_of_a_pose_do_not_matter() -> None:
    net, given = network(started=False), seen()
    moved = torch.cat([given[..., :2] * 3.7 + torch.tensor([5.0, -2.0]), given[..., 2:]], -1)
    expected = net(given) * 3.7 + torch.tensor([5.0, -2.0])
    torch.testing.assert_close(net(moved), expected, atol=1e-3, rtol=1e-4)


def test_where_an_undetected_keypoint_was_put_matters_to_none_but_itself() -> None:
    net, given = network(started=False), seen()
    given[1, :, 4, 2] = 0
    other = given.clone()
    other[1, :, 4, :2] += torch.randn(T, 2)
    rest = [k for k in range(K) if k != 4]
    torch.testing.assert_close(net(given)[:, :, rest], net(other)[:, :, rest])
    assert not torch.equal(net(given)[1, :, 4], net(other)[1, :, 4])


def test_windows_of_a_batch_do_not_mix() -> None:
    net, given = network(started=False), seen()
    torch.testing.assert_close(net(given)[1:2], net(given[1:2]))


def test_nothing_detected_gives_numbers() -> None:
    given = seen()
    given[..., 2] = 0
    assert torch.isfinite(network(started=False)(given)).all()


def test_every_part_learns() -> None:
    net = network(started=False).train()
    net(seen()).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_half_precision_stays_near() -> None:
    net, given = network(started=False), seen()
    with torch.autocast("cpu", torch.bfloat16):
        rough = net(given)
    assert (rough - net(given)).abs().max() < 0.1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "width is 0; expected a whole number of at least 1"),
        ({"depth": 0}, "depth is 0; expected a whole number of at least 1"),
        ({"dropout": 1.0}, "dropout is 1.0; expected at least 0 and less than 1"),
        ({"sigma": 0.0}, "sigma is 0.0; expected a positive number of frames"),
    ],
)
def test_settings_are_checked(settings, message) -> None:
    with pytest.raises(ConfigError) as error:
        TemporalConvNet(K, T, **settings)
    assert str(error.value) == message


def test_another_window_is_refused() -> None:
    with pytest.raises(ConfigError) as error:
        network()(seen()[:, :-1])
    assert str(error.value) == "the input has 10 frames; expected window=11"


def test_weights_of_a_network_with_another_smoother_are_refused():
    state = TemporalConvNet(K, window=9, width=7, depth=1, sigma=0.9).state_dict()
    TemporalConvNet(K, window=9, width=7, depth=1, sigma=0.9).load_state_dict(state)
    with pytest.raises(CheckpointError) as error:
        TemporalConvNet(K, window=9, width=7, depth=1, sigma=2).load_state_dict(state)
    assert str(error.value) == (
        "the checkpoint is of a TemporalConvNet with {'sigma': 0.9, 'window': 9}; expected "
        "{'sigma': 2.0, 'window': 9}"
    )
