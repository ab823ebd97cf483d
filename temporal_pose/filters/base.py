"""What all classical filters share: stretches of tracks, and settings.

Nothing here brings torch, which takes seconds and half a gigabyte: to refine by a filter needs
none. Where networks are expected, `temporal_pose.filters.filter_module` makes one of a filter.
"""

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.errors import ConfigError
from temporal_pose.filters.causal import Causal, RollingWindow
from temporal_pose.filters.resampling import evenly
from temporal_pose.filters.stretches import (
    Detected,
    Stretches,
    find_stretches,
    smooth_stretches,
    within_stretches,
)

#: What a setting may be.
Setting = float | str

_AT_ONCE = 2**17  # positions that are smoothed at once: few enough for a processor's cache


class Filter(ABC):
    """A filter over time, that smooths each coordinate of a track on its own.

    A subclass keeps each constructor argument as an attribute of the same name.

    Args:
        max_gap_s: a longer time without detection, in seconds, splits a track into stretches that
            do not influence each other.

    Attributes:
        grid: values worth trying for the settings that are tuned, from nearly the identity to
            heavy smoothing.
        any_times: whether `smooth` takes frames that are not evenly spaced.

    Raises:
        ConfigError: a negative ``max_gap_s``.
    """

    grid: ClassVar[dict[str, tuple[float, ...]]]
    any_times: ClassVar[bool] = False

    def __init__(self, max_gap_s: float) -> None:
        self.max_gap_s = not_negative("max_gap_s", max_gap_s)

    @abstractmethod
    def smooth(self, stretches: Stretches) -> Float[np.ndarray, "T N 2"]:
        """Smoothed positions, in pixels, at every frame of each stretch, gaps included."""

    def smoothed(self, tracks: Detected) -> Float[np.ndarray, "T N 2"]:
        """Smooth tracks, computed in double precision.

        Frames that are not evenly spaced are smoothed on their own time axis.

        Args:
            tracks: positions in pixels, of any frame of reference.

        Returns:
            Positions in the same pixels at every frame, of the type they had: short gaps are
            bridged, elsewhere the nearest position stands in; `spans` tells which is which. A
            track without any detection is returned as it is.
        """
        smoothed = np.empty_like(tracks.positions)
        for part in _portions(*tracks.detected.shape):
            own = tracks.columns(part)
            smoothed[:, part] = smooth_stretches(own, self.max_gap_s, self.timely)
        return smoothed

    def timely(self, stretches: Stretches) -> Float[np.ndarray, "T N 2"]:
        """`smooth`, however the frames are spaced."""
        return self.smooth(stretches) if self.any_times else evenly(stretches, self.smooth)

    def spans(self, tracks: Detected) -> Bool[np.ndarray, "T N"]:
        """Where the filter knows a position: from the first to the last detection of a stretch."""
        places = find_stretches(tracks.detected, self.max_gap_s * tracks.fps, tracks.times)
        return within_stretches(places, tracks.detected.shape)

    def memory(self, fps: float) -> int:
        """Frames up to each that its estimate depends on, as good as: for `causal`."""
        return math.ceil(fps)

    def causal(self, fps: float, lag: int = 0) -> Causal:
        """The filter's form for one frame at a time.

        This one smooths the last frames anew with each, so that every filter has one.

        Args:
            lag: frames that follow the one that is estimated.
        """
        return RollingWindow(self.timely, fps, lag, self.memory(fps), self.max_gap_s)

    @property
    def settings(self) -> dict[str, Setting]:
        """Every constructor argument by name, as a number or a word."""
        values = {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}
        return {name: v if isinstance(v, str) else float(v) for name, v in values.items()}

    def with_settings(self, **settings: Setting) -> "Filter":
        """A copy with some settings changed.

        Raises:
            ConfigError: an unknown name, or a value the constructor refuses.
        """
        for name in settings.keys() - self.settings.keys():
            expected = ", ".join(self.settings)
            raise ConfigError(
                f"{name} is no setting of {type(self).__name__}; expected {expected}"
            )
        values = self.settings | settings
        return type(self)(**{name: self._typed(name, value) for name, value in values.items()})

    def __repr__(self) -> str:
        """As it is made, for ``print``."""
        words = ((n, v if isinstance(v, str) else f"{v:g}") for n, v in self.settings.items())
        return f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in words)})"

    def _typed(self, name: str, value: Setting) -> Any:
        """The value as the constructor takes it: a setting may be an integer or a switch."""
        kind = type(getattr(self, name))
        if isinstance(value, str) or kind in (float, str):
            return value
        if kind(value) != value:
            raise ConfigError(f"{name} is {value}; expected a value of type {kind.__name__}")
        return kind(value)


def positive(name: str, value: Any) -> float:
    """The value; raises ConfigError unless it is finite and above zero."""
    if not (is_number(value) and value > 0):
        raise ConfigError(f"{name} is {value}; expected a positive number")
    return float(value)


def not_negative(name: str, value: Any) -> float:
    """The value; raises ConfigError unless it is finite and zero or more."""
    if not (is_number(value) and value >= 0):
        raise ConfigError(f"{name} is {value}; expected zero or a positive number")
    return float(value)


def is_number(value: Any) -> bool:
    """Whether a value, which a person may have typed, is a finite number."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _portions(frames: int, tracks: int) -> Iterator[slice]:
    """As many tracks at a time as shall be in memory."""
    size = max(1, _AT_ONCE // max(frames, 1))
    for start in range(0, tracks, size):
        yield slice(start, start + size)
