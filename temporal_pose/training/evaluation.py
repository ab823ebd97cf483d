"""Testing: scores, and the predictions they are computed from."""

from collections.abc import Callable, Sequence
from typing import Any

import lightning as L
import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from temporal_pose.data import splits
from temporal_pose.data.module import PoseData
from temporal_pose.runs.predictions import Predictions
from temporal_pose.runs.results import HOLDOUT, TEST, VALIDATION
from temporal_pose.training.task import Refinement


def evaluate_holdout(
    task: Refinement, data: PoseData, trainer: Callable[..., L.Trainer]
) -> tuple[dict[str, float], Predictions]:
    """Scores on what is held out from all sides of the split, and the predictions behind them.

    Returns:
        ``holdout/<score>`` and, for the unrefined input, ``holdout/identity/<score>``.
    """
    scores, predictions = evaluate(task, data.tested_on(splits.HOLDOUT), trainer)
    own = {name.removeprefix(TEST.refined): value for name, value in scores.items()}
    return {f"{HOLDOUT.refined}{name}": value for name, value in own.items()}, predictions


def evaluate(
    task: Refinement, data: PoseData, trainer: Callable[..., L.Trainer]
) -> tuple[dict[str, float], Predictions]:
    """Scores on the test set, and the predictions behind them.

    Returns:
        ``test/<score>`` and, for the unrefined input, ``identity/<score>``; see `PoseMetrics`.
    """
    tester = trainer(logger=False, callbacks=[], enable_checkpointing=False)
    (scores,) = tester.test(task, datamodule=data, verbose=False)
    joined = [
        torch.cat(parts).numpy(force=True) for parts in zip(*gathered(task.tested), strict=True)
    ]
    order = np.argsort(joined[0])
    window, *arrays = (array[order] for array in joined)
    windows = data.sides["test"]
    numbers = dict(zip(windows.index[:, 0].tolist(), windows.video.tolist(), strict=True))
    video = np.array([windows.names[numbers[first]] for first in window.tolist()])
    named = {name: float(value) for name, value in scores.items() if name != "step"}
    return named, Predictions(window, video, *arrays)


def validate(
    task: L.LightningModule, data: L.LightningDataModule, trainer: Callable[..., L.Trainer]
) -> dict[str, float]:
    """Scores on the validation set, ``val/<score>``: what models may be chosen by."""
    tester = trainer(logger=False, callbacks=[], enable_checkpointing=False)
    (scores,) = tester.validate(task, datamodule=data, verbose=False)
    refined = VALIDATION.refined
    others = (VALIDATION.raw, f"{refined}loss", f"{refined}nothing/")  # no scores
    kept = {name: float(value) for name, value in scores.items() if name.startswith(refined)}
    return {name: value for name, value in kept.items() if not name.startswith(others)}


def gathered(tested: Sequence[tuple[Tensor, ...]]) -> list[tuple[Tensor, ...]]:
    """The batches of all processes that tested together."""
    if not (dist.is_available() and dist.is_initialized()):
        return list(tested)
    parts: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(parts, list(tested))
    return [batch for part in parts for batch in part]
