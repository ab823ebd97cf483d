"""Layers by name: what they give, and the network with something else in their place."""

import re

import pytest
import torch
from looking import Hourglass
from torch import nn

from temporal_pose.errors import ConfigError
from temporal_pose.exploring.network_layers import (
    default_layer,
    flat,
    layer,
    recorded,
    replaced,
    silenced,
)

IMAGES = torch.rand(5, 3, 12, 12, generator=torch.Generator().manual_seed(1))


def network() -> Hourglass:
    torch.manual_seed(0)
    return Hourglass().eval().requires_grad_(False)


def test_what_a_layer_gives_is_what_it_computes() -> None:
    net = network()
    with recorded(net, "bottleneck.1") as given:
        net(IMAGES)
    expected = net.bottleneck(net.stem(IMAGES))
    torch.testing.assert_close(given(), expected)
    assert flat(given(), 5, "bottleneck.1").shape == (5, 18)
    pooled = flat(given(), 5, "bottleneck.1", pool=1)
    torch.testing.assert_close(pooled, expected.mean((2, 3)))


def test_a_layer_given_its_own_values_changes_nothing() -> None:
    net = network()
    with recorded(net, "bottleneck") as given:
        plain = net(IMAGES)
    with replaced(net, "bottleneck", given().flatten(1)):
        torch.testing.assert_close(net(IMAGES), plain)
    with replaced(net, "bottleneck", given().flatten(1).flip(0)):
        assert not torch.allclose(net(IMAGES), plain)
    torch.testing.assert_close(net(IMAGES), plain)  # afterwards all is as it was


def test_silenced_branches_give_nothing() -> None:
    net = network()
    with silenced(net, ["skips.0"]):
        cut = net(IMAGES)
    net.skips[0].weight.zero_()
    net.skips[0].bias.zero_()
    torch.testing.assert_close(cut, net(IMAGES))


def test_of_several_results_the_first_is_taken() -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pair = nn.LSTM(3, 2, batch_first=True)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            outputs, _state = self.pair(inputs)
            return outputs

    net, inputs = Both().requires_grad_(False), torch.rand(2, 5, 3)
    with recorded(net, "pair") as given:
        plain = net(inputs)
    torch.testing.assert_close(given(), plain)
    with replaced(net, "pair", torch.ones(2, 10)):
        assert (net(inputs) == 1).all()


def test_by_default_the_last_layer_before_the_output() -> None:
    net = network()
    assert default_layer(net, IMAGES) == "skips.0"  # called last before the head
    net.latent = "bottleneck"
    assert default_layer(net, IMAGES) == "bottleneck"
    assert default_layer(nn.Sequential(nn.Linear(3, 2)), torch.rand(1, 3)) == "0"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("neck", "expected one of stem, skips, skips.0, bottleneck, bottleneck.0, bottleneck.1,"),
        ("bottleneck.7", "expected one of bottleneck, bottleneck.0, bottleneck.1"),
        ("", "expected one of stem"),
    ],
)
def test_a_layer_that_does_not_exist(name: str, expected: str) -> None:
    message = f"layer is '{name}', which Hourglass does not have; {expected}"
    with pytest.raises(ConfigError, match=re.escape(message)):
        layer(network(), name)


def test_a_layer_that_is_never_called_or_gives_no_row_a_sample() -> None:
    net = network()
    net.aside = nn.Linear(2, 2)
    with recorded(net, "aside") as given, pytest.raises(ConfigError, match="is not called by"):
        net(IMAGES)
        given()
    with pytest.raises(ConfigError, match=re.escape("layer x gives (3, 2) for 5 samples")):
        flat(torch.rand(3, 2), 5, "x")
