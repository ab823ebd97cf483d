"""A tiny network with a bottleneck and a branch around it, and people for it to look at."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from temporal_pose.exploring.collecting import Subject
from temporal_pose.exploring.samples import Described
from temporal_pose.pose.skeletons import SKELETONS

COCO17 = SKELETONS["coco17"]
K, SIDE, COUNT = 17, 12, 130

#: COCO's 17 keypoints of somebody who stands, shares of a crop.
STANDING = np.array(
    [
        *([50, 10], [52, 8], [48, 8], [55, 9], [45, 9]),
        *([60, 25], [40, 25], [66, 40], [34, 40], [68, 55], [32, 55]),
        *([56, 52], [44, 52], [57, 72], [43, 72], [58, 92], [42, 92]),
    ],
    np.float32,
) / np.float32(100)


class Hourglass(nn.Module):
    """3 x 12 x 12 pixels to 17 positions, by way of 2 x 3 x 3 numbers and a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 2, 2, stride=2)
        self.skips = nn.ModuleList([nn.Conv2d(2, 2, 1)])
        self.bottleneck = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(2, 2, 1))
        self.up = nn.Upsample(scale_factor=2)
        self.head = nn.Linear(2 * 36, 2 * K)

    def forward(self, images: Tensor) -> Tensor:
        features = self.stem(images)
        joined = self.up(self.bottleneck(features)) + self.skips[0](features)
        return self.head(joined.flatten(1)).unflatten(1, (K, 2))


class People(NamedTuple):
    """Crops whose brightness tells how far a person leans; a share of them shows no legs."""

    images: Tensor
    keypoints: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, places: Sequence[int]) -> Iterator[tuple[Tensor, Described]]:
        for first in range(0, len(places), 32):
            rows = list(places[first : first + 32])
            pixels = (self.images[rows] * 255).byte().permute(0, 2, 3, 1).numpy()
            yield (
                self.images[rows],
                Described(
                    self.keypoints[rows],
                    self.labels[rows],
                    pixels,
                    [f"image {row // 2}" for row in rows],
                    [f"person {row}" for row in rows],
                    {"crop_px": np.array(rows, float)},
                ),
            )


def people(count: int = COUNT, seed: int = 0) -> People:
    rng = np.random.default_rng(seed)
    lean = rng.uniform(-0.3, 0.3, count).astype(np.float32)
    keypoints = np.tile(STANDING, (count, 1, 1))
    keypoints[:, :, 0] += lean[:, None] * (1 - keypoints[:, :, 1])
    labels = np.full((count, K), 2)
    labels[::3, 13:] = 0
    images = rng.uniform(0, 0.3, (count, 3, SIDE, SIDE)).astype(np.float32)
    images[:, 0] += (lean[:, None, None] + 0.3) * np.linspace(0, 1, SIDE, dtype=np.float32)
    return People(torch.from_numpy(images), keypoints, labels)


def subject() -> Subject:
    torch.manual_seed(0)
    network = Hourglass()
    return Subject(network, "bottleneck", lambda output: output, COCO17, ("skips.0",))
