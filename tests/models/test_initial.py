"""Glorot's initialisation against its formula."""

import pytest
import torch
from torch import nn

from temporal_pose.models.biconvlstm import BiConvLstmSum, ConvLstm
from temporal_pose.models.conv3d import Conv3d
from temporal_pose.models.deciwatch import DeciWatch
from temporal_pose.models.initial import glorot


def bound(inputs: int, outputs: int) -> float:
    return (6 / (inputs + outputs)) ** 0.5


def check(values: torch.Tensor, limit: float) -> None:
    """Uniform between -limit and limit, as far as so many numbers can tell."""
    assert values.abs().max() <= limit
    assert values.abs().max() > 0.97 * limit
    assert values.std().item() == pytest.approx(limit / 3**0.5, rel=0.1)


def test_layers() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(70, 30), nn.Conv2d(5, 7, (3, 2)), nn.LayerNorm(11))
    before = [p.clone() for p in net.parameters()]
    glorot(net)
    check(net[0].weight, bound(70, 30))
    check(net[1].weight, bound(5 * 6, 7 * 6))
    for old, new in zip(before, net.parameters(), strict=True):
        assert torch.equal(old, new) == (new.ndim < 2)


def test_every_gate_is_a_layer_of_its_own() -> None:
    torch.manual_seed(0)
    lstm = ConvLstm(7, 13, 11)
    glorot(lstm)
    for weight in lstm.of_input.weight.chunk(4):
        check(weight, bound(7 * 9, 13 * 9))
    for weight in lstm.of_state.weight.chunk(4):
        check(weight, bound(13 * 9, 13 * 9))
    for maps in (*lstm.peepholes, *lstm.biases):  # as torch counts them: C x H x W
        check(maps, bound(11 * 11, 13 * 11))


def test_conv3d() -> None:
    torch.manual_seed(0)
    check(Conv3d(glorot=True).convolution.weight, bound(25 * 125, 25 * 125))
    assert Conv3d().convolution.weight.abs().max() < 0.7 * bound(25 * 125, 25 * 125)


def test_who_asks_for_it_gets_it() -> None:
    for kind in (BiConvLstmSum, DeciWatch, Conv3d):
        made = []
        for asked in (True, False):
            torch.manual_seed(0)
            made.append(kind(keypoints=7, glorot=asked))
        same = [torch.equal(a, b) for a, b in zip(*(m.parameters() for m in made), strict=True)]
        large = [p.ndim > 1 for p in made[0].parameters()]
        assert not any(s and b for s, b in zip(same, large, strict=True))
