"""From a real detector's errors to the numbers of a simulated one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from temporal_pose.errors import DataError
from temporal_pose.inputs.fit.correlations import (
    autocorrelation,
    event_time_constant,
    recurrence,
    time_constant,
    variance_shares,
)
from temporal_pose.inputs.fit.residuals import Residuals
from temporal_pose.inputs.profiles import OUTLIER, QUANTILES, Profile
from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton

#: Fewer detections than this beside a truth make no profile.
LEAST = 100

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
        residuals: unbroken stretches of one frame rate.

    Raises:
        DataError: no group has data, or frame rates differ.
    """
    rates = sorted({one.track.fps for one in residuals})
    if len(rates) > 1:
        raise DataError(
            f"the videos have {', '.join(f'{rate:g}' for rate in rates)} frames a second; a fit "
            "needs one frame rate: set data.fps"
        )
    groups = {name: Group(residuals, list(part)) for name, part in skeleton.groups.items()}
    fitted = {name: group.profile for name, group in groups.items() if group.size >= LEAST}
    if not fitted:
        raise DataError(
            f"no group of keypoints has {LEAST} detections beside a truth; expected videos with "
            "both, as the paired layout has them"
        )
    return {name: fitted[name] if name in fitted else _likest(name, fitted) for name in groups}


def _likest(name: str, fitted: dict[str, Profile]) -> str:
    """The nearest group that has a profile, by `LIKE`."""
    queue = [name]
    for near in queue:
        if near in fitted:
            return near
        queue += [other for other in LIKE[near] if other not in queue]
    raise ValueError(f"no group is like {name}")


