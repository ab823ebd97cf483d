"""Moments in which a detector saw nobody: a person who is there before and after was there."""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float

from temporal_pose.pose.framing import Framing
from temporal_pose.pose.sequences import Detections, PoseSequence


def bridged(
    sequence: PoseSequence, longest: int, framing: Framing | None = None
) -> tuple[PoseSequence, Bool[np.ndarray, " F"]]:
    """Gives a box to frames of short gaps, for a model to look through; nothing is detected there.

    Args:
        sequence: with detections, no frame left out.
        longest: frames in a gap that is bridged.
        framing: makes a box a frame where the detector gives none; None leaves it to the windows.

    Returns:
        The sequence, and its frames that show somebody or are bridged.

    Raises:
        ValueError: no detections.
    """
    seen = sequence.detections
    if seen is None:
        raise ValueError(f"{sequence.name} holds no detections")
    somebody = seen.somebody
    usable, boxes = closed(somebody, longest), seen.boxes
    if boxes is None and framing is not None:
        boxes = _around(seen, framing)
    if boxes is not None and somebody.any():
        boxes = interpolated(boxes, somebody, usable)
    return replace(sequence, detections=replace(seen, boxes=boxes)), usable


def closed(somebody: Bool[np.ndarray, " F"], longest: int) -> Bool[np.ndarray, " F"]:
    """Frames that show somebody, and those between them where there are few."""
    frames, far = np.arange(len(somebody)), len(somebody) + longest
    last = np.maximum.accumulate(np.where(somebody, frames, -far))
    following = np.minimum.accumulate(np.where(somebody, frames, 2 * far)[::-1])[::-1]
    return np.asarray(following - last - 1 <= longest)


def interpolated(
    boxes: Float[np.ndarray, "F 4"],
    known: Bool[np.ndarray, " F"],
    wanted: Bool[np.ndarray, " F"],
) -> Float[np.ndarray, "F 4"]:
    """Boxes where they are wanted, in a straight line from one known box to the next; else NaN."""
    frames = np.arange(len(boxes))
    columns = [np.interp(frames, frames[known], column) for column in boxes[known].T]
    return np.where(wanted[:, None], np.stack(columns, 1), np.nan).astype(np.float32)


def _around(seen: Detections, framing: Framing) -> Float[np.ndarray, "F 4"]:
    """A box a frame, around what was detected; NaN where that is nobody."""
    there = seen.somebody
    keypoints, detected = (
        torch.from_numpy(a[there])[:, None] for a in (seen.keypoints, seen.detected)
    )
    boxes = np.full((len(there), 4), np.nan, np.float32)
    boxes[there] = framing.around(keypoints.float(), detected)[:, 0].numpy()
    return boxes
