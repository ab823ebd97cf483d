"""What every data module does: batches shared by processes, and made ready on the device."""

from typing import Any, Generic, TypeVar

import lightning as L
from torch.utils.data import DataLoader, Dataset

from temporal_pose.data.batches import OrderedBatches, ShuffledBatches
from temporal_pose.errors import ConfigError

Raw = TypeVar("Raw")
Ready = TypeVar("Ready")


class Served(L.LightningDataModule, Generic[Raw, Ready]):
    """A data module whose loaders give whole batches, raw, which `prepare` finishes on the device.

    Args:
        batch_size: samples a training step, of all processes together.
        seed: of the order of the training samples.
    """

    def __init__(self, batch_size: int, seed: int) -> None:
        super().__init__()
        self.batch_size, self.seed = batch_size, seed

    def prepare(self, batch: Raw, epoch: int | None = None) -> Ready:
        """What a network eats.

        Args:
            epoch: of training; None for validation and test.
        """
        raise NotImplementedError

    def on_after_batch_transfer(self, batch: Raw, dataloader_idx: int) -> Ready:
        """Prepares a batch on the device; fresh noise and augmentation while training."""
        trainer = self.trainer
        epoch = trainer.current_epoch if trainer is not None and trainer.training else None
        return self.prepare(batch, epoch)

    def shuffled(self, count: int) -> ShuffledBatches:
        """This process's part of the shuffled batches of some samples.

        Raises:
            ConfigError: a batch cannot be shared evenly.
        """
        rank, processes = self.processes()
        if self.batch_size % processes:
            raise ConfigError(
                f"data.batch_size is {self.batch_size}; expected a multiple of the {processes} "
                "processes that share each batch"
            )
        return ShuffledBatches(count, self.batch_size // processes, self.seed, rank, processes)

    def processes(self) -> tuple[int, int]:
        """Number of this process, and how many train together."""
        trainer = self.trainer
        return (trainer.global_rank, trainer.world_size) if trainer else (0, 1)

    def loader(
        self, samples: Dataset[Any], sampler: ShuffledBatches | OrderedBatches, workers: int
    ) -> DataLoader[Any]:
        """Loads whole batches, whose indices the sampler gives."""
        return DataLoader(
            samples,
            sampler=sampler,
            batch_size=None,
            num_workers=workers,
            persistent_workers=workers > 0,
        )
