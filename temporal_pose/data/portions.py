"""Whole stretches of video: heatmaps, too many for memory, are read and let go in portions."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from temporal_pose.data.recordings import Recordings
from temporal_pose.data.windows import Windows
from temporal_pose.pose.heatmaps import decode_argmax
from temporal_pose.pose.observations import Batch, Recorded, WindowBatch

_AT_ONCE = 64  # frames whose heatmaps are in memory


class WithoutHeatmaps(Dataset[WindowBatch]):
    """Windows as they are, but for a detector's heatmaps, which `in_portions` reads.

    Indexed by a list of window numbers.
    """

    def __init__(self, windows: Windows) -> None:
        self.windows = windows

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, windows: list[int]) -> WindowBatch:
        return self.windows.take(windows, heatmaps=False)


def in_portions(
    batch: WindowBatch, recordings: Recordings, prepare: Callable[[WindowBatch], Batch]
) -> Batch:
    """A batch prepared some windows at a time; of heatmaps, their peaks alone are kept.

    Args:
        batch: without heatmaps.
        recordings: that have them.
        prepare: what is to be done with the windows, each for itself.

    Raises:
        DataError: heatmaps that cannot be read.
    """
    frames = batch.keypoints.shape[1]
    index = batch.window[:, None].cpu() + torch.arange(frames) * _steps(batch)[:, None].cpu()
    whole: Batch | None = None
    for rows in torch.arange(len(index)).split(max(1, _AT_ONCE // frames)):
        recorded = recordings.take(index[rows], recordings.videos(index[rows, 0]), heatmaps=True)
        part = _lean(prepare(_portion(batch, recorded, rows)))
        whole = _room(part, len(index)) if whole is None else whole
        _put(part, whole, rows)
        del recorded, part
    if whole is None:
        raise ValueError("a batch holds no windows")
    return whole


def _portion(batch: WindowBatch, recorded: Recorded, rows: Tensor) -> WindowBatch:
    device = batch.keypoints.device
    there: list[Any] = [one if one is None else one.to(device) for one in recorded]
    chosen = WindowBatch(*(_rows(field, rows) for field in batch[:4]))
    return chosen._replace(recorded=Recorded(*there), step=_rows(batch.step, rows))


def _steps(batch: WindowBatch) -> Tensor:
    return torch.ones_like(batch.window) if batch.step is None else batch.step


def _rows(field: Any, rows: Tensor) -> Any:
    return None if field is None else field[rows.to(field.device)]


def _lean(batch: Batch) -> Batch:
    """Without heatmaps; the brightest pixels are kept beside the sub-pixel positions."""
    observed = batch.observed
    if observed.heatmaps is None:
        return batch
    peaks = decode_argmax(observed.heatmaps)[0]
    return batch._replace(observed=observed._replace(heatmaps=None, peaks=peaks))


def _room(part: Any, windows: int) -> Any:
    """What holds as many windows as all portions have, made before the second is read.

    Results that were kept portion by portion would lie between the heatmaps in memory, and hold
    on to what those leave behind.
    """
    if isinstance(part, Tensor):
        return part.new_empty(windows, *part.shape[1:])
    return None if part is None else type(part)(*(_room(field, windows) for field in part))


def _put(part: Any, whole: Any, rows: Tensor) -> None:
    """A portion at its rows in the whole, field by field."""
    if isinstance(part, Tensor):
        whole[rows.to(whole.device)] = part
    elif part is not None:
        for own, room in zip(part, whole, strict=True):
            _put(own, room, rows)
