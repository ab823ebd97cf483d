import pytest
import torch
from torch.nn import functional as F

from temporal_pose.errors import ConfigError
from temporal_pose.models.conv3d import Conv3d

B, K, H, W = 2, 7, 11, 13


@pytest.fixture(autouse=True)
def _one_thread():
    """Tensors this small gain nothing from a second thread and wait for it on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def model(window=5):
    torch.manual_seed(0)
    return Conv3d(K, window)


def heatmaps(window=5, seed=1):
    return torch.rand(B, window, K, H, W, generator=torch.Generator().manual_seed(seed))


def by_2d_convolutions(net, maps):
    """Sum over the frames under the kernel, each convolved by the kernel's slice for it."""
    weight, bias = net.convolution.weight, net.convolution.bias
    frames, half = maps.shape[1], weight.shape[2] // 2
    out = []
    for t in range(frames):
        total = bias[None, :, None, None].expand(len(maps), -1, H, W)
        for step in range(weight.shape[2]):
            if 0 <= t + step - half < frames:
                total = total + F.conv2d(maps[:, t + step - half], weight[:, :, step], padding=2)
        out.append(total.clamp(min=0))
    return torch.stack(out, dim=1)


def test_parameters():
    assert sum(p.numel() for p in Conv3d().parameters()) == 78_150


@pytest.mark.parametrize("window", [1, 2, 3, 4, 5])
def test_equals_a_sum_of_2d_convolutions(window):
    net, maps = model(window), heatmaps(window)
    out = net(maps)
    assert out.shape == maps.shape
    torch.testing.assert_close(out, by_2d_convolutions(net, maps))


def test_input_may_have_more_frames_than_the_kernel():
    net, maps = model(window=4), heatmaps(window=6)
    torch.testing.assert_close(net(maps), by_2d_convolutions(net, maps))


def test_the_layout_of_the_input_does_not_matter():
    net, maps = model(), heatmaps()
    strided = maps.permute(0, 3, 4, 1, 2).contiguous().permute(0, 3, 4, 1, 2)
    torch.testing.assert_close(net(strided), net(maps))


def test_windows_do_not_mix():
    net, maps = model(), heatmaps()
    other = torch.cat((maps[:1], heatmaps(seed=2)[1:]))
    torch.testing.assert_close(net(other)[0], net(maps)[0])
    torch.testing.assert_close(net(maps[1:])[0], net(maps)[1])
    assert not torch.equal(net(other)[1], net(maps)[1])


def test_interior_moves_with_the_input():
    net, maps = model(), torch.zeros(B, 5, K, H, W)
    maps[..., 4:7, 4:8] = heatmaps()[..., 4:7, 4:8]
    moved = maps.roll((1, -1), dims=(-2, -1))
    out, out_moved = net(maps), net(moved)
    torch.testing.assert_close(
        out_moved[..., 2:-2, 2:-2], out.roll((1, -1), (-2, -1))[..., 2:-2, 2:-2]
    )


def test_gradients_are_finite_and_reach_every_parameter():
    net = model()
    net(heatmaps()).square().sum().backward()
    for parameter in net.parameters():
        assert parameter.grad.isfinite().all()
        assert parameter.grad.any()


def test_bfloat16_is_close():
    net, maps = model(), heatmaps()
    with torch.autocast("cpu", torch.bfloat16):
        out = net(maps)
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), net(maps), atol=2e-2, rtol=2e-2)


def test_state_survives_a_round_trip():
    net, other = model(), Conv3d(K)
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(heatmaps()), net(heatmaps()))


def test_overfits_a_tiny_batch():
    net, maps = model(window=3), heatmaps(window=3)[..., :3, :5]
    target = heatmaps(window=3, seed=2)[..., :3, :5]
    net.convolution.bias.data.fill_(1)  # a filter that starts silent everywhere stays silent
    optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        losses.append(F.mse_loss(net(maps), target))
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("name", ["keypoints", "window"])
@pytest.mark.parametrize("size", [0, -3])
def test_sizes_are_checked(name, size):
    with pytest.raises(ConfigError) as error:
        Conv3d(**{name: size})
    assert str(error.value) == f"{name} is {size}; expected a whole number of at least 1"
