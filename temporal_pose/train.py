"""Pretrains one model: ``python -m temporal_pose.train model=conv3d setup=1 k=1``."""

import logging

import lightning as L
from omegaconf import DictConfig

from temporal_pose.cli import command
from temporal_pose.configuration import build, check, plain, resolved, run_path
from temporal_pose.training.experiment import commit, experiment, log_outcome
from temporal_pose.training.runs import RunFolder, config_hash, flatten

log = logging.getLogger(__name__)


@command("train")
def main(config: DictConfig) -> None:
    """Trains and tests one run, continues it where it was interrupted, or skips it if finished."""
    check(config)
    settings, run = resolved(config), RunFolder(run_path(config))
    with run.held():
        if run.config_file.exists() and not config.force:
            run.check(settings)
        if run.finished and not config.force:
            log.info("finished already: %s (force=true trains it again)", run.path)
            return
        L.seed_everything(config.seed, verbose=False)
        data, task = build(config.objects.data), build(config.objects.task)
        fit, trainer = build(config.model.fit), build(config.trainer)
        data.setup()
        run.claim(settings, config.force)
        metrics = plain(experiment(task, data, fit, trainer, run))
        log_outcome(run, flatten(settings), metrics)
        extra = {"seed": config.seed, "git": commit(), "config_hash": config_hash(settings)}
        run.finish(metrics | extra)


if __name__ == "__main__":
    main()
