"""Refining whole videos, with or without a truth: every frame, by all windows that show it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import lightning as L
import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.ndimage import convolve1d, maximum_filter1d
from torch import Tensor

from temporal_pose.data import sequences
from temporal_pose.data.module import PoseData
from temporal_pose.data.recordings import Recordings
from temporal_pose.data.sequences import Detections
from temporal_pose.data.windows import slide, unbroken
from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.pose.codecs import Codec
from temporal_pose.pose.observations import Observed, WindowBatch
from temporal_pose.training.task import Refinement

_AT_ONCE = 512  # frames whose heatmaps are held at once, each counted once a window


class Seen(NamedTuple):
    """Poses in every frame of a video, image pixels.

    Args:
        keypoints: zero where not ``there``.
        there: which keypoints were found, or filled in.
        scores: the detector's; 0 where it found nothing.
    """

    keypoints: Float[np.ndarray, "F K 2"]
    there: Bool[np.ndarray, "F K"]
    scores: Float[np.ndarray, "F K"]


class Refined(NamedTuple):
    """What a model made of a video.

    Args:
        before: what the detector saw.
        after: what the model made of it. What the detector missed is filled in where a window
            shows the keypoint, with a score of 0.
        frames: those the model was given. Where nobody was seen there is no pose; a stretch of
            fewer frames than a window is left as it was.
    """

    before: Seen
    after: Seen
    frames: Bool[np.ndarray, " F"]

    @property
    def jitter(self) -> tuple[float, float]:
        """Mean length of the second difference over time, before and after, image px/frame²."""
        found = self.before.there & self.frames[:, None]
        whole = found[2:] & found[1:-1] & found[:-2]
        bends = (np.diff(seen.keypoints, 2, axis=0)[whole] for seen in (self.before, self.after))
        before, after = (np.linalg.norm(bend, axis=-1) for bend in bends)
        return (before.mean(), after.mean()) if whole.any() else (np.nan, np.nan)


class View:
    """A video's detections as a model is given them.

    Args:
        data: boxes, and how windows are cut; its own data set is not read.
        sequence: the video, with detections.
        codec: reads positions off heatmaps.
        fabric: the device.

    Raises:
        DataError: a video without detections, or one that leaving out frames cannot bring to the
            frame rate of the model's windows.
    """

    def __init__(
        self, data: PoseData, sequence: sequences.Sequence, codec: Codec, fabric: L.Fabric
    ) -> None:
        self.data, self.codec, self.fabric = data, codec, fabric
        self.step = data.cut.step(sequence)
        self.fps = sequence.fps / self.step
        self.recordings = Recordings([sequence])
        seen = sequence.detections
        assert isinstance(seen, Detections)  # or there were no recordings
        self.stretches = list(unbroken(seen.somebody, sequence.frames))

    @property
    def shortest(self) -> int:
        """Frames that a stretch needs so that a window shows each of them."""
        return 1 if self.data.whole_videos else self.step * self.data.cut.length

    def windows(self, run: Int[np.ndarray, " n"]) -> Iterator[tuple[Int[Tensor, "B T"], Observed]]:
        """What a model is given of a run: windows that begin at every frame, or all at once."""
        if self.data.whole_videos:
            frames = torch.from_numpy(run)[:, None]
            parts = [_without_heatmaps(seen, self.codec) for _, seen in self.look(frames)]
            yield frames, _joined(parts)
        else:
            yield from self.look(torch.from_numpy(slide(run, self.data.cut.length)))

    def look(self, index: Int[Tensor, "N T"]) -> Iterator[tuple[Int[Tensor, "B T"], Observed]]:
        """Some windows at a time, and what the detector saw in them, on the device."""
        for part in index.split(max(1, _AT_ONCE // index.shape[1])):
            number, keypoints = torch.zeros(len(part)).long(), self.recordings.detected.shape[1]
            batch = WindowBatch(
                keypoints=torch.zeros(*part.shape, keypoints, 2),
                visible=torch.zeros(*part.shape, keypoints).bool(),
                fps=torch.full((len(part),), self.fps),
                window=part[:, 0],
                recorded=self.recordings.take(part, number, heatmaps=True),
                step=number + self.step,
            )
            yield part, self.data.prepare(self.fabric.to_device(batch)).observed

    def place(
        self, positions: Float[Tensor, "B T K 2"], observed: Observed
    ) -> Float[Tensor, "N K 2"]:
        """Positions in heatmap pixels as image pixels, a row a frame of a window."""
        size = self.data.framing.size
        return (
            heatmap_to_image(positions.double(), observed.boxes.double(), size).flatten(0, 1).cpu()
        )


@torch.no_grad()
def refine(
    task: Refinement, data: PoseData, sequence: sequences.Sequence, fabric: L.Fabric
) -> Refined:
    """Refines every frame of a video; where several windows show one, their mean is taken.

    A video of more frames a second than the model's windows have is refined as several that
    take turns, each of which is then known between its frames as well: see `_blended`.

    Args:
        task: with weights or settings.
        data: boxes, and how windows are cut, as the task was trained; not set up.
        sequence: the video, with detections.
        fabric: the device and precision.

    Raises:
        DataError: see `View`; or heatmaps that cannot be read.
    """
    task.to(fabric.device).eval()
    view = View(data, sequence, task.codec, fabric)
    before = _as_detected(view)
    keypoints, there, frames = (
        before.keypoints.copy(),
        before.there.copy(),
        np.zeros(len(sequence)),
    )
    for stretch in view.stretches:
        if len(stretch) < view.shortest:
            continue
        tracks, near = np.zeros_like(keypoints[stretch]), np.zeros_like(there[stretch])
        for phase in range(view.step):
            turn = slice(phase, None, view.step)
            tracks[turn] = _track(task, view, stretch[turn])
            near[turn] = _near(before.there[stretch[turn]], data.cut.length - 1)
        keypoints[stretch] = _blended(tracks, near, view.step)
        there[stretch], frames[stretch] = near, 1
    after = Seen(np.where(there[..., None], keypoints, 0), there, before.scores)
    return Refined(before, after, frames > 0)


def _track(task: Refinement, view: View, run: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n K 2"]:
    """Refined positions in frames that follow each other at the model's rate, image pixels."""
    sums = torch.zeros(len(run), view.recordings.detected.shape[1], 2).double()
    times = torch.zeros(len(run), 1, 1).double()
    for index, observed in view.windows(run):
        with view.fabric.autocast():
            positions = task(observed)
        rows = ((index - int(run[0])) // view.step).flatten()
        sums.index_add_(0, rows, view.place(positions, observed))
        times.index_add_(0, rows, torch.ones(len(rows), 1, 1).double())
    return (sums / times).numpy()


def _blended(
    tracks: Float[np.ndarray, "n K 2"], known: Bool[np.ndarray, "n K"], step: int
) -> Float[np.ndarray, "n K 2"]:
    """The mean of tracks that take turns, each of them interpolated linearly between its frames.

    Their errors differ, so that frame after frame taken from another one would jitter.
    """
    if step == 1:
        return tracks
    weights = (step - np.abs(np.arange(1 - step, step))) / step**2
    sides, reach = ((step - 1,) * 2, (0, 0)), slice(step - 1, 1 - step)
    padded = np.pad(tracks, (*sides, (0, 0)), mode="reflect", reflect_type="odd")
    share = np.pad(known.astype(float), sides, mode="reflect")
    total = convolve1d(padded * share[..., None], weights, axis=0)
    return np.asarray(total / convolve1d(share, weights, axis=0).clip(1e-9)[..., None])[reach]


def _as_detected(view: View) -> Seen:
    """What the detector saw, each frame on its own."""
    there = view.recordings.detected & False
    keypoints, scores = torch.zeros(*there.shape, 2).double(), torch.zeros(there.shape)
    for stretch in view.stretches:
        for index, observed in view.look(torch.from_numpy(stretch)[:, None]):
            frames = index[:, 0]
            keypoints[frames] = view.place(view.codec.positions(observed), observed)
            there[frames] = observed.detected[:, 0].cpu()
            scores[frames] = observed.scores[:, 0].float().cpu()
    found = there.numpy()
    return Seen(np.where(found[..., None], keypoints.numpy(), 0), found, scores.numpy())


def _near(found: Bool[np.ndarray, "n K"], reach: int) -> Bool[np.ndarray, "n K"]:
    """Whether a keypoint was found at most so many frames before or after."""
    return maximum_filter1d(found.astype(np.uint8), 2 * reach + 1, 0, mode="constant") > 0


def _without_heatmaps(observed: Observed, codec: Codec) -> Observed:
    """A whole video's heatmaps may be far larger than memory; their positions are not."""
    if observed.heatmaps is None:
        return observed
    return observed._replace(positions=codec.positions(observed), heatmaps=None)


def _joined(parts: Sequence[Observed]) -> Observed:
    columns = [
        [value for value in column if value is not None] for column in zip(*parts, strict=True)
    ]
    joined: list[Any] = [torch.cat(column) if column else None for column in columns]
    return Observed(*joined)
