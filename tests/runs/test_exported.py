"""ONNX files give what torch gives, for any number of samples; or there is no file."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from temporal_pose.errors import ConfigError
from temporal_pose.models.conv3d import Conv3d
from temporal_pose.models.hourglass import Hourglass
from temporal_pose.models.tcn import TemporalConvNet
from temporal_pose.runs.exported import export

onnx = pytest.importorskip("onnx", reason="the onnx extra is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the onnx extra is not installed")
pytest.importorskip("onnxscript", reason="the onnx extra is not installed")

NETWORKS = {
    "tcn": (lambda: TemporalConvNet(3, window=5, width=8, depth=1), (5, 3, 3)),
    "conv3d": (lambda: Conv3d(3, window=5), (5, 3, 7, 11)),
    "hourglass": (
        lambda: Hourglass("penn13", stacks=1, channels=4, depth=1, stem=(2, 2, 2), size=16),
        (3, 16, 16),
    ),
}


class Last(nn.Module):
    """The heatmaps of the last stack, for a batch comes first in what is exported."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(images)[-1]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_file_gives_what_torch_gives(name: str, tmp_path) -> None:
    make, shape = NETWORKS[name]
    torch.manual_seed(0)
    network = make().eval().requires_grad_(False)
    for value in network.parameters():  # what starts at zero would hide everything before it
        value.add_(0.05 * torch.randn(value.shape))
    if name == "hourglass":
        network = Last(network)
    file, note = tmp_path / "network.onnx", {"input": "pixels", "output": "heatmaps"}
    apart = export(network, torch.rand(2, *shape), ("given", "made"), note, file)
    session = onnxruntime.InferenceSession(file)
    for count in (1, 3):
        inputs = torch.rand(count, *shape)
        (made,) = session.run(["made"], {"given": inputs.numpy()})
        np.testing.assert_allclose(made, network(inputs), rtol=1e-4, atol=1e-5)
    assert apart <= 1e-4
    assert session.get_modelmeta().custom_metadata_map == note
    assert [one.name for one in tmp_path.iterdir()] == ["network.onnx"]


class Spectrum(nn.Module):
    """Complex numbers, which ONNX has none of."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return torch.linalg.eigvals(values).real


class Chance(nn.Module):
    """Something else each time."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values + torch.rand_like(values)


@pytest.mark.parametrize("network", [Spectrum(), Chance()], ids=["no words", "something else"])
def test_what_cannot_be_exported_leaves_no_file(network: nn.Module, tmp_path) -> None:
    what = type(network).__name__
    message = re.escape(f"{what} cannot be exported to ONNX: ")
    with pytest.raises(ConfigError, match=message) as caught:
        export(network, torch.rand(2, 3, 3), ("a", "b"), {}, tmp_path / "network.onnx")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
    assert list(tmp_path.iterdir()) == []
