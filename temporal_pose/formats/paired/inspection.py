"""All of a file of the paired layout, read from end to end."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from temporal_pose.formats.paired.paired_video import PairedVideo
from temporal_pose.pose.boxes import tight_boxes
from temporal_pose.pose.heatmaps import decode_argmax, decode_subpixel

_PIECE = 64  # frames held at once
_LEAST = 5  # rows and columns that the sub-pixel decoder needs

#: Sums over frames, of each keypoint.
Sums = Mapping[str, Float[np.ndarray, " K"]]


@dataclass(frozen=True)
class Inspection:
    """What a file holds, in numbers.

    Args:
        sums: over all frames, of each keypoint: how often it was 'detected', has a truth
            ('known'), or 'both'; of detections, their 'score', how many are too 'sure', above 1.5,
            lie at the 'origin', or 'astray', outside the image; of known ones in frames with a
            box, how many are 'boxed' and how many of those 'outside'; of both, their 'distance' in
            pixels and as a 'share' of the longer side of the box.
        nobody: frames in which the detector found no person.
        stored: bytes on disk.
        positions: where each keypoint was detected, image pixels; meaningless where it was not.
        detected: which keypoints were.
    """

    video: PairedVideo
    sums: Sums
    nobody: int
    stored: int
    positions: Float[np.ndarray, "F K 2"]
    detected: Bool[np.ndarray, "F K"]

    def mean(self, name: str, per: str) -> float:
        """A sum over all keypoints, divided by another; NaN where that is zero."""
        count = self.sums[per].sum()
        return float(self.sums[name].sum() / count) if count else float("nan")

    @property
    def doubts(self) -> list[str]:
        """What makes the file look as if its numbers meant something else."""
        size = " x ".join(map(str, self.video.image_size))
        found = []
        if (share := self.mean("astray", "detected")) > 0.5:
            found.append(
                f"{share:.0%} of the detections lie outside the image of {size}; expected pixels"
            )
        if (share := self.mean("outside", "boxed")) > 0.5:
            found.append(
                f"{share:.0%} of the truth lies outside the detector's boxes; expected boxes of "
                "x, y, width, height of the same person, and truth in pixels"
            )
        if (share := self.mean("origin", "detected")) > 0.001:
            found.append(
                f"{share:.1%} of the detections are at exactly (0, 0), as some detectors write "
                "what they did not find; expected NaN there"
            )
        if self.mean("sure", "detected") > 0.05:
            found.append("scores are above 1.5; expected about 0 to 1, as networks are trained on")
        if not self.sums["detected"].sum():
            found.append("nothing was detected in any frame")
        return found


def inspect(video: PairedVideo, step: Callable[[int], object] = lambda frames: None) -> Inspection:
    """Reads all of a file.

    Args:
        step: called with the number of frames, as they have been read.

    Raises:
        DataError: a chunk that is missing or damaged, or heatmaps that are not finite.
    """
    pieces, positions, detected, somebody = [], [], [], 0
    for frames in _pieces(len(video)):
        seen = _seen(video, frames)
        somebody += int(seen.boxed.sum())
        pieces.append(_sums(video, frames, seen))
        positions.append(seen.positions.numpy())
        detected.append(seen.detected.numpy())
        step(len(frames))
    sums = {name: np.sum([piece[name] for piece in pieces], 0) for name in pieces[0]}
    nobody, joined = len(video) - somebody, (np.concatenate(positions), np.concatenate(detected))
    return Inspection(video, sums, nobody, stored_bytes(video), *joined)


def stored_bytes(video: PairedVideo) -> int:
    """What a file takes on disk."""
    if video.path.is_file():
        return video.path.stat().st_size
    return sum(file.stat().st_size for file in video.path.rglob("*") if file.is_file())


@dataclass(frozen=True)
class _Seen:
    """Detections of some frames; image pixels."""

    positions: Float[Tensor, "n K 2"]
    detected: Bool[Tensor, "n K"]
    scores: Float[Tensor, "n K"]
    boxes: Float[Tensor, "n 4"]
    boxed: Bool[Tensor, " n"]


def _pieces(frames: int) -> Iterator[Int[np.ndarray, " n"]]:
    yield from np.split(np.arange(frames), range(_PIECE, frames, _PIECE))


def _seen(video: PairedVideo, frames: Int[np.ndarray, " n"]) -> _Seen:
    if video.detections is not None:
        seen = torch.from_numpy(video.detections[frames])
        positions, scores = seen[..., :2].nan_to_num(nan=0), seen[..., 2].nan_to_num(nan=0)
        detected = ~seen[..., :2].isnan().any(-1)
        boxes = tight_boxes(positions, detected)
        return _Seen(positions, detected, scores, boxes, detected.sum(-1) > 1)
    if video.heatmaps is None or video.boxes is None:
        raise ValueError("a file has detections, or heatmaps and boxes")
    boxed = video.heatmaps.somebody[frames]
    maps = torch.from_numpy(video.heatmaps.raw(frames[boxed])).clamp(min=0)
    rows, columns = maps.shape[-2:]
    decode = decode_subpixel if min(rows, columns) >= _LEAST else decode_argmax
    peaks, values = decode(maps)
    boxes = torch.from_numpy(video.boxes[frames])
    inside = (peaks + 0.5) / torch.tensor([columns, rows])
    shape = (len(frames), len(video.skeleton))
    positions, detected = torch.zeros(*shape, 2), torch.zeros(shape).bool()
    there = torch.from_numpy(boxed)
    positions[there] = inside * boxes[there, None, 2:] + boxes[there, None, :2]
    detected[there] = values > 0
    scores = torch.zeros(shape) if video.scores is None else torch.from_numpy(video.scores[frames])
    return _Seen(positions, detected, scores, boxes, there)


def _sums(video: PairedVideo, frames: Int[np.ndarray, " n"], seen: _Seen) -> Sums:
    shape = tuple(seen.detected.shape)
    known, truth = torch.zeros(shape).bool(), torch.zeros(*shape, 2)
    if video.truth is not None and video.visible is not None:
        known = torch.from_numpy(video.visible[frames])
        truth = torch.from_numpy(video.truth[frames])
    both, boxed = known & seen.detected, known & seen.boxed[:, None]
    corner, extent = seen.boxes[:, None, :2], seen.boxes[:, None, 2:]
    outside = ((truth < corner) | (truth > corner + extent)).any(-1)
    width, height = video.image_size
    limits = torch.tensor([width, height])
    astray = ((seen.positions < -0.5) | (seen.positions > limits - 0.5)).any(-1)
    distance = (seen.positions - truth).norm(dim=-1)
    share = distance / extent.amax(-1)
    return {
        "frames": np.full(shape[1], float(shape[0])),
        "detected": _total(seen.detected),
        "known": _total(known),
        "both": _total(both),
        "boxed": _total(boxed),
        "outside": _total(outside & boxed),
        "astray": _total(astray & seen.detected),
        "origin": _total((seen.positions == 0).all(-1) & seen.detected),
        "sure": _total((seen.scores > 1.5) & seen.detected),
        "score": _total(seen.scores.where(seen.detected, 0)),
        "distance": _total(distance.where(both, 0)),
        "share": _total(share.where(both & seen.boxed[:, None], 0)),
    }


def _total(values: Tensor) -> Float[np.ndarray, " K"]:
    return values.double().sum(0).numpy()
