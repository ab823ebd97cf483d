"""What a network of single images should answer: heatmaps of keypoints that may be missing."""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Bool, Float, Int64
from torch import Tensor

from temporal_pose.errors import ConfigError
from temporal_pose.pose.heatmaps import MASS, render, render_thesis


@runtime_checkable
class Target(Protocol):
    """Draws the heatmaps that a network should emit."""

    def __call__(
        self, keypoints: Float[Tensor, "B K 2"], labels: Int64[Tensor, "B K"], size: int
    ) -> Float[Tensor, "B K H W"]:
        """Heatmaps of keypoints in heatmap pixels; zero where one is not labelled.

        Args:
            labels: COCO's v: 0 not labelled, 1 hidden, 2 visible.
            size: rows and columns.
        """
        ...

    def counted(self, labels: Int64[Tensor, "B K"]) -> Bool[Tensor, "B K"]:
        """Which of the heatmaps a loss counts."""
        ...


@dataclass(frozen=True)
class Peaks:
    """Gaussians of peak 1 at the true sub-pixel position, hidden keypoints as visible ones.

    Args:
        sigma: standard deviation, heatmap pixels.
        missing: of a keypoint that is not labelled: 'masked' leaves it out of the loss, 'empty'
            asks for a map of zeros.

    Raises:
        ConfigError: a value out of its range.
    """

    sigma: float = 2.0
    missing: str = "masked"

    def __post_init__(self) -> None:
        _check_sigma("target.sigma", self.sigma)
        _check_missing(self.missing)

    def __call__(
        self, keypoints: Float[Tensor, "B K 2"], labels: Int64[Tensor, "B K"], size: int
    ) -> Float[Tensor, "B K H W"]:
        """See `Target`."""
        present, sigmas = labels > 0, keypoints.new_full(labels.shape, self.sigma)
        known = keypoints.where(present[..., None], 0)
        return render(known, present, sigmas, size) * (2 * math.pi * self.sigma**2 / MASS)

    def counted(self, labels: Int64[Tensor, "B K"]) -> Bool[Tensor, "B K"]:
        """See `Target`."""
        return _counted(labels, self.missing)


@dataclass(frozen=True)
class Impulses:
    """The thesis's: a Gaussian of sum 1 at the nearest heatmap pixel, wider for hidden keypoints.

    With squared error they hardly teach: a network that emits zeros everywhere has nearly as low
    a loss as a trained one.

    Args:
        visible: standard deviation of visible keypoints, heatmap pixels.
        hidden: of those that are labelled though hidden.
        missing: see `Peaks`; the thesis's maps are 'empty'.

    Raises:
        ConfigError: a value out of its range.
    """

    visible: float = 0.5
    hidden: float = 1.0
    missing: str = "empty"

    def __post_init__(self) -> None:
        _check_sigma("target.visible", self.visible)
        _check_sigma("target.hidden", self.hidden)
        _check_missing(self.missing)

    def __call__(
        self, keypoints: Float[Tensor, "B K 2"], labels: Int64[Tensor, "B K"], size: int
    ) -> Float[Tensor, "B K H W"]:
        """See `Target`."""
        present = labels > 0
        sigmas = keypoints.new_full(labels.shape, self.hidden).where(labels < 2, self.visible)
        known = keypoints.where(present[..., None], 0)
        return render_thesis(known, present, sigmas, size, "reflect") / MASS

    def counted(self, labels: Int64[Tensor, "B K"]) -> Bool[Tensor, "B K"]:
        """See `Target`."""
        return _counted(labels, self.missing)


def _counted(labels: Int64[Tensor, "B K"], missing: str) -> Bool[Tensor, "B K"]:
    return labels > 0 if missing == "masked" else labels >= 0


def _check_sigma(name: str, sigma: float) -> None:
    if isinstance(sigma, bool) or not isinstance(sigma, int | float) or not 0.1 <= sigma <= 100:
        raise ConfigError(f"{name} is {sigma!r}; expected a number from 0.1 to 100")


def _check_missing(missing: str) -> None:
    if missing not in ("masked", "empty"):
        raise ConfigError(f"target.missing is '{missing}'; expected masked or empty")
