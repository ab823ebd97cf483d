"""Filters among networks: windows of tensors in and out, and a place in a checkpoint."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from temporal_pose.errors import CheckpointError, DataError
from temporal_pose.filters.base import Filter, Setting
from temporal_pose.filters.detected import person_size
from temporal_pose.filters.resampling import frame_times
from temporal_pose.filters.stretches import Detected
from temporal_pose.pose.observations import Tracks


class FilterModule(nn.Module):
    """A filter as a module without parameters, whose settings travel in checkpoints.

    Args:
        smoother: the filter.
    """

    def __init__(self, smoother: Filter) -> None:
        super().__init__()
        self.smoother = smoother

    def forward(self, tracks: Tracks) -> Float[Tensor, "B T K 2"]:
        """Smooth tracks, on the CPU in double precision; see `Filter.smoothed`.

        Args:
            tracks: positions in pixels, of any frame of reference.

        Raises:
            DataError: times that do not increase.
        """
        batch, _, keypoints, _ = tracks.positions.shape
        smoothed = torch.from_numpy(self.smoother.smoothed(columns_of(tracks)))
        windows = smoothed.unflatten(1, (batch, keypoints)).transpose(0, 1)
        return windows.to(tracks.positions).contiguous()

    def get_extra_state(self) -> dict[str, Setting]:
        """What ``state_dict`` keeps of a filter: its settings, plain numbers and words."""
        return self.smoother.settings

    def set_extra_state(self, state: Any) -> None:
        """Take the settings of a checkpoint.

        Raises:
            CheckpointError: settings of another kind of filter.
            ConfigError: a value the constructor refuses.
        """
        expected = self.smoother.settings
        if not isinstance(state, dict) or state.keys() != expected.keys():
            raise CheckpointError(
                f"the checkpoint holds {state}; expected the settings of "
                f"{type(self.smoother).__name__}: {', '.join(expected)}. Choose the filter that "
                "was saved"
            )
        self.smoother = self.smoother.with_settings(**state)

    def extra_repr(self) -> str:
        """The filter with its settings, for ``print``."""
        return repr(self.smoother)


def as_module(network: nn.Module | Filter) -> nn.Module:
    """A network as it is, or a filter as one."""
    return FilterModule(network) if isinstance(network, Filter) else network


def columns_of(tracks: Tracks) -> Detected:
    """Tracks side by side, of the type they have.

    A keypoint without a score, or one that is NaN, counts as sure.

    Raises:
        DataError: times that do not increase.
    """
    keypoints = tracks.positions.shape[2]
    positions = _flat(tracks.positions)
    detected = _flat(tracks.detected)
    scores = np.ones((1, 1))
    if tracks.scores is not None:
        scores = _flat(tracks.scores)
        scores = np.where(np.isnan(scores), scores.dtype.type(1), scores)
    fps, times = _clocks(tracks)
    sizes = [
        person_size(*pair)
        for pair in zip(_array(tracks.positions), _array(tracks.detected), strict=True)
    ]
    return Detected(
        positions,
        detected,
        fps.repeat(keypoints),
        np.broadcast_to(scores, detected.shape),
        np.array(sizes).repeat(keypoints),
        None if times is None else times.repeat(keypoints, axis=1),
    )


def _clocks(
    tracks: Tracks,
) -> tuple[Float[np.ndarray, " B"], Float[np.ndarray, "T B"] | None]:
    """Frames a second of each row, and the times of its frames in steps of one over that."""
    fps = _array(tracks.fps.double())
    if tracks.times is None:
        return fps, None
    seconds = _array(tracks.times.double())
    wrong = np.argwhere(~(np.diff(seconds, axis=1) > 0))
    if len(wrong):
        raise DataError(
            f"times do not increase at frame {wrong[0, 1] + 1}; expected seconds in order"
        )
    clocks = [frame_times(*pair) for pair in zip(seconds, fps.tolist(), strict=True)]
    rates = np.array([rate for rate, _ in clocks])
    even = np.arange(seconds.shape[1], dtype=float)
    if all(times is None for _, times in clocks):
        return rates, None
    return rates, np.stack([even if times is None else times for _, times in clocks], 1)


def _flat(tensor: Shaped[Tensor, "B T K *rest"]) -> Shaped[np.ndarray, "T N *rest"]:
    return _array(tensor.transpose(0, 1).flatten(1, 2))


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
