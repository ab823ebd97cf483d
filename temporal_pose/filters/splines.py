r"""Smoothing splines over stretches: close to what was seen, and bent as little as possible.

For values x_t with weights w_t, the z that makes

.. math:: \sum_t w_t |x_t - z_t|^2 + \lambda \sum_t |z_{t-1} - 2 z_t + z_{t+1}|^2

least (Whittaker, "On a New Method of Graduation", 1923), with divided second differences where
frames are not evenly spaced. Its response to a frequency f is that of a second-order Butterworth
filter passed both ways, 1 / (1 + (f / f_c)^4), for lambda = (fps / (2 pi f_c))^4.

All stretches hang behind each other in one system of equations with five diagonals, so that the
time it takes grows with the number of frames alone, and many short stretches cost as little as a
long one.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.linalg import solveh_banded

from temporal_pose.filters.stretches import Stretches

#: The largest lambda: beyond it, rounding would be seen, and what is left is a straight line.
STIFFEST = 1e10

#: The least share of a frame between two frames: closer ones would make the equations unstable.
_CLOSEST = 0.01

_ROUNDS = 8  # of reweighting

LEAST_SCORE = 0.05
"""What a lower score counts as: a detector that is not sure at all still knows something."""

THREE_SPREADS = 3 * 1.4826
"""Three standard deviations of normal errors, in multiples of their median distance from 0."""


class RobustFit(NamedTuple):
    """A spline through stretches, and how far each frame was believed.

    Args:
        positions: pixels.
        trust: 1 for a frame on the spline, down to 0 for one far off; 0 where nothing was seen.
    """

    positions: Float[np.ndarray, "T N 2"]
    trust: Float[np.ndarray, "T N"]


def stiffness(cutoff_hz: float | Float[np.ndarray, " N"], fps: float) -> Float[np.ndarray, "*N"]:
    """Lambda of a cut-off frequency, at which half the amplitude is left."""
    turn = 2 * math.pi * np.asarray(cutoff_hz, float) / fps
    return np.asarray(np.minimum(turn**-4, STIFFEST))


def robust_fit(stretches: Stretches, stiff: Float[np.ndarray, " N"], share: float) -> RobustFit:
    """A spline that outliers pull little: Cauchy weights on the distances, by reweighting.

    The first round counts every frame by its score; each further one divides that by
    1 + (r / c)^2 for a distance r, with c the larger of ``share`` times the person's size and
    three times the spread of the stretch's own distances, so that fast motion is no outlier.

    Args:
        stiff: lambda of each stretch.
        share: of the person's size.
    """
    chain = Chain.of(stretches, stiff)
    origin = stretches.positions[0]
    values = np.asfortranarray(chain.hang(stretches.positions - origin))
    sure = chain.hang(_by_score(stretches))
    fitted = chain.solve(values, sure)
    trust = np.ones(len(sure))
    for _ in range(_ROUNDS):
        x, y = (values - fitted).T
        away = np.sqrt(x * x + y * y)
        typical = medians(chain.unhang(away), stretches.seen)
        scale = np.maximum(share * stretches.sizes, THREE_SPREADS * typical)
        trust = 1 / (1 + (away / chain.each(_above_zero(scale, away))) ** 2)
        fitted = chain.solve(values, sure * trust)
    return RobustFit(chain.unhang(fitted) + origin, chain.unhang(trust) * stretches.seen)


class Chain(NamedTuple):
    """Stretches behind each other, without what fills them up.

    Args:
        within: frames that belong to a stretch.
        bands: of lambda times the penalty's matrix: its diagonal and two below it.
    """

    within: Bool[np.ndarray, "N T"]
    bands: Float[np.ndarray, "3 F"]

    @classmethod
    def of(cls, stretches: Stretches, stiff: Float[np.ndarray, " N"]) -> "Chain":
        """The chain of some stretches.

        Args:
            stiff: lambda of each.
        """
        within = np.arange(len(stretches.seen)) < stretches.lengths[:, None]
        chain = cls(within, np.empty((3, 0)))
        times = None if stretches.times is None else chain.hang(stretches.times)
        return chain._replace(bands=_bending(stretches.lengths, chain.each(stiff), times))

    def hang(self, values: Float[np.ndarray, "T N ..."]) -> Float[np.ndarray, "F ..."]:
        """One row a frame, stretch after stretch."""
        return values.swapaxes(0, 1)[self.within]

    def unhang(self, values: Float[np.ndarray, "F ..."]) -> Float[np.ndarray, "T N ..."]:
        """The stretches side by side again, filled up with their last values."""
        if self.within.all():
            return values.reshape(*self.within.shape, *values.shape[1:]).swapaxes(0, 1)
        ends = np.cumsum(self.within.sum(1)) - 1
        rows = np.cumsum(self.within.ravel()).reshape(self.within.shape) - 1
        return values[np.minimum(rows, ends[:, None])].swapaxes(0, 1)

    def each(self, values: Float[np.ndarray, " N"]) -> Float[np.ndarray, " F"]:
        """A stretch's value for each of its frames."""
        return values.repeat(self.within.sum(1))

    def solve(
        self, values: Float[np.ndarray, "F 2"], weights: Float[np.ndarray, " F"]
    ) -> Float[np.ndarray, "F 2"]:
        """The splines through values of some weights."""
        system = np.array(self.bands, order="F")
        system[0] += weights
        pulled = np.asfortranarray(values * weights[:, None])  # no copy if the values are so
        return np.asarray(
            solveh_banded(system, pulled, True, True, lower=True, check_finite=False)
        )


