"""Ways of fitting: by gradient descent, by search over a filter's settings, or not at all."""

import itertools
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger

from temporal_pose.data.module import PoseData
from temporal_pose.errors import ConfigError
from temporal_pose.files.atomic import write_tensors
from temporal_pose.filters.filter_module import FilterModule
from temporal_pose.pose.codecs import Codec
from temporal_pose.pose.metrics import PoseMetrics
from temporal_pose.pose.observations import Batch, Tracks
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.results import MONITORED, VALIDATION_LOSS
from temporal_pose.runs.weights import load_weights, read_checkpoint
from temporal_pose.training.checkpoints import Checkpoint, EarlyStop, check_resumable, refused
from temporal_pose.training.detector import Detection
from temporal_pose.training.evaluation import validate
from temporal_pose.training.task import Refinement

log = logging.getLogger(__name__)

#: What Lightning raises for a checkpoint with something else in the place of what it restores.
_REFUSED = (TypeError, ValueError, LookupError, AttributeError, RuntimeError)


@dataclass(frozen=True)
class Fitted:
    """What fitting came to; the weights or settings are in the run's ``best.ckpt``.

    Args:
        epochs: how many were trained.
        best_epoch: the one kept, counted from 1; 0 where nothing was trained, or made it better.
        seconds: spent on fitting, that before an interruption counted in.
        settings: what a search found.
    """

    epochs: int = 0
    best_epoch: int = 0
    seconds: float = 0.0
    settings: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class Fit(Protocol):
    """A way of fitting; the task is left with what is best."""

    def __call__(
        self, task: Refinement, data: PoseData, trainer: Callable[..., L.Trainer], run: RunFolder
    ) -> Fitted:
        """Fits the task and writes ``best.ckpt``."""
        ...


class Stopwatch(Callback):
    """Seconds of training, those before an interruption counted in.

    Lightning's Timer would do, but where one is there Lightning ignores ``trainer.max_time``.
    """

    def __init__(self) -> None:
        self._earlier, self._started = 0.0, time.monotonic()
        self.begun = False

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Notes that all of a checkpoint is restored."""
        self.begun = True

    @property
    def seconds(self) -> float:
        """Since training first began, pauses left out."""
        return self._earlier + time.monotonic() - self._started

    def state_dict(self) -> dict[str, float]:
        """What a checkpoint keeps."""
        return {"seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Counts on from a checkpoint."""
        self._earlier = state_dict["seconds"]


@dataclass(frozen=True)
class GradientDescent:
    """Trains, keeps the best epoch, stops early, and continues where a killed run left off.

    Args:
        patience: epochs without a lower validation loss before training stops.
        monitor: the validation score by which the best epoch is chosen.
        callbacks: more of Lightning's callbacks.
        from_start: what training starts from may be the best already: it counts as epoch 0.
    """

    patience: int = 10
    monitor: str = MONITORED[0]
    callbacks: Sequence[Callback] = ()
    from_start: bool = False

    def __call__(
        self,
        task: Refinement | Detection,
        data: L.LightningDataModule,
        trainer: Callable[..., L.Trainer],
        run: RunFolder,
    ) -> Fitted:
        last = run.last if run.last.exists() else None
        done = check_resumable(task, last) if last else 0
        if last:
            log.info("continuing after epoch %d", done)
        best = self._keep(run, "best", self.monitor)
        watch = Stopwatch()
        if self.from_start and not last:
            best.begin_with(self._keep_start(task, data, trainer, run))
        callbacks = [best, EarlyStop(VALIDATION_LOSS, patience=self.patience), watch]
        fitting = trainer(
            callbacks=[*callbacks, *self.callbacks, self._keep(run, "last")],
            logger=event_log(run, task.charts, purge_step=done),
        )
        with _restoring(last, watch):
            fitting.fit(task, datamodule=data, ckpt_path=last, weights_only=True)
        if fitting.interrupted:
            raise KeyboardInterrupt
        if not run.best.exists():
            raise ConfigError(
                "training ended before its first validation, so there is nothing to keep: raise "
                "trainer.max_steps, trainer.max_time or trainer.max_epochs"
            )
        load_weights(task, run.best)
        return Fitted(
            epochs=fitting.current_epoch,
            best_epoch=read_checkpoint(run.best)["epoch"] + 1,
            seconds=watch.seconds,
        )

    def _keep_start(
        self,
        task: L.LightningModule,
        data: L.LightningDataModule,
        trainer: Callable[..., L.Trainer],
        run: RunFolder,
    ) -> float:
        """Keeps what training starts from as the best so far; its score in validation."""
        # What is made in inference mode, such as emptied metrics, would be of no use to training.
        scores = validate(task, data, partial(trainer, inference_mode=False))
        if task.global_rank == 0:
            write_tensors(run.best, {"state_dict": task.state_dict(), "epoch": -1})
        return scores[self.monitor]

    def _keep(self, run: RunFolder, name: str, monitor: str | None = None) -> Checkpoint:
        return Checkpoint(
            dirpath=run.path,
            filename=name,
            monitor=monitor,
            mode="max",
            save_on_train_epoch_end=True,
            auto_insert_metric_name=False,
            enable_version_counter=False,
        )


