import pytest
import torch
from torch.nn import functional as F

from temporal_pose.models import conv3d as convolution
from temporal_pose.models.conv3d import Conv3d, convolve

B, T, IN, OUT, H, W = 2, 4, 3, 5, 8, 11


def operands(span, rows, columns, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(B, T, IN, H, W, dtype=dtype, generator=generator),
        torch.randn(OUT, IN, span, rows, columns, dtype=dtype, generator=generator),
    )


def by_the_layer(frames, kernel):
    span, rows, columns = kernel.shape[2:]
    padding = (span // 2, rows // 2, columns // 2)
    return F.conv3d(frames.transpose(1, 2), kernel, padding=padding)[:, :, :T].transpose(1, 2)


@pytest.mark.parametrize("span", [1, 2, 3, 4, 5, 9])
def test_equals_the_layer_whatever_the_frames_under_the_kernel(span):
    frames, kernel = operands(span, 5, 3)
    torch.testing.assert_close(convolve(frames, kernel), by_the_layer(frames, kernel))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 7), (3, 5), (7, 3), (9, 1)])
def test_equals_the_layer_whatever_the_pixels_under_the_kernel(rows, columns):
    frames, kernel = operands(3, rows, columns)
    torch.testing.assert_close(convolve(frames, kernel), by_the_layer(frames, kernel))


@pytest.mark.parametrize("chunk", [1, 250, 10**6])
def test_the_frequencies_taken_at_a_time_change_nothing(chunk, monkeypatch):
    frames, kernel = (values.requires_grad_() for values in operands(3, 5, 3))
    wanted = gradients(by_the_layer, frames, kernel)
    monkeypatch.setattr(convolution, "CHUNK", chunk)
    torch.testing.assert_close(gradients(convolve, frames, kernel), wanted)


def gradients(function, frames, kernel):
    weights = torch.arange(B * T * OUT * H * W, dtype=torch.float64).cos().view(B, T, OUT, H, W)
    loss = (function(frames, kernel).square() * weights).sum()
    return torch.autograd.grad(loss, (frames, kernel))


def test_gradients_are_those_of_finite_differences():
    frames, kernel = operands(3, 3, 5)
    frames, kernel = frames[:1, :, :2, :4, :5].clone(), kernel[:2, :2].clone()
    assert torch.autograd.gradcheck(
        convolve, (frames.requires_grad_(), kernel.requires_grad_()), fast_mode=True
    )


@pytest.mark.parametrize("which", [0, 1])
def test_only_the_gradient_asked_for_is_made(which):
    both = operands(3, 5, 3)
    both[which].requires_grad_()
    convolve(*both).sum().backward()
    assert both[which].grad.any()
    assert both[1 - which].grad is None


def test_single_precision_is_as_exact_as_the_layer():
    frames, kernel = operands(5, 5, 5)
    exact, scale = by_the_layer(frames, kernel), 1e-6 * frames.abs().max()
    error = (convolve(frames.float(), kernel.float()) - exact).abs().max()
    assert error < 20 * scale
    assert error < 5 * (by_the_layer(frames.float(), kernel.float()) - exact).abs().max()


def test_an_impulse_draws_the_kernel_and_stays_where_it_is():
    _, kernel = operands(3, 5, 3)
    frames = torch.zeros(1, T, IN, H, W, dtype=torch.float64)
    frames[0, 1, 2, 0, W - 1] = 1  # in a corner: nothing may come out at the other side
    convolved = convolve(frames, kernel)[0]
    assert convolved[:, :, 3:].abs().max() < 1e-12
    assert convolved[:, :, :, : W - 2].abs().max() < 1e-12
    assert convolved[3].abs().max() < 1e-12
    corner = convolved[:3, :, :3, W - 2 :]
    mirrored = kernel[:, 2].flip(1, 2, 3).transpose(0, 1)[:, :, 2:, :2]
    torch.testing.assert_close(corner, mirrored)


def test_conv3d_takes_it_on_a_cpu_and_not_in_half_precision(monkeypatch):
    calls = []

    def counted(frames, kernel):
        calls.append(frames.dtype)
        return convolve(frames, kernel)

    monkeypatch.setattr("temporal_pose.models.conv3d.convolve", counted)
    net, maps = Conv3d(IN, T), torch.rand(B, T, IN, H, W)
    single = net(maps)
    assert calls == [torch.float32]
    with torch.autocast("cpu", torch.bfloat16):
        net(maps)
    half = net.bfloat16()(maps.bfloat16())
    assert calls == [torch.float32]
    assert half.dtype == torch.bfloat16
    net.double()(maps.double())
    assert calls == [torch.float32, torch.float64]
    torch.testing.assert_close(half.float(), single, atol=3e-2, rtol=3e-2)
