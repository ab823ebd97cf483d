"""Learning curves, read from a run's TensorBoard events."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

#: Everything but scalars is forgotten while reading.
_KEEP = {"scalars": 0, "tensors": 1, "images": 1, "histograms": 1, "audio": 1, "graph": 1}


@dataclass(frozen=True)
class Curve:
    """A value that was logged once an epoch.

    Args:
        epochs: counted from 1, rising.
    """

    epochs: Int[np.ndarray, " N"]
    values: Float[np.ndarray, " N"]

    def __len__(self) -> int:
        return len(self.epochs)

    def at(self, epochs: Int[np.ndarray, " M"]) -> "Curve":
        """The points of those epochs, as far as there are any."""
        chosen = np.isin(self.epochs, epochs)
        return Curve(self.epochs[chosen], self.values[chosen])


EMPTY = Curve(np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True)
class Curves:
    """A run's curves by tag."""

    by_tag: Mapping[str, Curve]

    def __getitem__(self, tag: str) -> Curve:
        """The curve of a tag; one without points where nothing was logged."""
        return self.by_tag.get(tag, EMPTY)

    @property
    def drops(self) -> Int[np.ndarray, " N"]:
        """The first epochs with a lower learning rate."""
        rate = self["learning_rate"]
        return rate.epochs[1:][np.diff(rate.values) < 0]


def read_curves(folder: Path) -> Curves:
    """Reads the scalars of a run; of an epoch that was repeated, the last value counts."""
    events = EventAccumulator(str(folder), size_guidance=_KEEP)
    events.Reload()
    return Curves({tag: _curve(events.Scalars(tag)) for tag in events.Tags()["scalars"]})


def _curve(points: list[object]) -> Curve:
    values = {point.step + 1: point.value for point in points}  # type: ignore[attr-defined]
    epochs = sorted(values)
    return Curve(np.array(epochs, np.int64), np.array([values[e] for e in epochs], np.float64))
