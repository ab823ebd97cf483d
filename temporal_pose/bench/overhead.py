"""What Lightning adds to a training step, progress bar and TensorBoard logger included."""

import contextlib
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn

from temporal_pose.app.cli import quiet
from temporal_pose.bench.epoch import our_epoch, small_set, training
from temporal_pose.bench.measure import Row, quartiles
from temporal_pose.data.module import PoseData
from temporal_pose.pose.codecs import CoordinateCodec
from temporal_pose.runs.folders import RunFolder
from temporal_pose.training.fitting import GradientDescent
from temporal_pose.training.task import Refinement


class BatchClock(Callback):
    """Notes when each batch of training begins."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def on_train_batch_start(self, *_: Any) -> None:
        """Called by Lightning."""
        self.at.append(time.perf_counter())


def lightning(videos: int = 4, frames: int = 300, repeats: int = 7) -> Iterator[Row]:
    """Median time of a batch of one window through a tiny network, less that of a bare loop."""
    quiet()
    data = small_set(videos, frames, batch_size=1)
    bare_loop(data), lightning_loop(data)
    turns = [(bare_loop(data), lightning_loop(data)) for _ in range(repeats)]
    added = [1e3 * (ours - bare) for bare, ours in turns]
    spread = quartiles(added)
    yield Row("Lightning: added to a batch", median(added), 1, "ms", False, spread)


def bare_loop(data: PoseData) -> float:
    """Seconds a batch takes from the start of one to the start of the next, in the median."""
    at: list[float] = []
    step = training(nn.Linear(2, 2))

    def timed(*batch: torch.Tensor) -> None:
        at.append(time.perf_counter())
        step(*batch)

    our_epoch(data, CoordinateCodec(), timed)
    return _between(at)


def lightning_loop(data: PoseData) -> float:
    """The same through `GradientDescent`, with all that a run has."""
    watch = BatchClock()
    task = Refinement(
        nn.Linear(2, 2), CoordinateCodec(), optimizer=partial(torch.optim.Adam, fused=True)
    )
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        GradientDescent(callbacks=(watch,))(task, data, trainer(), RunFolder(Path(folder)))
    return _between(watch.at)


def trainer() -> Callable[..., L.Trainer]:
    """One epoch on this machine's processor, as ``conf/trainer/default.yaml`` has it."""
    return partial(
        L.Trainer,
        max_epochs=1,
        accelerator="cpu",
        num_sanity_val_steps=0,
        limit_val_batches=4,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


def _between(times: list[float]) -> float:
    return median(after - before for before, after in pairwise(times))
