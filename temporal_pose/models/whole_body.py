"""Temporal convolutions that see all keypoints of a body at once. Ours."""

from jaxtyping import Float
from torch import Tensor, nn

from temporal_pose.models.dilated import Dilated
from temporal_pose.models.initial import starts_at_zero
from temporal_pose.models.sizes import check_dropout, check_sizes


class WholeBody(nn.Module):
    """Moves each keypoint by what dilated convolutions make of all of them.

    Args:
        keypoints: K, in an order that the weights get to know.
        channels: C of the input, of which the first two are positions.
        width: channels within.
        depth: convolutions, each of twice the dilation of the one before.
        dropout: share of channels that training drops.

    Raises:
        ConfigError: a setting is out of range.
    """

    def __init__(
        self,
        keypoints: int = 25,
        channels: int = 10,
        width: int = 96,
        depth: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        check_sizes(keypoints=keypoints, channels=channels, width=width, depth=depth)
        check_dropout(dropout)
        self.enter = nn.Conv1d(channels * keypoints, width, 3, padding="same")
        self.layers = nn.Sequential(*(Dilated(width, 2**i, dropout) for i in range(depth)))
        self.leave = nn.Sequential(nn.GELU(), starts_at_zero(nn.Conv1d(width, 2 * keypoints, 1)))

    def forward(self, seen: Float[Tensor, "B T K C"]) -> Float[Tensor, "B T K 2"]:
        """Moved positions, in the unit of the first two channels."""
        hidden = self.layers(self.enter(seen.flatten(2).transpose(1, 2)))
        moved: Tensor = self.leave(hidden).transpose(1, 2).unflatten(2, (-1, 2))
        return seen[..., :2] + moved
