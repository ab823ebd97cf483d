"""Tracks to smooth, and every filter that ``conf/model`` names, with the settings it has there."""

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from smoothing import tracks_of
from torch import Tensor

from temporal_pose.files.options import described, filters

#: Those that see whole videos: their ``_window`` forms are the same ones.
FILTERS = [name for name in filters() if described("model", name)["whole_videos"]]


@pytest.fixture(params=FILTERS)
def any_filter(request):
    """Each filter, by its defaults."""
    about = OmegaConf.create({"model": described("model", request.param)})
    return instantiate(about.model.network)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def make_tracks():
    return tracks_of


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
