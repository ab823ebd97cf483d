"""Loading all of Penn Action, and whether memory grows while training on it.

Runs in a process of its own, so that the peak of its memory is that of this work alone.
"""

import json
import logging
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from temporal_pose.bench.measure import Row, seconds
from temporal_pose.data.module import PoseData
from temporal_pose.data.penn_action import PennAction
from temporal_pose.errors import DataError
from temporal_pose.pose.noise import GaussianNoise


def penn_action(root: Path, repeats: int = 3) -> Iterator[Row]:
    """Time, memory, and memory over epochs.

    Args:
        root: the folder that holds ``labels``.

    Raises:
        DataError: the set cannot be read.
    """
    taken = [_in_new_process(root) for _ in range(repeats)]
    limits = (("load", 10, "s"), ("peak of memory, growth by loading", 500, "MB"))
    for index, (what, limit, unit) in enumerate((*limits, ("growth, epoch 2 to 6", 10, "MB"))):
        value = median(numbers[index] for numbers in taken)
        yield Row(f"Penn Action: {what}", value, limit, unit, at_least=False)


def peak() -> float:
    """The most memory that this process has held, MB."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def load_and_iterate(root: Path) -> tuple[float, float, float]:
    """Seconds of loading; MB of peak by loading; and MB from the second epoch to the sixth."""
    before = peak()
    data = PoseData(PennAction(root), GaussianNoise(1.0))
    taken = seconds(data.setup)
    loaded, after = peak(), []
    for epoch in range(6):
        for batch in data.train_dataloader():
            data.prepare(batch, epoch)
        after.append(peak())
    return taken, loaded - before, after[5] - after[1]


def _in_new_process(root: Path) -> list[float]:
    command = [sys.executable, "-m", __name__, str(root)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        raise DataError(f"{root}: {(run.stderr.strip().splitlines() or ['no message'])[-1]}")
    return list(json.loads(run.stdout))


if __name__ == "__main__":
    logging.disable()
    print(json.dumps(load_and_iterate(Path(sys.argv[1]))))
