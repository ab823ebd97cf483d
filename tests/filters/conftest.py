"""Tracks to smooth, and every filter that ``conf/model`` names, with the settings it has there."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from smoothing import tracks_of
from torch import Tensor

from temporal_pose.files.conf import CONF


def described() -> dict[str, DictConfig]:
    """The filters that see whole videos: their ``_window`` forms are the same ones."""
    files = {file.stem: OmegaConf.load(file) for file in (CONF / "model").glob("*.yaml")}
    models = {name: OmegaConf.create({"model": found}) for name, found in files.items()}
    own = "temporal_pose.filters."
    return {
        name: content.model
        for name, content in sorted(models.items())
        if OmegaConf.to_container(content.model).get("network", {}).get("_target_", "")[:22] == own
    }


FILTERS = described()


@pytest.fixture(params=FILTERS)
def any_filter(request):
    """Each filter, by its defaults."""
    return instantiate(FILTERS[request.param].network)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def make_tracks():
    return tracks_of


@pytest.fixture
def shared_data() -> Path:
    """Folder of the real data sets; without it the test is skipped."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    path = Path(os.environ.get("TEMPORAL_POSE_SHARED_DATA", beside))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; set TEMPORAL_POSE_SHARED_DATA")
    return path


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
