"""How much boxes overlap."""

import numpy as np
from jaxtyping import Float


def intersection_over_union(
    box: Float[np.ndarray, " 4"], boxes: Float[np.ndarray, "N 4"]
) -> Float[np.ndarray, " N"]:
    """Area that a box shares with each of some others, over the area that the two cover.

    Args:
        box: x, y, width and height, as are those of ``boxes``.
    """
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(-1)
    return shared / (box[2:].prod() + boxes[:, 2:].prod(-1) - shared)
