"""Features of a whole data set: streamed to disk, so that memory does not grow with it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from temporal_pose.errors import ConfigError
from temporal_pose.exploring.network_layers import flat, layer, recorded, silenced
from temporal_pose.exploring.samples import Described, Samples, check_features
from temporal_pose.files.reserving import reserve
from temporal_pose.pose.skeletons import Skeleton

#: Names of the files that features and crops are kept in.
FEATURES, CROPS = "features.npy", "crops.npy"


@dataclass(frozen=True)
class Subject:
    """A network that is looked into.

    Args:
        network: as trained.
        layer: name of the layer whose values are the features.
        read: keypoints of the network's output, shares of the crop.
        skeleton: names the keypoints.
        skips: names of the layers that lead around the latent space.
    """

    network: nn.Module
    layer: str
    read: Callable[[Tensor], Float[Tensor, "B K 2"]]
    skeleton: Skeleton
    skips: tuple[str, ...] = ()


@runtime_checkable
class FeatureSource(Protocol):
    """Where samples come from."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def batches(self, places: Sequence[int]) -> Iterator[tuple[Tensor, Described]]:
        """The network's inputs, on its device, and what is known of them, for some samples."""
        ...


@torch.no_grad()
def collect(
    subject: Subject,
    source: FeatureSource,
    places: Sequence[int],
    folder: Path,
    dtype: str = "float16",
    pool: int | None = None,
    step: Callable[[int], None] = lambda _: None,
) -> Samples:
    """Runs the network once over some samples.

    Args:
        places: of the samples in the source.
        folder: where features and crops are kept; it must be there.
        dtype: of the features on disk, 'float16' or 'float32'.
        pool: maps are averaged to so many rows and columns; None leaves them.
        step: told the number of samples after each batch.

    Raises:
        ConfigError: no such layer, one without a row a sample, or an unknown dtype.
        DataError: features that are not finite, or all the same.
        OSError: there is no room for them.
    """
    if dtype not in ("float16", "float32"):
        raise ConfigError(f"dtype is {dtype!r}; expected float16 or float32")
    layer(subject.network, subject.layer)
    subject.network.eval()
    kept = _Kept(folder, len(places), dtype)
    with recorded(subject.network, subject.layer) as given:
        for inputs, about in source.batches(places):
            output = subject.network(inputs)
            values = flat(given(), len(inputs), subject.layer, pool)
            kept.add(values.float().cpu().numpy(), subject.read(output), about)
            step(len(inputs))
    samples = kept.samples(subject.skeleton)
    check_features(samples.features, samples.names, subject.layer)
    return samples


@torch.no_grad()
def without_skips(
    subject: Subject, source: FeatureSource, places: Sequence[int]
) -> Float[np.ndarray, "N K 2"]:
    """Predictions with the branches around the latent space giving zeros; shares of the crop."""
    subject.network.eval()
    with silenced(subject.network, subject.skips):
        parts = [
            subject.read(subject.network(inputs)).float().cpu().numpy()
            for inputs, _ in source.batches(places)
        ]
    return np.concatenate(parts)


class _Kept:
    """What is known so far; features and crops go to disk."""

    def __init__(self, folder: Path, count: int, dtype: str) -> None:
        self.folder, self.count, self.dtype = folder, count, dtype
        self.filled = 0
        self.features: Num[np.ndarray, "N D"] | None = None
        self.crops: Num[np.ndarray, "N S S 3"] | None = None
        self.parts: list[tuple[np.ndarray, ...]] = []
        self.about: list[Described] = []

    def add(self, values: Float[np.ndarray, "n D"], predicted: Tensor, about: Described) -> None:
        """Keeps a batch."""
        first, last = self.filled, self.filled + len(values)
        if self.features is None:
            self.features = self._file(FEATURES, values.shape[1:], self.dtype)
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
            self.features[first:last] = values
        if about.thumbnails is not None:
            if self.crops is None:
                self.crops = self._file(CROPS, about.thumbnails.shape[1:], "uint8")
            self.crops[first:last] = about.thumbnails
        self.parts.append((about.keypoints, about.labels, predicted.float().cpu().numpy()))
        self.about.append(about._replace(thumbnails=None))
        self.filled = last

    def _file(self, name: str, shape: Iterable[int], dtype: str) -> np.ndarray:
        path = self.folder / name
        array = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), (self.count, *shape))
        reserve(path)
        return array

    def samples(self, skeleton: Skeleton) -> Samples:
        """All of it."""
        if self.features is None:
            raise ConfigError("there are no samples; expected at least two")
        keypoints, labels, predicted = (
            np.concatenate(part) for part in zip(*self.parts, strict=True)
        )
        columns = {
            name: np.concatenate([np.asarray(one.columns[name], float) for one in self.about])
            for name in self.about[0].columns
        }
        return Samples(
            self.features,
            keypoints,
            labels,
            predicted,
            self.crops,
            [name for one in self.about for name in one.groups],
            [name for one in self.about for name in one.names],
            skeleton,
            columns,
        )
