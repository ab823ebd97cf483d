"""One convolution over time and space: the smallest model that can smooth heatmaps."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from temporal_pose.errors import ConfigError
from temporal_pose.pose.convolution import convolve

KERNEL = 5  # rows and columns


class Conv3d(nn.Module):
    """3D convolution, one filter per keypoint, zero padding to the same shape, ReLU (thesis 1.1).

    ``out[k, t] = relu(bias[k] + sum over j, s of weight[k, j, s] * heatmaps[j, t + s - T // 2])``,
    where ``*`` convolves rows and columns. A window of an even number of frames has no middle;
    its kernel reaches ``T / 2`` frames back and one fewer ahead.

    Args:
        keypoints: K, input and output channels.
        window: T, frames the kernel spans.

    Raises:
        ConfigError: a size is not a positive whole number.
    """

    def __init__(self, keypoints: int = 25, window: int = 5) -> None:
        super().__init__()
        for name, size in (("keypoints", keypoints), ("window", window)):
            if not isinstance(size, int) or size < 1:
                raise ConfigError(f"{name} is {size}; expected a whole number of at least 1")
        kernel = (window, KERNEL, KERNEL)
        padding = (window // 2, KERNEL // 2, KERNEL // 2)
        self.convolution = nn.Conv3d(keypoints, keypoints, kernel, padding=padding)

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
        """A CPU is more than twice as fast there, but not in a precision below single."""
        exact = self.convolution.weight.dtype in (torch.float32, torch.float64)
        return heatmaps.is_cpu and exact and not torch.is_autocast_enabled("cpu")
