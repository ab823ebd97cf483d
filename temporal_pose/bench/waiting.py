"""Threads that wait for each other, alone and beside other processes: as chosen, and as they come.

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
from itertools import chain
from statistics import median

import torch

from temporal_pose.bench.epoch import our_epoch, small_set, training
from temporal_pose.bench.measure import Row, quartiles, seconds
from temporal_pose.models.conv3d import Conv3d
from temporal_pose.models.deciwatch import DeciWatch
from temporal_pose.pose.codecs import CoordinateCodec, HeatmapCodec
from temporal_pose.training import threads
from temporal_pose.training.task import Refinement

_BURN = "while True: pass"
_NETWORKS = {"deciwatch": (DeciWatch, CoordinateCodec), "conv3d": (Conv3d, HeatmapCodec)}
_AS_THEY_COME = {"GOMP_SPINCOUNT": "300000"}  # GNU's OpenMP, where nobody says anything else


def waiting(repeats: int = 5) -> Iterator[Row]:
    """Epochs on this machine's cores, beside two busy processes and alone."""
    for name in _NETWORKS:
        # in turns, so that what the machine does meanwhile meets both
        turns = [[epochs(name, chosen, repeats) for chosen in (True, False)] for _ in range(3)]
        ours, others = (list(chain.from_iterable(times)) for times in zip(*turns, strict=True))
        with busy(2):
            beside = epochs(name, True, repeats)
        what = f"{name} epoch, two busy processes beside it: slower than alone"
        yield _ratio(what, beside, ours, 3)
        what = f"{name} epoch, alone: slower than with threads as they come"
        yield _ratio(what, ours, others, 1.1)


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


def epochs(name: str, chosen: bool, repeats: int) -> list[float]:
    """Seconds of so many epochs of a network, in a process of its own.

    Args:
        chosen: threads as this package chooses them; else as torch and OpenMP have them.
    """
    command = [sys.executable, "-m", __name__, name, str(int(chosen)), str(repeats)]
    ours = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT")  # of this process
    given = {key: value for key, value in os.environ.items() if key not in ours}
    given |= {} if chosen else _AS_THEY_COME
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def work(name: str, chosen: bool, repeats: int, videos: int = 2, frames: int = 160) -> list[float]:
    """Seconds of so many epochs, after one that is not counted; see `epochs`."""
    torch.set_num_threads(os.cpu_count() or 1)
    network, codec = (part() for part in _NETWORKS[name])
    if chosen:
        threads.choose(Refinement(network, codec))
    epoch = partial(our_epoch, small_set(videos, frames), codec, training(network))
    epoch()
    return [seconds(epoch) for _ in range(repeats)]


if __name__ == "__main__":
    print(json.dumps(work(sys.argv[1], sys.argv[2] == "1", int(sys.argv[3]))))
