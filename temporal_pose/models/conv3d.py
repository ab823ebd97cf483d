"""One convolution over time and space: the smallest model that can smooth heatmaps.

On a CPU it multiplies spectra, which is what a CPU does fastest with many channels. By the
convolution theorem every spatial frequency costs one product of small matrices, whatever the
kernel's rows and columns: for 5 x 5 pixels a tenth of the multiplications, the transforms aside.
The Fourier transforms are matrix products as well: they skip the zero padding and put the
frequencies outermost, where the products need them, and so beat fast transforms of 50 pixels.

Notation: F spatial frequencies, N maps, S frames under the kernel, I and O channels.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from temporal_pose.models.initial import glorot as start_as_glorot
from temporal_pose.models.sizes import check_sizes

KERNEL = 5  # rows and columns

#: Numbers of the largest operand that are multiplied at a time.
CHUNK = 2**18

Pair = tuple[int, int]


class Conv3d(nn.Module):
    """3D convolution, one filter per keypoint, zero padding to the same shape, ReLU (thesis 1.1).

    ``out[k, t] = relu(bias[k] + sum over j, s of weight[k, j, s] * heatmaps[j, t + s - T // 2])``,
    where ``*`` convolves rows and columns. A window of an even number of frames has no middle;
    its kernel reaches ``T / 2`` frames back and one fewer ahead.

    Args:
        keypoints: K, input and output channels.
        window: T, frames the kernel spans.
        glorot: starts from Glorot's initialisation, else from PyTorch's.

    Raises:
        ConfigError: a size is not a positive whole number.
    """

    def __init__(self, keypoints: int = 25, window: int = 5, glorot: bool = False) -> None:
        super().__init__()
        check_sizes(keypoints=keypoints, window=window)
        kernel = (window, KERNEL, KERNEL)
        padding = (window // 2, KERNEL // 2, KERNEL // 2)
        self.convolution = nn.Conv3d(keypoints, keypoints, kernel, padding=padding)
        if glorot:
            start_as_glorot(self)

    def forward(self, heatmaps: Float[Tensor, "B T K H W"]) -> Float[Tensor, "B T K H W"]:
        """Smoothed heatmaps, in the unit of the input and never negative."""
        if self._on_spectra(heatmaps):
            weight, bias = self.convolution.weight, self.convolution.bias
            return (convolve(heatmaps, weight) + bias[:, None, None]).relu()  # type: ignore[index]
        # The layout that suits half precision best; one pass over the input makes it.
        volume = heatmaps.transpose(1, 2).contiguous(memory_format=torch.channels_last_3d)
        smoothed: Tensor = self.convolution(volume).relu()
        # The symmetric padding of an even kernel yields one frame too many.
        return smoothed[:, :, : heatmaps.shape[1]].transpose(1, 2)

    def _on_spectra(self, heatmaps: Tensor) -> bool:
        """A CPU is more than twice as fast there, but not in a precision below single; and ONNX
        has no complex numbers.
        """
        exact = self.convolution.weight.dtype in (torch.float32, torch.float64)
        if not (heatmaps.is_cpu and exact) or torch.onnx.is_in_onnx_export():
            return False
        return not torch.is_autocast_enabled("cpu")


def convolve(
    frames: Float[Tensor, "B T I H W"], kernel: Float[Tensor, "O I S Y X"]
) -> Float[Tensor, "B T O H W"]:
    """What ``torch.nn.functional.conv3d`` computes with zero padding to the same shape.

    Equal up to rounding, and so are the gradients. A kernel of an even number of frames reaches
    ``S / 2`` frames back and one fewer ahead.

    Args:
        frames: maps of I channels over T frames.
        kernel: its rows Y and columns X are odd.
    """
    batch, _, channels, *size = frames.shape
    reach = kernel.shape[-2] // 2, kernel.shape[-1] // 2
    # As many zeros as the kernel reaches far keep one border's pixels from entering at the other.
    points = size[0] + reach[0], size[1] + reach[1]
    maps = _spectra(frames.flatten(0, 2), points, (0, 0))
    # Layers correlate: they multiply with the kernel's conjugate spectrum.
    taps = _spectra(kernel.permute(2, 1, 0, 3, 4).flatten(0, 2), points, reach)
    product = _Product.apply(
        maps.unflatten(1, (batch, -1)), taps.unflatten(1, (-1, len(kernel))), channels
    )
    convolved = _maps(product.flatten(1), points, (size[0], size[1]))
    return convolved.unflatten(0, (batch, -1, len(kernel)))


def _spectra(maps: Float[Tensor, "N H W"], points: Pair, origin: Pair) -> Complex[Tensor, "F N"]:
    """Fourier transforms: all row frequencies, and the column frequencies from 0 on.

    Args:
        points: the transforms' lengths for rows and columns.
        origin: the pixel whose position is (0, 0).
    """
    count, height, width = maps.shape
    waves = _waves(points[1], points[1] // 2 + 1, width, origin[1], maps.dtype)
    halves = torch.cat((waves.real, -waves.imag)) @ maps.reshape(-1, width).T
    across = torch.complex(*halves.view(2, -1, height))
    waves = _waves(points[0], points[0], height, origin[0], maps.dtype)
    return (_conjugate(waves) @ across.T).view(-1, count)


def _maps(spectra: Complex[Tensor, "F N"], points: Pair, size: Pair) -> Float[Tensor, "N H W"]:
    """The inverse of `_spectra`, from pixel (0, 0) on."""
    dtype = spectra.real.dtype
    waves = _waves(points[0], points[0], size[0], 0, dtype)
    across = spectra.view(points[0], -1).T @ waves
    waves = _waves(points[1], points[1] // 2 + 1, size[1], 0, dtype)
    # A frequency stands for its negative too, but for 0 and, of an even length, the highest.
    twice = torch.full((len(waves), 1), 2.0, dtype=dtype)
    twice[0] = 1
    if points[1] % 2 == 0:
        twice[-1] = 1
    weights = torch.cat((twice * waves.real, -twice * waves.imag)) / math.prod(points)
    parts = torch.view_as_real(across).movedim(-1, 0).reshape(len(weights), -1)
    return (parts.T @ weights).view(-1, *size)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _waves(
    points: int, frequencies: int, length: int, origin: int, dtype: torch.dtype
) -> Complex[Tensor, "F L"]:
    """``exp(2 pi i f (l - origin) / points)``.

    A table that a test made in inference mode would be of no use to training.
    """
    turns = torch.arange(frequencies)[:, None] * (torch.arange(length) - origin) % points
    phases = turns.double() * (2 * math.pi / points)
    return torch.polar(torch.ones_like(phases), phases).to(dtype.to_complex())


class _Product(torch.autograd.Function):
    """For every frequency, channels over time times the conjugates of matrices of taps."""

    @staticmethod
    def forward(
        ctx: Any, maps: Complex[Tensor, "F B TI"], taps: Complex[Tensor, "F SI O"], channels: int
    ) -> Complex[Tensor, "F B TO"]:
        ctx.save_for_backward(maps, taps)
        ctx.channels = channels
        product = maps.new_empty(*maps.shape[:2], maps.shape[2] // channels * taps.shape[2])
        for given, kernel, made in _chunks(maps, taps, product):
            opposite = _conjugate(kernel)
            for seen, under, out in _slices(maps, taps, channels):
                made[..., out] = given[..., seen] @ opposite[:, under]
        return product

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, error: Complex[Tensor, "F B TO"]) -> tuple[Tensor | None, ...]:
        maps, taps = ctx.saved_tensors
        for_maps, for_taps, _ = ctx.needs_input_grad
        # What nobody asks for is of no size.
        of_maps = torch.empty_like(maps if for_maps else maps[:, :0])
        of_taps = torch.empty_like(taps if for_taps else taps[:, :0])
        for given, kernel, made, to_given, to_kernel in _chunks(
            maps, taps, error, of_maps, of_taps
        ):
            opposite = _conjugate(made)
            to_given.zero_()
            to_kernel.zero_()
            for seen, under, out in _slices(maps, taps, ctx.channels):
                if for_maps:
                    to_given[..., seen] += made[..., out] @ kernel[:, under].mT
                if for_taps:
                    to_kernel[:, under] += given[..., seen].mT @ opposite[..., out]
        return of_maps if for_maps else None, of_taps if for_taps else None, None


def _conjugate(values: Tensor) -> Tensor:
    """Written out: products with conjugates that are only marks on tensors take far longer."""
    return values.conj().resolve_conj()


def _chunks(*spectra: Complex[Tensor, "F ..."]) -> Iterator[tuple[Tensor, ...]]:
    """So few frequencies at a time that their numbers stay in a core's cache."""
    step = max(1, CHUNK // max(values[0].numel() for values in spectra))
    return zip(*(values.split(step) for values in spectra), strict=True)


def _slices(maps: Tensor, taps: Tensor, channels: int) -> Iterator[tuple[slice, slice, slice]]:
    """Per frame of the result: the maps under the kernel, the taps they meet, and where it goes.

    The taps of successive frames lie below each other, so that one product sums over all of them.
    """
    frames, span, outputs = maps.shape[2] // channels, taps.shape[1] // channels, taps.shape[2]
    for frame in range(frames):
        first = frame - span // 2
        seen = range(max(0, first), min(frames, first + span))
        yield (
            slice(seen.start * channels, seen.stop * channels),
            slice((seen.start - first) * channels, (seen.stop - first) * channels),
            slice(frame * outputs, (frame + 1) * outputs),
        )
