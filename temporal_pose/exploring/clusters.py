"""Clusters of samples, and whether there are any.

k-means always returns clusters, of a single cloud too. Three things together decide here, since
each alone is fooled:

- the *silhouette* (Rousseeuw, 1987) must be above that of Gaussian clouds with the same
  covariance, cut in the same way. Alone, any curved or heavy-tailed cloud passes; and a fixed
  threshold would not do, for in many dimensions even clusters that are far apart have low
  silhouettes, and in one dimension a cut cloud has 0.5;
- *stability*: runs from other seeds must find the same parts (adjusted Rand index, Hubert and
  Arabie, 1985). Alone, a cloud that is long in one direction passes;
- a *gap*: on the line through the centres of any two clusters, samples must be rarer between them
  than inside: a quarter at most, for the ends of a curved cloud look like two peaks with a third.
  The samples are others than those that the centres were found with, which in many dimensions lie
  apart by construction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import ConfigError, DataError

#: Below this adjusted Rand index, runs disagree on what the clusters are.
STABLE = 0.9
#: Above this share of the density inside of two clusters, nothing parts them.
EMPTY = 0.25
_TRIES = 3  # starts of one run of k-means, the best of which is taken
_SCORED = 2000  # samples that a silhouette is the mean of
_CLOUDS = 3  # Gaussian clouds that a silhouette is compared with


@dataclass(frozen=True)
class Partition:
    """What k-means makes of samples.

    Args:
        k: number of clusters.
        labels: of each sample, 0 for the largest cluster.
        silhouette: -1 to 1, mean over samples.
        null: the largest silhouette among Gaussian clouds of the same covariance.
        stability: mean adjusted Rand index between runs; 1 where all agree.
        between: density between two clusters as a share of that inside, of the pair that is least
            apart; 1 where nothing parts them.
    """

    k: int
    labels: Int[np.ndarray, " N"]
    silhouette: float
    null: float
    stability: float
    between: float

    @property
    def real(self) -> bool:
        """Whether these are clusters, not parts of one cloud."""
        apart = self.silhouette > self.null and self.between < EMPTY
        return apart and self.stability >= STABLE

    @property
    def doubt(self) -> str:
        """Why these are no clusters; empty where they are."""
        reasons = (
            (self.silhouette <= self.null, "silhouette no better than that of one cloud"),
            (self.stability < STABLE, "runs disagree"),
            (self.between >= EMPTY, "no gap between them"),
        )
        return ", ".join(text for holds, text in reasons if holds)


def partitions(
    scores: Float[np.ndarray, "N C"], ks: Sequence[int], seed: int, runs: int = 5
) -> list[Partition]:
    """k-means (Lloyd) for several numbers of clusters, the best of some runs each.

    Args:
        scores: along components, where distances are those of the features.
        runs: each from a seed of its own; see `Partition.stability`.

    Raises:
        DataError: fewer different samples than clusters.
    """
    if min(ks) < 2 or runs < 2:
        raise ConfigError(f"ks is {list(ks)}, runs {runs}; expected numbers from 2")
    distinct = len(np.unique(scores, axis=0))
    if distinct < max(ks) + 1:
        raise DataError(
            f"{distinct} different samples are too few for {max(ks)} clusters; expected at least "
            f"{max(ks) + 1}: raise samples= or lower clusters="
        )
    scores = scores.astype(np.float32)
    rng = np.random.default_rng(seed)
    clouds = [_cloud(scores, rng) for _ in range(_CLOUDS)]
    return [_partition(scores, clouds, k, seed, runs) for k in ks]


def extended(
    found: Partition, searched: Float[np.ndarray, "n C"], scores: Float[np.ndarray, "N C"]
) -> Partition:
    """The same clusters with more samples, each in that of the nearest centre.

    Args:
        searched: the samples that the clusters were found in.
        scores: all of them.
    """
    if len(searched) == len(scores):
        return found
    centres = np.stack([searched[found.labels == i].mean(0) for i in range(found.k)])
    away = (centres**2).sum(1) - 2 * scores @ centres.T
    return replace(found, labels=away.argmin(1))


def best(found: Sequence[Partition]) -> Partition | None:
    """The clusters there are, the partition of highest silhouette among them; None for none."""
    return max((one for one in found if one.real), key=lambda one: one.silhouette, default=None)


def _partition(
    scores: Float[np.ndarray, "N C"],
    clouds: Sequence[Float[np.ndarray, "N C"]],
    k: int,
    seed: int,
    runs: int,
) -> Partition:
    made = [kmeans(scores, k, seed + i) for i in range(runs)]
    labels = min(made, key=lambda run: run[2])[0]
    null = max(silhouette(cloud, kmeans(cloud, k, seed)[0], seed) for cloud in clouds)
    between = _between(scores, k, seed)
    agreed = agreement([run[0] for run in made])
    return Partition(k, labels, silhouette(scores, labels, seed), null, agreed, between)


def kmeans(
    scores: Float[np.ndarray, "N C"], k: int, seed: int
) -> tuple[Int[np.ndarray, " N"], Float[np.ndarray, "k C"], float]:
    """The best of a few starts of k-means++ (Arthur and Vassilvitskii, 2007).

    Returns:
        Labels, 0 for the largest cluster; centres in that order; sum of squared distances.
    """
    from sklearn.cluster import KMeans

    made = KMeans(k, n_init=_TRIES, random_state=seed % 2**32).fit(scores)
    order = np.argsort(-np.bincount(made.labels_, minlength=k), kind="stable")
    rank = np.empty(k, int)
    rank[order] = np.arange(k)
    return rank[made.labels_], made.cluster_centers_[order], float(made.inertia_)


def silhouette(
    scores: Float[np.ndarray, "N C"], labels: Int[np.ndarray, " N"], seed: int
) -> float:
    """Mean silhouette, of a random sample where there are many; 0 where all are in one cluster."""
    from sklearn.metrics import silhouette_score

    chosen = np.random.default_rng(seed).permutation(len(scores))[:_SCORED]
    if not 1 < len(np.unique(labels[chosen])) < len(chosen):
        return 0.0
    return float(silhouette_score(scores[chosen], labels[chosen]))


def agreement(labels: Sequence[Int[np.ndarray, " N"]]) -> float:
    """Mean adjusted Rand index over all pairs of labellings."""
    from sklearn.metrics import adjusted_rand_score

    return float(np.mean([adjusted_rand_score(a, b) for a, b in combinations(labels, 2)]))


def hdbscan(scores: Float[np.ndarray, "N C"], least: int | None = None) -> Int[np.ndarray, " N"]:
    """Clusters by density (Campello et al., 2013), -1 for samples that are in none.

    Args:
        scores: along the first few components, for in many dimensions density says little.
        least: samples of a cluster; None for a fiftieth of all, 5 at least.
    """
    from sklearn.cluster import HDBSCAN

    size = max(5, len(scores) // 50) if least is None else least
    made = HDBSCAN(min_cluster_size=min(size, len(scores)), copy=True).fit(scores)
    return np.asarray(made.labels_, int)


def _cloud(scores: Float[np.ndarray, "N C"], rng: np.random.Generator) -> Float[np.ndarray, "N C"]:
    """Gaussian samples of the same covariance, which along components is a variance each."""
    return (rng.standard_normal(scores.shape) * scores.std(0)).astype(np.float32)


def _between(scores: Float[np.ndarray, "N C"], k: int, seed: int) -> float:
    """See `Partition.between`: centres from one half of the samples, density from the other."""
    order = np.random.default_rng(seed).permutation(len(scores))
    half = order[: len(scores) // 2], order[len(scores) // 2 :]
    if len(half[0]) <= k:
        return 1.0
    centres = kmeans(scores[half[0]], k, seed)[1]
    held = scores[half[1]]
    away = (centres**2).sum(1) - 2 * held @ centres.T
    labels = away.argmin(1)
    return max(_valley(held, labels, centres, a, b) for a, b in combinations(range(k), 2))


def _valley(
    held: Float[np.ndarray, "n C"],
    labels: Int[np.ndarray, " n"],
    centres: Float[np.ndarray, "k C"],
    a: int,
    b: int,
) -> float:
    """The lowest density between two centres over the lower of the two peaks beside it."""
    from scipy.stats import gaussian_kde

    line = centres[b] - centres[a]
    length = float(np.linalg.norm(line))
    sides = [(held[labels == one] - centres[a]) @ line / max(length, 1e-12) ** 2 for one in (a, b)]
    if min(map(len, sides)) < 3 or min(side.std() for side in sides) == 0:
        return 0.0 if length > 0 and min(map(len, sides)) >= 3 else 1.0
    places = np.linspace(-0.5, 1.5, 201)
    width = np.mean([side.std() for side in sides]) * len(held) ** -0.2
    every = np.concatenate(sides)
    density = gaussian_kde(every, bw_method=width / every.std())(places)
    lowest = 50 + int(density[50:151].argmin())
    beside = min(density[:lowest].max(), density[lowest + 1 :].max())
    return min(1.0, float(density[lowest] / beside)) if beside > 0 else 1.0
