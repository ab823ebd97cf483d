"""The Kalman smoother: the likeliest motion of a point that is pushed at random."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float
from simdkalman import KalmanFilter

from temporal_pose.filters.base import Filter, positive
from temporal_pose.filters.causal import Causal
from temporal_pose.filters.fixed_lag import VAGUE, FixedLag
from temporal_pose.filters.stretches import Stretches


class Kalman(Filter):
    """Rauch-Tung-Striebel smoother of a constant velocity disturbed by white-noise acceleration.

    Only the ratio of ``acceleration`` to ``measurement_std`` matters, so one of them is tuned.
    With ``measurement_std`` 1 the acceleration is in multiples of the jitter and fits any pixels.
    About ``(measurement_std / acceleration * fps ** 1.5) ** 0.5`` frames are averaged to each
    side. Gaps are bridged by the motion itself.

    Args:
        acceleration: square root of the spectral density of the acceleration, pixels per second to
            the power of 1.5.
        measurement_std: standard deviation of the jitter of each frame, in the same pixels.
        max_gap_s: a longer time without detection, in seconds, splits a track.

    Raises:
        ConfigError: an ``acceleration`` or ``measurement_std`` that is not positive, or a negative
            ``max_gap_s``.
    """

    grid: ClassVar[dict[str, tuple[float, ...]]] = {
        "acceleration": tuple(float(f"{10 ** (step / 4):.3g}") for step in range(-4, 20))
    }

    def __init__(
        self, acceleration: float, measurement_std: float = 1.0, max_gap_s: float = 0.25
    ) -> None:
        super().__init__(max_gap_s)
        self.acceleration = positive("acceleration", acceleration)
        self.measurement_std = positive("measurement_std", measurement_std)

    def smooth(self, stretches: Stretches) -> Float[np.ndarray, "T N 2"]:
        """The mean of the motion given all seen frames of a stretch; pixels."""
        positions, seen, fps = stretches.positions, stretches.seen, stretches.fps
        disturbance = self._disturbance(fps)
        origin = positions[0]
        measured = np.where(seen[..., None], positions - origin, np.nan)
        rows = measured.reshape(len(positions), -1).T
        return origin + smooth_rows(rows, disturbance).T.reshape(positions.shape)

    def causal(self, fps: float, lag: int = 0) -> Causal:
        """The filter forward, and the smoother back over the lag."""
        own = self._disturbance(fps)
        return FixedLag((own / 3, own / 2, own), lag, self.max_gap_s * fps)

    def _disturbance(self, fps: float) -> float:
        """Variance of the velocity gained per frame, over that of a measurement."""
        return (self.acceleration / self.measurement_std) ** 2 / fps**3


def smooth_rows(rows: Float[np.ndarray, "N T"], disturbance: float) -> Float[np.ndarray, "N T"]:
    """Smooth N independent series that begin near zero.

    Args:
        rows: measurements; NaN where there is none.
        disturbance: variance of the velocity gained per frame, over that of a measurement.
    """
    model = KalmanFilter(
        state_transition=[[1, 1], [0, 1]],  # position and velocity per frame
        process_noise=disturbance * np.array([[1 / 3, 1 / 2], [1 / 2, 1]]),
        observation_model=[[1, 0]],
        observation_noise=1.0,
    )
    first = VAGUE * np.diag([1.0, 1.0 + disturbance])
    smoothed = model.smooth(
        rows,
        initial_value=np.zeros((len(rows), 2, 1)),
        initial_covariance=np.broadcast_to(first, (len(rows), 2, 2)),
        observations=False,
        covariances=False,
    )
    return np.asarray(smoothed.states.mean[..., 0])
