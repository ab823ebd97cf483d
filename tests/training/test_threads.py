import pytest
import torch

from temporal_pose.filters.savgol import Savgol
from temporal_pose.models.conv3d import Conv3d
from temporal_pose.models.deciwatch import DeciWatch
from temporal_pose.pose.codecs import CoordinateCodec, HeatmapCodec, TrackCodec
from temporal_pose.training import threads
from temporal_pose.training.task import Refinement


@pytest.mark.parametrize(
    ("network", "codec", "given"),
    [
        (lambda: DeciWatch(), CoordinateCodec(), [1]),
        (lambda: Conv3d(), HeatmapCodec(), []),
        (lambda: Savgol(0.25, 2), TrackCodec(), []),
    ],
)
def test_small_tensors_are_one_threads_work(monkeypatch, network, codec, given):
    chosen: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    threads.choose(Refinement(network(), codec))
    assert chosen == given
