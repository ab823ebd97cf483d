"""The data module of single images: any reader's people as batches of crops."""

import copy
import logging
import os
from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch.utils.data import DataLoader

from temporal_pose.data.batches import OrderedBatches, ShuffledBatches
from temporal_pose.data.images.annotated import People, PeopleReader
from temporal_pose.data.images.crop_augmentation import CropAugmentation, inside
from temporal_pose.data.images.crop_store import CropStore
from temporal_pose.data.images.cropped import CroppedPeople
from temporal_pose.data.images.cutting import Cutting, PaddedCrop
from temporal_pose.data.images.image_sources import Seen, examined
from temporal_pose.data.images.image_splits import ImageSplit
from temporal_pose.data.images.people_account import account
from temporal_pose.data.served import Served
from temporal_pose.data.splits import SIDES
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.crops import Crops, centred
from temporal_pose.pose.skeletons import skeleton as skeleton_of

log = logging.getLogger(__name__)

#: Mean colour of the crops that the finished thesis trained on; red, green, blue, 0 to 1.
MEAN = (0.4103, 0.3741, 0.3536)

_MOST_WORKERS = 8
_LEAST_SIZE, _MOST_SIZE = 16, 1024


class ImageData(Served[Crops, Crops]):
    """Reads a data set once, and serves its people as crops.

    Workers decode and cut; bytes travel to the device, where they become floats, are augmented and
    centred on the mean colour.

    Args:
        reader: the data set.
        cutting: how a person is cut out of the image; padded by default.
        size: rows and columns of a crop.
        split: how people are divided, by image.
        batch_size: crops a training step.
        augment: of training crops; None for none (thesis).
        mean: colour, 0 to 1, that is taken off, and that is beyond an image.
        skeleton: name of the keypoints that are asked for; None for the data set's own.
        limit: most people to train on, drawn at random; None for all.
        workers: processes that decode; None for one less than there are cores, at most 8.
        cache_mb: most megabytes of crops that are kept in a temporary file once they are cut; a
            side that needs more is cut anew each epoch.
        seed: of the order of the training crops.
        whole: everything is the test set, and nothing is trained on or chosen by.

    Raises:
        ConfigError: a value out of its range, or an unknown skeleton.
    """

    def __init__(
        self,
        reader: PeopleReader,
        cutting: Cutting | None = None,
        size: int = 256,
        split: ImageSplit | None = None,
        batch_size: int = 16,
        augment: CropAugmentation | None = None,
        mean: Sequence[float] = MEAN,
        skeleton: str | None = None,
        limit: int | None = None,
        workers: int | None = None,
        cache_mb: float = 1000,
        seed: int = 0,
        whole: bool = False,
    ) -> None:
        super().__init__(batch_size, seed)
        _check(size, batch_size, mean, limit)
        self.reader, self.cutting, self.size = reader, cutting or PaddedCrop(), size
        self.split, self.augment = split or ImageSplit(), augment
        self.mean = torch.tensor([float(part) for part in mean])
        self.wanted = None if skeleton is None else skeleton_of(skeleton)
        self.limit, self.cache_mb, self.whole = limit, cache_mb, whole
        self.workers = workers
        self.sides: dict[str, People] = {}
        self.crops: dict[str, CroppedPeople] = {}

    def setup(self, stage: str | None = None) -> None:
        """Reads, looks at each image's first bytes, and splits, once.

        Raises:
            DataError: see the reader; or a side of the split has nobody.
        """
        if self.sides:
            return
        people = self.reader.read()
        people = people if self.wanted is None else people.in_skeleton(self.wanted)
        people, odd = _looked_at(people)
        found = self.cutting(*_geometry(people))
        cannot = np.flatnonzero(~found.possible).tolist()
        kept = people.without(dict.fromkeys(cannot, self.cutting.reason))
        self.skeleton = people.skeleton
        self.sides = self._divided(kept)
        self.crops = {side: self._cropped(part) for side, part in self.sides.items()}
        for line in account(kept, self.sides, odd):
            log.info(line)

    def _divided(self, people: People) -> dict[str, People]:
        if not len(people):
            left_out = ", ".join(f"{why} {count}" for why, count in people.left_out.items())
            raise DataError(f"the data set has nobody to cut out; left out: {left_out}")
        if self.whole:
            return {"test": people}
        side = self.split.sides(people)
        sides = {name: people.select(np.flatnonzero(side == i)) for i, name in enumerate(SIDES)}
        if self.limit is not None and self.limit < len(sides["train"]):
            order = np.random.default_rng(self.split.seed).permutation(len(sides["train"]))
            sides["train"] = sides["train"].select(np.sort(order[: self.limit]))
        return sides

    def _cropped(self, people: People) -> CroppedPeople:
        squares = self.cutting(*_geometry(people)).squares
        red, green, blue = (round(255 * part) for part in self.mean.tolist())
        store = None
        if len(people) * 3 * self.size**2 <= self.cache_mb * 1e6:
            try:
                store = CropStore(len(people), self.size)
            except OSError as error:
                log.info("crops are cut anew each epoch: no room to keep them (%s)", error)
        return CroppedPeople(people, squares, self.size, (red, green, blue), store)

    def fingerprints(self) -> dict[str, list[str]]:
        """The people on each side of the split, told by their poses."""
        return {side: sorted(set(people.fingerprints())) for side, people in self.sides.items()}

    def tested_on(self, side: str) -> "ImageData":
        """The same data with another side in place of the test set."""
        other = copy.copy(self)
        other.sides = self.sides | {"test": self.sides[side]}
        other.crops = self.crops | {"test": self.crops[side]}
        return other

    def leave_out(self, seen: Collection[str]) -> None:
        """Takes images out of the test set, for a network trained on people in them.

        Args:
            seen: fingerprints of the people that were trained on.

        Raises:
            DataError: nobody is left.
        """
        people = self.sides["test"]
        known = [i for i, own in enumerate(people.fingerprints()) if own in seen]
        if not known:
            return
        there = ~np.isin(people.image, np.unique(people.image[known]))
        if not there.any():
            raise DataError("the network has trained on every image of this test set")
        log.info("left out: %d test people of images trained on", int((~there).sum()))
        self.sides = self.sides | {"test": people.select(np.flatnonzero(there))}
        self.crops = self.crops | {"test": self._cropped(self.sides["test"])}

    def train_dataloader(self) -> DataLoader[Crops]:
        """Shuffled training crops; always the same ones with ``trainer.overfit_batches``."""
        if getattr(self.trainer, "overfit_batches", 0):
            return self.ordered("train")
        return self._loader("train", self.shuffled(len(self.sides["train"])))

    def val_dataloader(self) -> DataLoader[Crops]:
        """Validation crops in order."""
        return self.ordered("val")

    def test_dataloader(self) -> DataLoader[Crops]:
        """Test crops in order."""
        return self.ordered("test")

    def ordered(self, side: str) -> DataLoader[Crops]:
        """The crops of a side in order, as bytes; `prepare` makes them what a network eats."""
        everybody = list(range(len(self.sides[side])))
        return self._loader(side, OrderedBatches([everybody], self.batch_size, *self.processes()))

    def _loader(self, side: str, sampler: ShuffledBatches | OrderedBatches) -> DataLoader[Crops]:
        spare = min((os.cpu_count() or 1) - 1, _MOST_WORKERS)
        workers = spare if self.workers is None else self.workers
        return self.loader(self.crops[side], sampler, workers)

    def prepare(self, batch: Crops, epoch: int | None = None) -> Crops:
        """Floats that are centred on the mean colour.

        Args:
            epoch: of training, in which crops are augmented and what lies outside of its crop is
                not labelled; None for validation and test, in which it counts.
        """
        mean = self.mean.to(batch.images.device)
        if epoch is not None and self.augment is not None:
            batch = self.augment(batch, self.skeleton, epoch, mean)
        elif epoch is not None:
            batch = batch._replace(labels=inside(batch.keypoints, batch.labels, self.size))
        return batch._replace(images=centred(batch.images, mean))


