"""Between keypoints and what a network speaks.

A codec has three verbs: `read` makes the network's input of what the detector gives, `encode`
makes of the truth what the network should emit, and `decode` makes keypoints of what it emits.
With them one training step serves every model.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from temporal_pose.errors import ConfigError
from temporal_pose.pose.boxes import heatmap_to_image, image_to_heatmap
from temporal_pose.pose.heatmaps import DECODERS, choose, renderer
from temporal_pose.pose.observations import Observed, Tracks
from temporal_pose.pose.skeletons import CLIMBALONG25


@runtime_checkable
class Codec(Protocol):
    """What every codec offers; keypoints in heatmap pixels throughout.

    Attributes:
        reads_heatmaps: whether the network sees more of a real detector's heatmaps than positions.
        skeleton: name of the keypoints that the network speaks.
    """

    reads_heatmaps: ClassVar[bool]

    @property
    def skeleton(self) -> str: ...

    def positions(self, observed: Observed) -> Float[Tensor, "B T K 2"]:
        """Detected positions, unrefined, as this codec's decoder reads them."""

    def read(self, observed: Observed) -> Any:
        """The network's input."""

    def encode(
        self, keypoints: Float[Tensor, "B T K 2"], visible: Bool[Tensor, "B T K"]
    ) -> Tensor:
        """The output a perfect network would give."""

    def decode(self, output: Tensor, observed: Observed) -> Float[Tensor, "B T K 2"]:
        """Keypoints out of the network's output."""


def read_positions(
    observed: Observed, size: int, render: str, decoder: str, border: str
) -> Float[Tensor, "B T K 2"]:
    """Detected positions as the decoder would read them off the detector's heatmaps.

    A blob drawn at its sub-pixel position has its peak there, or for the thesis's decoder at the
    nearest pixel, so nothing is drawn to be read back; nor is it for that decoder where the
    thesis's own blobs repeat the border. Where they reflect it, peaks near it move. A real
    detector's heatmaps are read as they are.
    """
    peaks = observed.peaks  # of heatmaps that were let go
    if observed.heatmaps is not None and decoder != "subpixel":
        peaks = DECODERS[decoder](observed.heatmaps)[0]
    if observed.heatmaps is not None or peaks is not None:
        if peaks is None or decoder == "subpixel":
            return observed.positions
        return peaks.where(observed.detected[..., None], observed.positions)
    if decoder == "argmax" and (render == "subpixel" or border == "nearest"):
        return observed.positions.round()
    if render == "subpixel":
        return observed.positions
    draw = renderer(render, border)
    drawn = draw(observed.positions, observed.detected, observed.sigmas, size)
    return DECODERS[decoder](drawn)[0].where(observed.detected[..., None], observed.positions)


class ReadsPositions:
    """What all codecs have in common: how they read what the detector saw; see there."""

    size: int
    render: str
    decoder: str
    border: str

    def __post_init__(self) -> None:
        renderer(self.render, self.border)
        choose(DECODERS, "decoder", self.decoder)

    def positions(self, observed: Observed) -> Float[Tensor, "B T K 2"]:
        """Detected positions, unrefined."""
        return read_positions(observed, self.size, self.render, self.decoder, self.border)


@dataclass(frozen=True)
class HeatmapCodec(ReadsPositions):
    """For networks from heatmaps to heatmaps, ``B T K H W``.

    Args:
        size: rows and columns of a heatmap.
        sigma: standard deviation of the target's blobs, heatmap pixels (thesis: 1).
        render: how blobs are drawn, 'subpixel' or 'thesis'.
        decoder: how positions are read, 'subpixel' or 'argmax'.
        skeleton: name of the keypoints.
        border: what lies beyond that of 'thesis' blobs, 'nearest' or 'reflect'.
    """

    reads_heatmaps: ClassVar[bool] = True

    size: int = 56
    sigma: float = 1.0
    render: str = "subpixel"
    decoder: str = "subpixel"
    skeleton: str = CLIMBALONG25.name
    border: str = "reflect"

    def read(self, observed: Observed) -> Float[Tensor, "B T K H W"]:
        """The detector's heatmaps, or what it saw drawn as such."""
        if observed.heatmaps is not None:
            return observed.heatmaps
        if observed.peaks is not None:
            raise ConfigError(
                "model.whole_videos is true, which lets go of the heatmaps that this network "
                "reads; set it to false"
            )
        draw = renderer(self.render, self.border)
        drawn = draw(observed.positions, observed.detected, observed.sigmas, self.size)
        return drawn if observed.weights is None else drawn * observed.weights[..., None, None]

    def encode(
        self, keypoints: Float[Tensor, "B T K 2"], visible: Bool[Tensor, "B T K"]
    ) -> Float[Tensor, "B T K H W"]:
        """Draws the truth."""
        sigmas = torch.full_like(keypoints[..., 0], self.sigma)
        draw = renderer(self.render, self.border)
        return draw(keypoints, visible, sigmas, self.size)

    def decode(
        self, output: Float[Tensor, "B T K H W"], observed: Observed
    ) -> Float[Tensor, "B T K 2"]:
        """Reads the peaks."""
        return DECODERS[self.decoder](output.float())[0]


