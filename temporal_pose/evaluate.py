"""Scores a run, a filter or the identity: ``python -m temporal_pose.evaluate run=DIR``."""

import logging
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, open_dict
from rich.console import Console
from rich.table import Table

from temporal_pose.cli import command
from temporal_pose.configuration import build, build_trainer, plain, typed
from temporal_pose.errors import ConfigError
from temporal_pose.saved_runs import recompose
from temporal_pose.settings import check
from temporal_pose.training.checkpoints import load_weights
from temporal_pose.training.evaluation import Predictions, evaluate
from temporal_pose.training.files import make_folder, write_json
from temporal_pose.training.runs import RunFolder

log = logging.getLogger(__name__)


@command("evaluate")
def main(config: DictConfig) -> None:
    """Tests, and shows what came out; with ``out``, keeps scores and predictions as well."""
    overrides = typed(HydraConfig.get().overrides.task)
    if config.run is not None:
        config = _of_run(config, overrides)
    check(config)
    task = build(config.objects.task)
    weights = config.checkpoint or (config.run and Path(config.run) / "best.ckpt")
    if weights:
        load_weights(task, Path(weights))
    elif task.parameter_count:
        raise ConfigError(
            f"model={config.model.name} has weights to load; add run=DIR, the folder of a "
            "finished run, or checkpoint=FILE"
        )
    data, trainer = build(config.objects.data), build_trainer(config.trainer, task)
    if config.out is not None:
        make_folder(Path(config.out))
    data.setup()
    if config.run is not None:
        data.leave_out(*RunFolder(Path(config.run)).trained_on(config.data.name))
    scores, predictions = evaluate(task, data, trainer)
    if task.global_rank == 0:
        _keep(config, scores, predictions)


def _keep(config: DictConfig, scores: dict[str, float], predictions: Predictions) -> None:
    """Writes what came out, if asked to, and shows it."""
    if config.out is not None:
        folder = Path(config.out)
        predictions.save(folder / "predictions.npz")
        write_json(folder / "metrics.json", plain(scores))
    Console().print(_table(config.model.name, scores))


def _of_run(config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """A run's configuration with what is typed now, and what to do with it."""
    own = {name: config[name] for name in ("run", "checkpoint", "out")}
    others = [item for item in overrides if item.split("=")[0].lstrip("+") not in own]
    run = RunFolder(Path(config.run))
    composed = recompose(run, others)
    run.metrics()
    with open_dict(composed):
        composed.update(own)
    composed.trainer.enable_progress_bar = config.trainer.enable_progress_bar
    return composed


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
