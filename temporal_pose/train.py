"""Pretrains one model: ``python -m temporal_pose.train model=conv3d setup=1 k=1``."""

from collections.abc import Sequence
from functools import partial

from omegaconf import DictConfig

from temporal_pose.app.cli import command
from temporal_pose.app.running import carry_out, launch, refinement, take_a_step
from temporal_pose.app.settings import check
from temporal_pose.training.task import Refinement

__all__ = ["check", "main", "run", "try_out"]


def run(config: DictConfig, overrides: Sequence[str]) -> None:
    """Trains and tests one run, continues it where it was interrupted, or skips it if finished.

    Args:
        overrides: what was typed for this run.
    """
    carry_out(config, overrides, partial(refinement, start=from_scratch), Refinement.charts)


def try_out(config: DictConfig) -> None:
    """Takes one training and one validation step, and writes nothing."""
    take_a_step(config, from_scratch)


def from_scratch(task: Refinement, config: DictConfig) -> None:
    """Leaves the weights as the seed made them."""


@command("train")
def main(config: DictConfig) -> None:
    """One run, or one job of a sweep."""
    launch("train", config, run)


if __name__ == "__main__":
    main()