@dataclass(frozen=True)
class CoordinateCodec(ReadsPositions):
    """For networks from coordinates to coordinates, ``B T K 2``, the heatmap being [-1, 1].

    Nothing is rendered, but for the thesis's blobs.

    Args:
        size: rows and columns of a heatmap.
        render: how the detector's blobs are drawn, 'subpixel' or 'thesis'.
        decoder: how the input's positions are read, 'subpixel' or 'argmax'.
        held: a keypoint that was not detected stands where `hold` puts it; else at the centre, 0.
        scores: gives the network the detector's score of each keypoint as well, ``B T K 3``; 0
            where it was not detected.
        skeleton: name of the keypoints.
        border: what lies beyond that of 'thesis' blobs, 'nearest' or 'reflect'.
        start: gives the network a smoother's positions first, then the detected ones, ``B T K 5``
            with scores.
    """

    reads_heatmaps: ClassVar[bool] = False

    size: int = 56
    render: str = "subpixel"
    decoder: str = "subpixel"
    held: bool = False
    scores: bool = False
    skeleton: str = CLIMBALONG25.name
    border: str = "reflect"
    start: bool = False

    def read(self, observed: Observed) -> Float[Tensor, "B T K X"]:
        """Scales positions to [-1, 1]; X is 2, with a start 4, and one more with scores."""
        found = observed.detected
        there = torch.ones_like(found) if self.held else found
        parts = [self.encode(self.positions(observed), there)]
        if self.start:
            parts.insert(0, self.encode(_start(observed), torch.ones_like(found)))
        if self.scores:
            parts.append(observed.scores.clamp(min=1e-6).where(found, 0)[..., None])
        return torch.cat(parts, -1)

    def encode(
        self, keypoints: Float[Tensor, "B T K 2"], visible: Bool[Tensor, "B T K"]
    ) -> Float[Tensor, "B T K 2"]:
        """Scales positions to [-1, 1]."""
        return (keypoints * (2 / (self.size - 1)) - 1).where(visible[..., None], 0)

    def decode(
        self, output: Float[Tensor, "B T K 2"], observed: Observed
    ) -> Float[Tensor, "B T K 2"]:
        """Scales back to heatmap pixels."""
        return (output.float() + 1) * ((self.size - 1) / 2)


def _start(observed: Observed) -> Float[Tensor, "B T K 2"]:
    if observed.start is None:
        raise ConfigError(
            "this model starts from what a smoother makes of recorded detections, and there are "
            "none; use finetune, or data that holds a detector's output with input=recorded"
        )
    return observed.start


@dataclass(frozen=True)
class TrackCodec(ReadsPositions):
    """For filters, which take positions, what was detected and how surely, and the frame rate.

    Args:
        size: rows and columns of a heatmap.
        render: how the detector's blobs are drawn, 'subpixel' or 'thesis'.
        decoder: how the input's positions are read, 'subpixel' or 'argmax'.
        frame: what a filter works in: 'heatmap' pixels, which move with the boxes, or the 'image',
            which stands still, in units of the heatmap pixels of a box of mean size, so that
            settings mean the same in both. Boxes of windows jump from one window to the next:
            filters that see whole videos then need 'image'.
        whole: treats the rows of a batch as successive windows of one video, which the filter
            then sees from its first frame to its last; else each window stands alone.
        skeleton: name of the keypoints.
        border: what lies beyond that of 'thesis' blobs, 'nearest' or 'reflect'.
    """

    reads_heatmaps: ClassVar[bool] = False

    size: int = 56
    render: str = "subpixel"
    decoder: str = "subpixel"
    frame: str = "heatmap"
    whole: bool = True
    skeleton: str = CLIMBALONG25.name
    border: str = "reflect"

    def __post_init__(self) -> None:
        super().__post_init__()
        choose({"heatmap": 0, "image": 1}, "frame", self.frame)

    def read(self, observed: Observed) -> Tracks:
        """Positions in the filter's pixels, one row a window or one row in all."""
        positions = self.positions(observed)
        if self.frame == "image":
            positions = heatmap_to_image(positions, observed.boxes, self.size)
            positions = positions / self._unit(observed)
        seen, scores = observed.detected, observed.scores
        if not self.whole:
            return Tracks(positions, seen, observed.fps, scores)
        rows = [values.flatten(0, 1)[None] for values in (positions, seen, scores)]
        return Tracks(rows[0], rows[1], observed.fps[:1], rows[2])

    def encode(
        self, keypoints: Float[Tensor, "B T K 2"], visible: Bool[Tensor, "B T K"]
    ) -> Float[Tensor, "B T K 2"]:
        """The truth itself."""
        return keypoints

    def decode(
        self, output: Float[Tensor, "R S K 2"], observed: Observed
    ) -> Float[Tensor, "B T K 2"]:
        """Back to windows, in heatmap pixels."""
        positions = output.reshape(observed.positions.shape)
        if self.frame == "heatmap":
            return positions
        positions = positions * self._unit(observed)
        return image_to_heatmap(positions, observed.boxes, self.size)

    def _unit(self, observed: Observed) -> Float[Tensor, "R 1 1 1"]:
        """Image pixels in a heatmap pixel of a box of mean size: of all windows, or of each."""
        sides = observed.boxes[..., 2:].mean((1, 2))
        return (sides.mean() if self.whole else sides).reshape(-1, 1, 1, 1) / self.size
