"""A video as a network is given it: windows of detections, whose results are put together."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.ndimage import convolve1d
from torch import Tensor

from temporal_pose.errors import DataError
from temporal_pose.inputs.recorded import Recording
from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.observations import Observed, Recorded
from temporal_pose.pose.sequences import Detections, PoseSequence
from temporal_pose.refining.window_refiner import WindowRefiner

_AT_ONCE = 160  # frames that go through a network at once, each counted once a window


@dataclass(frozen=True)
class WindowedNetwork(WindowRefiner):
    """A network as it was trained: its codec, boxes, window and frame rate.

    Args:
        framing: the boxes through which poses are seen.
        length: frames in a window, T.
        frame_step: every n-th frame is taken.
        fps: frames a second that videos are brought to first; None leaves each as it is.
        recorded: how detections become its input.
    """

    framing: Framing
    length: int
    frame_step: int = 1
    fps: float | None = None
    recorded: Recording = field(default_factory=Recording)

    @property
    def device(self) -> torch.device:
        """Where the network's weights are."""
        return next((one.device for one in self.network.parameters()), torch.device("cpu"))

    def step(self, fps: float) -> int:
        """Every how many frames of a video one is taken, as near to the wanted rate as can be."""
        return self.frame_step * (1 if self.fps is None else max(1, round(fps / self.fps)))

    @torch.no_grad()
    def track(
        self, view: "View", run: Int[np.ndarray, " n"]
    ) -> tuple[Float[np.ndarray, "n K 2"], Bool[np.ndarray, "n K"]]:
        """Refined positions in frames that follow each other at the network's rate, image pixels.

        Windows begin at every frame, and the mean is taken of all that show one. A window counts
        for the keypoints that it shows: of others it knows nothing.

        Returns:
            Positions, and of which keypoints any window knew.
        """
        self.network.eval()
        sums = torch.zeros(len(run), view.detections.detected.shape[1], 2).double()
        times = torch.zeros(len(run), view.detections.detected.shape[1], 1).double()
        for rows in _portions(np.arange(len(run)), self.length):
            observed = view.observe(torch.from_numpy(run)[rows])
            positions = self.answer(observed).keypoints
            shown = observed.detected.any(1, True).expand_as(observed.detected)
            weights = shown.flatten(0, 1)[..., None].double().cpu()
            sums.index_add_(0, rows.flatten(), view.place(positions, observed) * weights)
            times.index_add_(0, rows.flatten(), weights)
        known = times[..., 0].numpy() > 0
        return (sums / times.clamp(min=1)).numpy(), known


@dataclass(frozen=True)
class View:
    """A video's detections through a network's eyes.

    Args:
        detections: of the skeleton that the network speaks, with boxes where the framing cannot
            make them from keypoints.
        fps: frames a second as the network sees the video.
    """

    model: WindowedNetwork
    detections: Detections
    fps: float

    def observe(self, index: Int[Tensor, "B T"]) -> Observed:
        """What the detector saw in some windows, on the network's device."""
        seen, device = self.detections, self.model.device
        rows = index.numpy()
        maps = None
        if seen.heatmaps is not None:
            frames, where = np.unique(rows, return_inverse=True)
            maps = torch.from_numpy(seen.heatmaps.read(frames))[where.reshape(rows.shape)]
        boxes = None if seen.boxes is None else torch.from_numpy(seen.boxes[rows]).float()
        recorded = Recorded(
            torch.from_numpy(seen.keypoints[rows]).float().to(device),
            torch.from_numpy(seen.detected[rows]).to(device),
            torch.from_numpy(seen.scores[rows]).float().to(device),
            None if boxes is None else boxes.to(device),
            None if maps is None else maps.to(device),
        )
        fps = torch.full((len(rows),), float(self.fps), device=device)
        return self.model.recorded.look(recorded, self.model.framing, fps)

    def place(
        self, positions: Float[Tensor, "B T K 2"], observed: Observed
    ) -> Float[Tensor, "N K 2"]:
        """Positions in heatmap pixels as image pixels, a row a frame of a window."""
        size, boxes = self.model.framing.size, observed.boxes.double()
        return heatmap_to_image(positions.double(), boxes, size).flatten(0, 1).cpu()


def decoded(model: WindowedNetwork, sequence: PoseSequence) -> Detections:
    """Detections as positions, read off the heatmaps where a detector gives those.

    They keep the sequence's own skeleton; image pixels.

    Raises:
        DataError: no detections, or heatmaps that cannot be read.
    """
    seen = sequence.detections
    if seen is None:
        raise DataError(f"{sequence.name} holds no detections; expected a detector's output")
    if seen.heatmaps is None:
        return seen
    view = View(model, seen, sequence.fps)
    keypoints = np.zeros((*seen.detected.shape, 2), np.float32)
    detected, scores = np.zeros_like(seen.detected), np.zeros_like(seen.scores)
    frames = np.flatnonzero(seen.somebody)
    for rows in _portions(frames, 1):
        observed, at = view.observe(rows), rows[:, 0].numpy()
        found = observed.detected[:, 0].cpu().numpy()
        places = view.place(model.codec.positions(observed), observed).numpy()
        keypoints[at] = np.where(found[..., None], places, 0)
        detected[at], scores[at] = found, observed.scores[:, 0].float().cpu().numpy()
    return Detections(keypoints, detected, scores, seen.boxes)


def _portions(frames: Int[np.ndarray, " n"], length: int) -> Iterator[Int[Tensor, "B T"]]:
    """Windows that begin at every frame, as many at a time as shall be in memory."""
    if len(frames) < length:
        return
    windows = np.lib.stride_tricks.sliding_window_view(frames, length)
    yield from torch.from_numpy(windows.copy()).split(max(1, _AT_ONCE // length))


def blended(
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
