"""Choosing a cut-off frequency from the data: Winter's residual analysis.

What a low-pass filter takes away is noise and, from some cut-off downwards, motion as well. Above
the motion's frequencies the root mean square of what is taken away falls in a straight line as
the cut-off rises, for noise has no frequency of its own. The line's height at 0 Hz is the noise
that all frequencies together hold, and the cut-off that takes away just as much is chosen, so
that the motion lost equals the noise kept (Winter, "Biomechanics and Motor Control of Human
Movement", 2009, section 2.4.4.3).

The field's other method, generalised cross-validation, takes errors of neighbouring frames to be
independent. Those of detectors are not: one that is off stays off for a while. On the dances of
AIST++ (neighbouring errors correlate by 0.7 to 0.9) it took that for motion, chose 11 Hz in the
median, and left three times the jitter that residual analysis left.
"""

import math
from numbers import Real
from typing import Any

import numpy as np
from jaxtyping import Float

from temporal_pose.errors import ConfigError
from temporal_pose.filters.splines import robust_fit, stiffness
from temporal_pose.filters.stretches import Stretches

AUTO = "auto"

USUAL = 5.0
"""Hz, for stretches too short to choose for."""

_SHORTEST = 1.0  # second that there is a choice for
_RANGE = (1.0, 20.0)  # Hz, to choose from
_STEPS = 60  # cut-offs tried
_NOISE_FROM = 8.0  # Hz, where motion has ended; at low frame rates a quarter of them
_NOISE_UNTIL = 0.45  # of the frame rate
_OPEN = 10.0  # Hz, of the fit that outliers are told from
_OUTLIER = 0.03  # of the person's size
_BINS = 2048  # of frequencies, for long stretches


def cutoff(name: str, value: Any) -> float | str:
    """The value; raises ConfigError unless it is a positive number or 'auto'."""
    if value == AUTO:
        return AUTO
    if isinstance(value, bool | str) or not (
        isinstance(value, Real) and 0 < float(value) < math.inf
    ):
        raise ConfigError(f"{name} is {value}; expected a positive number of hertz, or {AUTO}")
    return float(value)


def chosen(setting: float | str, stretches: Stretches) -> Float[np.ndarray, " N"]:
    """The cut-off of each stretch, Hz."""
    if setting != AUTO:
        return np.full(len(stretches.lengths), float(setting))
    return residual_analysis(stretches)


def residual_analysis(stretches: Stretches) -> Float[np.ndarray, " N"]:
    """A cut-off for each stretch of a second or more, Hz; for the others a usual one.

    Outliers would pass for noise of all frequencies, so they are first moved to where a fit that
    barely smooths has them, as far as it does not believe them.
    """
    result = np.full(len(stretches.lengths), USUAL)
    long = np.flatnonzero(stretches.lengths >= _SHORTEST * stretches.fps)
    if not len(long):
        return result
    stiff = np.full(len(stretches.lengths), float(stiffness(_OPEN, stretches.fps)))
    fit = robust_fit(stretches, stiff, _OUTLIER)
    clean = fit.positions + fit.trust[..., None] * (stretches.positions - fit.positions)
    for n in long:
        result[n] = _residual_analysis(clean[: stretches.lengths[n], n], stretches.fps)
    return result


def _residual_analysis(values: Float[np.ndarray, "T 2"], fps: float) -> float:
    """The cut-off of one stretch, which a line through its ends does not change."""
    tried = np.linspace(0.5, _NOISE_UNTIL * fps, _STEPS)
    removed = _removed(values, fps, tried)
    noise = tried >= min(_NOISE_FROM, fps / 4)
    height = np.polynomial.Polynomial.fit(tried[noise], removed[noise], 1)(0.0)
    enough = removed <= max(height, 0.0)
    found = float(tried[np.argmax(enough)]) if enough.any() else _RANGE[1]
    return min(max(found, _RANGE[0]), _RANGE[1])


def _removed(
    values: Float[np.ndarray, "T 2"], fps: float, cutoffs: Float[np.ndarray, " C"]
) -> Float[np.ndarray, " C"]:
    """Root mean square of what a smoothing spline of each cut-off takes away.

    A cosine transform turns the spline into factors, the ends being mirrored.
    """
    from scipy.fft import dct  # here, for only this needs it

    size = len(values)
    along = np.linspace(-1, 1, size)[:, None]
    centred = values - values.mean(0)
    level = centred - along * (centred * along).sum(0) / (along**2).sum()
    power = (dct(level, norm="ortho", axis=0) ** 2).sum(1)
    bends = (2 * np.sin(np.pi * np.arange(size) / (2 * size))) ** 4
    starts = np.unique(np.linspace(0, size - 1, _BINS).astype(int))
    counts = np.diff(np.append(starts, size))
    bends = np.add.reduceat(bends, starts) / counts
    taken = 1 - 1 / (1 + stiffness(cutoffs, fps)[:, None] * bends)
    return np.asarray(np.sqrt((taken**2) @ np.add.reduceat(power, starts) / size))
