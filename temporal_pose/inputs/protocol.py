"""What stands between the truth and a model: simulated noise, or a real detector's output."""

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from temporal_pose.pose.framing import Framing
from temporal_pose.pose.observations import Framed, Observed, WindowBatch


@runtime_checkable
class Input(Protocol):
    """A detector, simulated or real.

    Attributes:
        needs_recordings: whether it needs what a real detector saw.
    """

    needs_recordings: bool

    def frame(
        self, windows: WindowBatch, framing: Framing, zoom: Float[Tensor, " B"] | None = None
    ) -> Framed:
        """Boxes, and the truth in their pixels."""
        ...

    def observe(
        self,
        windows: WindowBatch,
        framed: Framed,
        mean_torso: float,
        size: int = 56,
        epoch: int | None = None,
    ) -> Observed:
        """What a model gets to see; ``epoch`` is None outside training."""
        ...
