"""Trains a detector on single images: ``python -m temporal_pose.train_detector data=coco
data.root=DIR``.

Stacked hourglass networks (Newell et al., 2016), on COCO's people, on Leeds Sports, or on the
figures that come along.
"""

from collections.abc import Sequence

from omegaconf import DictConfig

from temporal_pose.app.cli import command
from temporal_pose.app.image_training import check, detection, take_a_step
from temporal_pose.app.running import carry_out, launch
from temporal_pose.training.detector import Detection

__all__ = ["check", "main", "run", "try_out"]


def run(config: DictConfig, overrides: Sequence[str]) -> None:
    """Trains and tests one run, continues it where it was interrupted, or skips it if finished.

    Args:
        overrides: what was typed for this run.
    """
    carry_out(config, overrides, detection, Detection.charts)


def try_out(config: DictConfig) -> None:
    """Takes one training and one validation step, and writes nothing."""
    take_a_step(config)


@command("train_detector")
def main(config: DictConfig) -> None:
    """One run, or one job of a sweep."""
    launch("train_detector", config, run)


if __name__ == "__main__":
    main()
