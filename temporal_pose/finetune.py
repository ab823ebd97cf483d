"""Finetunes on a real detector: ``python -m temporal_pose.finetune model=conv3d setup=1 k=1``.

Each run starts from the pretraining run of the same model, setup, k and seed, at its best epoch.
"""

from collections.abc import Sequence
from functools import partial

from omegaconf import DictConfig

from temporal_pose.app.cli import command
from temporal_pose.app.composing import pretraining
from temporal_pose.app.running import carry_out, launch, refinement, take_a_step
from temporal_pose.app.saved_runs import as_pretrained
from temporal_pose.app.settings import check
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.weights import load_weights
from temporal_pose.training.task import Refinement

__all__ = ["check", "main", "run", "try_out"]


def run(config: DictConfig, overrides: Sequence[str]) -> None:
    """Finetunes and tests one run, continues it where it was interrupted, or skips it if finished.

    Args:
        overrides: what was typed for this run.
    """
    config = as_pretrained(config)
    carry_out(config, overrides, partial(refinement, start=from_pretraining), Refinement.charts)


def try_out(config: DictConfig) -> None:
    """Takes one training and one validation step, and writes nothing."""
    take_a_step(as_pretrained(config), from_pretraining)


def from_pretraining(task: Refinement, config: DictConfig) -> RunFolder | None:
    """The pretraining, its best weights put into the task; None for a run without one.

    Raises:
        ConfigError: the pretraining is not there or not finished.
        CheckpointError: its weights are damaged or another model's.
    """
    source = pretraining(config)
    if source is not None:
        load_weights(task, source.best)
    task.train_alone(config.fresh)
    return source


@command("finetune")
def main(config: DictConfig) -> None:
    """One run, or one job of a sweep."""
    launch("finetune", config, run)


if __name__ == "__main__":
    main()
