"""All benchmarks by name."""

from collections.abc import Callable, Iterable

import torch

from temporal_pose.bench.decoding import decoding
from temporal_pose.bench.detection import detection
from temporal_pose.bench.epoch import conv3d_epoch, deciwatch_epoch
from temporal_pose.bench.grid import grid
from temporal_pose.bench.heatmap_store import heatmaps
from temporal_pose.bench.measure import Row
from temporal_pose.bench.overhead import lightning
from temporal_pose.bench.prediction import prediction
from temporal_pose.bench.rendering import rendering
from temporal_pose.bench.steps import biconvlstm, conv3d

BENCHMARKS: dict[str, Callable[[], Iterable[Row]]] = {
    function.__name__: function
    for function in (
        *(rendering, decoding, conv3d, biconvlstm, prediction),
        *(conv3d_epoch, deciwatch_epoch, lightning, grid, heatmaps, detection),
    )
}


def rows(name: str, threads: int) -> list[Row]:
    """The rows of one benchmark, measured in this process."""
    torch.set_num_threads(threads)
    return list(BENCHMARKS[name]())
