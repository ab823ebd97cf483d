"""Clusters are found where there are some, and nowhere else."""

from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.exploring.clusters import (
    Partition,
    agreement,
    best,
    extended,
    hdbscan,
    kmeans,
    partitions,
    silhouette,
)

COUNT = 300
KS = (2, 3, 4)


def cloud(width: int = 7) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((COUNT, width))


def clouds(count: int, apart: float, width: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian clouds, each pushed along an axis of its own; and which is which."""
    of = np.arange(COUNT) % count
    return cloud(width) + apart * np.eye(width)[of], of


@pytest.mark.parametrize("count", [2, 3])
def test_clusters_that_are_there(count: int) -> None:
    values, of = clouds(count, 8.0)
    found = best(partitions(values, KS, seed=0))
    assert found is not None and found.k == count
    assert agreement([found.labels, of]) > 0.98
    assert found.stability > 0.95 and found.between < 0.05 and found.doubt == ""


def long() -> np.ndarray:
    return cloud() * np.array([9, 1, 1, 1, 1, 1, 1])


def curved() -> np.ndarray:
    angle = np.random.default_rng(1).uniform(0, np.pi, COUNT)
    return 5 * np.stack([np.cos(angle), np.sin(angle)], -1) + 0.3 * cloud(2)


def heavy() -> np.ndarray:
    return np.random.default_rng(2).standard_t(3, (COUNT, 5))


def wide() -> np.ndarray:
    return np.random.default_rng(3).standard_normal((60, 90))


@pytest.mark.parametrize("made", [cloud, long, curved, heavy, wide])
def test_one_cloud_has_none_however_it_is_shaped(made) -> None:
    found = partitions(made(), KS, seed=0)
    assert best(found) is None
    assert all(one.doubt for one in found)


def test_silhouette_by_its_definition() -> None:
    values, of = clouds(3, 2.0)
    away = cdist(values, values)
    own = []
    for i in range(COUNT):
        means = [away[i, (of == c) & (np.arange(COUNT) != i)].mean() for c in range(3)]
        inside = means.pop(of[i])
        own.append((min(means) - inside) / max(min(means), inside))
    assert silhouette(values, of, seed=0) == pytest.approx(np.mean(own))


def test_clusters_are_named_by_size() -> None:
    values, _ = clouds(2, 9.0)
    uneven = values[np.r_[0:200, 200:300:2]]
    uneven = np.concatenate([uneven, uneven[::2] + 0.1])
    labels, centres, _ = kmeans(uneven, 2, seed=5)
    counts = np.bincount(labels)
    assert counts[0] >= counts[1]
    for label in range(2):
        np.testing.assert_allclose(uneven[labels == label].mean(0), centres[label], atol=1e-6)


def test_agreement_knows_no_names() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2, 2])
    for names in permutations(range(3)):
        assert agreement([labels, np.array(names)[labels]]) == 1


def test_others_follow_the_nearest_centre() -> None:
    values, of = clouds(2, 9.0)
    searched = partitions(values[:100], [2], seed=0)[0]
    followed = extended(searched, values[:100], values)
    assert agreement([followed.labels, of]) > 0.98
    np.testing.assert_array_equal(followed.labels[:100], searched.labels)
    assert extended(searched, values[:100], values[:100]) is searched


def test_density_leaves_out_what_is_in_none() -> None:
    values, of = clouds(2, 20.0, width=2)
    labels = hdbscan(values)
    assert set(labels[labels >= 0]) == {0, 1}
    inside = labels >= 0
    assert agreement([labels[inside], of[inside]]) == 1
    far = np.concatenate([values, [[500.0, 500.0]]])
    assert hdbscan(far)[-1] == -1


def test_the_same_seed_gives_the_same() -> None:
    values, _ = clouds(3, 3.0)
    one, other = (partitions(values, [3], seed=4)[0] for _ in range(2))
    np.testing.assert_array_equal(one.labels, other.labels)
    assert (one.silhouette, one.null, one.between) == (
        other.silhouette,
        other.null,
        other.between,
    )


def test_fewer_samples_than_clusters() -> None:
    message = "3 different samples are too few for 4 clusters; expected at least 5"
    with pytest.raises(DataError, match=message):
        partitions(np.eye(3).repeat(5, 0), KS, seed=0)
    with pytest.raises(ConfigError, match="expected numbers from 2"):
        partitions(cloud(), [1], seed=0)


def test_doubts_are_told() -> None:
    labels = np.zeros(3, int)
    said = {
        (0.1, 0.2, 1.0, 0.0): "silhouette no better than that of one cloud",
        (0.3, 0.2, 0.5, 0.0): "runs disagree",
        (0.3, 0.2, 1.0, 0.9): "no gap between them",
        (0.3, 0.2, 1.0, 0.1): "",
    }
    for numbers, expected in said.items():
        one = Partition(2, labels, *numbers)
        assert one.doubt == expected and one.real == (expected == "")
