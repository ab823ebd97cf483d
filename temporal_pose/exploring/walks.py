"""Walks through a latent space, as samples that are near and as the network decodes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from temporal_pose.exploring.components import Components
from temporal_pose.exploring.network_layers import replaced, silenced

#: Components that the thesis walks along, counted from 1, and how far, in standard deviations.
ALONG = (1, 2, 3, 10, 30, 50, 100)
STEPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)


@dataclass(frozen=True)
class Walk:
    """Places on a line through a latent space.

    Args:
        title: where it leads.
        steps: names of the places.
        nearest: the sample that is nearest to each place.
        away: how far that is, as a share of the mean distance between two samples.
        alike: samples that are as far along the line, whatever else they are.
        decoded: what the network makes of each place, shares of the crop; None where it cannot.
    """

    title: str
    steps: tuple[str, ...]
    nearest: Int[np.ndarray, " S"]
    away: Float[np.ndarray, " S"]
    alike: Int[np.ndarray, "S n"]
    decoded: Float[np.ndarray, "S K 2"] | None


#: What a network makes of features in place of those of its layer.
Decode = Callable[[Float[np.ndarray, "S D"]], Float[np.ndarray, "S K 2"]]


@dataclass(frozen=True)
class Decoder:
    """Puts features in the place of a layer's, and reads what the network makes of them.

    Args:
        network: in evaluation mode.
        layer: its name.
        base: input of one sample, which is what the rest of the network sees.
        read: keypoints of the network's output, shares of the crop.
        silent: layers that give nothing meanwhile, the branches around the latent space.
    """

    network: nn.Module
    layer: str
    base: Tensor
    read: Callable[[Tensor], Float[Tensor, "S K 2"]]
    silent: Sequence[str] = ()

    @torch.no_grad()
    def __call__(self, features: Float[np.ndarray, "S D"]) -> Float[np.ndarray, "S K 2"]:
        """Keypoints, shares of the crop."""
        value = torch.from_numpy(np.ascontiguousarray(features, np.float32))
        inputs = self.base.expand(len(features), *self.base.shape[1:]).contiguous()
        self.network.eval()
        with silenced(self.network, self.silent), replaced(self.network, self.layer, value):
            return self.read(self.network(inputs)).float().cpu().numpy()


def walks(found: Components, decode: Decode | None, along: Sequence[int] = ALONG) -> list[Walk]:
    """From the mean sample, some standard deviations to either side along components.

    Args:
        along: components, counted from 1; those there are not are left out.
    """
    deviations = found.scores.std(0)
    made = []
    for number in along:
        if number > len(found.axes):
            continue
        places = np.zeros((len(STEPS), found.scores.shape[1]), np.float32)
        places[:, number - 1] = np.multiply(STEPS, deviations[number - 1])
        names = tuple("mean" if step == 0 else f"{step:+.0f} sd" for step in STEPS)
        made.append(_walk(f"component {number}", names, places, found, decode))
    return made


def between(
    found: Components, decode: Decode | None, first: int, last: int, steps: int = 7
) -> Walk:
    """A straight line from one sample to another."""
    shares = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    places = (1 - shares) * found.scores[first] + shares * found.scores[last]
    names = tuple(f"{share:.0%}" for share in shares[:, 0])
    return _walk("from one person to another", names, places, found, decode)


def _walk(
    title: str,
    names: tuple[str, ...],
    places: Float[np.ndarray, "S C"],
    found: Components,
    decode: Decode | None,
) -> Walk:
    nearest, away = _nearest(found.scores, places)
    decoded = None if decode is None else decode(found.features(places))
    return Walk(title, names, nearest, away, _alike(found.scores, places), decoded)


def _alike(
    scores: Float[np.ndarray, "N C"], places: Float[np.ndarray, "S C"]
) -> Int[np.ndarray, "S n"]:
    """A twentieth of the samples for each place, 5 to 100 of them."""
    line = places[-1] - places[0]
    along, wanted = scores @ line, places @ line
    count = min(len(scores), max(5, min(100, len(scores) // 20)))
    return np.abs(along - wanted[:, None]).argsort(1, kind="stable")[:, :count]


def _nearest(
    scores: Float[np.ndarray, "N C"], places: Float[np.ndarray, "S C"]
) -> tuple[Int[np.ndarray, " S"], Float[np.ndarray, " S"]]:
    squares = (scores**2).sum(1) - 2 * places @ scores.T + (places**2).sum(1)[:, None]
    nearest = squares.argmin(1)
    usual = np.sqrt(2 * scores.var(0).sum())
    distances = np.sqrt(np.maximum(squares[np.arange(len(places)), nearest], 0))
    return nearest, distances / max(float(usual), 1e-12)


def extremes(found: Components, complete: Int[np.ndarray, " N"]) -> tuple[int, int]:
    """The samples at either end of the first component, among those whose pose is best known.

    Args:
        complete: keypoints that are known of each sample.
    """
    candidates = np.flatnonzero(complete == complete.max())
    if len(candidates) < 2:
        candidates = np.arange(len(complete))
    along = found.scores[candidates, 0]
    return int(candidates[along.argmin()]), int(candidates[along.argmax()])
