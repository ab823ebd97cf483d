"""The data module of windows: any reader's sequences as batches for any model."""

import copy
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch.utils.data import DataLoader

from temporal_pose.data import splits
from temporal_pose.data.account import account
from temporal_pose.data.batches import OrderedBatches, ShuffledBatches
from temporal_pose.data.portions import WithoutHeatmaps, in_portions
from temporal_pose.data.recordings import Recordings
from temporal_pose.data.served import Served
from temporal_pose.data.splits import Split
from temporal_pose.data.starting import Smoother, every_checked, started, thinned
from temporal_pose.data.torso import mean_torso
from temporal_pose.data.windows import Cut, Windows
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.inputs.protocol import Input
from temporal_pose.pose.augmentation import Augmentation
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.metrics import torso_diameter
from temporal_pose.pose.observations import Batch, WindowBatch
from temporal_pose.pose.sequences import PoseSequence, Reader, fingerprint
from temporal_pose.pose.skeletons import CLIMBALONG25
from temporal_pose.pose.skeletons import skeleton as skeleton_of

log = logging.getLogger(__name__)


class PoseData(Served[WindowBatch, Batch]):
    """Reads a data set once, and serves its windows as a detector, simulated or real, sees them.

    Coordinates travel to the device; boxes, augmentation and noise are computed there.

    Args:
        reader: the data set.
        input: what stands in for a detector, simulated, fitted or recorded.
        framing: the boxes through which poses are seen.
        cut: how videos are cut into windows.
        split: how windows are divided.
        stride: frames from one training window's start to the next; None for no overlap.
        batch_size: windows a training step.
        augment: of training windows; None for none (thesis).
        whole_videos: evaluation batches are whole stretches of video, for filters that see more
            than a window.
        workers: processes that read ahead; None for one where heatmaps come from disk, else none.
        seed: of the order of the training windows.
        skeleton: name of what the networks speak; videos of other skeletons are mapped to it.
        whole: everything is the test set, and nothing is trained on or chosen by.
        start: a smoother; networks start from what it makes of recorded detections.
        every: each video is taken at every n-th frame, for each n of these: at several rates.

    Raises:
        ConfigError: a stride or a step below 1, or an unknown skeleton.
    """

    def __init__(
        self,
        reader: Reader,
        input: Input,
        framing: Framing | None = None,
        cut: Cut | None = None,
        split: Split | None = None,
        stride: int | None = None,
        batch_size: int = 16,
        augment: Augmentation | None = None,
        whole_videos: bool = False,
        workers: int | None = None,
        seed: int = 0,
        skeleton: str = CLIMBALONG25.name,
        whole: bool = False,
        start: Smoother | None = None,
        every: Sequence[int] = (1,),
    ) -> None:
        super().__init__(batch_size, seed)
        if stride is not None and stride < 1:
            raise ConfigError(
                f"data.stride is {stride}; expected a whole number from 1, or null for no overlap"
            )
        self.reader, self.input, self.augment = reader, input, augment
        self.framing, self.cut, self.split = framing or Framing(), cut or Cut(), split or Split()
        self.stride = stride
        self.whole_videos, self.workers = whole_videos, workers
        self.start, self.every = start, every_checked(every)
        self.skeleton, self.whole = skeleton_of(skeleton), whole
        self.sides: dict[str, Windows] = {}
        self._group_of: dict[str, str] = {}
        self._print_of: dict[str, str] = {}
        self.mean_torso = float("nan")

    def setup(self, stage: str | None = None) -> None:
        """Reads, cuts and splits, once.

        Raises:
            DataError: see the reader; or a side of the split has no window, or shares a frame.
        """
        if self.sides:
            return
        sequences = [one.in_skeleton(self.skeleton) for one in self._read()]
        self.sides = self._divide(sequences)
        measured = self.sides["test" if self.whole else "train"]
        self.mean_torso = mean_torso(measured, self.input, self.framing, self.skeleton)
        for line in account(sequences, self.sides, self.mean_torso):
            log.info(line)

    def _read(self) -> Iterator[PoseSequence]:
        for sequence in self.reader.read():
            for step in self.every:
                one = thinned(sequence, step)
                yield one if self.start is None else started(one, self.start, self.cut.step(one))

    def _divide(self, sequences: Sequence[PoseSequence]) -> dict[str, Windows]:
        if not sequences:
            raise DataError("the data set has no videos; check data.root")
        groups = [sequence.group for sequence in sequences]
        recordings = Recordings(sequences) if self.input.needs_recordings else None
        tiled = Windows(sequences, self.cut, recordings=recordings)
        if not len(tiled):
            raise DataError(f"no video has {self.cut.length} frames in a row with a pose")
        self._group_of = dict(zip(tiled.names, groups, strict=True))
        self._print_of = {sequence.name: fingerprint(sequence) for sequence in sequences}
        if self.whole:
            return {"test": tiled}
        side = self.split.sides(tiled, groups)
        names = (*splits.SIDES, splits.HOLDOUT)[: 3 + bool((side == splits.HOLDOUT_NUMBER).any())]
        sides = {name: tiled.select(side == i) for i, name in enumerate(names)}
        if self.stride not in (None, self.cut.length):
            dense = Windows(sequences, self.cut, self.stride, recordings)
            videos = sides["train"].video.unique()
            sides["train"] = dense.select(torch.isin(dense.video, videos))
        for name, windows in sides.items():
            if not len(windows):
                raise DataError(f"no window is left for the {name} set; change data.split")
        splits.check_disjoint({name: np.asarray(part.index) for name, part in sides.items()})
        return sides

    def groups(self) -> dict[str, list[str]]:
        """The groups of videos on each side of the split."""
        return self._on_each_side(self._group_of)

    def taught(self) -> list[str]:
        """The keypoints that have a truth anywhere in training."""
        windows = self.sides["train"]
        known = windows.visible[windows.index.unique()].any(0).tolist()
        return [name for name, there in zip(self.skeleton.keypoints, known, strict=True) if there]

    def likeness(self) -> dict[str, list[float]]:
        """What the recorded detections of training are like; nothing without a smoother's view."""
        windows = self.sides["train"]
        if windows.recordings is None:
            return {}
        return windows.recordings.likeness(windows.video.unique().tolist())

    def fingerprints(self) -> dict[str, list[str]]:
        """The videos on each side of the split, told by their poses."""
        return self._on_each_side(self._print_of)

    def _on_each_side(self, of: Mapping[str, str]) -> dict[str, list[str]]:
        return {
            side: sorted({of[windows.names[video]] for video in windows.video.unique().tolist()})
            for side, windows in self.sides.items()
        }

    def tested_on(self, side: str) -> "PoseData":
        """The same data with another side in place of the test set."""
        other = copy.copy(self)
        other.sides = self.sides | {"test": self.sides[side]}
        return other

    def leave_out(self, seen: Collection[str]) -> None:
        """Takes videos out of the test set and what is held out, for a model trained on them.

        A name is no evidence: a video is known again by its poses, and with it goes its group,
        whose other videos show the same.

        Args:
            seen: fingerprints of the videos that were trained on.

        Raises:
            DataError: nothing is left.
        """
        groups = {self._group_of[name] for name, own in self._print_of.items() if own in seen}
        for side in {"test", splits.HOLDOUT} & self.sides.keys():
            windows = self.sides[side]
            names = [windows.names[video] for video in windows.video.tolist()]
            keep = [self._group_of[name] not in groups for name in names]
            self.sides[side] = windows.select(torch.tensor(keep))
            if not any(keep):
                raise DataError(f"the model has trained on every video of this {side} set")
            if not all(keep):
                lost = keep.count(False)
                log.info("left out: %d %s windows of videos the model trained on", lost, side)

    def train_dataloader(self) -> DataLoader[WindowBatch]:
        """Shuffled training windows; always the same ones with ``trainer.overfit_batches``."""
        windows = self.sides["train"]
        if getattr(self.trainer, "overfit_batches", 0):
            return self._ordered("train")
        return self._loader(windows, self.shuffled(len(windows)))

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
        sampler = OrderedBatches(groups, size, *self.processes())
        return self._loader(windows, sampler)

    def _loader(
        self, windows: Windows, sampler: ShuffledBatches | OrderedBatches
    ) -> DataLoader[WindowBatch]:
        from_disk = windows.recordings is not None and bool(windows.recordings.heatmaps)
        later = from_disk and self.whole_videos and isinstance(sampler, OrderedBatches)
        workers = int(from_disk and not later) if self.workers is None else self.workers
        return self.loader(WithoutHeatmaps(windows) if later else windows, sampler, workers)

    def prepare(self, batch: WindowBatch, epoch: int | None = None) -> Batch:
        """Augmentation, boxes, and what the detector sees.

        Args:
            epoch: of training; None for validation and test, which are never augmented and whose
                noise never changes.
        """
        recordings = next(iter(self.sides.values())).recordings if self.sides else None
        seen = batch.recorded
        if recordings is not None and recordings.heatmaps and seen and seen.heatmaps is None:
            return in_portions(batch, recordings, self.prepare)
        zoom = None
        if epoch is not None and self.augment is not None:
            batch, zoom = self.augment(batch, epoch)
        framed = self.input.frame(batch, self.framing, zoom)
        torso = torso_diameter(framed.keypoints, framed.visible, self.skeleton)
        size = self.framing.size
        observed = self.input.observe(batch, framed, self.mean_torso, size, epoch)
        known = torso.nan_to_num(nan=self.mean_torso)
        return Batch(observed, framed.keypoints, framed.visible, known, batch.window)
