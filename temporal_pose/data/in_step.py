"""Whether detections and truth of a file show the same moments."""

import numpy as np

from temporal_pose.formats.paired.inspection import Inspection
from temporal_pose.inputs.fit.residuals import PairedTrack, out_of_step

#: The largest shift that is tried, seconds.
LONGEST_S = 6.0

_STRETCH_S = 4 * LONGEST_S  # shifts need half of a stretch to be compared on
_MOST = 5  # stretches of a long video that are looked at
_LEAST_S = 2.0  # less of a video proves nothing


def lag(found: Inspection) -> int | None:
    """By how many frames the detections of a file come after its truth, where they clearly do.

    Returns:
        None where they are in step, to what the motion can tell, or where there is no truth.
    """
    video = found.video
    if video.truth is None or video.visible is None or len(video) < _LEAST_S * video.fps:
        return None
    late = out_of_step(_stretches(found), LONGEST_S)
    return None if late is None else round(late * video.fps)


def doubt(found: Inspection) -> str | None:
    """What to say of a file whose detections and truth are out of step; None for any other."""
    late = lag(found)
    if late is None:
        return None
    order, seconds = "after" if late > 0 else "before", abs(late) / found.video.fps
    return (
        f"the detections come {abs(late)} frames ({seconds:.2f} s) {order} their truth; expected "
        "the same moments: shift one of them, or leave the file out by data.exclude"
    )


def _stretches(found: Inspection) -> list[PairedTrack]:
    """All of a short video; of a long one as much as shows a shift, evenly spread."""
    video, count = found.video, len(found.video)
    length = min(count, round(_STRETCH_S * video.fps))
    starts = np.linspace(0, count - length, min(_MOST, -(-count // length))).astype(int)
    return [_track(found, slice(start, start + length)) for start in np.unique(starts).tolist()]


def _track(found: Inspection, part: slice) -> PairedTrack:
    video = found.video
    if video.truth is None or video.visible is None:
        raise ValueError("there is no truth to be in step with")
    positions, detected = found.positions[part], found.detected[part]
    scores = np.ones(detected.shape, np.float32)
    truth, visible = video.truth[part], video.visible[part]
    return PairedTrack(truth, visible, positions, detected, scores, video.fps, video.path.stem)
