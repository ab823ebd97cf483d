"""Whether poses look like a body of the skeleton that they are said to be of.

OpenPose's BODY_25 and BODY_25B have 25 keypoints in different orders, and no file says which. Read
in the wrong order, limbs join what lies far apart.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.errors import DataError
from temporal_pose.pose.skeletons import SKELETONS, Skeleton
from temporal_pose.refining.cleaning import missing
from temporal_pose.refining.vectors import boxes, length

#: Share of the skeleton's keypoints that a pose needs to be looked at, and poses that are needed.
_COMPLETE, _FEWEST = 0.85, 10
#: Poses that are looked at, from all over the clip.
_MOST = 300
#: The largest `BodyFit.doubt` of a body that is read in its own order was 0.41 on 2,300 clips of
#: Penn Action, AIST, SPEED21 and others; the smallest of one order of OpenPose's read as the
#: other's was 0.60.
_DOUBTFUL = 0.5
#: Nor does a skeleton fit whose doubt is so many times that of another of as many keypoints. It
#: was at least 2.07 times for COCO's 17 read as those of Human3.6M (45 clips of AIST, two of
#: badminton), and at most 0.49 times for what was read in its own order.
_LIKELIER = 1.5
#: Fewer joined keypoints say little, and where nearly all are joined to all, no order is wrong.
_JOINED, _LIMBS_EACH = 8, 2


class BodyFit(NamedTuple):
    """How a skeleton's limbs look in a clip; medians over its poses.

    Args:
        limb: the longest one.
        share: its length, over the longer side of the pose's tight box.
        ratio: mean length of all limbs, over the mean distance of any two keypoints: 0.3 to 0.5
            for bodies, 1 for points in no order.
    """

    limb: tuple[str, str]
    share: float
    ratio: float

    @property
    def doubt(self) -> float:
        """Near 0 for a body, near 1 for points that are joined at random."""
        return self.share * self.ratio


def check_plausible(
    keypoints: Float[np.ndarray, "N K 2"], skeleton: Skeleton | None, name: str
) -> None:
    """Refuses poses that no body of the skeleton can have.

    Args:
        keypoints: image pixels, as the file has them.
        skeleton: None, or one whose limbs join fewer than eight keypoints, is not checked; nor are
            fewer than ten poses that show nearly all of them.
        name: of the clip, for the message.

    Raises:
        DataError: limbs are as long as the body, or another skeleton of as many keypoints is far
            likelier; the message names the worst limb, and what to do.
    """
    found = body_fit(keypoints, skeleton)
    if skeleton is None or found is None:
        return
    others = _others(keypoints, skeleton)
    least = min(others.values(), default=np.inf)
    if found.doubt <= min(_DOUBTFUL, _LIKELIER * least):
        return
    fitting = [name for name, doubt in others.items() if doubt <= min(_DOUBTFUL, found.doubt)]
    hint = f" (read as {' or '.join(fitting)}, they look like a body)" if fitting else ""
    first, second = found.limb
    raise DataError(
        f"{name}: from {first} to {second} it is {found.share:.0%} of the body's size (median); "
        f"no body of skeleton '{skeleton.name}' looks like that. Its keypoints seem to be in "
        f"another order: set skeleton= to the one they were detected with{hint}, or skeleton=none"
    )


def unchecked(keypoints: Float[np.ndarray, "N K 2"], skeleton: Skeleton | None) -> str | None:
    """A sentence where too few poses are whole to tell one known skeleton from another.

    Args:
        keypoints: image pixels, as the file has them.
        skeleton: what they are taken for, if nobody said so.
    """
    if skeleton is None or skeleton not in SKELETONS.values():
        return None
    others = [o.name for o in SKELETONS.values() if len(o) == len(skeleton) and o != skeleton]
    if not others or body_fit(keypoints, skeleton) is not None:
        return None
    return (
        f"taken for skeleton '{skeleton.name}'; too few poses are whole to tell it from "
        f"{' or '.join(others)}: set skeleton= if that is wrong"
    )


def _others(keypoints: Float[np.ndarray, "N K 2"], skeleton: Skeleton) -> dict[str, float]:
    """Doubts of the other skeletons that we know with as many keypoints."""
    known = {
        name: body_fit(keypoints, other)
        for name, other in SKELETONS.items()
        if len(other) == len(skeleton) and other.keypoints != skeleton.keypoints
    }
    return {name: found.doubt for name, found in known.items() if found is not None}


def body_fit(keypoints: Float[np.ndarray, "N K 2"], skeleton: Skeleton | None) -> BodyFit | None:
    """How the limbs look; None where limbs or poses are too few to tell."""
    limbs = () if skeleton is None else skeleton.limb_indices
    used = sorted({index for limb in limbs for index in limb})
    if skeleton is None or len(used) < _JOINED or len(limbs) > _LIMBS_EACH * len(used):
        return None
    there = ~missing(keypoints)
    whole = np.flatnonzero(there[:, used].sum(-1) >= _COMPLETE * len(used))
    if len(whole) < _FEWEST:
        return None
    chosen = whole[:: -(-len(whole) // _MOST)]
    points, seen = keypoints[chosen], there[chosen]
    lengths = _medians(points, seen, np.array(limbs), used)
    first, second = np.triu_indices(len(used), 1)
    pairs = _medians(points, seen, np.array(used)[np.stack([first, second], -1)], used)
    if np.isnan(lengths).all() or not np.nanmean(pairs) > 0:
        return None
    worst = int(np.nanargmax(lengths))
    ratio = float(np.nanmean(lengths) / np.nanmean(pairs))
    return BodyFit(skeleton.limbs[worst], float(lengths[worst]), ratio)


def _medians(
    points: Float[np.ndarray, "N K 2"],
    there: Bool[np.ndarray, "N K"],
    pairs: np.ndarray,
    used: list[int],
) -> Float[np.ndarray, " pairs"]:
    """Distance of each pair over the pose's size, the median of the poses that show both."""
    low, high = boxes(points[:, used], there[:, used])
    size = np.maximum((high - low).max(-1), 1e-12)
    first, second = pairs.T
    lengths = length(points[:, first] - points[:, second]) / size[:, None]
    lengths = np.where(there[:, first] & there[:, second], lengths, np.nan)
    known = ~np.isnan(lengths).all(0)
    result = np.full(len(pairs), np.nan)
    result[known] = np.nanmedian(lengths[:, known], axis=0)
    return result
