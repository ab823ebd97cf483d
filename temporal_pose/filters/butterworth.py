"""The Butterworth filter of biomechanics: low-pass, once forward and once backward."""

import math
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float
from scipy.signal import butter, sosfilt, sosfilt_zi, sosfiltfilt

from temporal_pose.filters.base import Filter
from temporal_pose.filters.causal import Causal, Recursion
from temporal_pose.filters.cutoffs import USUAL, chosen, cutoff
from temporal_pose.filters.edges import by_length, extended
from temporal_pose.filters.stretches import Stretches

_REACH = 4.0  # turns of the cut-off frequency, after which the filter has forgotten
_FITTED = 0.4  # turns that the line at an end is fitted to
_OPEN = 0.98  # of half the frame rate: a cut-off beyond it lets all pass


class Butterworth(Filter):
    """Second order in each direction, fourth in both, without lag.

    The cut-off is that of one pass, as in Sports2D and Pose2Sim: both together leave half of the
    amplitude there. (Winter, "Biomechanics and Motor Control of Human Movement", 2009, section
    2.4.4.2, divides by 0.802 for both together to leave 0.707.) Short gaps are bridged by lines
    first; the ends go on as they came, see `temporal_pose.filters.edges.extended`.

    Args:
        cutoff_hz: the cut-off frequency; from half the frame rate on nothing is changed. 'auto'
            chooses one for each stretch, see `temporal_pose.filters.cutoffs`.
        max_gap_s: a longer time without detection, in seconds, splits a track.

    Raises:
        ConfigError: a ``cutoff_hz`` that is not positive, or a negative ``max_gap_s``.
    """

    grid: ClassVar[dict[str, tuple[float, ...]]] = {
        "cutoff_hz": tuple(float(f"{0.4 * 10 ** (step / 10):.3g}") for step in range(21))
    }

    def __init__(self, cutoff_hz: float | str = 6.0, max_gap_s: float = 0.25) -> None:
        super().__init__(max_gap_s)
        self.cutoff_hz = cutoff("cutoff_hz", cutoff_hz)

    def smooth(self, stretches: Stretches) -> Float[np.ndarray, "T N 2"]:
        """Both passes, over all stretches of one length and cut-off at once; pixels."""
        cutoffs = chosen(self.cutoff_hz, stretches)
        smoothed = stretches.positions.copy()
        for length, same in by_length(stretches):
            for cutoff_hz in np.unique(cutoffs[same]):
                own = same[cutoffs[same] == cutoff_hz]
                values = stretches.positions[:length, own]
                smoothed[:length, own] = both_ways(values, float(cutoff_hz) / stretches.fps)
        return smoothed

    def causal(self, fps: float, lag: int = 0) -> Causal:
        """The pass forward alone, less late by as much as the lag allows."""
        cutoff_hz = self.cutoff_hz if isinstance(self.cutoff_hz, float) else USUAL
        return ButterworthForward(cutoff_hz / fps, lag, self.max_gap_s * fps)


class ButterworthForward(Recursion):
    """One pass, a frame at a time; a keypoint that is not seen stands still.

    Args:
        cutoff: cut-off frequency in turns per frame.
    """

    def __init__(self, cutoff: float, lag: int, longest: float) -> None:
        self.sections = sections_of(cutoff)
        late = 1 / (math.sqrt(2) * math.pi * cutoff)  # frames, for slow motion
        super().__init__(lag, longest, 0 if self.sections is None else round(late))
        self._state: Float[np.ndarray, "S 2 K 2"] | None = None

    def update(
        self,
        positions: Float[np.ndarray, "K 2"],
        elapsed: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
    ) -> Float[np.ndarray, "K 2"]:
        """Takes the next frame and gives its estimates."""
        if self.sections is None:
            return positions
        rest = sosfilt_zi(self.sections)[..., None, None] * positions
        fresh = (np.isinf(elapsed) & seen)[:, None]
        state = rest if self._state is None else np.where(fresh, rest, self._state)
        smoothed, self._state = sosfilt(self.sections, positions[None], axis=0, zi=state)
        return np.asarray(smoothed[0])


def both_ways(values: Float[np.ndarray, "T N 2"], cutoff: float) -> Float[np.ndarray, "T N 2"]:
    """Filter forward and backward.

    Args:
        cutoff: cut-off frequency in turns per frame.
    """
    sections = sections_of(cutoff)
    if sections is None:
        return values
    reach = round(_REACH / cutoff)
    long = extended(values, reach, fitted=round(_FITTED / cutoff) + 2)
    return np.asarray(sosfiltfilt(sections, long, axis=0, padlen=0)[reach : reach + len(values)])


def sections_of(cutoff: float) -> Float[np.ndarray, "S 6"] | None:
    """The filter of one pass; None where it lets everything pass."""
    if cutoff >= _OPEN / 2:
        return None
    return np.asarray(butter(2, 2 * cutoff, output="sos"))
