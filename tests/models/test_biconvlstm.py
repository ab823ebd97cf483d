import pytest
import torch
from torch.nn import functional as F

from temporal_pose.errors import ConfigError
from temporal_pose.models.biconvlstm import BiConvLstmConcat, BiConvLstmSum, ConvLstm

B, T, K, H, W = 2, 5, 7, 11, 13
HIDDEN = 3

both = pytest.mark.parametrize("kind", [BiConvLstmSum, BiConvLstmConcat])


@pytest.fixture(autouse=True)
def _one_thread():
    """Tensors this small gain nothing from a second thread and wait for it on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def model(kind):
    torch.manual_seed(0)
    return kind(K, HIDDEN)


def heatmaps(seed=1):
    return torch.rand(B, T, K, H, W, generator=torch.Generator().manual_seed(seed))


def changed_at(maps, frame):
    other = maps.clone()
    other[:, frame] += 1
    return other


def textbook_convlstm(lstm, frames):
    """One convolution over the concatenation of input and state, four gates, frame by frame."""
    weight = torch.cat((lstm.of_input.weight, lstm.of_state.weight), dim=1)
    state = cell = torch.zeros(frames.shape[1], HIDDEN, H, W)
    states = []
    for frame in frames:
        joint = torch.cat((frame, state), dim=1)
        gates = F.conv2d(joint, weight, lstm.of_input.bias, padding=1)
        i, f, o, g = gates.chunk(4, dim=1)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        state = torch.sigmoid(o) * torch.tanh(cell)
        states.append(state)
    return torch.stack(states)


@pytest.mark.parametrize(
    ("kind", "parameters"), [(BiConvLstmSum, 1_188_146), (BiConvLstmConcat, 1_184_793)]
)
def test_parameters(kind, parameters):
    assert sum(p.numel() for p in kind().parameters()) == parameters


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_convlstm_equals_the_textbook(frames):
    torch.manual_seed(0)
    lstm, maps = ConvLstm(K, HIDDEN), heatmaps().transpose(0, 1)[:frames]
    torch.testing.assert_close(lstm(maps), textbook_convlstm(lstm, maps))


def test_forget_gate_starts_open():
    bias = ConvLstm(K, HIDDEN).of_input.bias
    assert (bias[HIDDEN : 2 * HIDDEN] == 1).all()
    assert (bias[:HIDDEN].abs() < 1).all()


@pytest.mark.parametrize("frame", range(T))
def test_convlstm_is_causal(frame):
    torch.manual_seed(0)
    lstm, maps = ConvLstm(K, HIDDEN), heatmaps()
    before, after = (lstm(m.transpose(0, 1)) for m in (maps, changed_at(maps, frame)))
    differs = (before - after).flatten(1).abs().amax(dim=1) > 1e-6
    assert differs.tolist() == [t >= frame for t in range(T)]


@pytest.mark.parametrize("frame", range(T))
@pytest.mark.parametrize(("silent", "sees"), [("backward", "past"), ("forward", "future")])
def test_each_direction_sees_its_side_only(frame, silent, sees):
    net, maps = model(BiConvLstmSum), heatmaps()
    getattr(net, f"{silent}_head")[-1].weight.data.zero_()
    difference = (net(maps) - net(changed_at(maps, frame))).abs().amax(dim=(0, 2, 3, 4))
    expected = [t >= frame if sees == "past" else t <= frame for t in range(T)]
    assert (difference > 0).tolist() == expected


@both
def test_every_frame_sees_every_frame(kind):
    net, maps = model(kind), heatmaps().requires_grad_()
    for t in range(T):
        (gradient,) = torch.autograd.grad(net(maps)[:, t].sum(), maps)
        assert (gradient.abs().amax(dim=(0, 2, 3, 4)) > 0).all()


def test_swapped_directions_reverse_time():
    net, swapped, maps = model(BiConvLstmSum), BiConvLstmSum(K, HIDDEN), heatmaps()
    opposite = {"forward": "backward", "backward": "forward"}
    names = {name: name.split("_")[0] for name in net.state_dict()}
    state = {n.replace(d, opposite[d]): net.state_dict()[n] for n, d in names.items()}
    swapped.load_state_dict(state)
    torch.testing.assert_close(swapped(maps.flip(1)).flip(1), net(maps))
    assert not torch.allclose(net(maps.flip(1)).flip(1), net(maps))


def test_concat_joins_forward_and_backward_in_this_order():
    net, maps = model(BiConvLstmConcat), heatmaps()
    net.head[0].weight.data[:, 128:] = 0
    torch.testing.assert_close(net(maps)[:, 0], net(changed_at(maps, T - 1))[:, 0])
    assert not torch.allclose(net(maps)[:, -1], net(changed_at(maps, 0))[:, -1])


@both
def test_same_shape_and_windows_do_not_mix(kind):
    net, maps = model(kind), heatmaps()
    out, other = net(maps), net(torch.cat((maps[:1], heatmaps(seed=2)[1:])))
    assert out.shape == maps.shape
    torch.testing.assert_close(other[0], out[0])
    torch.testing.assert_close(net(maps[1:])[0], out[1])
    assert not torch.allclose(other[1], out[1])


@both
def test_leaves_its_input_alone(kind):
    maps = heatmaps()
    model(kind)(maps)
    assert torch.equal(maps, heatmaps())


@both
def test_output_may_be_negative(kind):
    net = model(kind)
    last = net.head[-1] if kind is BiConvLstmConcat else net.forward_head[-1]
    last.bias.data -= 10
    assert (net(heatmaps()) < 0).any()


@both
def test_gradients_are_finite_and_reach_every_parameter(kind):
    net = model(kind)
    net(heatmaps()).square().sum().backward()
    for parameter in net.parameters():
        assert parameter.grad.isfinite().all()
        assert parameter.grad.any()


@both
def test_bfloat16_is_close(kind):
    net, maps = model(kind), heatmaps()
    with torch.autocast("cpu", torch.bfloat16):
        out = net(maps)
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), net(maps), atol=1e-2, rtol=2e-2)


@both
def test_state_survives_a_round_trip(kind):
    net, other = model(kind), kind(K, HIDDEN)
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(heatmaps()), net(heatmaps()))


@both
def test_overfits_a_tiny_batch(kind):
    net, maps = model(kind), heatmaps()[:, :3, :, :5, :4]
    target = maps.mean(dim=1, keepdim=True).expand_as(maps)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        losses.append(F.mse_loss(net(maps), target))
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.2 * losses[0]


@both
@pytest.mark.parametrize("name", ["keypoints", "hidden"])
@pytest.mark.parametrize("size", [0, -3])
def test_sizes_are_checked(kind, name, size):
    with pytest.raises(ConfigError) as error:
        kind(**{name: size})
    assert str(error.value) == f"{name} is {size}; expected a whole number of at least 1"
