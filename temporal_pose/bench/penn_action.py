"""Loading all of Penn Action, and whether memory grows while training on it.

Runs in a process of its own, so that the peak of its memory is that of this work alone.
"""

import json
import logging
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

from temporal_pose.bench.measure import Row, seconds
from temporal_pose.bench.processes import result_of
from temporal_pose.data.module import PoseData
from temporal_pose.data.penn_action import PennAction
from temporal_pose.inputs.simulated import GaussianNoise


def penn_action(root: Path) -> Iterator[Row]:
    """Time, memory, and memory over epochs.

    Args:
        root: the folder that holds ``labels``.

    Raises:
        DataError: the set cannot be read.
    """
    taken, loading, iterating = result_of(__name__, root)
    yield Row("Penn Action: loading", taken, 10, "s", at_least=False)
    yield Row("Penn Action: memory that loading adds", loading, 500, "MB", at_least=False)
    yield Row("Penn Action: memory that epochs 3 to 6 add", iterating, 10, "MB", at_least=False)


def memory(field: str) -> float:
    """What this process holds (``VmRSS``), or the most it has held (``VmHWM``), MB.

    From Linux's own account: the peak of `resource.getrusage` is inherited there from the process
    that started this one. Elsewhere it is that peak for both.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines[field].split()[0]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def load_and_iterate(root: Path) -> tuple[float, float, float]:
    """Seconds of loading; MB it adds to the peak; and MB held more after epoch 6 than after 2."""
    before = memory("VmHWM")
    data = PoseData(PennAction(root), GaussianNoise(1.0))
    taken = seconds(data.setup)
    loading, held = memory("VmHWM") - before, []
    for epoch in range(6):
        for batch in data.train_dataloader():
            data.prepare(batch, epoch)
        held.append(memory("VmRSS"))
    return taken, loading, held[5] - held[1]


if __name__ == "__main__":
    logging.disable()
    torch.set_num_threads(1)
    print(json.dumps(load_and_iterate(Path(sys.argv[1]))))
