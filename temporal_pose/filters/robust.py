"""The default smoother: a smoothing spline that outliers pull little, weighted by the scores."""

from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.filters.base import Filter, positive
from temporal_pose.filters.causal import Causal
from temporal_pose.filters.cutoffs import USUAL, chosen, cutoff
from temporal_pose.filters.fixed_lag import FixedLag
from temporal_pose.filters.resampling import densely
from temporal_pose.filters.splines import (
    LEAST_SCORE,
    THREE_SPREADS,
    above_zero,
    medians,
    robust_fit,
    stiffness,
)
from temporal_pose.filters.stretches import Stretches

_WITHOUT_LAG = 1.3  # by which the cut-off is raised; on the dances of AIST++ error stays below raw
_REMEMBERED = 2.0  # seconds that a new frame is compared with, one at a time


class Robust(Filter):
    r"""The least-bent motion through the detections, each believed as far as it fits and is sure.

    .. math:: \min_z \sum_t w_t \rho(|x_t - z_t|) + \lambda \sum_t |\Delta^2 z_t|^2,
        \quad \lambda = (\mathrm{fps} / 2 \pi f_c)^4

    with rho Cauchy's, by eight rounds of reweighting (Holland and Welsch, "Robust Regression Using
    Iteratively Reweighted Least-Squares", 1977). A detection counts half at a distance c: the
    larger of ``outlier`` times the person's size and three times the spread of the stretch's own
    distances. Without the second a fast limb would be taken for outliers and flattened. The weight
    w is the score, 0.05 at least, over the stretch's median. Both coordinates share a weight. Gaps
    are bridged by the spline; frames that are not evenly spaced keep their own times.

    Args:
        cutoff_hz: the frequency f_c of which half the amplitude is left; 'auto' chooses one for
            each stretch, see `temporal_pose.filters.cutoffs`.
        outlier: share of the person's size, the longer side of the tight box.
        max_gap_s: a longer time without detection, in seconds, splits a track.

    Raises:
        ConfigError: a ``cutoff_hz`` or ``outlier`` that is not positive, or a negative
            ``max_gap_s``.
    """

    grid: ClassVar[dict[str, tuple[float, ...]]] = {
        "cutoff_hz": tuple(float(f"{0.4 * 10 ** (step / 10):.3g}") for step in range(26))
    }
    any_times: ClassVar[bool] = True

    def __init__(
        self, cutoff_hz: float | str = 5.0, outlier: float = 0.03, max_gap_s: float = 0.25
    ) -> None:
        super().__init__(max_gap_s)
        self.cutoff_hz = cutoff("cutoff_hz", cutoff_hz)
        self.outlier = positive("outlier", outlier)

    def smooth(self, stretches: Stretches) -> Float[np.ndarray, "T N 2"]:
        """Splines through all stretches at once; pixels."""
        stiff = stiffness(chosen(self.cutoff_hz, stretches), stretches.fps)
        return densely(stretches, lambda dense: robust_fit(dense, stiff, self.outlier).positions)

    def causal(self, fps: float, lag: int = 0) -> Causal:
        """The same motion and weights, each frame weighed once, when it comes.

        Sizes, scores and distances are compared with those of the last two seconds. Without a
        lag the cut-off is higher: nothing that follows tells a turn from jitter.
        """
        cutoff_hz = self.cutoff_hz if isinstance(self.cutoff_hz, float) else USUAL
        if lag == 0:
            cutoff_hz *= _WITHOUT_LAG
        push = (0.0, 0.0, 1 / float(stiffness(cutoff_hz, fps)))
        doubt = Recent(self.outlier, max(1, round(_REMEMBERED * fps)))
        return FixedLag(push, lag, self.max_gap_s * fps, doubt)


class Recent:
    """Weighs detections by what the last frames were like.

    Args:
        share: of the person's size, at which a detection counts half.
        frames: that are remembered.
    """

    def __init__(self, share: float, frames: int) -> None:
        self.share = share
        self._sizes, self._away, self._scores = (RunningMedian(frames) for _ in range(3))

    def weights(
        self, scores: Float[np.ndarray, " K"], seen: Bool[np.ndarray, " K"]
    ) -> Float[np.ndarray, " K"]:
        """Scores over their median; 0 where nothing was seen."""
        sure = np.maximum(scores, LEAST_SCORE)
        self._scores.add(sure, seen)
        return np.where(seen, sure / self._scores.value, 0)

    def trust(self, away: Float[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
        """Cauchy's weights of distances."""
        scale = np.fmax(self.share * self._sizes.value, THREE_SPREADS * self._away.value)
        known = np.where(np.isnan(scale), np.inf, scale)  # of the first frame nothing is
        return np.asarray(1 / (1 + (away / above_zero(known, away)) ** 2))

    def note(
        self,
        positions: Float[np.ndarray, "K 2"],
        away: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
    ) -> None:
        """Remembers a frame's size and distances."""
        self._away.add(away, seen)
        if seen.sum() > 1:
            self._sizes.add(np.ptp(positions[seen], axis=0).max(keepdims=True), np.ones(1, bool))


class RunningMedian:
    """The running median of numbers.

    Args:
        frames: that it is of, at most.

    Attributes:
        value: of each number; NaN where none was added.
    """

    def __init__(self, frames: int) -> None:
        self.frames, self.value = frames, np.full(1, np.nan)
        self._kept, self._at = np.empty((0, 0)), 0

    def add(self, values: Float[np.ndarray, " N"], counted: Bool[np.ndarray, " N"]) -> None:
        """Another frame's numbers, those that count."""
        if not len(self._kept):
            self._kept = np.full((self.frames, len(values)), np.inf)
        self._kept[self._at] = np.where(counted, values, np.inf)
        self._at = (self._at + 1) % self.frames
        there = np.isfinite(self._kept)
        self.value = np.where(there.any(0), medians(self._kept, there), np.nan)
