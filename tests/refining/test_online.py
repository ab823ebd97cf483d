"""A network one frame at a time is the same network on the frames until then."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from temporal_pose.errors import ConfigError
from temporal_pose.filters.gaussian import Gaussian
from temporal_pose.pose.codecs import CoordinateCodec
from temporal_pose.pose.framing import Framing
from temporal_pose.refining.filtering import FilterRefiner
from temporal_pose.refining.networks import NetworkRefiner
from temporal_pose.refining.streaming import Stream, streamed
from temporal_pose.refining.windowed import WindowedNetwork

K, FPS = 25, 30.0


class Leans(nn.Module):
    """Moves a frame by its place in the window."""

    def forward(self, positions: Tensor) -> Tensor:
        return positions + 0.01 * torch.arange(positions.shape[1])[:, None, None]


def network() -> NetworkRefiner:
    model = WindowedNetwork(Leans(), CoordinateCodec(held=True), Framing("window"), 3)
    return NetworkRefiner(model, FilterRefiner(Gaussian(sigma_s=0.03)))


def walk(frames: int = 16) -> np.ndarray:
    rng = np.random.default_rng(0)
    start = rng.uniform(100, 300, (K, 2))
    return start + 3 * np.arange(frames)[:, None, None] + rng.normal(0, 0.5, (frames, K, 2))


@pytest.mark.parametrize("lag", [0, 2])
def test_each_pose_is_what_the_network_makes_of_the_frames_until_then(lag: int) -> None:
    places, refiner = walk(), network()
    found = streamed(places, fps=FPS, skeleton="climbalong25", model=refiner, lag=lag)
    for at in (5, len(places) - 1 - lag):
        until = places[: at + lag + 1]
        whole = refiner.refine(until, fps=FPS, skeleton="climbalong25").keypoints[at]
        np.testing.assert_allclose(found.keypoints[at], whole, atol=0.05)


def test_a_network_asks_for_names() -> None:
    with pytest.raises(ConfigError, match=r"^skeleton is not set; a network knows keypoints by"):
        Stream(fps=FPS, model=network())
