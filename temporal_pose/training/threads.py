"""How many of torch's threads a network is trained with."""

import torch

from temporal_pose.training.detector import Detection
from temporal_pose.training.task import Refinement


def choose(task: Refinement | Detection) -> None:
    """One thread for a network of coordinates; what torch chooses for one of heatmaps.

    Tensors of coordinates are so small that a second thread gains nothing, and on a machine that
    has other work each operation would wait for both to have their turn: measured, an epoch of
    DeciWatch takes 4 times as long beside two busy processes with two threads, 2 times with one.
    It holds for this process, and lets a run come out the same however many cores there are.
    """
    if task.one_thread:
        torch.set_num_threads(1)
