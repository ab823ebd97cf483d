"""Principal components of features that may be too many for memory."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num
from scipy.linalg import eigh

from temporal_pose.errors import ConfigError

_ROWS = 1024  # samples in memory at once
_WIDEST = 8192  # the side of the largest matrix whose eigenvectors are looked for

#: Components whose scores are kept, at most.
MOST = 1000


@dataclass(frozen=True)
class Components:
    """Directions of largest variance (Pearson, 1901), largest first.

    Args:
        mean: of the features.
        axes: unit vectors, a row a component.
        variances: of all components, features squared; more than there are axes where only the
            first were kept.
        scores: of each sample along the axes, features.
    """

    mean: Float[np.ndarray, " D"]
    axes: Float[np.ndarray, "C D"]
    variances: Float[np.ndarray, " all"]
    scores: Float[np.ndarray, "N C"]

    @property
    def explained(self) -> Float[np.ndarray, " all"]:
        """Share of the variance that each takes."""
        return self.variances / self.variances.sum()

    def needed(self, share: float = 0.95) -> int:
        """How many components hold a share of the variance."""
        return int(np.searchsorted(np.cumsum(self.explained), share - 1e-9)) + 1

    def features(self, scores: Float[np.ndarray, "n c"]) -> Float[np.ndarray, "n D"]:
        """Features at a place that the first c components give, the others at their mean."""
        return self.mean + scores @ self.axes[: scores.shape[1]]


def components(features: Num[np.ndarray, "N D"], most: int = MOST) -> Components:
    """Principal components, by the smaller of covariance and Gram matrix; memory is flat in N,
    but for the scores.

    Signs are such that the largest entry of an axis is positive.

    Args:
        features: finite; may lie on disk, in half precision.
        most: components whose axes and scores are kept.

    Raises:
        ConfigError: both samples and features are too many.
    """
    count, width = features.shape
    if min(count, width) > _WIDEST:
        raise ConfigError(
            f"{count} samples of {width} features each are too many for components; expected at "
            f"most {_WIDEST} of either: add pool=4, which averages maps, or samples={_WIDEST}"
        )
    mean = sum(_part(features, i).sum(0, dtype=float) for i in _starts(count)) / count
    if width <= count:
        variances, axes = _by_covariance(features, mean)
    else:
        variances, axes = _by_gram(features, mean)
    kept = min(most, int((variances > variances[0] * 1e-10).sum()))
    axes = axes[:kept]
    largest = np.abs(axes).argmax(1)
    axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    scores = [((_part(features, i) - mean) @ axes.T).astype(np.float32) for i in _starts(count)]
    return Components(mean, axes, variances, np.concatenate(scores))


def _by_covariance(
    features: Num[np.ndarray, "N D"], mean: Float[np.ndarray, " D"]
) -> tuple[Float[np.ndarray, " D"], Float[np.ndarray, "D D"]]:
    total = np.zeros((len(mean), len(mean)))
    for first in _starts(len(features)):
        part = (_part(features, first) - mean).astype(np.float32)
        total += part.T @ part
    values, vectors = eigh(total / max(len(features) - 1, 1), overwrite_a=True, driver="evd")
    return values[::-1].clip(min=0), vectors[:, ::-1].T


def _by_gram(
    features: Num[np.ndarray, "N D"], mean: Float[np.ndarray, " D"]
) -> tuple[Float[np.ndarray, " all"], Float[np.ndarray, "C D"]]:
    """For fewer samples than features: their inner products have the same eigenvalues."""
    centred = np.asarray(features, np.float32) - mean.astype(np.float32)
    values, vectors = eigh((centred @ centred.T).astype(float), overwrite_a=True, driver="evd")
    values, vectors = values[::-1].clip(min=0), vectors[:, ::-1]
    there = values > values[0] * 1e-10
    axes = (vectors[:, there].T @ centred) / np.sqrt(values[there])[:, None]
    return values[: len(features) - 1] / max(len(features) - 1, 1), axes


def _part(features: Num[np.ndarray, "N D"], first: int) -> Float[np.ndarray, "n D"]:
    return np.asarray(features[first : first + _ROWS], np.float32)


def _starts(count: int) -> range:
    return range(0, count, _ROWS)
