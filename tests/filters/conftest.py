"""Tracks to smooth, and every filter that ``conf/model`` names, with the settings it has there."""

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from temporal_pose.files.conf import CONF
from temporal_pose.pose.observations import Tracks


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
    def make(positions, detected=None, fps=30.0, scores=None, times=None) -> Tracks:
        positions = torch.as_tensor(positions, dtype=torch.float64)
        if detected is None:
            detected = torch.ones(positions.shape[:3], dtype=torch.bool)
        rates = torch.as_tensor(fps, dtype=torch.float64).expand(len(positions)).clone()
        if times is not None:
            times = torch.as_tensor(times).expand(len(positions), -1)
        return Tracks(positions, torch.as_tensor(detected), rates, scores, times)

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