def medians(
    values: Float[np.ndarray, "T N"], counted: Bool[np.ndarray, "T N"]
) -> Float[np.ndarray, " N"]:
    """The median of each column over the frames that count, of which there are some."""
    number = counted.sum(0)
    low, high = (number - 1) // 2, number // 2
    ranks = np.unique(np.concatenate([low, high]))
    rows = np.where(counted, values, np.inf).T
    ordered = np.partition(rows, ranks, axis=1)
    columns = np.arange(len(number))
    return (ordered[columns, low] + ordered[columns, high]) / 2


def _by_score(stretches: Stretches) -> Float[np.ndarray, "T N"]:
    """The weight of each frame: its score over the stretch's median, for the time it stands for.

    That is half of the way to those seen before and after it, in frames, so that a cut-off means
    the same where every fifth frame was looked at. 0 where nothing was seen.
    """
    scores = np.maximum(stretches.scores, LEAST_SCORE)
    weights = np.where(stretches.seen, scores / medians(scores, stretches.seen), 0)
    return weights if stretches.seen.all() else weights * _shares(stretches.seen)


def _shares(seen: Bool[np.ndarray, "T N"]) -> Float[np.ndarray, "T N"]:
    """Frames that each seen one stands for; a whole one where its neighbours were seen as well."""
    at = np.arange(len(seen))[:, None]
    last = np.maximum.accumulate(np.where(seen, at, -1))
    following = np.minimum.accumulate(np.where(seen, at, len(seen))[::-1])[::-1]
    before = np.where(last[:-1] < 0, 1, at[1:] - last[:-1])
    after = np.where(following[1:] == len(seen), 1, following[1:] - at[:-1])
    edge = np.ones((1, seen.shape[1]))
    return (np.concatenate([edge, before]) + np.concatenate([after, edge])) / 2


def _above_zero(
    scale: Float[np.ndarray, " N"], away: Float[np.ndarray, " F"]
) -> Float[np.ndarray, " N"]:
    """A scale to divide distances by, where all but a few of them are zero as well."""
    return np.maximum(scale, max(1e-9 * float(away.max()), float(np.finfo(float).tiny)))


def _bending(
    lengths: Int[np.ndarray, " N"],
    stiff: Float[np.ndarray, " F"],
    times: Float[np.ndarray, " F"] | None,
) -> Float[np.ndarray, "3 F"]:
    """The bands of lambda times the sum of squared second differences.

    Args:
        lengths: frames of each stretch.
        stiff: lambda, for each frame.
        times: of the frames, in frames; None for 0, 1, 2, ...
    """
    bands = np.zeros((3, len(stiff)), order="F")  # as the solver takes them
    middle = np.ones(len(stiff), bool)
    ends = np.cumsum(lengths)
    middle[ends - 1] = middle[ends - lengths] = False
    at = np.flatnonzero(middle)
    if times is None:
        before = after = np.ones(len(at))
    else:
        before, after = (np.maximum(times[at + 1 - i] - times[at - i], _CLOSEST) for i in (1, 0))
    left, right = 2 / (before * (before + after)), 2 / (after * (before + after))
    weight = stiff[at] * (before + after) / 2
    difference = (left, -(left + right), right)
    for i, row in enumerate(difference):
        for j, column in enumerate(difference[: i + 1]):
            bands[i - j, at - 1 + j] += weight * row * column
    return bands
