"""How calm a track is and how much it moves: measures that need no truth.

All of them look only where both the detector and the refined track have something to say, so that
before and after are of the same moments.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.refining.vectors import length

#: Windows in which a spectrum is taken: seconds, fewest frames, and the share that is to be there.
_WINDOW_S, _FEWEST, _THERE = 4.0, 16, 0.8
#: Robust extremes of a motion, percent.
_EXTREMES = (2.5, 97.5)
#: Frames, and windows, that say enough of a long track.
_MANY, _WINDOWS = 20_000, 300
#: Frames farther apart than so many usual ones do not follow each other.
_FOLLOW = 1.75


class MotionKept(NamedTuple):
    """Motion before and after, of each keypoint; NaN where too little is there to tell.

    Args:
        before: root of the mean squared motion, or the range, image pixels.
        share: of the power, or of the range, that is left.
    """

    before: Float[np.ndarray, " K"]
    share: Float[np.ndarray, " K"]


def usual_step(times: Float[np.ndarray, " F"]) -> float:
    """The usual time from frame to frame, in the unit of the times; 1 for a single frame."""
    return float(np.median(np.diff(times))) if len(times) > 1 else 1.0


def accelerations(
    keypoints: Float[np.ndarray, "F K 2"],
    there: Bool[np.ndarray, "F K"],
    times: Float[np.ndarray, " F"],
) -> Float[np.ndarray, "F K"]:
    """Norms of second differences, px/frame², at the middle one of three frames; NaN elsewhere.

    A frame is the usual time between frames; where the rate varies, the second difference is that
    of a parabola through the three positions, at the usual rate. Three frames follow each other if
    they are as near as frames with anything in them usually are: a person may be seen in every
    second one.
    """
    result = np.full(there.shape, np.nan)
    shown = np.flatnonzero(there.any(1))
    if len(shown) < 3:
        return result
    step = usual_step(times)
    if len(shown) < len(times):
        keypoints, there, times = keypoints[shown], there[shown], times[shown]
    gaps = np.diff(times) / step
    near = gaps <= _FOLLOW * np.median(gaps)
    speeds = np.diff(keypoints, axis=0) / gaps[:, None, None]
    middle = (gaps[1:] + gaps[:-1])[:, None, None] / 2
    known = there[:-2] & there[1:-1] & there[2:] & (near[1:] & near[:-1])[:, None]
    second = length(np.diff(speeds, axis=0) / middle)
    result[shown[1:-1]] = np.where(known, second, np.nan)
    return result


def mean_of(values: Float[np.ndarray, "*n"]) -> float:
    """The mean of the numbers that are there; NaN of none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def range_kept(
    raw: Float[np.ndarray, "F K 2"],
    refined: Float[np.ndarray, "F K 2"],
    both: Bool[np.ndarray, "F K"],
) -> MotionKept:
    """Range of motion, from the 2.5th to the 97.5th percentile in x and in y, taken together.

    Args:
        both: where both are there. Of long tracks, some thousands of frames are taken.
    """
    raw, refined, both = (array[:: -(-len(both) // _MANY)] for array in (raw, refined, both))
    before, after = np.full((2, raw.shape[1]), np.nan)
    for k in np.flatnonzero(both.sum(0) >= _FEWEST):
        ends = (np.percentile(p[both[:, k], k], _EXTREMES, axis=0) for p in (raw, refined))
        before[k], after[k] = (float(np.hypot(*(high - low))) for low, high in ends)
    return MotionKept(before, _ratio(after, before))


def band_kept(
    raw: Float[np.ndarray, "F K 2"],
    refined: Float[np.ndarray, "F K 2"],
    both: Bool[np.ndarray, "F K"],
    times: Float[np.ndarray, " F"],
    cutoff_hz: float,
) -> MotionKept:
    """Power of the motion below a frequency: periodograms of overlapping windows of four seconds.

    Each is detrended and tapered (Hann), as Welch's method has it (Welch 1967). Short gaps are
    bridged by lines, in both tracks alike; windows with less than 80 % of the frames in which
    anything usually is are left out. Of long tracks some hundreds of windows are taken.

    Args:
        both: where both are there.
        times: seconds, growing.
    """
    shown = both.any(1)
    if not shown.all():
        raw, refined, both, times = (array[shown] for array in (raw, refined, both, times))
    step = usual_step(times)
    times = np.cumsum(np.minimum(np.diff(times, prepend=times[:1]), _WINDOW_S))
    length = round(float(times[-1]) / step) + 1 if len(times) else 0
    span = min(length, max(_FEWEST, round(_WINDOW_S / step)))
    powers = np.full((2, raw.shape[1]), np.nan)
    if span < _FEWEST:
        return MotionKept(powers[0], powers[1])
    grid = _starts(length, span)[:, None] + np.arange(span)
    for k in np.flatnonzero(both.sum(0) >= _FEWEST):
        seen = both[:, k]
        there = np.zeros(length)
        there[np.rint(times[seen] / step).astype(int)] = 1
        windows = grid[there[grid].mean(1) >= _THERE]
        if len(windows):
            for track, points in enumerate((raw[seen, k], refined[seen, k])):
                lines = [np.interp(windows * step, times[seen], axis) for axis in points.T]
                powers[track, k] = sum(_power(line, cutoff_hz * step) for line in lines)
    return MotionKept(np.sqrt(powers[0]), _ratio(powers[1], powers[0]))


def _starts(length: int, span: int) -> Int[np.ndarray, " W"]:
    """Of windows that overlap by half, the last by more; some of them where they are many."""
    starts = np.append(np.arange(0, length - span, span // 2), length - span)
    return starts[:: -(-len(starts) // _WINDOWS)]


def _power(windows: Float[np.ndarray, "W L"], highest: float) -> float:
    """Mean square of the motion up to a frequency, in cycles a frame; px²."""
    span = windows.shape[1]
    taper, ramp = np.hanning(span + 1)[:-1], np.arange(span) - (span - 1) / 2
    slopes = windows @ ramp / (ramp**2).sum()
    level = windows - windows.mean(1, keepdims=True) - slopes[:, None] * ramp
    inside = np.fft.rfftfreq(span) <= highest
    spectrum = np.abs(np.fft.rfft(level * taper, axis=1)[:, inside]) ** 2
    return float(2 * spectrum.sum(1).mean() / (span * (taper**2).sum()))


def limb_variation(
    keypoints: Float[np.ndarray, "F K 2"],
    both: Bool[np.ndarray, "F K"],
    limbs: tuple[tuple[int, int], ...],
) -> float:
    """Coefficient of variation of a limb's length over the track, the median over limbs."""
    keypoints, both = (array[:: -(-len(both) // _MANY)] for array in (keypoints, both))
    values = []
    for one, other in limbs:
        seen = both[:, one] & both[:, other]
        lengths = length(keypoints[seen, one] - keypoints[seen, other])
        if len(lengths) >= 2 and lengths.mean() > 0:
            values.append(float(lengths.std() / lengths.mean()))
    return float(np.median(values)) if values else float("nan")


def _ratio(
    after: Float[np.ndarray, " K"], before: Float[np.ndarray, " K"]
) -> Float[np.ndarray, " K"]:
    known = before > 0
    return np.where(known, after / np.where(known, before, 1), np.nan)
