"""The default smoother: a smoothing spline that outliers pull little, weighted by the scores."""

from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.filters.base import Filter, positive
from temporal_pose.filters.causal import Causal
from temporal_pose.filters.cutoffs import USUAL, chosen, cutoff
from temporal_pose.filters.fixed_lag import FixedLag
from temporal_pose.filters.resampling import densely
from temporal_pose.filters.splines import LEAST_SCORE, THREE_SPREADS, robust_fit, stiffness
from temporal_pose.filters.stretches import Stretches

_WITHOUT_LAG = 1.3  # by which the cut-off is raised; on the dances of AIST++ error stays below raw
_FEWEST = 5  # frames that tell how far off a keypoint usually is
_LEAST_SCALE = 1e-9  # of distances, so that these may be divided by it
_REMEMBERED = 2.0  # seconds that a new frame is compared with, one at a time


class Robust(Filter):
    r"""The least-bent motion through the detections, each believed as far as it fits and is sure.

    .. math:: \min_z \sum_t w_t \rho(|x_t - z_t|) + \lambda \sum_t |\Delta^2 z_t|^2,
        \quad \lambda = (\mathrm{fps} / 2 \pi f_c)^4

    with rho Cauchy's, by eight rounds of reweighting (Holland and Welsch, "Robust Regression Using
    Iteratively Reweighted Least-Squares", 1977). A detection counts half at a distance c: the
    larger of ``outlier`` times the person's size and three times the spread of the stretch's own
    distances. Without the second a fast limb would be taken for outliers and flattened. The weight
    w is the score, 0.05 at least, over the stretch's median, times the frames that a detection
    stands for: half of the way to those before and after it. Both coordinates share a weight. Gaps
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
        longest = self.max_gap_s * fps
        doubt = Recent(self.outlier, max(1, round(_REMEMBERED * fps)), longest)
        return FixedLag(push, lag, longest, doubt)


class Recent:
    """Weighs detections by what the last frames were like.

    Args:
        share: of the person's size, at which a detection counts half.
        frames: that are remembered.
        longest: frames without a detection after which a keypoint begins anew.
    """

    def __init__(self, share: float, frames: int, longest: float) -> None:
        self.share, self._least, self._longest = share, min(frames, _FEWEST), longest
        self._since, self._before = np.full(1, np.inf), np.ones(1)
        self._medians = RunningMedian(frames)
        self._usual = self._scale = self._sure = np.full(1, np.nan)

    def weights(
        self, scores: Float[np.ndarray, " K"], seen: Bool[np.ndarray, " K"]
    ) -> Float[np.ndarray, " K"]:
        """Scores over their median, times the frames they stand for; 0 where nothing was seen."""
        self._sure = np.maximum(scores, LEAST_SCORE)
        usual = np.where(np.isnan(self._usual), self._sure, self._usual)
        return np.where(seen, self._sure / usual * self._shares(seen), 0)

    def _shares(self, seen: Bool[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
        """Half the frames since a keypoint was seen, and half of those until it will be.

        These are not known yet: as few as the last time, if that was less.
        """
        known = self._since <= self._longest + 1
        since = np.where(known, self._since, np.ones(len(seen)))
        share = (since + np.minimum(since, self._before)) / 2
        self._before = np.where(seen, since, self._before)
        self._since = np.where(seen, 1, self._since + 1)
        return np.asarray(share)

    def trust(self, away: Float[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
        """Cauchy's weights of distances; 1 as long as there is nothing to compare these with."""
        return np.fmin(1 / (1 + (away / self._scale) ** 2), 1)

    def note(
        self,
        positions: Float[np.ndarray, "K 2"],
        away: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
        placed: Bool[np.ndarray, " K"],
    ) -> None:
        """Remembers a frame's scores, distances and size."""
        size = np.ptp(positions[seen], axis=0).max() if seen.sum() > 1 else np.inf
        numbers = (np.where(seen, self._sure, np.inf), np.where(placed, away, np.inf), [size])
        keypoints = len(seen)
        typical, counts = self._medians.add(np.concatenate(numbers))
        self._usual, distance = typical[:keypoints], typical[keypoints:-1]
        distance = np.where(counts[keypoints:-1] < self._least, np.nan, distance)
        scale = np.fmax(THREE_SPREADS * distance, self.share * typical[-1])
        self._scale = np.maximum(scale, _LEAST_SCALE)


class RunningMedian:
    """The running median of numbers, and of how many it is.

    Args:
        frames: that it is of, at most.
    """

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self._kept, self._at = np.empty((0, 0)), 0

    def add(
        self, values: Float[np.ndarray, " N"]
    ) -> tuple[Float[np.ndarray, " N"], Int[np.ndarray, " N"]]:
        """Another frame's numbers, infinite where there are none; NaN where there never were."""
        if not len(self._kept):
            self._kept = np.full((len(values), self.frames), np.inf)
        self._kept[:, self._at] = values
        self._at = (self._at + 1) % self.frames
        counts = np.isfinite(self._kept).sum(1)
        low, high = np.maximum(counts - 1, 0) // 2, counts // 2
        ranks = sorted({*low.tolist(), *np.minimum(high, self.frames - 1).tolist()})
        ordered, rows = np.partition(self._kept, ranks, axis=1), np.arange(len(values))
        middle = (ordered[rows, low] + ordered[rows, high]) / 2
        return np.where(counts > 0, middle, np.nan), counts
