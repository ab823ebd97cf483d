"""Refining whole videos, with or without a truth: every frame, by all windows that show it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import lightning as L
import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.ndimage import convolve1d, maximum_filter1d
from torch import Tensor

from temporal_pose.data.module import PoseData
from temporal_pose.data.recordings import Recordings
from temporal_pose.data.windows import slide, unbroken
from temporal_pose.filters.base import Filter
from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.pose.observations import Observed, WindowBatch
from temporal_pose.pose.sequences import Detections, PoseSequence
from temporal_pose.refining.bridging import bridged
from temporal_pose.training.task import Refinement

MAX_GAP_S = 0.25  # without anybody, that is bridged; the filters' own limit as well

_AT_ONCE = 160  # frames that go through a network at once, each counted once a window


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
        after: what the model made of it. What the detector missed for a moment is filled in, with
            a score of 0.
        frames: those the model was given. Where nobody was seen for longer there is no pose; a
            stretch of fewer frames than the model's windows have is left as it was.
    """

    before: Seen
    after: Seen
    frames: Bool[np.ndarray, " F"]

    @property
    def left(self) -> int:
        """How many frames that show somebody were left as they were."""
        return int((self.before.there.any(1) & ~self.frames).sum())

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
        fabric: the device.

    Raises:
        DataError: a video without detections, or one that leaving out frames cannot bring to the
            frame rate of the model's windows.
    """

    def __init__(self, data: PoseData, sequence: PoseSequence, fabric: L.Fabric) -> None:
        self.data, self.fabric = data, fabric
        self.step = data.cut.step(sequence)
        self.fps = sequence.fps / self.step
        self.recordings = Recordings([sequence])

    def windows(
        self, run: Int[np.ndarray, " n"]
    ) -> Iterator[tuple[Int[Tensor, "B T"], Observed, Bool[Tensor, "B T K"]]]:
        """What a model is given of a run of frames, and which keypoints it can know of.

        That is windows that begin at every frame, or for filters of whole videos all at once.
        """
        if self.data.whole_videos:
            index = torch.from_numpy(run)[:, None]
            observed = self.observe(index)
            yield index, observed, observed.detected.any(0).expand_as(observed.detected)
            return
        for index in self.portions(slide(run, self.data.cut.length)):
            observed = self.observe(index)
            yield index, observed, observed.detected.any(1, True).expand_as(observed.detected)

    def portions(self, index: Int[np.ndarray, "N T"]) -> tuple[Int[Tensor, "B T"], ...]:
        """As many windows at a time as shall be in memory."""
        return torch.from_numpy(index).split(max(1, _AT_ONCE // index.shape[1]))

    def observe(self, index: Int[Tensor, "B T"]) -> Observed:
        """What the detector saw in some windows, on the device."""
        number, keypoints = torch.zeros(len(index)).long(), self.recordings.detected.shape[1]
        batch = WindowBatch(
            keypoints=torch.zeros(*index.shape, keypoints, 2),
            visible=torch.zeros(*index.shape, keypoints).bool(),
            fps=torch.full((len(index),), self.fps),
            window=index[:, 0],
            recorded=self.recordings.take(index, number, heatmaps=True),
            step=number + self.step,
        )
        return self.data.prepare(self.fabric.to_device(batch)).observed

    def place(
        self, positions: Float[Tensor, "B T K 2"], observed: Observed
    ) -> Float[Tensor, "N K 2"]:
        """Positions in heatmap pixels as image pixels, a row a frame of a window."""
        size, boxes = self.data.framing.size, observed.boxes.double()
        return heatmap_to_image(positions.double(), boxes, size).flatten(0, 1).cpu()


@torch.no_grad()
def refine(
    task: Refinement,
    data: PoseData,
    sequence: PoseSequence,
    fabric: L.Fabric,
    advance: Callable[[int], object] = lambda frames: None,
) -> Refined:
    """Refines every frame of a video; where several windows show one, their mean is taken.

    A video of more frames a second than the model's windows have is refined as several that
    take turns, each of which is then known between its frames as well: see `_blended`.

    Args:
        task: with weights or settings.
        data: boxes, and how windows are cut, as the task was trained; not set up.
        sequence: the video, with detections.
        fabric: the device and precision.
        advance: called with the number of frames, as they are done.

    Raises:
        DataError: see `View`; or heatmaps that cannot be read.
    """
    task.to(fabric.device).eval()
    before = _as_detected(task, View(data, sequence, fabric), sequence)
    if not task.codec.reads_heatmaps:  # then they are read but once
        seen = before.keypoints.astype(np.float32), before.there, before.scores
        sequence = replace(sequence, detections=Detections(*seen, _detections(sequence).boxes))
    sequence, usable = _bridged(sequence, data)
    view = View(data, sequence, fabric)
    keypoints, there, frames = before.keypoints.copy(), before.there.copy(), usable & False
    for stretch in unbroken(usable, sequence.frames):
        if len(stretch) >= view.step * (1 if data.whole_videos else data.cut.length):
            tracks, known = np.zeros_like(keypoints[stretch]), np.zeros_like(there[stretch])
            for phase in range(view.step):
                turn = slice(phase, None, view.step)
                tracks[turn] = _track(task, view, stretch[turn])
                known[turn] = _near(before.there[stretch[turn]], _reach(task, view))
            keypoints[stretch], there[stretch] = _blended(tracks, known, view.step), known
            frames[stretch] = True
        advance(len(stretch))
    after = Seen(np.where(there[..., None], keypoints, 0), there, before.scores)
    return Refined(before, after, frames)


def _as_detected(task: Refinement, view: View, sequence: PoseSequence) -> Seen:
    """What the detector saw, each frame on its own."""
    seen = _detections(sequence)
    if seen.heatmaps is None:
        keypoints = np.where(seen.detected[..., None], seen.keypoints, 0).astype(np.float64)
        return Seen(keypoints, seen.detected, np.where(seen.detected, seen.scores, 0))
    there = np.zeros(seen.detected.shape, bool)
    keypoints, scores = np.zeros((*there.shape, 2)), np.zeros(there.shape, np.float32)
    for index in view.portions(np.flatnonzero(seen.somebody)[:, None]):
        observed, frames = view.observe(index), index[:, 0].numpy()
        found = observed.detected[:, 0].cpu().numpy()
        places = view.place(task.codec.positions(observed), observed).numpy()
        keypoints[frames] = np.where(found[..., None], places, 0)
        there[frames], scores[frames] = found, observed.scores[:, 0].float().cpu().numpy()
    return Seen(keypoints, there, scores)


def _bridged(
    sequence: PoseSequence, data: PoseData
) -> tuple[PoseSequence, Bool[np.ndarray, " F"]]:
    """What a model is given, and in which frames: short gaps are no gaps."""
    longest = int(MAX_GAP_S * sequence.fps)
    if not data.whole_videos:  # else a window might show nobody
        longest = min(longest, (data.cut.length - 1) * data.cut.step(sequence))
    every = data.whole_videos or data.framing.box == "frame"
    return bridged(sequence, longest, data.framing if every else None)


def _track(task: Refinement, view: View, run: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n K 2"]:
    """Refined positions in frames that follow each other at the model's rate, image pixels.

    A window counts for the keypoints that it shows: of others it knows nothing.
    """
    sums = torch.zeros(len(run), view.recordings.detected.shape[1], 2).double()
    times = torch.zeros(len(run), view.recordings.detected.shape[1], 1).double()
    for index, observed, shown in view.windows(run):
        with view.fabric.autocast():
            positions = task(observed)
        rows = ((index - int(run[0])) // view.step).flatten()
        weights = shown.flatten(0, 1)[..., None].double().cpu()
        sums.index_add_(0, rows, view.place(positions, observed) * weights)
        times.index_add_(0, rows, weights)
    return (sums / times.clamp(min=1)).numpy()


def _reach(task: Refinement, view: View) -> int:
    """Frames that a model fills in before and after a detection."""
    if view.data.whole_videos and isinstance(task.network, Filter):
        return int(task.network.max_gap_s * view.fps)
    return view.data.cut.length - 1


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


def _near(found: Bool[np.ndarray, "n K"], reach: int) -> Bool[np.ndarray, "n K"]:
    """Whether a keypoint was found at most so many frames before or after."""
    return maximum_filter1d(found.astype(np.uint8), 2 * reach + 1, 0, mode="constant") > 0


def _detections(sequence: PoseSequence) -> Detections:
    if sequence.detections is None:
        raise ValueError(f"{sequence.name} holds no detections")
    return sequence.detections
