"""How threads wait for each other: by sleeping, as this package has it, or by spinning.

Threads that spin while they wait take the time of whoever they wait for, once there are fewer
cores than processes that want one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from statistics import median

import torch

from temporal_pose.bench.epoch import our_epoch, small_set, training
from temporal_pose.bench.measure import Row, quartiles, seconds
from temporal_pose.models.conv3d import Conv3d
from temporal_pose.models.deciwatch import DeciWatch
from temporal_pose.pose.codecs import CoordinateCodec, HeatmapCodec

_BURN = "while True: pass"
_NETWORKS = {"deciwatch": (DeciWatch, CoordinateCodec), "conv3d": (Conv3d, HeatmapCodec)}


def waiting(repeats: int = 5) -> Iterator[Row]:
    """Epochs on all cores: beside two busy processes, and alone, against threads that spin."""
    alone = {name: epochs(name, "passive", repeats) for name in _NETWORKS}
    with busy(2):
        beside = epochs("deciwatch", "passive", repeats)
    what = "deciwatch epoch, two busy processes beside it: slower than alone"
    yield _ratio(what, beside, alone["deciwatch"], 3)
    for name, ours in alone.items():
        what = f"{name} epoch, alone: time over that of threads that spin"
        yield _ratio(what, ours, epochs(name, "active", repeats), 1.1)


def _ratio(what: str, ours: Sequence[float], others: Sequence[float], limit: float) -> Row:
    unit = median(others)
    low, high = quartiles([time / unit for time in ours])
    return Row(what, median(ours) / unit, limit, "x", False, (low, high))


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that want a core, all the time."""
    command = [sys.executable, "-c", _BURN]
    burning = [subprocess.Popen(command) for _ in range(processes)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def epochs(name: str, policy: str, repeats: int) -> list[float]:
    """Seconds of so many epochs of a network, in a process whose threads wait that way."""
    command = [sys.executable, "-m", __name__, name, str(repeats)]
    given = os.environ | {"OMP_WAIT_POLICY": policy}
    given.pop("OMP_NUM_THREADS", None)
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def work(name: str, repeats: int, videos: int = 2, frames: int = 160) -> list[float]:
    """Seconds of so many epochs on all cores, after one that is not counted."""
    torch.set_num_threads(os.cpu_count() or 1)
    network, codec = _NETWORKS[name]
    epoch = partial(our_epoch, small_set(videos, frames), codec(), training(network()))
    epoch()
    return [seconds(epoch) for _ in range(repeats)]


if __name__ == "__main__":
    print(json.dumps(work(sys.argv[1], int(sys.argv[2]))))
