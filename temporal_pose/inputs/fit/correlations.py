"""How what is measured from frame to frame lasts, in the time constants of smooth processes."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import integrate, optimize, stats

#: Time constant, seconds, of what outlasts the windows that models see.
BIAS_S = 0.4

#: No time constant is longer, seconds.
LONGEST_S = 1.0

#: Correlations over time are fitted up to this lag, seconds.
_LAG_S = 2 / 3


def smooth(h: Float[np.ndarray, "*n"] | float) -> Float[np.ndarray, "*n"] | float:
    """Correlation of :func:`temporal_pose.inputs.processes.smooth` over ``h`` time constants."""
    return (1 + h) * np.exp(-h)


def autocorrelation(
    series: Sequence[Float[np.ndarray, "_ N"]], fps: float
) -> Float[np.ndarray, " lags"]:
    """Correlation of values so many frames apart, from lag 0 on, by their mean difference.

    ``1 - (mean |x[t + lag] - x[t]| / mean |x|)^2 / 2``: for normal numbers with mean zero that is
    the mean product over the mean square; where a few values are far larger than most, it is that
    of most, and what has it differs from frame to frame by as much in the mean.

    Args:
        series: stretches of video; columns are series of their own, NaN where there is no value.

    Returns:
        NaN where nothing is known; lags are at most 2/3 s.
    """
    lags = max(2, round(_LAG_S * fps)) + 1
    sums, counts = np.zeros(lags), np.zeros(lags)
    for values in series:
        sums[0] += np.nansum(np.abs(values))
        counts[0] += np.isfinite(values).sum()
        for lag in range(1, min(lags, len(values))):
            apart = np.abs(values[lag:] - values[:-lag])
            sums[lag] += np.nansum(apart)
            counts[lag] += np.isfinite(apart).sum()
    means = np.divide(sums, counts, out=np.full(lags, np.nan), where=counts > 0)
    if not means[0] > 0:
        return np.full(lags, np.nan)
    return np.concatenate([[1.0], 1 - (means[1:] / means[0]) ** 2 / 2])


def variance_shares(
    correlation: Float[np.ndarray, " lags"], fps: float
) -> tuple[float, float, float]:
    """How much of a variance is slow, how much is bias, and the slow part's time constant.

    Beyond lag 0 the correlation of the sum of white noise, a slow part and a bias is
    ``slow * smooth(lag / slow_s) + bias * smooth(lag / BIAS_S)``, and what that curve lacks at
    lag 0 is white. Least squares without negative shares; the shortest lags, which also make the
    acceleration, weigh most.

    Args:
        correlation: of `autocorrelation`.

    Returns:
        Two shares, and seconds.
    """
    lags = _known(correlation)
    if not len(lags):
        return 0.0, 0.0, 0.0
    weights = lags.astype(float) ** -1.5
    bias = smooth(lags / (fps * BIAS_S))

    def fitted(slow_s: float) -> tuple[Float[np.ndarray, "2"], float]:
        curves = np.stack([smooth(lags / (fps * slow_s)), bias], -1)
        return optimize.nnls(curves * weights[:, None], correlation[lags] * weights)

    tried = np.geomspace(0.1 / fps, BIAS_S / 1.5, 200)
    slow_s = float(min(tried, key=lambda one: fitted(one)[1]))
    shares = fitted(slow_s)[0]
    shares = shares / max(1.0, shares.sum())
    return float(shares[0]), float(shares[1]), slow_s


def time_constant(correlation: Float[np.ndarray, " lags"], fps: float) -> float:
    """The time constant, seconds, of the smooth process that is most alike; 0 for white noise.

    Args:
        correlation: of `autocorrelation`.
    """
    lags = _known(correlation)
    if not len(lags):
        return 0.0
    tried = np.geomspace(0.1 / fps, LONGEST_S, 400)
    misfits = smooth(lags / (fps * tried[:, None])) - correlation[lags]
    return float(tried[(misfits**2 / lags).sum(-1).argmin()])


def _known(correlation: Float[np.ndarray, " lags"]) -> Int[np.ndarray, " known"]:
    """The lags from 1 on; none where not even one frame lasts to the next."""
    known = np.flatnonzero(np.isfinite(correlation))[1:]
    return known if len(known) and correlation[1] > 0 else known[:0]


def recurrence(
    events: Sequence[Bool[np.ndarray, "_ N"]], where: Sequence[Bool[np.ndarray, "_ N"]]
) -> float:
    """How often something that happens in a frame happens in the next one; NaN for never.

    Args:
        where: frames in which it could be seen.
    """
    both = sum(int((event[1:] & event[:-1]).sum()) for event in events)
    first = sum(int((e[:-1] & w[1:]).sum()) for e, w in zip(events, where, strict=True))
    return both / first if first else float("nan")


def event_time_constant(
    rate: float, stay: float, fps: float, doubt: float = 0.0, score_s: float = 0.0
) -> float:
    """Time constant, seconds, of the process of their own behind events that last.

    Events are where ``doubt * d + sqrt(1 - doubt^2) * own`` exceeds a level.

    Args:
        rate: how often they happen.
        stay: how often what happens in a frame happens in the next; see `recurrence`.
        doubt: share of the process d.
        score_s: time constant of d.
    """
    if not rate > 0 or not stay > rate:
        return 0.0
    level = float(stats.norm.isf(rate))
    shared = float(smooth(1 / (fps * score_s))) if score_s > 0 else 0.0

    def excess(seconds: float) -> float:
        own = float(smooth(1 / (fps * seconds)))
        return exceed(level, doubt**2 * shared + (1 - doubt**2) * own) / rate - stay

    shortest = 0.1 / fps  # a frame then says nothing about the next
    if excess(shortest) >= 0:
        return 0.0
    if excess(LONGEST_S) <= 0:
        return LONGEST_S
    return float(optimize.brentq(excess, shortest, LONGEST_S))


def exceed(level: float, correlation: float) -> float:
    """Probability that two standard normal numbers both exceed a level (Plackett, 1954).

    Args:
        correlation: of the two, not negative.
    """

    def density(r: float) -> float:
        return float(np.exp(-(level**2) / (1 + r)) / (2 * np.pi * np.sqrt(1 - r * r)))

    return float(stats.norm.sf(level)) ** 2 + float(integrate.quad(density, 0, correlation)[0])
