"""The ConvLSTM of the finished thesis: peepholes and biases as maps, and where the ReLUs are."""

import copy

import numpy as np
import pytest
import torch
from scipy.signal import correlate
from torch import nn
from torch.nn import functional as F

from temporal_pose.errors import ConfigError
from temporal_pose.models.biconvlstm import BiConvLstmConcat, BiConvLstmSum, ConvLstm

B, T, K, C, SIZE = 2, 5, 7, 3, 11
GATES = "ifog"

both = pytest.mark.parametrize("kind", [BiConvLstmSum, BiConvLstmConcat])


def lstm(keypoints=K, hidden=C, size=SIZE):
    """In double precision, with all that is learned drawn at random, so that nothing is zero."""
    torch.manual_seed(0)
    made = ConvLstm(keypoints, hidden, size, forget_bias=0.0).double()
    for maps in (*made.peepholes, *made.biases):
        nn.init.normal_(maps)
    return made


def frames(count=T, dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(count, B, K, SIZE, SIZE, generator=generator, dtype=dtype)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def reference(made, maps):
    """Shi et al. (2015), equation 3: window by window, frame by frame, gate by gate, in numpy."""
    weight, inner = (
        dict(zip(GATES, np.split(conv.weight.detach().numpy(), 4), strict=True))
        for conv in (made.of_input, made.of_state)
    )
    bias, inner_bias = (
        dict(zip(GATES, np.split(conv.bias.detach().numpy(), 4), strict=True))
        for conv in (made.of_input, made.of_state)
    )
    peephole = dict(zip("ifo", (p.detach().numpy() for p in made.peepholes), strict=True))
    offset = dict(zip(GATES, (b.detach().numpy() for b in made.biases), strict=True))

    def convolved(image, kernels, biases):
        return np.stack(
            [
                sum(
                    correlate(np.pad(x, 1), k, "valid") for x, k in zip(image, kernel, strict=True)
                )
                + b
                for kernel, b in zip(kernels, biases, strict=True)
            ]
        )

    result = np.empty((len(maps), maps.shape[1], *made.peepholes[0].shape))
    for window in range(maps.shape[1]):
        h, c = np.zeros((2, *made.peepholes[0].shape))
        for t, image in enumerate(maps[:, window].numpy()):
            gate = {
                g: convolved(image, weight[g], bias[g])
                + convolved(h, inner[g], inner_bias[g])
                + offset[g]
                for g in GATES
            }
            i = sigmoid(gate["i"] + peephole["i"] * c)
            f = sigmoid(gate["f"] + peephole["f"] * c)
            c = f * c + i * np.tanh(gate["g"])
            h = sigmoid(gate["o"] + peephole["o"] * c) * np.tanh(c)
            result[t, window] = h
    return torch.from_numpy(result)


def step_by_step(made, maps):
    """The same in torch, for its gradients: eight convolutions a frame, two a gate."""
    of_input, of_state = (
        list(zip(conv.weight.chunk(4), conv.bias.chunk(4), strict=True))
        for conv in (made.of_input, made.of_state)
    )
    state = cell = maps.new_zeros(maps.shape[1], C, SIZE, SIZE)
    states = []
    for frame in maps:
        i, f, o, g = (
            F.conv2d(frame, *outer, padding=1) + F.conv2d(state, *inner, padding=1) + offset
            for outer, inner, offset in zip(of_input, of_state, made.biases, strict=True)
        )
        i, f = i + made.peepholes[0] * cell, f + made.peepholes[1] * cell
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        state = (o + made.peepholes[2] * cell).sigmoid() * cell.tanh()
        states.append(state)
    return torch.stack(states)


@pytest.mark.parametrize("count", [1, 2, T])
def test_equals_the_equations_in_numpy(count):
    made, maps = lstm(), frames(count=count)
    torch.testing.assert_close(made(maps), reference(made, maps), atol=1e-9, rtol=0)
    single = copy.deepcopy(made).float()(maps.float())
    torch.testing.assert_close(single.double(), reference(made, maps), atol=1e-6, rtol=0)


def test_equals_the_equations_in_torch_gradients_included():
    made, maps = lstm(), frames().requires_grad_()
    weights = torch.linspace(-1, 1, T * B * C * SIZE**2).double().view(T, B, C, SIZE, SIZE)
    results, gradients = [], []
    for way in (made, lambda maps: step_by_step(made, maps)):
        results.append(way(maps))
        made.zero_grad()
        maps.grad = None
        (results[-1] * weights).sum().backward()
        gradients.append([maps.grad.clone(), *(p.grad.clone() for p in made.parameters())])
    torch.testing.assert_close(*results, atol=1e-12, rtol=0)
    torch.testing.assert_close(*gradients, atol=1e-9, rtol=1e-9)
    assert all(gradient.any() for gradient in gradients[0])
    assert len(gradients[0]) == 1 + 4 + 3 + 4


def test_gradients_are_those_of_finite_differences():
    made, maps = lstm(2, 3, 4), torch.rand(3, 1, 2, 4, 4).double().requires_grad_()

    def run(maps, *parameters):
        named = dict(zip(dict(made.named_parameters()), parameters, strict=True))
        return torch.func.functional_call(made, named, (maps,))

    assert torch.autograd.gradcheck(run, (maps, *made.parameters()))


def test_peepholes_of_zero_are_none():
    plain = ConvLstm(K, C, forget_bias=0.0)
    made = ConvLstm(K, C, SIZE, forget_bias=0.0)
    nn.init.zeros_(made.of_state.bias)
    given = {n: v for n, v in plain.state_dict().items() if n in made.state_dict()}
    assert not made.load_state_dict(given, strict=False).unexpected_keys
    maps = frames(dtype=torch.float32)
    torch.testing.assert_close(made(maps), plain(maps))


@pytest.mark.parametrize("gate", range(3))
def test_a_peephole_is_of_its_pixel_and_its_channel(gate):
    made, maps = lstm(), frames()
    before = made(maps)
    made.peepholes[gate].data[1, 4, 6] += 1
    changed = (made(maps) - before).abs() > 0
    # The output gate sees the first cell; the two others see nothing before the second frame.
    first = 0 if gate == 2 else 1
    assert not changed[:first].any()
    where = changed[first].any(0).nonzero().tolist()
    assert where == [[1, 4, 6]]


def test_biases_count_from_the_first_frame_on():
    made, maps = lstm(), frames()
    before = made(maps)[0]
    made.of_state.bias.data += 1
    assert not torch.allclose(made(maps)[0], before)


@both
def test_another_size_is_refused(kind):
    net = kind(K, C, peepholes=True, size=SIZE)
    with pytest.raises(ConfigError) as error:
        net(torch.rand(B, T, K, SIZE, SIZE + 2))
    assert str(error.value) == (
        "the input has heatmaps of 11 x 13; expected 11 x 11, the size of the peepholes "
        "(data.size)"
    )


@pytest.mark.parametrize(
    ("kind", "parameters"), [(BiConvLstmSum, 1_875_666), (BiConvLstmConcat, 1_872_313)]
)
def test_parameters_of_the_finished_thesis(kind, parameters):
    net = kind(hidden=25, peepholes=True)
    assert sum(p.numel() for p in net.parameters()) == parameters
    assert sum(p.numel() for n, p in net.named_parameters() if ".biases" in n) == 8 * 25 * 56**2
    assert sum(p.numel() for n, p in net.named_parameters() if ".peep" in n) == 6 * 25 * 56**2


@both
@pytest.mark.parametrize(("head", "relus"), [("linear", 0), ("between", 1), ("every", 2)])
def test_relus_of_the_head(kind, head, relus):
    """A ReLU is positively homogeneous: what it follows may be scaled by 2, but not by -1."""
    net = kind(K, C, head=head)
    ends = [net.head] if kind is BiConvLstmConcat else [net.forward_head, net.backward_head]
    for end in ends:
        assert sum(isinstance(layer, nn.ReLU) for layer in end) == relus
        given = torch.randn(5, end[0].in_channels, 3, 2)
        between = F.conv2d(given, end[0].weight, end[0].bias)
        between = between.relu() if relus else between
        expected = F.conv2d(between, end[2].weight, end[2].bias)
        torch.testing.assert_close(end(given), expected.relu() if relus == 2 else expected)
    out = net(torch.randn(B, T, K, SIZE, SIZE))
    assert (out < 0).any() == (relus < 2)
    plain = kind(K, C).state_dict()
    assert net.state_dict().keys() == plain.keys()


@both
def test_no_such_head(kind):
    with pytest.raises(ConfigError) as error:
        kind(head="relu")
    assert str(error.value) == "head is 'relu'; expected one of linear, between, every"


@pytest.mark.parametrize("bias", [0.0, 1.0, 2.5])
def test_forget_bias(bias):
    torch.manual_seed(0)
    first, forget, *_ = ConvLstm(K, C, forget_bias=bias).of_input.bias.chunk(4)
    assert (forget == bias).all() == bool(bias)
    assert (first.abs() < 1 / K).all()


@both
def test_every_direction_sees_every_frame_with_peepholes(kind):
    torch.manual_seed(0)
    net = kind(K, C, peepholes=True, size=SIZE, glorot=True)
    maps = torch.rand(B, T, K, SIZE, SIZE, requires_grad=True)
    for t in range(T):
        (gradient,) = torch.autograd.grad(net(maps)[:, t].sum(), maps)
        assert (gradient.abs().amax(dim=(0, 2, 3, 4)) > 0).all()
    net(maps).square().sum().backward()
    assert all(p.grad.isfinite().all() and p.grad.any() for p in net.parameters())
