"""Scores a run, a filter or the identity: ``python -m temporal_pose.evaluate run=DIR``."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from temporal_pose.app.cli import command, typed
from temporal_pose.app.composing import build, build_trainer
from temporal_pose.app.evaluations import check_out, keep, part_of
from temporal_pose.app.saved_runs import of_run, task_of
from temporal_pose.app.setting_kinds import one_of
from temporal_pose.app.settings import check
from temporal_pose.files.atomic import make_folder
from temporal_pose.runs.folders import RunFolder
from temporal_pose.training.evaluation import evaluate


@command("evaluate")
def main(config: DictConfig) -> None:
    """Tests, and shows what came out; with ``out``, keeps scores and predictions as well."""
    overrides = typed(HydraConfig.get().overrides.task)
    if config.run is not None:
        config = of_run(config, overrides, own=("run", "checkpoint", "part", "out"))
    check(config)
    one_of("part", config.part, ("test", "all", "holdout"))
    if config.out is not None:
        check_out(config)
    task = task_of(config)
    data = build(config.objects.data, whole=config.part == "all")
    trainer = build_trainer(config.trainer, task)
    if config.out is not None:
        make_folder(Path(str(config.out)).expanduser())
    data.setup()
    if config.run is not None:
        data.leave_out(RunFolder(Path(config.run)).trained_on())
    scores, predictions = evaluate(task, part_of(data, config.part), trainer)
    if task.global_rank == 0:
        keep(config, scores, predictions)


if __name__ == "__main__":
    main()
