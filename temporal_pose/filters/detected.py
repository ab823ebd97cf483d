"""What is told of a person's detections before anything is smoothed."""

import numpy as np
from jaxtyping import Bool, Float


def person_size(positions: Float[np.ndarray, "T K 2"], detected: Bool[np.ndarray, "T K"]) -> float:
    """Median over frames of the longer side of the tight box of what was detected.

    Frames with fewer than two detections have none; 0 if all have.
    """
    some = detected.sum(1) > 1
    if not some.any():
        return 0.0
    found = detected[some]
    extents = []
    for axis in (0, 1):  # numpy's reductions are slow along an axis of two
        values = positions[some, :, axis]
        high = np.where(found, values, -np.inf).max(1)
        extents.append(high - np.where(found, values, np.inf).min(1))
    return float(np.median(np.maximum(*extents)))
