"""The stacked hourglass as it is usually written, of torch's layers: ours is timed against it."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class PlainStacks(nn.Module):
    """The same network as it is usually written: an hourglass calls a smaller one.

    Args:
        skeleton: of no matter: there are 14 keypoints.
        stem: channels of the first convolution, and after the first two residuals.
    """

    def __init__(
        self, skeleton: str, stacks: int, channels: int, depth: int, stem: tuple[int, ...],
        size: int,
    ) -> None:  # fmt: skip
        super().__init__()
        first, second, third = stem
        self.begin = nn.Sequential(
            nn.Conv2d(3, first, 7, 2, 3), nn.BatchNorm2d(first), nn.ReLU(),
            PlainResidual(first, second), nn.MaxPool2d(2),
            PlainResidual(second, third), PlainResidual(third, channels),
        )  # fmt: skip
        several = range(stacks)
        self.glasses = nn.ModuleList(PlainHourglass(channels, depth) for _ in several)
        self.after = nn.ModuleList(
            nn.Sequential(
                PlainResidual(channels, channels), nn.Conv2d(channels, channels, 1),
                nn.BatchNorm2d(channels), nn.ReLU(),
            )
            for _ in several
        )  # fmt: skip
        self.answer = nn.ModuleList(nn.Conv2d(channels, 14, 1) for _ in several)
        self.back = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in several[1:])
        self.again = nn.ModuleList(nn.Conv2d(14, channels, 1) for _ in several[1:])

    def forward(self, images: Float[Tensor, "B 3 S S"]) -> Float[Tensor, "stacks B 14 H W"]:
        """Heatmaps of every stack."""
        features, answers = self.begin(images), []
        for stack, glass in enumerate(self.glasses):
            after = self.after[stack](glass(features))
            answers.append(self.answer[stack](after))
            if stack < len(self.back):
                features = features + self.back[stack](after) + self.again[stack](answers[-1])
        return torch.stack(answers)


class PlainHourglass(nn.Module):
    """One hourglass, of one level and what is within."""

    def __init__(self, channels: int, depth: int, finest: bool = True) -> None:
        super().__init__()
        self.across, self.down = (PlainResidual(channels, channels) for _ in range(2))
        lowest = nn.Sequential(*(PlainResidual(channels, channels) for _ in range(2)))
        self.within = lowest if depth == 1 else PlainHourglass(channels, depth - 1, False)
        self.up = nn.Identity() if finest else PlainResidual(channels, channels)

    def forward(self, features: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Maps of the same size."""
        across = self.across(features)
        low = self.within(self.down(functional.max_pool2d(features, 2)))
        whole: Tensor = self.up(across + functional.interpolate(low, scale_factor=2))
        return whole


class PlainResidual(nn.Module):
    """Normalisation, ReLU and convolution, three times, around an identity."""

    def __init__(self, given: int, made: int) -> None:
        super().__init__()
        half = made // 2
        self.around = nn.Conv2d(given, made, 1) if given != made else nn.Identity()
        self.through = nn.Sequential(
            nn.BatchNorm2d(given), nn.ReLU(), nn.Conv2d(given, half, 1),
            nn.BatchNorm2d(half), nn.ReLU(), nn.Conv2d(half, half, 3, padding=1),
            nn.BatchNorm2d(half), nn.ReLU(), nn.Conv2d(half, made, 1),
        )  # fmt: skip

    def forward(self, features: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D H W"]:
        """Maps of the same size."""
        total: Tensor = self.around(features) + self.through(features)
        return total
