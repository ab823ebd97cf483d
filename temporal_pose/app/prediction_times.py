"""How long the networks of a report's runs take, here and now."""

import platform

import torch

from temporal_pose.app.composing import build
from temporal_pose.app.saved_runs import recompose
from temporal_pose.errors import UserError
from temporal_pose.pose.skeletons import CLIMBALONG25
from temporal_pose.reporting.finished import ModelKind, Results, Run
from temporal_pose.reporting.page import PredictionTimes
from temporal_pose.runs.folders import RunFolder
from temporal_pose.training.timing import prediction_times


def measured(results: Results) -> PredictionTimes:
    """Milliseconds a window of each network, as its first run has it."""
    times, problems = {}, []
    for model in results.models:
        runs = [run for run in results.runs if run.model == model.key]
        if model.kind != ModelKind.NETWORK or not runs:
            continue
        try:
            times[model.key] = _measured(runs[0])
        except UserError as error:
            problems.append(f"{error} (its prediction time is left out)")
    return PredictionTimes(times, _note(), tuple(problems))


def _measured(run: Run) -> dict[str, float]:
    config = recompose(RunFolder(run.path))
    task = build(config.objects.task)
    keypoints = run.tested.visible.shape[-1] if run.tested else len(CLIMBALONG25)
    return dict(prediction_times(task, config.data.window, keypoints, config.data.size))


def _note() -> str:
    threads, gpu = torch.get_num_threads(), ""
    if torch.cuda.is_available():
        gpu = f", and {torch.cuda.get_device_name()}, which was waited for"
    return (
        "From what a network reads of the detector to refined keypoints, decoding of its own "
        f"heatmaps counted; median. Measured on {platform.processor() or platform.machine()}, "
        f"{threads} thread{'s' * (threads > 1)}{gpu}; torch {torch.__version__}."
    )
