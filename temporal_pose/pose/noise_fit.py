"""From a real detector's errors to the numbers of a simulated one."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy import integrate, optimize, stats

from temporal_pose.errors import DataError
from temporal_pose.pose.profiles import OUTLIER, QUANTILES, Profile
from temporal_pose.pose.residuals import Residuals, autocorrelation, stays
from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton

#: Fewer compared detections than this make no profile.
LEAST = 100

#: Correlations over time are fitted up to this lag, seconds.
_LAG_S = 2 / 3

#: No time constant is longer, seconds.
LONGEST = 2.0

#: Whom a group without data borrows from, the likest first.
LIKE = {
    "nose": ("ear", "shoulder"),
    "ear": ("nose", "shoulder"),
    "shoulder": ("hip", "elbow"),
    "elbow": ("wrist", "shoulder"),
    "wrist": ("elbow",),
    "pinky": ("wrist",),
    "index_finger": ("wrist",),
    "thumb": ("wrist",),
    "hip": ("shoulder", "knee"),
    "knee": ("ankle", "hip"),
    "ankle": ("knee",),
    "heel": ("ankle",),
    "toes": ("ankle",),
}


def estimate(
    residuals: Sequence[Residuals], skeleton: Skeleton = CLIMBALONG25
) -> dict[str, Profile | str]:
    """A profile for each group of keypoints, or the group from which one without data borrows.

    Args:
        residuals: of one frame rate.

    Raises:
        DataError: no group has data, or frame rates differ.
    """
    rates = sorted({one.track.fps for one in residuals})
    if len(rates) > 1:
        raise DataError(
            f"the videos have {', '.join(f'{rate:g}' for rate in rates)} frames a second; a fit "
            "needs one frame rate: set data.fps"
        )
    fitted = {
        name: profile(residuals, list(members))
        for name, members in skeleton.groups.items()
        if sum(int(one.both[:, members].sum()) for one in residuals) >= LEAST
    }
    if not fitted:
        raise DataError(
            f"no group of keypoints has {LEAST} detections beside a truth; expected real "
            "detections as the paired layout has them"
        )
    return {name: fitted.get(name) or _likest(name, fitted) for name in skeleton.groups}


def _likest(name: str, fitted: dict[str, Profile]) -> str:
    """The nearest group that has a profile, by `LIKE`."""
    queue = [name]
    for near in queue:
        if near in fitted:
            return near
        queue += [other for other in LIKE[near] if other not in queue]
    return next(iter(fitted))


def profile(residuals: Sequence[Residuals], members: list[int]) -> Profile:
    """How the detector errs at one group of keypoints.

    Args:
        members: the group's keypoints.
    """
    fps = residuals[0].track.fps
    near, scores, both, far, onto, swapped, missed, visible = (
        [pick(one)[:, members] for one in residuals] for pick in _PICKS
    )
    quantiles = np.nanquantile(np.concatenate(scores), QUANTILES)
    trust = _trust(near, scores, float(quantiles[2]))
    even = [
        (errors * np.exp(trust * (s - quantiles[2]))[..., None]).reshape(len(s), -1)
        for errors, s in zip(near, scores, strict=True)
    ]
    lengths = [np.linalg.norm(one.reshape(len(one), -1, 2), axis=-1) for one in even]
    spread = float(np.nanmean(np.concatenate(lengths)) / (np.pi / 2) ** 0.5)
    lags = math.ceil(_LAG_S * fps)
    slow, bias, slow_s = parts(autocorrelation(even, lags), fps)
    outliers, stay = _rate(far, both)
    doubt = _coupling(doubts, far, outliers)
    swaps, swap_stay = _rate(swapped, both)
    misses, miss_stay = _rate(missed, visible)
    jump, other = _landing(residuals, members, far, onto)
    return Profile(
        *(spread * (1 - share) ** 0.5, spread * share**0.5, slow_s, trust),
        *(*map(float, quantiles), score_s),
        *(outliers, jump, other, lasting(outliers, stay, fps, doubt, score_s), doubt),
        *(swaps, lasting(swaps, swap_stay, fps, doubt, score_s)),
        *(misses, lasting(misses, miss_stay, fps)),
    )


_PICKS: tuple[Callable[[Residuals], np.ndarray], ...] = (
    lambda one: one.near,
    lambda one: one.scores,
    lambda one: one.both,
    lambda one: one.far,
    lambda one: one.onto,
    lambda one: one.swapped,
    lambda one: one.missed,
    lambda one: one.track.visible,
)


def smooth(h: Float[np.ndarray, " *n"]) -> Float[np.ndarray, " *n"]:
    """Correlation of :func:`temporal_pose.pose.processes.smooth`."""
    return (1 + h) * np.exp(-h)


def _trust(
    near: Sequence[Float[np.ndarray, "F N 2"]],
    scores: Sequence[Float[np.ndarray, "F N"]],
    middle: float,
) -> float:
    """Slope of the log error over the score, by least squares; 0 where all scores are one."""
    lengths = np.linalg.norm(np.concatenate(near), axis=-1).ravel()
    score = np.concatenate(scores).ravel() - middle
    there = lengths > 0
    if not there.any() or np.ptp(score[there]) < 1e-6:
        return 0.0
    return float(-np.polyfit(score[there], np.log(lengths[there]), 1)[0])


def parts(
    correlation: Float[np.ndarray, " lags"], fps: float
) -> tuple[float, float, float]:
    """How much of a variance is slow, how much is bias, and the time constant of the slow part.

    Beyond lag 0 the correlation of the sum of white noise, a slow part and a bias is
    ``slow * smooth(lag / slow_s) + bias * smooth(lag / BIAS_S)``: where that curve meets lag 0,
    it tells the white part. Least squares without negative shares; the shortest lags, which also
    make the acceleration, weigh most.

    Args:
        correlation: from lag 0 on; NaN where unknown.
    """
    lags = np.flatnonzero(np.isfinite(correlation[: round(_LAG_S * fps) + 1]))[1:]
    if not len(lags) or correlation[1] <= 0:
        return 0.0, 0.0, 0.0
    weights, seconds = lags**-1.5, lags / fps

    def fitted(slow_s: float) -> tuple[Float[np.ndarray, "2"], float]:
        curves = np.stack([smooth(seconds / slow_s), smooth(seconds / BIAS_S)], -1)
        return optimize.nnls(curves * weights[:, None], correlation[lags] * weights)

    tried = np.geomspace(0.1 / fps, BIAS_S / 1.5, 200)
    slow_s = float(min(tried, key=lambda one: fitted(one)[1]))
    slow, bias = fitted(slow_s)[0]
    total = max(1.0, float(slow + bias))
    return float(slow) / total, float(bias) / total, slow_s


def decay(correlation: Float[np.ndarray, " lags"], fps: float) -> float:
    """The time constant, seconds, of a smooth process with that correlation; 0 for none.

    Args:
        correlation: from lag 0 on; NaN where unknown.
    """
    lags = np.flatnonzero(np.isfinite(correlation[: round(_LAG_S * fps) + 1]))[1:]
    if not len(lags) or correlation[1] <= 0:
        return 0.0
    tried = np.geomspace(0.1 / fps, LONGEST, 400)
    curves = smooth(lags / (fps * tried[:, None]))
    misfit = ((curves - correlation[lags]) ** 2 / lags).sum(-1)
    return float(tried[misfit.argmin()])


def _doubts(scores: Sequence[Float[np.ndarray, "F N"]]) -> list[Float[np.ndarray, "F N"]]:
    """Standard normal numbers in the order of falling scores; NaN where there is none."""
    joined = np.concatenate(scores)
    there = np.isfinite(joined)
    doubts = np.full_like(joined, np.nan)
    ranks = stats.rankdata(joined[there]) / (there.sum() + 1)
    doubts[there] = -stats.norm.ppf(ranks)
    return np.split(doubts, np.cumsum([len(one) for one in scores])[:-1])


def _rate(
    events: Sequence[Bool[np.ndarray, "F N"]], where: Sequence[Bool[np.ndarray, "F N"]]
) -> tuple[float, float]:
    """How often something happens, and how often it then happens again in the next frame."""
    count, frames = (sum(int(one.sum()) for one in part) for part in (events, where))
    return count / max(1, frames), stays(events, where)


def _coupling(
    doubts: Sequence[Float[np.ndarray, "F N"]],
    events: Sequence[Bool[np.ndarray, "F N"]],
    rate: float,
) -> float:
    """Correlation of doubt with what brings about events, from the mean doubt during them.

    A standard normal number that exceeds z at that rate is ``density(z) / rate`` in the mean
    where it does; one that correlates with it by c, c times that.
    """
    doubt, event = np.concatenate(doubts), np.concatenate(events)
    if not event.any():
        return 0.0
    mean = stats.norm.pdf(stats.norm.isf(rate)) / rate
    return float(np.clip(np.nanmean(doubt[event]) / mean, 0, 0.95))


def _landing(
    residuals: Sequence[Residuals],
    members: list[int],
    far: Sequence[Bool[np.ndarray, "F N"]],
    onto: Sequence[Bool[np.ndarray, "F N"]],
) -> tuple[float, float]:
    """Mean length of jumps beyond `OUTLIER`, and the share that lands on the other side."""
    outlier, other = np.concatenate(far), np.concatenate(onto)
    errors = np.concatenate([one.errors[:, members] for one in residuals])
    lengths = np.linalg.norm(errors, axis=-1)[outlier & ~other]
    jump = float(lengths.mean() - OUTLIER) if len(lengths) else 0.0
    return jump, float(other.sum() / max(1, outlier.sum()))


def lasting(
    rate: float, stay: float, fps: float, doubt: float = 0.0, score_s: float = 0.0
) -> float:
    """Time constant, seconds, of the process of their own behind events that last.

    Args:
        rate: how often they happen.
        stay: how often what happens in a frame happens in the next.
        doubt: correlation with doubt, whose time constant is ``score_s``.
    """
    if not rate > 0 or not stay > rate:
        return 0.0
    level = float(stats.norm.isf(rate))
    shared = float(smooth(1 / (fps * score_s))) if score_s > 0 else 0.0

    def excess(seconds: float) -> float:
        own = float(smooth(1 / (fps * seconds)))
        return _joint(level, doubt**2 * shared + (1 - doubt**2) * own) / rate - stay

    shortest = 0.1 / fps  # so short that a frame says nothing about the next
    if excess(shortest) >= 0:
        return 0.0
    return LONGEST if excess(LONGEST) <= 0 else float(optimize.brentq(excess, shortest, LONGEST))


def _joint(level: float, correlation: float) -> float:
    """Probability that two standard normal numbers both exceed a level (Plackett, 1954)."""

    def density(r: float) -> float:
        return float(np.exp(-(level**2) / (1 + r)) / (2 * np.pi * np.sqrt(1 - r * r)))

    apart = float(stats.norm.sf(level)) ** 2
    return apart + float(integrate.quad(density, 0, correlation)[0])
