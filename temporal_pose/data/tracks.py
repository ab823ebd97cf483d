"""A data set's videos as tracks of detections beside their truth, for looking at the errors."""

import logging
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from jaxtyping import Shaped
from torch import Tensor

from temporal_pose.data.module import PoseData
from temporal_pose.errors import DataError
from temporal_pose.files.escaping import one_line
from temporal_pose.inputs.fit.residuals import PairedTrack, out_of_step
from temporal_pose.inputs.protocol import Input
from temporal_pose.pose.boxes import heatmap_to_image

log = logging.getLogger(__name__)


def tracks(data: PoseData, detector: Input) -> list[PairedTrack]:
    """What a detector makes of the unbroken stretches of the training side; image pixels."""
    windows, found = data.sides["train"], []
    for numbers in windows.stretches():
        batch = windows.take(numbers)
        framed = detector.frame(batch, data.framing)
        size = data.framing.size
        seen = detector.observe(batch, framed, data.mean_torso, size)
        positions = heatmap_to_image(seen.positions, framed.boxes, size)
        name = windows.names[int(windows.video[numbers[0]])]
        found.append(
            PairedTrack(
                _joined(batch.keypoints),
                _joined(batch.visible),
                _joined(positions),
                _joined(seen.detected),
                _joined(seen.scores),
                float(batch.fps[0]),
                name,
            )
        )
    return found


def _joined(windows: Shaped[Tensor, "B T *any"]) -> Shaped[np.ndarray, "F ..."]:
    """Windows as one stretch of frames; numbers in double precision."""
    flat = windows.flatten(0, 1)
    return (flat.double() if flat.is_floating_point() else flat).numpy()


def in_step(found: Sequence[PairedTrack]) -> list[PairedTrack]:
    """Without the videos whose detections and truth do not show the same moments.

    Raises:
        DataError: that leaves none.
    """
    kept: list[PairedTrack] = []
    for video, stretches in groupby(found, lambda track: track.video):
        several = list(stretches)
        late = out_of_step(several)
        if late is None:
            kept += several
        else:
            order = "after" if late > 0 else "before"
            said = "left out: %s, its detections come %.2f s %s the truth"
            log.info(said, one_line(video), abs(late), order)
    if not kept:
        raise DataError("detections and truth of every video are out of step; nothing to fit")
    return kept
