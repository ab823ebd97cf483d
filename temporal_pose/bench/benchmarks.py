"""All benchmarks by name."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection

import torch

from temporal_pose.bench.blazepose import blazepose
from temporal_pose.bench.decoding import decoding
from temporal_pose.bench.detection import detection
from temporal_pose.bench.epoch import conv3d_epoch, deciwatch_epoch
from temporal_pose.bench.filtering import filtering, streaming
from temporal_pose.bench.grid import grid
from temporal_pose.bench.heatmap_store import heatmaps
from temporal_pose.bench.hourglass import hourglass, large_hourglass
from temporal_pose.bench.images import image_memory, images
from temporal_pose.bench.measure import Row
from temporal_pose.bench.openpose import openpose
from temporal_pose.bench.overhead import lightning
from temporal_pose.bench.overlaying import overlays
from temporal_pose.bench.prediction import prediction
from temporal_pose.bench.refining import refining
from temporal_pose.bench.rendering import rendering
from temporal_pose.bench.starting import starting
from temporal_pose.bench.steps import biconvlstm, conv3d
from temporal_pose.bench.waiting import waiting

BENCHMARKS: dict[str, Callable[[], Iterable[Row]]] = {
    function.__name__: function
    for function in (
        *(rendering, decoding, conv3d, biconvlstm, prediction),
        *(conv3d_epoch, deciwatch_epoch, waiting, lightning, grid, heatmaps, detection),
        *(starting, filtering, refining, streaming, openpose, blazepose, overlays, hourglass),
        *(large_hourglass, images, image_memory),
    )
}


def rows(name: str, threads: int) -> Iterator[Row]:
    """The rows of one benchmark as they are measured, in a process of its own.

    What another benchmark left in memory would slow it down.

    Raises:
        RuntimeError: the process came to grief.
    """
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(name, threads, sender))
    process.start()
    sender.close()
    with receiver, suppress(EOFError):
        while True:
            yield receiver.recv()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"benchmark '{name}' ended with status {process.exitcode}")


def _measure(name: str, threads: int, sender: Connection) -> None:
    torch.set_num_threads(threads)
    for row in BENCHMARKS[name]():
        sender.send(row)
