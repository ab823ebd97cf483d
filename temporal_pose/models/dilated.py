"""What networks of dilated convolutions over time are made of."""

from jaxtyping import Float
from torch import Tensor, nn


def dilated_layers(width: int, dilation: int, dropout: float) -> nn.Sequential:
    """What `Dilated` adds to its input, ``B C T``.

    Args:
        width: channels.
        dilation: frames between the taps of the first convolution.
        dropout: share of channels that training drops.
    """
    return nn.Sequential(
        nn.GroupNorm(1, width),
        nn.GELU(),
        nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Conv1d(width, width, 1),
    )


class Dilated(nn.Module):
    """A residual convolution of some dilation (Bai, Kolter, Koltun, arXiv 1803.01271).

    Args:
        width, dilation, dropout: see `dilated_layers`.
    """

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.layers = dilated_layers(width, dilation, dropout)

    def forward(self, hidden: Float[Tensor, "B C T"]) -> Float[Tensor, "B C T"]:
        """The input, and what the convolutions add to it."""
        added: Tensor = self.layers(hidden)
        return hidden + added
