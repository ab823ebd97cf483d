"""Which skeleton a pose has, told from the proportions of its limbs."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from temporal_pose.formats.documents.renewal import missing
from temporal_pose.pose.skeletons import Skeleton

_POSES = 500  # looked at, evenly spread over all
_LIMBS = 8  # a pose has at least, or it tells nothing
_MARGIN = 1.5  # how many times as long the limbs of the others are
_LONGEST = 0.3  # of the body, on average, in a skeleton that fits


def told_apart(
    values: Float[np.ndarray, "N K 3"], candidates: Sequence[Skeleton]
) -> Skeleton | None:
    """The skeleton whose limbs are short, if those of all others are much longer.

    Read in the order of another skeleton, limbs join what does not belong together.

    Args:
        values: x, y and score, zeros where a keypoint is missing.
        candidates: skeletons of K keypoints, at least two.

    Returns:
        None if that does not decide, or no pose shows enough.
    """
    some = values[:: max(1, len(values) // _POSES)]
    lengths = [limbs(some, one) for one in candidates]
    order = np.argsort(lengths)
    best, second = (lengths[place] for place in order[:2])
    decided = best <= _LONGEST and second > _MARGIN * best  # never with NaN, which sorts last
    return candidates[int(order[0])] if decided else None


def limbs(values: Float[np.ndarray, "N K 3"], skeleton: Skeleton) -> float:
    """Mean length of the limbs, in sizes of the body; median over the poses.

    The size is the longer side of the tight box. NaN if no pose shows enough limbs.
    """
    places = np.where(missing(values)[..., None], np.nan, values[..., :2])
    a, b = np.array(skeleton.limb_indices).T
    spans = np.linalg.norm(places[:, a] - places[:, b], axis=-1)
    enough = np.isfinite(spans).sum(1) >= _LIMBS
    if not enough.any():
        return np.nan
    places, spans = places[enough], spans[enough]
    size = (np.nanmax(places, 1) - np.nanmin(places, 1)).max(-1)
    return float(np.median(np.nanmean(spans, 1) / np.maximum(size, 1e-9)))
