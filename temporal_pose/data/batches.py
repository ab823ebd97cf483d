"""Which windows stand in which batch."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler, SequentialSampler


class ShuffledBatches(Sampler[list[int]]):
    """Training batches, in an order that depends on the seed and the epoch alone.

    Args:
        windows: number of windows.
        size: windows a batch; the last batch holds what is left.
        seed: of the order.
        rank: number of this process; each takes its share of every batch.
        processes: number of processes that train together.
    """

    def __init__(
        self, windows: int, size: int, seed: int, rank: int = 0, processes: int = 1
    ) -> None:
        self.windows, self.size, self.seed = windows, size, seed
        self.rank, self.processes = rank, processes
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this at the start of every epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.windows // (self.size * self.processes))

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(self.windows, generator=generator)
        for batch in order.split(self.size * self.processes):
            share = batch[self.rank :: self.processes]
            yield (share if len(share) else batch[:1]).tolist()


class OrderedBatches(SequentialSampler):
    """Evaluation batches in order, each window once over all processes.

    Lightning leaves it alone, as it does whatever it knows to be in order.

    Args:
        groups: window numbers; each group is cut into batches of its own.
        size: windows a batch; None makes a batch of every group.
        rank: number of this process, which takes every ``processes``-th window, or group.
        processes: number of processes that evaluate together.
    """

    def __init__(
        self,
        groups: Sequence[list[int]],
        size: int | None,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        super().__init__(groups)
        if size is None:
            self.batches = list(groups)[rank::processes]
        else:
            own = [group[rank::processes] for group in groups]
            self.batches = [part[i : i + size] for part in own for i in range(0, len(part), size)]

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:  # type: ignore[override]
        return iter(self.batches)
