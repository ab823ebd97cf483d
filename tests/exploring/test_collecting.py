"""Features of a whole data set, streamed to disk, and what is refused before anything is made."""

import numpy as np
import pytest
import torch
from looking import K, People, people, subject

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.exploring.collecting import CROPS, FEATURES, collect, without_skips
from temporal_pose.exploring.network_layers import recorded, silenced


def test_features_are_those_of_each_sample_alone(source: People, samples) -> None:
    one = subject()
    for place in (0, 31, 32, 129):
        with recorded(one.network, "bottleneck") as given, torch.no_grad():
            predicted = one.network(source.images[[place]])
        np.testing.assert_allclose(samples.features[place], given().flatten(), atol=1e-6)
        np.testing.assert_allclose(samples.predicted[place], predicted[0], atol=1e-6)
    np.testing.assert_array_equal(samples.keypoints, source.keypoints)
    np.testing.assert_array_equal(samples.labels, source.labels)
    np.testing.assert_array_equal(samples.columns["crop_px"], np.arange(len(source)))
    assert samples.names[7] == "person 7" and samples.groups[7] == "image 3"


def test_some_of_the_samples_in_half_precision(source: People, samples, tmp_path) -> None:
    places = [3, 5, 64]
    some = collect(subject(), source, places, tmp_path)
    assert some.features.dtype == np.float16 and len(some) == 3
    np.testing.assert_allclose(some.features, samples.features[places], atol=2e-3)
    np.testing.assert_array_equal(some.thumbnails, samples.thumbnails[places])
    np.testing.assert_array_equal(np.load(tmp_path / FEATURES), some.features)
    assert (tmp_path / CROPS).exists()


def test_pooled_maps(source: People, samples, tmp_path) -> None:
    pooled = collect(subject(), source, range(5), tmp_path, dtype="float32", pool=1)
    expected = samples.features[:5].reshape(5, 2, 9).mean(-1)
    np.testing.assert_allclose(pooled.features, expected, atol=1e-6)


def test_without_branches(source: People) -> None:
    one = subject()
    with silenced(one.network, ["skips.0"]), torch.no_grad():
        expected = one.network(source.images[:40])
    given = without_skips(one, source, range(40))
    np.testing.assert_allclose(given, expected, atol=1e-6)
    assert given.shape == (40, K, 2)


def test_features_that_are_not_finite(tmp_path) -> None:
    odd = people(40)
    odd.images[35] = torch.nan
    message = "layer bottleneck gives features that are not finite for person 35 .sample 36 of 40."
    with pytest.raises(DataError, match=message):
        collect(subject(), odd, range(40), tmp_path)


def test_features_too_large_for_half_precision(tmp_path) -> None:
    large = people(9)
    large.images[4] *= 1e7
    with pytest.raises(DataError, match="dtype=float32 where they are large"):
        collect(subject(), large, range(9), tmp_path)
    assert len(collect(subject(), large, range(9), tmp_path, dtype="float32")) == 9


def test_samples_that_are_all_the_same(tmp_path) -> None:
    same = people(7)
    same.images[:] = same.images[:1].clone()
    with pytest.raises(DataError, match="gives the same features for all 7 samples"):
        collect(subject(), same, range(7), tmp_path)


def test_no_samples_and_no_such_type(source: People, tmp_path) -> None:
    with pytest.raises(ConfigError, match="there are no samples"):
        collect(subject(), source, [], tmp_path)
    with pytest.raises(ConfigError, match="dtype is 'int8'; expected float16 or float32"):
        collect(subject(), source, [0, 1], tmp_path, dtype="int8")
