"""Windows of video as samples: detected poses, and a network that refines them.

A sample's pose is that of the window's middle frame, its crop the box of that frame.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from temporal_pose.data.module import PoseData
from temporal_pose.errors import ConfigError
from temporal_pose.exploring.collecting import Subject
from temporal_pose.exploring.network_layers import default_layer
from temporal_pose.exploring.sample_columns import mean_over
from temporal_pose.exploring.samples import Described
from temporal_pose.pose.codecs import Codec
from temporal_pose.pose.observations import Batch, Observed

_CPU = torch.device("cpu")


@dataclass(frozen=True)
class WindowSource:
    """The windows of one side of a data set.

    Args:
        data: set up.
        codec: makes a network's input of what a detector saw.
        side: which windows.
        device: where the network is.
    """

    data: PoseData
    codec: Codec
    side: str = "test"
    device: torch.device = _CPU

    def __len__(self) -> int:
        return len(self.data.sides[self.side])

    def batches(self, places: Sequence[int]) -> Iterator[tuple[Tensor, Described]]:
        """What the network eats, and what is known of the windows."""
        windows = self.data.sides[self.side]
        for first in range(0, len(places), self.data.batch_size):
            chosen = list(places[first : first + self.data.batch_size])
            batch = self.data.prepare(windows[chosen])
            inputs = self.codec.read(batch.observed)
            videos = [windows.names[video] for video in windows.video[chosen].tolist()]
            starts = windows.index[chosen, 0].tolist()
            names = [f"{v}, frame {n}" for v, n in zip(videos, starts, strict=True)]
            yield inputs.to(self.device), self._described(batch, videos, names)

    def _described(self, batch: Batch, videos: list[str], names: list[str]) -> Described:
        size, middle = self.data.framing.size, batch.keypoints.shape[1] // 2
        truth, visible = batch.keypoints[:, middle], batch.visible[:, middle]
        seen = batch.observed.positions[:, middle]
        found = batch.observed.detected[:, middle] & visible
        away = ((seen - truth).norm(dim=-1) / size).where(found, torch.nan)
        columns = {
            "input_error": mean_over(away.double().numpy(), 1),
            "box_px": batch.observed.boxes[:, middle, 2].double().numpy(),
            "detected": batch.observed.detected[:, middle].sum(1).double().numpy(),
        }
        shares = ((truth + 0.5) / size).float().numpy()
        return Described(shares, 2 * visible.long().numpy(), None, videos, names, columns)


def window_subject(network: nn.Module, codec: Codec, data: PoseData, layer: str | None) -> Subject:
    """A network of windows as it is looked into.

    Args:
        layer: None for the last one before the output.

    Raises:
        ConfigError: nothing in it learns, or it shows nothing but its output.
    """
    if not any(True for _ in network.parameters()):
        raise ConfigError(
            f"{type(network).__name__} has no layers that learn, so there is no latent space; "
            "expected the run of a network, such as model=tcn"
        )
    size, middle = data.framing.size, data.cut.length // 2
    network.eval()
    name = layer
    if name is None:
        windows = data.sides[next(iter(data.sides))]
        name = default_layer(network, codec.read(data.prepare(windows[[0]]).observed))

    def read(output: Tensor) -> Float[Tensor, "B K 2"]:
        return (codec.decode(output, _unseen(output))[:, middle] + 0.5) / size

    return Subject(network, name, read, data.skeleton)


def _unseen(output: Tensor) -> Observed:
    """Stands for what was observed where a network's answer is all there is."""
    places = torch.zeros(*output.shape[:3], 2, device=output.device)
    flags = places[..., 0] > 0
    boxes = torch.zeros(*output.shape[:2], 4, device=output.device)
    return Observed(places, flags, places[..., 0], boxes, boxes[:, 0, 0], places[..., 0])