def _geometry(
    people: People,
) -> tuple[Float[np.ndarray, "N 4"], Float[np.ndarray, "N K 2"], np.ndarray, np.ndarray]:
    return people.boxes, people.keypoints, people.labels, people.sizes[people.image]


def _looked_at(people: People) -> tuple[People, Counter[str]]:
    """The people whose images can be used, with their sizes; and what is odd about images."""
    used = np.unique(people.image).tolist()
    told = [(w, h) if w else None for w, h in people.sizes[used].tolist()]
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(examined, [people.images[i] for i in used], told))
    sizes = people.sizes.copy()
    sizes[used] = [one.size for one in seen]
    by_image: dict[int, Seen] = dict(zip(used, seen, strict=True))
    faults = {
        place: by_image[image].fault
        for place, image in enumerate(people.image.tolist())
        if by_image[image].fault
    }
    odd = Counter(one.remark for one in seen if one.remark)
    return replace(people, sizes=sizes).without(faults), odd


def _check(size: int, batch_size: int, mean: Sequence[float], limit: int | None) -> None:
    if not _LEAST_SIZE <= size <= _MOST_SIZE or size % 4:
        raise ConfigError(
            f"data.size is {size}; expected a multiple of 4 from {_LEAST_SIZE} to {_MOST_SIZE}"
        )
    for name, value in {"batch_size": batch_size, "limit": limit}.items():
        if value is not None and value < 1:
            raise ConfigError(f"data.{name} is {value}; expected a whole number from 1")
    if len(mean) != 3 or not all(0 <= part <= 1 for part in mean):
        raise ConfigError(f"data.mean is {list(mean)}; expected red, green and blue, 0 to 1")
