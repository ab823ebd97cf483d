"""The one data module: any reader's sequences as batches for any model."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from temporal_pose.data import splits
from temporal_pose.data.account import account
from temporal_pose.data.batches import OrderedBatches, ShuffledBatches
from temporal_pose.data.sequences import Reader
from temporal_pose.data.sequences import Sequence as PoseSequence
from temporal_pose.data.windows import Cut, WindowBatch, Windows
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.augmentation import Augmentation
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.metrics import torso_diameter
from temporal_pose.pose.noise import GaussianNoise
from temporal_pose.pose.observations import Batch, Observed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Split:
    """How windows are divided into training, validation and test.

    Args:
        by: 'video' keeps each group of videos (each video, where a set has no groups) on one side;
            'window' draws windows at random (thesis); a mapping names the groups of every side.
        fractions: shares of training, validation and test.
        seed: of the draw.
    """

    by: str | Mapping[str, Sequence[str]] = "video"
    fractions: Sequence[float] = (0.6, 0.2, 0.2)
    seed: int = 0

    def sides(self, windows: Windows, groups: Sequence[str]) -> Tensor:
        """For each window, 0 for training, 1 for validation, 2 for test.

        Args:
            groups: the group of each video.
        """
        of_window = [groups[video] for video in windows.video.tolist()]
        if isinstance(self.by, Mapping):
            chosen = splits.assign_named(of_window, self.by)
        elif self.by == "window":
            of_window = [f"{first:012d}" for first in windows.index[:, 0].tolist()]
            chosen = splits.assign(of_window, self.fractions, self.seed)
        elif self.by == "video":
            chosen = splits.assign(of_window, self.fractions, self.seed)
        else:
            raise ConfigError(
                f"data.split is '{self.by}'; expected video, window, or the names of each side as "
                "{train: [...], val: [...], test: [...]}"
            )
        return torch.tensor([chosen[label] for label in of_window])


class PoseData(L.LightningDataModule):
    """Reads a data set once, and serves its windows with simulated detector noise.

    Coordinates travel to the device; boxes, augmentation and noise are computed there.

    Args:
        reader: the data set.
        noise: what a simulated detector makes of the truth.
        framing: the boxes through which poses are seen.
        cut: how videos are cut into windows.
        split: how windows are divided.
        stride: frames from one training window's start to the next; None for no overlap.
        batch_size: windows a training step.
        augment: of training windows; None for none (thesis).
        whole_videos: evaluation batches are whole stretches of video, for filters that see more
            than a window.
        seed: of the order of the training windows.

    Raises:
        ConfigError: a stride below 1.
    """

    def __init__(
        self,
        reader: Reader,
        noise: GaussianNoise,
        framing: Framing | None = None,
        cut: Cut | None = None,
        split: Split | None = None,
        stride: int | None = None,
        batch_size: int = 16,
        augment: Augmentation | None = None,
        whole_videos: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if stride is not None and stride < 1:
            raise ConfigError(
                f"data.stride is {stride}; expected a whole number from 1, or null for no overlap"
            )
        self.reader, self.noise, self.augment = reader, noise, augment
        self.framing, self.cut, self.split = framing or Framing(), cut or Cut(), split or Split()
        self.stride, self.batch_size, self.seed = stride, batch_size, seed
        self.whole_videos = whole_videos
        self.sides: dict[str, Windows] = {}
        self._group_of: dict[str, str] = {}
        self.mean_torso = float("nan")

    def setup(self, stage: str | None = None) -> None:
        """Reads, cuts and splits, once.

        Raises:
            DataError: see the reader; or a side of the split has no window, or shares a frame.
        """
        if self.sides:
            return
        sequences = list(self.reader.read())
        self.sides = self._divide(sequences)
        self.mean_torso = self._measure_torso(self.sides["train"])
        for line in account(sequences, self.sides, self.mean_torso):
            log.info(line)

    def _divide(self, sequences: Sequence[PoseSequence]) -> dict[str, Windows]:
        if not sequences:
            raise DataError("the data set has no videos; check data.root")
        groups = [sequence.group for sequence in sequences]
        tiled = Windows(sequences, self.cut)
        if not len(tiled):
            raise DataError(f"no video has {self.cut.length} frames in a row with a pose")
        side = self.split.sides(tiled, groups)
        sides = {name: tiled.select(side == i) for i, name in enumerate(splits.SIDES)}
        self._group_of = dict(zip(tiled.names, groups, strict=True))
        if self.stride not in (None, self.cut.length):
            dense = Windows(sequences, self.cut, self.stride)
            videos = sides["train"].video.unique()
            sides["train"] = dense.select(torch.isin(dense.video, videos))
        for name, windows in sides.items():
            if not len(windows):
                raise DataError(f"no window is left for the {name} set; change data.split")
        splits.check_disjoint({name: np.asarray(part.index) for name, part in sides.items()})
        return sides

    def groups(self) -> dict[str, list[str]]:
        """The groups of videos on each side of the split."""
        return {
            side: sorted(
                {self._group_of[windows.names[video]] for video in windows.video.tolist()}
            )
            for side, windows in self.sides.items()
        }

    def leave_out(self, groups: Collection[str]) -> None:
        """Takes groups of videos out of the test set, for a model that has trained on them.

        Raises:
            DataError: nothing is left.
        """
        test = self.sides["test"]
        keep = [self._group_of[test.names[video]] not in groups for video in test.video.tolist()]
        self.sides["test"] = test.select(torch.tensor(keep))
        if not any(keep):
            raise DataError("the model has trained on every video of this test set")
        if not all(keep):
            log.info("left out: %d test windows of videos the model trained on", keep.count(False))

    def _measure_torso(self, windows: Windows) -> float:
        everything = windows[list(range(len(windows)))]
        framed, _ = self.framing(everything.keypoints, everything.visible)
        mean = torso_diameter(framed, everything.visible).nanmean().item()
        if not mean > 0:
            raise DataError(
                "no training frame shows a shoulder and the opposite hip, so there is no torso "
                "diameter, the unit of noise and PCK; expected at least one"
            )
        return mean

    def train_dataloader(self) -> DataLoader[WindowBatch]:
        """Shuffled training windows."""
        windows = self.sides["train"]
        rank, processes = self._processes()
        if self.batch_size % processes:
            raise ConfigError(
                f"data.batch_size is {self.batch_size}; expected a multiple of the {processes} "
                "processes that share each batch"
            )
        size = max(1, self.batch_size // processes)
        sampler = ShuffledBatches(len(windows), size, self.seed, rank, processes)
        return DataLoader(windows, sampler=sampler, batch_size=None)

    def val_dataloader(self) -> DataLoader[WindowBatch]:
        """Validation windows in order."""
        return self._ordered("val")

    def test_dataloader(self) -> DataLoader[WindowBatch]:
        """Test windows in order."""
        return self._ordered("test")

    def _ordered(self, side: str) -> DataLoader[WindowBatch]:
        windows = self.sides[side]
        groups = windows.stretches() if self.whole_videos else [list(range(len(windows)))]
        size = None if self.whole_videos else self.batch_size
        sampler = OrderedBatches(groups, size, *self._processes())
        return DataLoader(windows, sampler=sampler, batch_size=None)

    def _processes(self) -> tuple[int, int]:
        trainer = self.trainer
        return (trainer.global_rank, trainer.world_size) if trainer else (0, 1)

    def on_after_batch_transfer(self, batch: WindowBatch, dataloader_idx: int) -> Batch:
        """Prepares a batch on the device; fresh noise and augmentation while training."""
        trainer = self.trainer
        epoch = trainer.current_epoch if trainer is not None and trainer.training else None
        return self.prepare(batch, epoch)

    def prepare(self, batch: WindowBatch, epoch: int | None = None) -> Batch:
        """Boxes, augmentation and noise.

        Args:
            epoch: of training; None for validation and test, which are never augmented and whose
                noise never changes.
        """
        keypoints, visible, zoom = batch.keypoints, batch.visible, None
        if epoch is not None and self.augment is not None:
            keypoints, visible, zoom = self.augment(keypoints, visible, batch.window, epoch)
        inside, boxes = self.framing(keypoints, visible, zoom)
        torso = torso_diameter(inside, visible).nan_to_num(nan=self.mean_torso)
        size = self.framing.size
        moved, sigmas = self.noise(inside, visible, batch.window, self.mean_torso, size, epoch)
        observed = Observed(moved, visible, sigmas, boxes, batch.fps)
        return Batch(observed, inside, visible, torso, batch.window)
