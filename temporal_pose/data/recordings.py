"""What real detectors saw in many videos, by frame; heatmaps stay on disk until needed."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from temporal_pose.errors import DataError
from temporal_pose.pose import likeness
from temporal_pose.pose.observations import Recorded
from temporal_pose.pose.sequences import Detections, PoseSequence


class Recordings:
    """The detections of some sequences, their frames counted through.

    Args:
        sequences: with detections, all with boxes or all without, all with heatmaps or without,
            and all with a smoother's positions to start from, or all without.

    Raises:
        DataError: a sequence without detections; some with boxes or heatmaps and some without; or
            heatmaps of different sizes.
    """

    def __init__(self, sequences: Sequence[PoseSequence]) -> None:
        self.starts = np.cumsum([0, *(len(sequence) for sequence in sequences)])
        seen = [_detections(sequence) for sequence in sequences]
        self.keypoints = _joined([one.keypoints for one in seen])
        self.detected = _joined([one.detected for one in seen])
        self.scores = _joined([one.scores for one in seen])
        boxes = [one.boxes for one in seen if one.boxes is not None]
        self.heatmaps = [one.heatmaps for one in seen if one.heatmaps is not None]
        for what, found in (("boxes", len(boxes)), ("heatmaps", len(self.heatmaps))):
            if found not in (0, len(seen)):
                raise DataError(
                    f"{found} of {len(seen)} videos have {what}, the others have none; expected "
                    "one kind of detector in a data set: put them into folders of their own"
                )
        _check_sizes(sequences)
        starts = [one.start for one in seen if one.start is not None]
        self.start = _joined(starts) if len(starts) == len(seen) else None
        self.boxes = _joined(boxes) if boxes else None

    def likeness(self, videos: Iterable[int]) -> dict[str, list[float]]:
        """What is usual in some of the videos, see `temporal_pose.pose.likeness`."""
        return likeness.ranges(self._measures(video) for video in videos)

    def _measures(self, video: int) -> dict[str, float] | None:
        if self.start is None:
            return None
        own = slice(self.starts[video], self.starts[video + 1])
        parts = (self.keypoints, self.detected, self.scores, self.start)
        return likeness.measures(*(part[own].numpy() for part in parts))

    def take(
        self, index: Int[Tensor, "B T"], video: Int[Tensor, " B"], heatmaps: bool
    ) -> Recorded:
        """What was seen in some windows.

        Args:
            index: frames, counted through all videos.
            video: of each window.
            heatmaps: whether to read those as well, where there are any.

        Raises:
            DataError: heatmaps that cannot be read.
        """
        return Recorded(
            self.keypoints[index],
            self.detected[index],
            self.scores[index],
            None if self.boxes is None else self.boxes[index],
            self._read(index, video) if heatmaps and self.heatmaps else None,
            start=None if self.start is None else self.start[index],
        )

    def videos(self, index: Int[Tensor, " B"]) -> Int[Tensor, " B"]:
        """Which videos some frames are of."""
        return torch.from_numpy(np.searchsorted(self.starts, index.numpy(), side="right") - 1)

    def _read(
        self, index: Int[Tensor, "B T"], video: Int[Tensor, " B"]
    ) -> Float[Tensor, "B T K h w"]:
        """Heatmaps, each frame read once however many windows of the batch show it."""
        result = torch.empty(0)
        for number in video.unique().tolist():
            rows = (video == number).nonzero().flatten()
            local = index[rows].numpy() - self.starts[number]
            frames, where = np.unique(local, return_inverse=True)
            maps = torch.from_numpy(self.heatmaps[number].read(frames))
            taken = maps[torch.from_numpy(where.reshape(local.shape))]
            if len(rows) == len(index):
                return taken
            if not result.numel():
                result = taken.new_empty(len(index), *taken.shape[1:])
            result[rows] = taken
        return result


def _detections(sequence: PoseSequence) -> Detections:
    if sequence.detections is None:
        raise DataError(
            f"{sequence.name} holds no detections; input=recorded needs a real detector's output "
            "beside the truth, as the paired layout has it: use data=paired data.root=DIR, or "
            "input=gaussian to simulate a detector"
        )
    return sequence.detections


def _check_sizes(sequences: Sequence[PoseSequence]) -> None:
    """Windows of several videos come in one batch, and so do their heatmaps."""
    sizes: dict[tuple[int, int], str] = {}
    for sequence in sequences:
        if sequence.detections is not None and sequence.detections.heatmaps is not None:
            sizes.setdefault(sequence.detections.heatmaps.size, sequence.name)
    if len(sizes) > 1:
        (size, name), (other, odd) = list(sizes.items())[:2]
        raise DataError(
            f"heatmaps of {name} have {size[0]} x {size[1]} pixels, those of {odd} {other[0]} x "
            f"{other[1]}; expected one detector in a data set: put them into folders of their own"
        )


def _joined(arrays: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.concatenate(arrays))
