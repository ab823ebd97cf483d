"""Learning rates of a detector's training, over steps or by its score in validation."""

import math
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from temporal_pose.errors import ConfigError


class Cosine(LambdaLR):
    """From zero to the full rate in a straight line, then half a cosine down to zero; a step at a
    time (Loshchilov and Hutter, ICLR 2017).

    Args:
        steps: of the whole training.
        warmup: share of them that the way up takes.

    Raises:
        ConfigError: a share that is none.
    """

    def __init__(self, optimizer: Optimizer, steps: int, warmup: float = 0.05) -> None:
        if not 0 <= warmup < 1:
            raise ConfigError(f"scheduler.warmup is {warmup}; expected a number from 0 to below 1")
        begin = warmup * steps

        def share(step: int) -> float:
            if step < begin:
                return (step + 1) / (begin + 1)
            done = min(1.0, (step - begin) / max(1.0, steps - begin))
            return 0.5 * (1 + math.cos(math.pi * done))

        super().__init__(optimizer, share)


class Once(ReduceLROnPlateau):
    """A lower rate, once, after some epochs without a better score in validation (thesis).

    Args:
        steps: of the whole training; of no matter here.
        factor: by which the rate is multiplied.
        patience: epochs.
    """

    def __init__(
        self, optimizer: Optimizer, steps: int, factor: float = 0.2, patience: int = 5
    ) -> None:
        if not 0 < factor < 1 or patience < 1:
            raise ConfigError(
                f"scheduler.factor is {factor} and scheduler.patience {patience}; expected a "
                "number from 0 to 1, and a whole number from 1"
            )
        rates: Any = [group["lr"] * factor for group in optimizer.param_groups]
        super().__init__(optimizer, "max", factor, patience - 1, threshold=0, min_lr=rates)
