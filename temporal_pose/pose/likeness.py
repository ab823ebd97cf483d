"""What a detector's output is like, in a few numbers: whether one resembles another."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float

#: Shares of videos that are less, and more, than what still counts as alike.
_TAILS = (0.02, 0.98)

#: By how much of its width a range reaches further.
_MARGIN = 0.25

#: At least so, in shares of its upper end over the square root of the number of videos: a few
#: recordings do not tell how much others of the same detector differ.
_FEW = 0.5

#: What is measured, in the words of a remark.
MEASURES = ("jitter", "median score", "spread of scores")


def measures(
    keypoints: Float[np.ndarray, "F K 2"],
    detected: Bool[np.ndarray, "F K"],
    scores: Float[np.ndarray, "F K"],
    start: Float[np.ndarray, "F K 2"],
) -> dict[str, float] | None:
    """How a detector errs in a video, as far as that shows without a truth.

    Args:
        start: what a smoother makes of the positions, NaN where it does not know.

    Returns:
        The median distance of detections from the smoother, in shares of the person's size (the
        longer side of the tight box, in the median); the median score, and the distance between
        the quartiles of scores. None where nothing is seen.
    """
    both = detected & np.isfinite(start).all(-1)
    places = np.where(detected[..., None], keypoints, np.nan)
    extents = [np.ptp(one[~np.isnan(one[:, 0])], axis=0).max() for one in places[detected.any(1)]]
    size = float(np.median(extents)) if extents else 0.0
    if not both.any() or not size > 0:
        return None
    away = float(np.median(np.linalg.norm(keypoints[both] - start[both], axis=-1)))
    low, middle, high = np.quantile(scores[both], (0.25, 0.5, 0.75)).tolist()
    return dict(zip(MEASURES, (away / size, middle, high - low), strict=True))


def ranges(videos: Iterable[Mapping[str, float] | None]) -> dict[str, list[float]]:
    """What is usual: for each measure the least and the most that is still alike.

    The fewer videos there are, the wider it is.
    """
    known = [one for one in videos if one is not None]
    result = {}
    for name in MEASURES if known else ():
        low, high = np.quantile([one[name] for one in known], _TAILS).tolist()
        wider = max(_MARGIN * (high - low), _FEW * high / len(known) ** 0.5)
        result[name] = [max(0.0, low - wider), high + wider]
    return result


def unlike(video: Mapping[str, float] | None, usual: Mapping[str, Sequence[float]]) -> str | None:
    """What a video differs in from what is usual, in words; None where it is alike."""
    if video is None:
        return None
    odd = [
        f"{name} {video[name]:.3g}, usual {usual[name][0]:.3g} to {usual[name][1]:.3g}"
        for name in MEASURES
        if name in usual and not usual[name][0] <= video[name] <= usual[name][1]
    ]
    return "; ".join(odd) or None
