"""The default smoother on half an hour of video, and one frame at a time; CPU time throughout."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

import numpy as np
import torch
from jaxtyping import Float
from scipy.signal import butter, filtfilt

from temporal_pose.bench.measure import Row
from temporal_pose.filters.filter_module import FilterModule
from temporal_pose.filters.robust import Robust
from temporal_pose.pose.observations import Tracks
from temporal_pose.refining.streaming import Stream

FPS = 60.0


def filtering(frames: int = 108_000, keypoints: int = 17, repeats: int = 3) -> Iterator[Row]:
    """Half an hour at 60 frames a second: seconds, beside a filter of scipy's, and memory."""
    poses = walk(frames, keypoints).astype(np.float32)
    scores = np.random.default_rng(1).random((frames, keypoints), np.float32)
    tracks = Tracks(
        torch.from_numpy(poses)[None],
        torch.ones(1, frames, keypoints, dtype=torch.bool),
        torch.tensor([FPS]),
        torch.from_numpy(scores)[None],
    )
    smooth = FilterModule(Robust())
    taken = median(cpu_seconds(lambda: smooth(tracks)) for _ in range(repeats))
    sections, flat = butter(2, 6.0, fs=FPS), poses.reshape(frames, -1)
    usual = median(cpu_seconds(lambda: filtfilt(*sections, flat, axis=0)) for _ in range(repeats))
    what = f"robust, {frames:,} frames x {keypoints}"
    yield Row(f"{what}: CPU", taken, 6, "s", at_least=False)
    yield Row(f"{what}: beside scipy's filtfilt", taken / usual, None, at_least=False)
    yield Row(f"{what}: arrays at once", arrays(smooth, tracks), 100, "MB", at_least=False)


def streaming(frames: int = 3000, keypoints: int = 17) -> Iterator[Row]:
    """CPU time of a frame that is pushed into the default's stream."""
    poses = walk(frames, keypoints)
    scores = np.random.default_rng(1).random((frames, keypoints))
    for lag in (0, 6):
        stream = Stream(FPS, lag=lag)
        pushes = [partial(stream.push, *frame) for frame in zip(poses, scores, strict=True)]
        taken = [1e3 * cpu_seconds(push) for push in pushes]
        what = f"Stream, lag {lag}, a frame of {keypoints}"
        yield Row(f"{what}: median", median(taken), 0.3, "ms", at_least=False)
        yield Row(f"{what}: worst of {frames:,}", max(taken[1:]), None, "ms", at_least=False)


def walk(frames: int, keypoints: int) -> Float[np.ndarray, "F K 2"]:
    """A person of about 400 pixels who wanders, with jitter."""
    rng = np.random.default_rng(0)
    body = rng.uniform(0, 400, (1, keypoints, 2))
    path = rng.normal(size=(frames, keypoints, 2)).cumsum(0)
    return body + path + rng.normal(0, 3, path.shape)


def arrays(smooth: FilterModule, tracks: Tracks) -> float:
    """The most that its arrays take while it smooths, MB; the input is not counted."""
    tracemalloc.start()
    smooth(tracks)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1e6


def cpu_seconds(function: Callable[[], object]) -> float:
    """Of this process, whatever else the machine does."""
    started = time.process_time()
    function()
    return time.process_time() - started
