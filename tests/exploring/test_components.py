"""Components are those of scikit-learn, by either matrix, in memory or on disk."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from temporal_pose.errors import ConfigError
from temporal_pose.exploring import components as module
from temporal_pose.exploring.components import components


def features(count: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    mixed = rng.normal(0, 1, (count, width)) @ rng.normal(0, 1, (width, width))
    return (mixed + 5).astype(np.float32)


@pytest.mark.parametrize(("count", "width"), [(37, 11), (11, 37), (1500, 7)])
def test_as_scikit_learn_has_them(count: int, width: int) -> None:
    values = features(count, width)
    found, reference = components(values), PCA().fit(values.astype(float))
    rank = min(count - 1, width)
    np.testing.assert_allclose(
        found.variances[:rank], reference.explained_variance_[:rank], rtol=1e-4
    )
    np.testing.assert_allclose(
        np.abs(found.axes[:rank] @ reference.components_[:rank].T), np.eye(rank), atol=2e-3
    )
    np.testing.assert_allclose(found.mean, values.mean(0), rtol=1e-5)
    back = found.features(found.scores)
    np.testing.assert_allclose(back, values, atol=1e-2)


def test_how_many_hold_a_share() -> None:
    values = np.diag([3.0, 2.0, 1.0]).repeat(2, 0) * np.array([[1], [-1]] * 3)
    found = components(values)
    np.testing.assert_allclose(found.explained, [9 / 14, 4 / 14, 1 / 14])
    assert [found.needed(share) for share in (0.5, 0.9, 0.95, 1.0)] == [1, 2, 3, 3]


def test_half_precision_on_disk(tmp_path) -> None:
    values = features(40, 7)
    np.save(tmp_path / "features.npy", values.astype(np.float16))
    kept = np.load(tmp_path / "features.npy", mmap_mode="r")
    np.testing.assert_allclose(components(kept).variances, components(values).variances, rtol=2e-2)


def test_signs_do_not_hang_on_chance() -> None:
    found = components(features(30, 5))
    largest = np.abs(found.axes).argmax(1)
    assert (found.axes[np.arange(5), largest] > 0).all()


def test_too_many_of_both(monkeypatch) -> None:
    monkeypatch.setattr(module, "_WIDEST", 10)
    with pytest.raises(ConfigError, match="11 samples of 12 features each are too many"):
        components(features(11, 12))