@contextmanager
def _restoring(last: Path | None, watch: Stopwatch) -> Iterator[None]:
    """Tells what goes wrong before training begins where it is to go on from a checkpoint.

    Raises:
        CheckpointError: the checkpoint holds something else than what training restores from it.
    """
    try:
        yield
    except _REFUSED as error:
        if last is None or watch.begun:
            raise
        raise refused(last, error) from error


def event_log(
    run: RunFolder, charts: Mapping[str, Any], purge_step: int | None = None
) -> TensorBoardLogger:
    """TensorBoard events in the run's folder, those at or after ``purge_step`` being replaced.

    Args:
        charts: of curves that belong together.
    """
    logger = TensorBoardLogger(
        run.path, name="", version="", default_hp_metric=False, purge_step=purge_step
    )
    logger.experiment.add_custom_scalars(charts)
    return logger


@dataclass(frozen=True)
class GridSearch:
    """Tunes a filter: the settings of its grid with the lowest mean position error in validation.

    Args:
        grid: candidate values of each setting; the filter's own grid where empty.
    """

    grid: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __call__(
        self, task: Refinement, data: PoseData, trainer: Callable[..., L.Trainer], run: RunFolder
    ) -> Fitted:
        started = time.monotonic()
        network = task.network
        if not isinstance(network, FilterModule):
            raise TypeError(f"only filters have settings to search, not {type(network).__name__}")
        batches = [Decoded.of(task.codec, data.prepare(batch)) for batch in data.val_dataloader()]
        smoother = network.smoother
        grid = self.grid or smoother.grid
        candidates = [dict(zip(grid, c, strict=True)) for c in itertools.product(*grid.values())]
        errors = []
        for settings in candidates:
            tried = FilterModule(smoother.with_settings(**settings))
            errors.append(mean_error(tried, task.codec, batches))
        best = candidates[errors.index(min(errors))]
        log.info("best of %d settings: %s", len(candidates), best)
        task.network = FilterModule(smoother.with_settings(**best))
        write_tensors(run.best, {"state_dict": task.state_dict(), "epoch": 0})
        return Fitted(seconds=time.monotonic() - started, settings=best)


@dataclass(frozen=True)
class NoFit:
    """For what has nothing to fit, such as the identity."""

    def __call__(
        self, task: Refinement, data: PoseData, trainer: Callable[..., L.Trainer], run: RunFolder
    ) -> Fitted:
        write_tensors(run.best, {"state_dict": task.state_dict(), "epoch": 0})
        return Fitted()


class Decoded(NamedTuple):
    """A batch as a filter sees it: without heatmaps, which may be far larger than memory."""

    tracks: Tracks
    batch: Batch

    @classmethod
    def of(cls, codec: Codec, batch: Batch) -> "Decoded":
        """Reads what the filter is given, then lets go of the heatmaps it was read from."""
        observed = batch.observed
        lean = batch._replace(observed=observed._replace(heatmaps=None))
        return cls(codec.read(observed), lean)


@torch.no_grad()
def mean_error(network: FilterModule, codec: Codec, batches: Iterable[Decoded]) -> float:
    """Mean position error over some batches, heatmap pixels."""
    metrics = PoseMetrics()
    for tracks, batch in batches:
        smoothed = codec.decode(network(tracks), batch.observed)
        metrics.update(smoothed, batch.keypoints, batch.visible, batch.torso)
    return float(metrics.compute()["error_px"])
