"""Tracks to smooth, and one of each filter."""

import numpy as np
import pytest
import torch
from torch import Tensor

from temporal_pose.filters.gaussian import Gaussian
from temporal_pose.filters.kalman import Kalman
from temporal_pose.filters.one_euro import OneEuro
from temporal_pose.filters.savgol import Savgol
from temporal_pose.pose.observations import Tracks

FILTERS = {
    "one_euro": OneEuro(min_cutoff_hz=1.5, beta=0.02),
    "one_euro_both_ways": OneEuro(min_cutoff_hz=1.5, beta=0.02, both_ways=True),
    "savgol": Savgol(window_s=0.24, order=2),
    "gaussian": Gaussian(sigma_s=0.06),
    "kalman": Kalman(acceleration=40.0),
}


@pytest.fixture(params=FILTERS.values(), ids=FILTERS.keys())
def any_filter(request):
    return request.param


@pytest.fixture(params=["one_euro_both_ways", "savgol", "gaussian", "kalman"])
def symmetric_filter(request):
    return FILTERS[request.param]


@pytest.fixture(params=["savgol", "gaussian", "kalman"])
def straight_filter(request):
    """Filters that leave a steady motion as it is."""
    return FILTERS[request.param]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def make_tracks():
    def make(positions, detected=None, fps=30.0) -> Tracks:
        positions = torch.as_tensor(positions, dtype=torch.float64)
        if detected is None:
            detected = torch.ones(positions.shape[:3], dtype=torch.bool)
        rates = torch.as_tensor(fps, dtype=torch.float64).expand(len(positions)).clone()
        return Tracks(positions, torch.as_tensor(detected), rates)

    return make


@pytest.fixture
def walks(rng) -> Tensor:
    """Random walks with jitter, 3 windows of 17 frames and 5 keypoints."""
    steps = torch.from_numpy(rng.normal(size=(3, 17, 5, 2)))
    return 100 + steps.cumsum(1) + torch.from_numpy(rng.normal(size=(3, 17, 5, 2)))


@pytest.fixture
def gappy(rng) -> Tensor:
    """Detections of ``walks`` with gaps of all lengths, and one track without any."""
    detected = torch.from_numpy(rng.random((3, 17, 5)) < 0.6)
    detected[0, 4:14, 1] = False
    detected[2, :, 3] = False
    return detected
