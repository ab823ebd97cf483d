"""One run from objects: fit, test, and write the results last."""

import logging
import subprocess
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.utilities import rank_zero_only

from temporal_pose.data.module import PoseData
from temporal_pose.data.splits import HOLDOUT
from temporal_pose.files.atomic import write_json
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.results import BEST_EPOCH, described, of_fitting
from temporal_pose.training.charts import table_row, table_scores, table_settings
from temporal_pose.training.evaluation import evaluate, evaluate_holdout, validate
from temporal_pose.training.fitting import Fit, event_log
from temporal_pose.training.task import Refinement

log = logging.getLogger(__name__)


def experiment(
    task: Refinement,
    data: PoseData,
    fit: Fit,
    trainer: Callable[..., L.Trainer],
    run: RunFolder,
    seen: Collection[str] = (),
) -> dict[str, Any]:
    """Fits a task, tests what is best, and returns the scores and what describes the run.

    Args:
        trainer: makes Lightning's trainer; called for fitting and once more for the test.
        run: an open run folder.
        seen: fingerprints of the videos that the weights to begin with were trained on.
    """
    fitted = fit(task, data, trainer, run)
    validated = validate(task, data, trainer)
    scores, predictions = evaluate(task, data, trainer)
    if HOLDOUT in data.sides:
        held, of_held = evaluate_holdout(task, data, trainer)
        scores |= held
        if task.global_rank == 0:
            of_held.save(run.holdout)
    if task.global_rank == 0:
        predictions.save(run.predictions)
        prints = data.fingerprints()
        own = {*prints["train"], *prints["val"]} - set(prints["test"])
        rates = sorted(set(data.sides["train"].fps.tolist()))
        known = {"seen": sorted(own.union(seen)), "fps": rates, "taught": data.taught()}
        write_json(run.split_file, data.groups() | known | {"likeness": data.likeness()})
    about = described(
        torso=data.mean_torso,
        windows={side: len(windows) for side, windows in data.sides.items()},
        fitting=of_fitting(fitted.epochs, fitted.best_epoch, task.parameter_count, fitted.seconds),
        settings=fitted.settings,
    )
    return scores | validated | about


@rank_zero_only
def log_outcome(
    run: RunFolder,
    settings: Mapping[str, Any],
    metrics: Mapping[str, Any],
    charts: Mapping[str, Any],
) -> None:
    """Shows settings and test scores side by side in TensorBoard's HPARAMS.

    The scores stand at the epoch whose weights were tested.

    Args:
        settings: flat, by their dotted names.
        charts: those of the run's training.
    """
    logger, scores = event_log(run, charts), table_scores(metrics)
    logger.log_metrics(scores, max(metrics[BEST_EPOCH] - 1, 0))
    for summary in table_row(table_settings(settings), scores):
        logger.experiment.file_writer.add_summary(summary)
    logger.finalize("success")


def commit() -> str:
    """The version of this code: git's commit, with a plus sign if it was changed since, or ''."""
    try:
        _git("ls-files", "--error-unmatch", Path(__file__).name)  # else the repository is another
        return _git("describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*arguments: str) -> str:
    folder = Path(__file__).parent
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
