"""A model of one's own, outside of the package, that comes to grief in the way it is told."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn


def stumble() -> None:
    raise ZeroDivisionError("as told")


def segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def fill() -> None:
    """Leaves no room: on the disk of ``$FILL``, or to this process where there is no such disk."""
    if "FILL" not in os.environ:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        return
    try:
        with Path(os.environ["FILL"]).open("wb", buffering=0) as file:
            while file.write(bytes(1 << 12)):
                pass
    except OSError:
        pass


WAYS: dict[str, Callable[[], object]] = {
    "exception": stumble,
    "segfault": segfault,
    "exit": lambda: os._exit(3),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),  # as the system does without memory
    "memory": lambda: bytearray(1 << 60),
    "disk": fill,
}


class Crashing(nn.Module):
    """Moves every keypoint by a learned affine map.

    Args:
        way: one of `WAYS`, taken while ``$CRASH`` is set; any other is none.
        after: how many training steps go well.
    """

    def __init__(self, way: str, after: int) -> None:
        super().__init__()
        self.way, self.after, self.steps = way, after, 0
        self.move = nn.Linear(2, 2)

    def forward(self, keypoints: Tensor) -> Tensor:
        self.steps += self.training
        if self.training and self.steps > self.after and "CRASH" in os.environ:
            WAYS.get(self.way, lambda: None)()
        return torch.lerp(keypoints, self.move(keypoints), 0.1)
