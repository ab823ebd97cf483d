"""Scores a run, a filter or the identity: ``python -m temporal_pose.evaluate run=DIR``."""

import logging
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from temporal_pose.app.cli import command
from temporal_pose.app.composing import build, build_trainer, plain, typed
from temporal_pose.app.saved_runs import of_run, restored
from temporal_pose.app.settings import check, one_of
from temporal_pose.files.atomic import make_folder, write_json
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.predictions import Predictions
from temporal_pose.runs.results import METRICS, PREDICTIONS
from temporal_pose.training.evaluation import evaluate

log = logging.getLogger(__name__)


@command("evaluate")
def main(config: DictConfig) -> None:
    """Tests, and shows what came out; with ``out``, keeps scores and predictions as well."""
    overrides = typed(HydraConfig.get().overrides.task)
    if config.run is not None:
        config = of_run(config, overrides, own=("run", "checkpoint", "part", "out"))
    check(config)
    one_of("part", config.part, ("test", "all"))
    task = restored(config)
    data, trainer = (
        build(config.objects.data, whole=config.part == "all"),
        build_trainer(config.trainer, task),
    )
    if config.out is not None:
        make_folder(Path(config.out))
    data.setup()
    if config.run is not None:
        data.leave_out(RunFolder(Path(config.run)).trained_on())
    scores, predictions = evaluate(task, data, trainer)
    if task.global_rank == 0:
        _keep(config, scores, predictions)


def _keep(config: DictConfig, scores: dict[str, float], predictions: Predictions) -> None:
    """Writes what came out, if asked to, and shows it."""
    if config.out is not None:
        folder = Path(config.out)
        predictions.save(folder / PREDICTIONS)
        write_json(folder / METRICS, plain(scores))
    Console().print(_table(config.model.name, scores))


def _table(name: str, scores: dict[str, float]) -> Table:
    table = Table("score", name, "identity", title="test set")
    for row, value in scores.items():
        if row.startswith("test/"):
            score = row.removeprefix("test/")
            shown = (value, scores[f"identity/{score}"])
            form = "{:.1%}" if score.startswith("pck") else "{:.3f}"
            table.add_row(score, *(form.format(number) for number in shown))
    return table


if __name__ == "__main__":
    main()
