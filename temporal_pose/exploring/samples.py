"""What was looked at: a row a sample, its features, its pose, its crop, and what else is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num, UInt8

from temporal_pose.errors import DataError
from temporal_pose.pose.skeletons import Skeleton


class Described(NamedTuple):
    """What is known of a batch of samples beside the features.

    Args:
        keypoints: true positions, shares of the crop; anything where not labelled.
        labels: 0 not labelled, 1 hidden, 2 visible.
        thumbnails: the crops, small; None where samples have no picture.
        groups: samples of one group, an image or a video, are no independent evidence.
        names: what to call the samples.
        columns: further numbers by name; NaN where unknown.
    """

    keypoints: Float[np.ndarray, "N K 2"]
    labels: Int[np.ndarray, "N K"]
    thumbnails: UInt8[np.ndarray, "N S S 3"] | None
    groups: Sequence[str]
    names: Sequence[str]
    columns: Mapping[str, Float[np.ndarray, " N"]] = {}


@dataclass(frozen=True)
class Samples:
    """Samples with features; arrays may lie on disk.

    Args:
        features: of a layer, flat.
        keypoints: true positions, shares of the crop; anything where not labelled.
        labels: 0 not labelled, 1 hidden, 2 visible.
        predicted: positions that the network gives, shares of the crop.
        thumbnails: the crops, small; None where samples have no picture.
        groups: samples of one group, an image or a video, are no independent evidence.
        names: what to call the samples.
        skeleton: names the keypoints.
        columns: numbers by name; NaN where unknown.
    """

    features: Num[np.ndarray, "N D"]
    keypoints: Float[np.ndarray, "N K 2"]
    labels: Int[np.ndarray, "N K"]
    predicted: Float[np.ndarray, "N K 2"]
    thumbnails: UInt8[np.ndarray, "N S S 3"] | None
    groups: Sequence[str]
    names: Sequence[str]
    skeleton: Skeleton
    columns: Mapping[str, Float[np.ndarray, " N"]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.features)

    @property
    def poses(self) -> Float[np.ndarray, "N K 2"]:
        """True positions; NaN where not labelled."""
        return np.where((self.labels > 0)[..., None], self.keypoints, np.nan)

    def with_columns(self, **columns: Float[np.ndarray, " N"]) -> "Samples":
        """The same with further columns, or others in their place."""
        return replace(self, columns={**self.columns, **columns})


def check_features(features: Num[np.ndarray, "N D"], names: Sequence[str], layer: str) -> None:
    """Makes sure that there is something to compare.

    Args:
        layer: what to call their source in the message.

    Raises:
        DataError: a value is not finite, or no two samples differ.
    """
    for first in range(0, len(features), 1024):
        part = np.asarray(features[first : first + 1024])
        bad = np.flatnonzero(~np.isfinite(part).all(1))
        if len(bad):
            raise DataError(
                f"layer {layer} gives features that are not finite for {names[first + bad[0]]} "
                f"(sample {first + bad[0] + 1} of {len(features)}); expected numbers: use weights "
                "that have not diverged, or dtype=float32 where they are large"
            )
    if len(features) < 2 or not any(np.any(row != features[0]) for row in features):
        raise DataError(
            f"layer {layer} gives the same features for all {len(features)} samples, so there is "
            "nothing to compare; expected two that differ: choose another layer or more samples"
        )
