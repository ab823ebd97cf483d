"""Training on heatmaps that do not fit into memory: opening, memory, and the data's share of time.

The store is as large as a real one in all but the disk: each chunk is a file of its own that takes
its real time to decompress, but they are links to a few. (Reading from the disk itself is not
measured: those few stay in the system's cache.)
"""

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import torch
import zarr

from temporal_pose.bench.epoch import Step, training
from temporal_pose.bench.measure import Row, quartiles, seconds
from temporal_pose.bench.penn_action import memory
from temporal_pose.bench.processes import result_of
from temporal_pose.bench.rendering import SIZE, blobs
from temporal_pose.data.module import PoseData
from temporal_pose.data.paired import Paired
from temporal_pose.data.splits import Split
from temporal_pose.formats.paired.growing import CHUNK, create
from temporal_pose.inputs.recorded import Recording
from temporal_pose.models.conv3d import Conv3d
from temporal_pose.pose.codecs import HeatmapCodec
from temporal_pose.pose.heatmaps import render
from temporal_pose.pose.skeletons import CLIMBALONG25

KEYPOINTS = len(CLIMBALONG25)
FRAME = KEYPOINTS * SIZE * SIZE * 2  # bytes of float16
SOME = 16  # chunks that differ


def heatmaps(
    gigabytes: float = 50, batches: int = 500, repeats: int = 5, steps: int = 8
) -> Iterator[Row]:
    """One video of many gigabytes for training, two small ones beside it.

    Args:
        gigabytes: what its heatmaps take, not compressed.
        batches: of 16 windows of 5 frames, read at random places.
        repeats: epochs.
        steps: of an epoch.
    """
    with TemporaryDirectory(prefix="heatmap_store") as folder:
        root = Path(folder)
        write(root / "train.zarr", int(gigabytes * 1e9 / FRAME), seed=0)
        for seed, name in enumerate(("val", "test"), 1):
            write(root / f"{name}.zarr", SOME * CHUNK, seed)
        numbers = result_of(__name__, root, batches, repeats, steps, torch.get_num_threads())
    size = f"heatmaps, {gigabytes:g} GB"
    yield Row(f"{size}: opening", numbers["opening"], 2, "s", at_least=False)
    yield Row(f"{size}: most memory of training", numbers["memory"], 2000, "MB", at_least=False)
    for workers, (name, limit) in enumerate({"without a worker": None, "as it comes": 10}.items()):
        low, share, high = (numbers[f"{part}{workers}"] for part in ("low", "share", "high"))
        what = f"{size}: waiting for data in a conv3d epoch, {name}"
        yield Row(what, share, limit, "%", False, (low, high))


def write(path: Path, frames: int, seed: int) -> None:
    """A file of the paired layout of so many frames, most of whose chunks are links.

    Args:
        frames: at least those of `SOME` chunks.
        seed: of what is in it.
    """
    rng = np.random.default_rng(seed)
    about = {"fps": 30.0, "image_size": [1920, 1080], "skeleton": CLIMBALONG25.name}
    group = zarr.create_group(path, attributes=about)
    boxes = np.tile(np.array([600, 200, 400, 600], np.float32), (frames, 1))
    truth = boxes[:, None, :2] + rng.uniform(0, 400, (frames, KEYPOINTS, 2)).astype(np.float32)
    visible = np.ones((frames, KEYPOINTS), bool)
    for name, array in {"boxes": boxes, "truth": truth, "visible": visible}.items():
        create(group, name, array.shape, array.dtype)[:] = array
    shape = (frames, KEYPOINTS, SIZE, SIZE)
    stored = create(group, "heatmaps", shape, np.dtype(np.float16))
    some = min(frames, SOME * CHUNK)
    stored[:some] = noisy(some, seed)
    key = stored.metadata.encode_chunk_key
    for chunk in range(SOME, -(-frames // CHUNK)):
        link, file = (path / "heatmaps" / key((n, 0, 0, 0)) for n in (chunk, chunk % SOME))
        link.parent.mkdir(parents=True)
        os.link(file, link)


def noisy(frames: int, seed: int) -> np.ndarray:
    """Blobs on noise, which compress as badly as what a network gives."""
    generator = torch.Generator().manual_seed(seed)
    maps = render(*blobs(frames * KEYPOINTS))
    maps = maps + 0.2 * torch.randn(maps.shape, generator=generator)
    return maps.half().view(frames, KEYPOINTS, SIZE, SIZE).numpy()


def work(root: Path, batches: int, repeats: int, steps: int) -> dict[str, float]:
    """Opens the stores, reads random batches, and trains a few steps; seconds, MB and percent."""
    numbers = {"opening": seconds(Paired(root / "train.zarr").read)}
    split = Split({side: [side] for side in ("train", "val", "test")})
    data = PoseData(Paired(root), Recording(), split=split, stride=1)
    data.setup()
    for _ in islice(data.train_dataloader(), batches):
        pass
    step = training(Conv3d())
    for workers in (0, 1):
        data.workers = workers
        shares = [100 * waiting(data, step, steps) for _ in range(repeats)]
        low, high = quartiles(shares)
        numbers |= {f"low{workers}": low, f"high{workers}": high}
        numbers[f"share{workers}"] = median(shares)
    return numbers | {"memory": memory("VmHWM")}


def waiting(data: PoseData, step: Step, steps: int) -> float:
    """Share of an epoch in which it waits for the next batch; a first step is not counted."""
    codec, loader, waited = HeatmapCodec(), iter(data.train_dataloader()), []
    for _ in range(steps + 1):
        asked = time.perf_counter()
        windows = next(loader)
        got = time.perf_counter()
        batch = data.prepare(windows)
        truth = codec.encode(batch.keypoints, batch.visible)
        step(codec.read(batch.observed), truth, batch.visible)
        waited.append((got - asked, time.perf_counter() - asked))
    return sum(wait for wait, _ in waited[1:]) / sum(whole for _, whole in waited[1:])


if __name__ == "__main__":
    logging.disable()
    batches, repeats, steps, threads = map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    print(json.dumps(work(Path(sys.argv[1]), batches, repeats, steps)))
