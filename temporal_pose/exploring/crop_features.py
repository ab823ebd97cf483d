"""Single images as samples: people in their crops, and a network that finds keypoints in those."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.utils.data import DataLoader

from temporal_pose.data.batches import OrderedBatches
from temporal_pose.data.images.image_module import ImageData
from temporal_pose.exploring.collecting import Subject
from temporal_pose.exploring.samples import Described
from temporal_pose.pose.crops import Crops

#: Rows and columns of a crop as it is shown, at most.
THUMBNAIL = 64

_SKIP = re.compile(r"(?:.*\.)?skips\.\d+")
_LATENT = re.compile(r"(?:.*\.)?bottleneck")


def latent(network: nn.Module) -> str | None:
    """The bottleneck of the last stack; None where the network has none."""
    names = [name for name, _ in network.named_modules() if _LATENT.fullmatch(name)]
    return names[-1] if names else None


def skips(network: nn.Module) -> tuple[str, ...]:
    """The branches that lead around bottlenecks."""
    return tuple(name for name, _ in network.named_modules() if _SKIP.fullmatch(name))


_CPU = torch.device("cpu")


@dataclass(frozen=True)
class ImageSource:
    """The people of one side of a data set.

    Args:
        data: set up.
        side: which people.
        seen: fingerprints of the people that the network was trained or validated on.
        device: where the network is.
    """

    data: ImageData
    side: str = "test"
    seen: frozenset[str] = frozenset()
    device: torch.device = _CPU

    def __len__(self) -> int:
        return len(self.data.sides[self.side])

    def batches(self, places: Sequence[int]) -> Iterator[tuple[Tensor, Described]]:
        """What the network eats, and what is known of the people."""
        chosen = OrderedBatches([list(places)], self.data.batch_size)
        loader = DataLoader(
            self.data.crops[self.side],
            sampler=chosen,
            batch_size=None,
            num_workers=(self.data.workers or 0) if len(places) > self.data.batch_size else 0,
        )
        for crops in loader:
            images = self.data.prepare(crops).images.to(self.device)
            yield images, self._described(crops)

    def _described(self, crops: Crops) -> Described:
        people, where = self.data.sides[self.side], crops.sample.tolist()
        prints = people.select(np.asarray(where)).fingerprints()
        scale = crops.to_image[:, :, 0].norm(dim=1).numpy()
        size = crops.images.shape[-1]
        columns = {
            "person_px": np.sqrt(crops.area.numpy()),
            "crop_px": scale * size,
            "trained_on": np.array([float(one in self.seen) for one in prints]),
        }
        return Described(
            ((crops.keypoints + 0.5) / size).numpy(),
            crops.labels.numpy(),
            _thumbnails(crops.images),
            [str(people.image_ids[people.image[i]]) for i in where],
            [f"person {people.person_ids[i]}" for i in where],
            columns,
        )


def image_subject(
    network: nn.Module,
    decode: Callable[[Tensor], Float[Tensor, "B K 2"]],
    size: int,
    data: ImageData,
    layer: str | None,
) -> Subject:
    """A network of heatmaps as it is looked into.

    Args:
        decode: crop pixels of its output.
        size: rows and columns of a crop.
        layer: None for the bottleneck.
    """

    def read(output: Tensor) -> Float[Tensor, "B K 2"]:
        return (decode(output) + 0.5) / size

    name = layer or latent(network) or ""
    return Subject(network, name, read, data.skeleton, skips(network))


def _thumbnails(images: Tensor) -> UInt8[np.ndarray, "B S S 3"]:
    small = images.float()
    if images.shape[-1] > THUMBNAIL:
        small = nn.functional.interpolate(small, (THUMBNAIL, THUMBNAIL), mode="area")
    return small.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
