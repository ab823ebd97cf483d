"""What networks of dilated convolutions over time are made of."""

from torch import Tensor, nn


class Dilated(nn.Module):
    """Residual convolutions of dilation 1, 2, 4, ... (Bai, Kolter, Koltun, arXiv 1803.01271).

    Args:
        width: channels.
        dilation: frames between the taps of the first convolution.
        dropout: share of channels that training drops.
    """

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.GroupNorm(1, width),
            nn.GELU(),
            nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Conv1d(width, width, 1),
        )

    def forward(self, hidden: Tensor) -> Tensor:
        """The input, ``B C T``, and what the convolutions add to it."""
        added: Tensor = self.layers(hidden)
        return hidden + added


def starts_at_zero(layer: nn.Conv1d) -> nn.Conv1d:
    """The same layer, giving zero until it has learned."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
