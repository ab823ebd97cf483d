"""What a stacked hourglass is made of, of its own kind."""

from collections.abc import Sequence
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn


class Residual(nn.Module):
    """Batch normalisation, ReLU and convolution, three times, added to what comes in.

    1 x 1 to half the channels, 3 x 3, 1 x 1 (He et al., ECCV 2016; Newell et al., section 3.1).
    """

    def __init__(self, given: int, made: int, skip_kernel: int = 0) -> None:
        super().__init__()
        inner = made // 2
        self.branch = nn.Sequential(
            *_normalised(given, inner, 1), *_normalised(inner, inner, 3), *_normalised(inner, made)
        )
        kernel = skip_kernel or (1 if given != made else 0)
        self.skip = (
            nn.Conv2d(given, made, kernel, padding=kernel // 2) if kernel else nn.Identity()
        )

    def forward(self, features: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D H W"]:
        """Maps of the same size."""
        total: Tensor = self.skip(features) + self.branch(features)
        return total


class Stem(nn.Sequential):
    """A 7 x 7 convolution at every second pixel, a residual, max pooling, and two residuals: to a
    quarter of the rows and columns.

    Args:
        channels: after the convolution and after each residual.
    """

    def __init__(self, channels: Sequence[int], skip_kernel: int) -> None:
        first, second, third, last = channels
        super().__init__(
            nn.Conv2d(3, first, 7, stride=2, padding=3),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            Residual(first, second, skip_kernel),
            nn.MaxPool2d(2),
            Residual(second, third, skip_kernel),
            Residual(third, last, skip_kernel),
        )


class Autoencoder(nn.Module):
    """Squeezes the bottleneck through a few numbers (thesis: 256, 192, 128, 64 channels, then
    linear to 50, and back the same way).

    Args:
        channels: of the bottleneck; each convolution takes off a quarter of them.
        size: rows and columns of its maps.
        code: how many numbers are kept.
    """

    def __init__(self, channels: int, size: int, code: int) -> None:
        super().__init__()
        widths = [channels, channels * 3 // 4, channels // 2, channels // 4]
        flat = widths[-1] * size * size
        self.encoder = nn.Sequential(
            *(_convolved(a, b) for a, b in pairwise(widths)),
            nn.Flatten(),
            nn.Linear(flat, code),
        )
        back = widths[::-1]
        self.decoder = nn.Sequential(
            nn.Linear(code, flat),
            nn.Unflatten(1, (widths[-1], size, size)),
            *(_convolved(a, b) for a, b in pairwise(back)),
        )

    def forward(self, features: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Maps of the same size, made of the code alone."""
        back: Tensor = self.decoder(self.encoder(features))
        return back


def _normalised(given: int, made: int, kernel: int = 1) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(given, made, kernel, padding=kernel // 2)
    return nn.BatchNorm2d(given), nn.ReLU(inplace=True), convolution


def _convolved(given: int, made: int) -> nn.Sequential:
    return nn.Sequential(*_normalised(given, made, 3))


def xavier(network: nn.Module) -> None:
    """Draws the weights of convolutions and linear layers by Glorot's normal initialisation."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_normal_(module.weight)
