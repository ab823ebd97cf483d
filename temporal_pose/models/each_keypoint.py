"""Temporal convolutions whose weights are the same for every keypoint, on any skeleton. Ours."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from temporal_pose.models.dilated import Dilated
from temporal_pose.models.initial import starts_at_zero
from temporal_pose.models.sizes import check_dropout, check_sizes


class EachKeypoint(nn.Module):
    """Moves each keypoint by what shared convolutions make of it and of the body as a whole.

    After every convolution each keypoint hears the mean and the maximum over all of them, so that
    one which jumps is judged by the others (Zaheer et al., "Deep Sets", NeurIPS 2017). Nothing
    depends on how many there are, or in which order.

    Args:
        channels: C of the input, of which the first two are positions.
        width: channels within.
        depth: convolutions, each of twice the dilation of the one before.
        dropout: share of channels that training drops.

    Raises:
        ConfigError: a setting is out of range.
    """

    def __init__(
        self, channels: int = 10, width: int = 48, depth: int = 4, dropout: float = 0.1
    ) -> None:
        super().__init__()
        check_sizes(channels=channels, width=width, depth=depth)
        check_dropout(dropout)
        self.enter = nn.Conv1d(channels, width, 3, padding="same")
        self.layers = nn.ModuleList(Dilated(width, 2**i, dropout) for i in range(depth))
        self.body = nn.ModuleList(nn.Conv1d(2 * width, width, 1) for _ in range(depth))
        self.leave = nn.Sequential(nn.GELU(), starts_at_zero(nn.Conv1d(width, 2, 1)))

    def forward(self, seen: Float[Tensor, "B T K C"]) -> Float[Tensor, "B T K 2"]:
        """Moved positions, in the unit of the first two channels."""
        batch = len(seen)
        hidden = self.enter(seen.permute(0, 2, 3, 1).flatten(0, 1))
        for layer, body in zip(self.layers, self.body, strict=True):
            own = layer(hidden).unflatten(0, (batch, -1))
            heard = body(torch.cat([own.mean(1), own.amax(1)], 1))
            hidden = (own + heard[:, None]).flatten(0, 1)
        moved = self.leave(hidden).unflatten(0, (batch, -1)).permute(0, 3, 1, 2)
        return seen[..., :2] + moved
