"""Cutting sequences into windows of T frames. No window crosses a video, a cut, or a gap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.utils.data import Dataset

from temporal_pose.data.recordings import Recordings
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.observations import WindowBatch
from temporal_pose.pose.sequences import PoseSequence, spread


@dataclass(frozen=True)
class Cut:
    """How sequences are cut into windows.

    Args:
        length: frames in a window, T.
        frame_step: every n-th frame is taken (the thesis's setup 3: 2).
        fps: frame rate to bring every video to by leaving out frames; None keeps each as it is.
        short: what to do with a video of less than one window: 'error', or 'skip' it.

    Raises:
        ConfigError: a value out of its range.
    """

    length: int = 5
    frame_step: int = 1
    fps: float | None = None
    short: str = "error"

    def __post_init__(self) -> None:
        for name, value in {"data.window": self.length, "frame_step": self.frame_step}.items():
            if value < 1:
                raise ConfigError(f"{name} is {value}; expected a whole number from 1")
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise ConfigError(f"data.fps is {self.fps}; expected a positive number or null")
        if self.short not in ("error", "skip"):
            raise ConfigError(f"data.short is '{self.short}'; expected error or skip")

    def step(self, sequence: PoseSequence) -> int:
        """Every how many frames of this sequence one is taken.

        Raises:
            DataError: leaving out frames cannot bring the video to the wanted frame rate.
        """
        if self.fps is None:
            return self.frame_step
        ratio = sequence.fps / self.fps
        if round(ratio) < 1 or abs(ratio - round(ratio)) > 0.01 * ratio:
            raise DataError(
                f"{sequence.name} has {sequence.fps:g} frames a second; data.fps={self.fps:g} "
                f"cannot be reached by leaving out frames: use data.fps={sequence.fps:g}, that "
                "divided by a whole number, or data.fps=null"
            )
        return round(ratio) * self.frame_step

    def stretches(
        self, sequence: PoseSequence, recorded: bool = False
    ) -> Iterator[Int[np.ndarray, " n"]]:
        """Runs of usable frames at the wanted rate, as indices into the sequence.

        Args:
            recorded: frames in which a real detector found nobody are gaps.

        Raises:
            DataError: the video is shorter than a window.
        """
        step = self.step(sequence)
        taken = -(-len(sequence) // step)
        if taken < self.length and self.short == "error":
            raise DataError(
                f"{sequence.name} has {taken} frames (every {step}. of {len(sequence)}), fewer "
                f"than a window of {self.length}: set data.short=skip to leave such videos out, "
                "or a smaller data.window"
            )
        usable = has_pose(sequence)
        if recorded and sequence.detections is not None:
            usable = usable & sequence.detections.somebody
        for run in unbroken(usable, sequence.frames):
            yield run[::step]


def unbroken(
    usable: Bool[np.ndarray, " F"], frames: Int[np.ndarray, " F"]
) -> Iterator[Int[np.ndarray, " n"]]:
    """Runs of usable frames whose numbers follow each other, as indices."""
    ends = np.flatnonzero(~(usable[1:] & usable[:-1] & (np.diff(frames) == 1))) + 1
    for run in np.split(np.arange(len(usable)), ends):
        if usable[run[:1]].any():
            yield run


def has_pose(sequence: PoseSequence) -> Bool[np.ndarray, " F"]:
    """Frames with at least two distinct visible keypoints: fewer make no box, so no pose."""
    return spread(sequence.keypoints, sequence.visible)


class Windows(Dataset[WindowBatch]):
    """Windows over the frames of many sequences; frames are stored once, however windows overlap.

    Indexed by a list of window numbers, it returns a `WindowBatch`.

    Args:
        sequences: videos, all of one skeleton.
        cut: how to cut them.
        stride: frames (of those taken) from one window's start to the next; T for no overlap.
        recordings: what a real detector saw in the same sequences, to go with the windows.
    """

    def __init__(
        self,
        sequences: Sequence[PoseSequence],
        cut: Cut,
        stride: int | None = None,
        recordings: Recordings | None = None,
    ) -> None:
        self.recordings = recordings
        self.names = [sequence.name for sequence in sequences]
        self.keypoints = torch.from_numpy(np.concatenate([s.keypoints for s in sequences]))
        self.visible = torch.from_numpy(np.concatenate([s.visible for s in sequences]))
        starts = np.cumsum([0, *(len(sequence) for sequence in sequences)])
        index, video, run, step, fps = [], [], [], [], []
        for number, sequence in enumerate(sequences):
            for stretch in cut.stretches(sequence, recordings is not None):
                windows = slide(starts[number] + stretch, cut.length, stride or cut.length)
                index.append(windows)
                video += [number] * len(windows)
                run += [starts[number] + stretch[0]] * len(windows)
                step += [cut.step(sequence)] * len(windows)
                fps += [sequence.fps / cut.step(sequence)] * len(windows)
        self.index = torch.from_numpy(np.concatenate(index)) if index else torch.empty(0, 0).long()
        self.video, self.run = torch.tensor(video).long(), torch.tensor(run).long()
        self.step = torch.tensor(step).long()
        self.fps = torch.tensor(fps, dtype=torch.float32)

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, windows: list[int]) -> WindowBatch:
        return self.take(windows)

    def take(self, windows: list[int], heatmaps: bool = True) -> WindowBatch:
        """Some windows.

        Args:
            heatmaps: whether to read those of a real detector, if it gives any.
        """
        index, video, recorded = self.index[windows], self.video[windows], None
        if self.recordings is not None:
            recorded = self.recordings.take(index, video, heatmaps)
        truth = (self.keypoints[index], self.visible[index])
        return WindowBatch(*truth, self.fps[windows], index[:, 0], recorded, self.step[windows])

    def select(self, keep: Bool[Tensor, " N"]) -> "Windows":
        """The windows to keep, over the same frames."""
        chosen = object.__new__(Windows)
        chosen.names, chosen.keypoints, chosen.visible = self.names, self.keypoints, self.visible
        chosen.recordings = self.recordings
        chosen.index, chosen.video = self.index[keep], self.video[keep]
        chosen.run, chosen.step, chosen.fps = self.run[keep], self.step[keep], self.fps[keep]
        return chosen

    def stretches(self) -> list[list[int]]:
        """Window numbers grouped into unbroken stretches of video, in order.

        Windows that do not follow each other without a gap are in different stretches.
        """
        if not len(self):
            return []
        same_run = self.run[1:] == self.run[:-1]
        follows = self.index[1:, 0] - self.index[:-1, -1] == self.step[1:]
        breaks = (~(same_run & follows)).nonzero().flatten() + 1
        return [part.tolist() for part in torch.arange(len(self)).tensor_split(breaks)]


def slide(frames: Int[np.ndarray, " n"], length: int, stride: int = 1) -> Int[np.ndarray, "N T"]:
    """Windows of so many frames; none where there are fewer."""
    if len(frames) < length:
        return np.empty((0, length), np.int64)
    views = np.lib.stride_tricks.sliding_window_view(frames, length)
    return np.ascontiguousarray(views[::stride])
