"""The moments of a track that are worth a look: where most was changed, or raw was roughest."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from temporal_pose.refining.cleaning import Cleaned

#: Seconds that are shown before and after, and fewest frames.
_AROUND_S, _AROUND = 0.5, 6


class Moment(NamedTuple):
    """A short time around one detection.

    Args:
        first: place of its first frame on the track's axis; `last` likewise, inclusive.
        at: place of the detection.
        keypoint: its index.
        pixels: how far it was moved, or would have to be to lie between its neighbours.
        why: in a few words.
    """

    first: int
    last: int
    at: int
    keypoint: int
    pixels: float
    why: str


def worst_moments(
    cleaned: Cleaned,
    displacement: Float[np.ndarray, "F K"],
    acceleration: Float[np.ndarray, "F K"],
    step: float,
    count: int = 10,
) -> tuple[Moment, ...]:
    """The worst first; no two of them overlap by more than half.

    Args:
        displacement: of refined from raw, pixels; NaN where either is not there.
        acceleration: of raw, px/frame²; NaN likewise.
        step: usual time between frames, seconds.
    """
    moved, rough = (np.nan_to_num(v, nan=0.0) for v in (displacement, acceleration / 2))
    worst = np.maximum(moved, rough)
    keypoints = worst.argmax(1)
    remaining = worst.max(1, initial=0.0)
    around, moments = max(_AROUND, round(_AROUND_S / step)), []
    for _ in range(min(count, len(worst))):
        at = int(np.argmax(remaining))
        if remaining[at] <= 0:
            break
        k = int(keypoints[at])
        first, last = max(at - around, 0), min(at + around, len(worst) - 1)
        why = _why(cleaned, at, k, bool(rough[at, k] > moved[at, k]))
        moments.append(Moment(first, last, at, k, float(worst[at, k]), why))
        remaining[first : last + 1] = 0
    return tuple(moments)


def _why(cleaned: Cleaned, at: int, k: int, rough: bool) -> str:
    if cleaned.outside[at, k]:
        return "off the image, set aside"
    if cleaned.exchanged[at, k]:
        return "left and right exchanged, set aside"
    if cleaned.jumped[at, k]:
        return "jump, set aside"
    return "rough detection, not set aside" if rough else "large correction"
