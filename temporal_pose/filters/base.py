"""What all classical filters share: stretches of tracks, settings, and a place in a checkpoint."""

import inspect
import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.filters.stretches import Stretches, smooth_stretches
from temporal_pose.pose.observations import Tracks


class Filter(nn.Module, ABC):
    """A filter over time without parameters, that smooths each coordinate of a track on its own.

    A subclass keeps each constructor argument as an attribute of the same name.

    Args:
        max_gap_s: a longer time without detection, in seconds, splits a track into stretches that
            do not influence each other.

    Attributes:
        grid: values worth trying for the settings that are tuned, from nearly the identity to
            heavy smoothing.

    Raises:
        ConfigError: a negative ``max_gap_s``.
    """

    grid: ClassVar[dict[str, tuple[float, ...]]]

    def __init__(self, max_gap_s: float) -> None:
        super().__init__()
        self.max_gap_s = not_negative("max_gap_s", max_gap_s)

    @abstractmethod
    def smooth(self, stretches: Stretches) -> Float[np.ndarray, "T N 2"]:
        """Smoothed positions, in pixels, at every frame of each stretch, gaps included."""

    def forward(self, tracks: Tracks) -> Float[Tensor, "B T K 2"]:
        """Smooth tracks, on the CPU in double precision.

        Args:
            tracks: positions in pixels, of any frame of reference.

        Returns:
            Positions in the same pixels at every frame: short gaps are bridged, elsewhere the
            nearest position stands in. A track without any detection is returned as it is.
        """
        batch, _, keypoints, _ = tracks.positions.shape
        smoothed = smooth_stretches(
            _array(tracks.positions.double().transpose(0, 1).flatten(1, 2)),
            _array(tracks.detected.transpose(0, 1).flatten(1, 2)),
            _array(tracks.fps.double().repeat_interleave(keypoints)),
            self.max_gap_s,
            self.smooth,
        )
        unflat = torch.from_numpy(smoothed).unflatten(1, (batch, keypoints))
        return unflat.transpose(0, 1).to(tracks.positions).contiguous()

    @property
    def settings(self) -> dict[str, float]:
        """Every constructor argument by name, as a number."""
        return {
            name: float(getattr(self, name)) for name in inspect.signature(type(self)).parameters
        }

    def with_settings(self, **settings: float) -> "Filter":
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

    def get_extra_state(self) -> dict[str, float]:
        """What ``state_dict`` keeps of a filter: its settings, plain numbers."""
        return self.settings

    def set_extra_state(self, state: Any) -> None:
        """Take the settings of a checkpoint.

        Raises:
            CheckpointError: settings of another kind of filter.
            ConfigError: a value the constructor refuses.
        """
        if not isinstance(state, dict) or state.keys() != self.settings.keys():
            raise CheckpointError(
                f"the checkpoint holds {state}; expected the settings of {type(self).__name__}: "
                f"{', '.join(self.settings)}. Choose the filter that was saved"
            )
        restored = self.with_settings(**state)
        for name in state:
            setattr(self, name, getattr(restored, name))

    def extra_repr(self) -> str:
        """The settings, for ``print``."""
        return ", ".join(f"{name}={value:g}" for name, value in self.settings.items())

    def _typed(self, name: str, value: float) -> Any:
        """The value as the constructor takes it: a setting may be an integer or a switch."""
        kind = type(getattr(self, name))
        if kind(value) != value:
            raise ConfigError(f"{name} is {value}; expected a value of type {kind.__name__}")
        return kind(value)


def positive(name: str, value: float) -> float:
    """The value; raises ConfigError unless it is finite and above zero."""
    if not (math.isfinite(value) and value > 0):
        raise ConfigError(f"{name} is {value}; expected a positive number")
    return float(value)


def not_negative(name: str, value: float) -> float:
    """The value; raises ConfigError unless it is finite and zero or more."""
    if not (math.isfinite(value) and value >= 0):
        raise ConfigError(f"{name} is {value}; expected zero or a positive number")
    return float(value)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