@dataclass(frozen=True)
class Group:
    """The errors of one group of keypoints.

    Args:
        residuals: unbroken stretches of one frame rate.
        members: the group's keypoints.
    """

    residuals: Sequence[Residuals]
    members: list[int]

    @property
    def size(self) -> int:
        """How many detections have a truth beside them."""
        return sum(int(one.sum()) for one in self._of("both"))

    @property
    def profile(self) -> Profile:
        """How the detector errs."""
        white, slow, bias, slow_s = self._drift
        score_s = time_constant(autocorrelation(self._doubts, self._fps), self._fps)
        far, both = self._of("far"), self._of("both")
        outliers = max(0.0, (_rate(far, both) - self._tail) / (1 - self._tail))
        swaps, misses = _rate(self._of("swapped"), both), _rate(*self._misses)
        doubt, jump, other = self._doubt, *self._landing
        stays = self._lasts(outliers, far, doubt, score_s)
        swap_s = self._lasts(swaps, self._of("swapped"), doubt, score_s)
        miss_s = event_time_constant(misses, recurrence(*self._misses), self._fps)
        drift = [white, slow, bias, slow_s, self._trust]
        events = [outliers, jump, other, stays, doubt, swaps, swap_s, misses, miss_s]
        return Profile._make([*drift, *self._quantiles, score_s, *events])

    def _of(self, what: str) -> list[np.ndarray]:
        return [getattr(one, what)[:, self.members] for one in self.residuals]

    @property
    def _fps(self) -> float:
        return self.residuals[0].track.fps

    @property
    def _misses(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        return self._of("missed"), [one.track.visible[:, self.members] for one in self.residuals]

    @cached_property
    def _quantiles(self) -> list[float]:
        return [float(q) for q in np.nanquantile(np.concatenate(self._of("scores")), QUANTILES)]

    @cached_property
    def _trust(self) -> float:
        """Slope of the log error over the score, by least squares; 0 where all scores are one."""
        lengths = np.linalg.norm(np.concatenate(self._of("near")), axis=-1).ravel()
        scores = np.concatenate(self._of("scores")).ravel()
        there = lengths > 0
        if not there.any() or np.ptp(scores[there]) < 1e-6:
            return 0.0
        return float(-np.polyfit(scores[there], np.log(lengths[there]), 1)[0])

    @cached_property
    def _factors(self) -> list[Float[np.ndarray, "_ N"]]:
        """By how much each spread differs from that at the median score."""
        middle = self._quantiles[QUANTILES.index(0.5)]
        return [np.exp(self._trust * (middle - scores)) for scores in self._of("scores")]

    @cached_property
    def _even(self) -> list[Float[np.ndarray, "_ N2"]]:
        """Errors as if every score were the median; x and y are series of their own."""
        near = zip(self._of("near"), self._factors, strict=True)
        return [(errors / by[..., None]).reshape(len(errors), -1) for errors, by in near]

    @cached_property
    def _drift(self) -> tuple[float, float, float, float]:
        """Standard deviations of white noise, slow part and bias, and the slow time constant.

        Evened errors have more white noise the better the score, for it is the same at any.
        """
        pairs = np.concatenate([one.reshape(-1, 2) for one in self._even])
        spread = float(np.nanmean(np.linalg.norm(pairs, axis=-1)) / (np.pi / 2) ** 0.5)
        slow, bias, slow_s = variance_shares(autocorrelation(self._even, self._fps), self._fps)
        evened = float(np.nanmean(np.concatenate(self._factors) ** -2.0))
        white = spread * max(0.0, (1 - slow - bias) / evened) ** 0.5
        return white, spread * slow**0.5, spread * bias**0.5, slow_s

    @property
    def _tail(self) -> float:
        """How often the spread alone leads beyond `OUTLIER`."""
        white, slow, bias, _ = self._drift
        spreads = np.hypot(white, np.hypot(slow, bias) * np.concatenate(self._factors))
        return float(np.nanmean(np.exp(-0.5 * (OUTLIER / np.maximum(spreads, 1e-9)) ** 2)))

    @cached_property
    def _doubts(self) -> list[Float[np.ndarray, "_ N"]]:
        """Standard normal numbers in the order of falling scores; NaN where there is none."""
        scores = self._of("scores")
        joined = np.concatenate(scores)
        there = np.isfinite(joined)
        doubts = np.full_like(joined, np.nan)
        doubts[there] = -stats.norm.ppf(stats.rankdata(joined[there]) / (there.sum() + 1))
        return np.split(doubts, np.cumsum([len(one) for one in scores])[:-1])

    @property
    def _doubt(self) -> float:
        """Correlation of what brings outliers with doubt, from the mean doubt during them.

        A standard normal number that exceeds z at some rate is ``density(z) / rate`` in the mean
        where it does; one that correlates with it by c, c times that.
        """
        far = np.concatenate(self._of("far"))
        if not far.any():
            return 0.0
        rate = _rate(self._of("far"), self._of("both"))
        most = stats.norm.pdf(stats.norm.isf(rate)) / rate
        return float(np.clip(np.concatenate(self._doubts)[far].mean() / most, 0, 0.95))

    @property
    def _landing(self) -> tuple[float, float]:
        """Mean length of jumps beyond `OUTLIER`, and the share that lands on the other side."""
        far, onto = np.concatenate(self._of("far")), np.concatenate(self._of("onto"))
        lengths = np.linalg.norm(np.concatenate(self._of("errors")), axis=-1)[far & ~onto]
        jump = float(lengths.mean() - OUTLIER) if len(lengths) else 0.0
        return jump, float(onto.sum() / max(1, far.sum()))

    def _lasts(self, rate: float, events: list[np.ndarray], doubt: float, score_s: float) -> float:
        return event_time_constant(
            rate, recurrence(events, self._of("both")), self._fps, doubt, score_s
        )


def _rate(
    events: Sequence[Bool[np.ndarray, "_ N"]], where: Sequence[Bool[np.ndarray, "_ N"]]
) -> float:
    return sum(int(one.sum()) for one in events) / max(1, sum(int(one.sum()) for one in where))
