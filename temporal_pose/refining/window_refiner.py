"""The one place where a model is given what a detector saw and its answer is read."""

from dataclasses import dataclass
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from temporal_pose.pose.codecs import Codec
from temporal_pose.pose.observations import Observed


class Answer(NamedTuple):
    """What a model makes of some windows.

    Args:
        output: what it emits, in the codec's words.
        keypoints: what the codec reads off that, heatmap pixels.
    """

    output: Tensor
    keypoints: Float[Tensor, "B T K 2"]


@dataclass(frozen=True)
class WindowRefiner:
    """Refines windows by a network or a filter.

    Training, validation, `evaluate`, the pictures and the notebook use this one as it is; what
    `refine` makes of whole videos (`temporal_pose.refining.windowed`) is this one, window by
    window. Gradients and the model's mode are the caller's.

    Args:
        network: from what the codec reads to what it decodes.
        codec: between keypoints and what the network speaks.
    """

    network: nn.Module
    codec: Codec

    def emit(self, observed: Observed) -> Tensor:
        """What the model emits for what the detector saw, in the codec's words."""
        output: Tensor = self.network(self.codec.read(observed))
        return output

    def answer(self, observed: Observed) -> Answer:
        """What the model emits, and the keypoints that this means."""
        output = self.emit(observed)
        return Answer(output, self.codec.decode(output, observed))
