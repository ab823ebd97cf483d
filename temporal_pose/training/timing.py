"""How long a prediction takes."""

import time
from collections.abc import Iterator
from statistics import median

import torch

from temporal_pose.pose.heatmaps import render
from temporal_pose.pose.observations import Observed
from temporal_pose.training.task import Refinement

#: Windows that are predicted at once: the first as they come, the second in bulk.
BATCHES = (1, 64)

_FEWEST, _MOST = 3, 30  # calls
_SECONDS = 3.0  # of calls, once the fewest are done


def devices() -> list[torch.device]:
    """The processor, and a GPU where there is one."""
    names = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    return [torch.device(name) for name in names]


@torch.no_grad()
def prediction_ms(task: Refinement, observed: Observed) -> float:
    """Milliseconds a window from the detector's output to refined keypoints, on the device that
    both are on: median of several calls after a first one, each waited for to its end. Where the
    first takes seconds, one more is enough: what calls differ by is far less.

    What a network does not read is not counted: heatmaps are there already, and so are their
    peaks. Reading keypoints off a network's own heatmaps is counted.

    Args:
        observed: a batch of windows.
    """
    task.eval()
    device = observed.positions.device
    first, spent = _seconds(task, observed, device), [_seconds(task, observed, device)]
    fewest = 1 if first > _SECONDS else _FEWEST
    while len(spent) < fewest or (len(spent) < _MOST and sum(spent) < _SECONDS):
        spent.append(_seconds(task, observed, device))
    return 1e3 * median(spent) / len(observed.positions)


def _seconds(task: Refinement, observed: Observed, device: torch.device) -> float:
    _wait(device)
    started = time.perf_counter()
    task(observed)
    _wait(device)
    return time.perf_counter() - started


def _wait(device: torch.device) -> None:
    """A GPU works on after a call has returned; the clock must not be read before it is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def prediction_times(
    task: Refinement, frames: int, keypoints: int, size: int
) -> Iterator[tuple[str, float]]:
    """Milliseconds a window on each device in batches of each size, after words for both.

    Args:
        frames: of a window.
        size: rows and columns of a heatmap.
    """
    for device in devices():
        name = "CPU" if device.type == "cpu" else "GPU"
        for batch in BATCHES:
            observed = sample(batch, frames, keypoints, size, device)
            yield f"{name}, batch of {batch}", prediction_ms(task.to(device), observed)


def sample(windows: int, frames: int, keypoints: int, size: int, device: torch.device) -> Observed:
    """What a detector might give: any positions, and heatmaps that have their peaks there."""
    generator = torch.Generator().manual_seed(0)
    shape = (windows, frames, keypoints)
    positions = torch.rand(*shape, 2, generator=generator) * (size - 1)
    detected = torch.ones(shape, dtype=torch.bool)
    sigmas = torch.ones(shape)
    boxes = torch.tensor([0.0, 0.0, 200.0, 200.0]).expand(windows, frames, 4)
    heatmaps = render(positions, detected, sigmas, size)
    fps, scores = torch.full((windows,), 30.0), torch.ones(shape)
    parts = (positions, detected, sigmas, boxes, fps, scores, heatmaps)
    *others, heatmaps = (part.to(device) for part in parts)
    return Observed(*others)._replace(heatmaps=heatmaps)
