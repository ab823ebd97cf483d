"""How a detector erred, in figures to compare with another one's."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from temporal_pose.inputs.fit.residuals import Residuals


class Measures(NamedTuple):
    """How a detector erred, in figures; NaN for what the data does not tell.

    Args:
        error: mean error of all that was detected, sides.
        spread: standard deviation an axis of errors that are neither outliers nor swaps, sides.
        lasting: correlation of those from one frame to the next.
        outliers: rate of errors beyond a tenth, swaps aside.
        swaps: rate of left and right being exchanged.
        misses: rate of keypoints not detected.
        score: rank correlation of score and error.
        acceleration: mean length of the second difference of errors, sides a frame².
    """

    error: float
    spread: float
    lasting: float
    outliers: float
    swaps: float
    misses: float
    score: float
    acceleration: float


def measure(residuals: Sequence[Residuals], members: Sequence[int]) -> Measures:
    """The errors of some keypoints.

    Args:
        residuals: unbroken stretches of one frame rate.
        members: the keypoints.
    """
    chosen = list(members)
    lengths = np.concatenate([np.linalg.norm(one.errors[:, chosen], axis=-1) for one in residuals])
    near = [one.near[:, chosen] for one in residuals]
    bends = [np.diff(one.errors[:, chosen], 2, axis=0).reshape(-1, 2) for one in residuals]
    power = _mean(np.concatenate(near) ** 2)
    shared = _mean(np.concatenate([(x[1:] * x[:-1]).reshape(-1) for x in near]))
    both = np.isfinite(lengths)

    def rate(what: str, where: Bool[np.ndarray, "F N"]) -> float:
        return _mean(np.concatenate([getattr(one, what)[:, chosen] for one in residuals])[where])

    scores = np.concatenate([one.scores[:, chosen] for one in residuals])
    return Measures(
        error=_mean(lengths),
        spread=power**0.5,
        lasting=shared / power if power > 0 else float("nan"),
        outliers=rate("far", both),
        swaps=rate("swapped", both),
        misses=rate("missed", np.concatenate([one.track.visible[:, chosen] for one in residuals])),
        score=_ranks(scores[both], lengths[both]),
        acceleration=_mean(np.linalg.norm(np.concatenate(bends), axis=-1)),
    )


def _mean(values: np.ndarray) -> float:
    """Of the values there are; NaN for none."""
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return float(known.mean()) if known.size else float("nan")


def _ranks(scores: Float[np.ndarray, " n"], errors: Float[np.ndarray, " n"]) -> float:
    if len(scores) < 3 or np.ptp(scores) == 0 or np.ptp(errors) == 0:
        return float("nan")
    return float(stats.spearmanr(scores, errors).statistic)
