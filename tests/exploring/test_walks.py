"""Walks: nearest samples by brute force, the line's ends, and what the network decodes."""

import numpy as np
import torch
from looking import People, subject
from scipy.spatial.distance import cdist

from temporal_pose.exploring.components import components
from temporal_pose.exploring.exploration import decoder
from temporal_pose.exploring.walks import STEPS, Decoder, between, extremes, walks

VALUES = np.random.default_rng(0).standard_normal((90, 13)).astype(np.float32) * np.arange(1, 14)
FOUND = components(VALUES)


def test_nearest_samples_in_the_space_of_features() -> None:
    for walk, number in zip(walks(FOUND, None, along=(1, 3, 13)), (0, 2, 12), strict=True):
        deviation = FOUND.scores[:, number].std()
        places = FOUND.mean + np.outer(STEPS, FOUND.axes[number] * deviation)
        away = cdist(places, VALUES)
        np.testing.assert_array_equal(walk.nearest, away.argmin(1))
        usual = np.sqrt((cdist(VALUES, VALUES) ** 2).mean())
        np.testing.assert_allclose(walk.away, away.min(1) / usual, rtol=1e-3)
        assert walk.steps == ("-3 sd", "-2 sd", "-1 sd", "mean", "+1 sd", "+2 sd", "+3 sd")
        assert walk.decoded is None


def test_samples_as_far_along() -> None:
    (walk,) = walks(FOUND, None, along=(2,))
    along = FOUND.scores[:, 1]
    assert walk.alike.shape == (7, 5)
    np.testing.assert_array_equal(np.sort(walk.alike[0]), np.sort(along.argsort()[:5]))
    means = along[walk.alike].mean(1)
    assert (np.diff(means[1:]) > 0).all()  # at the end the same samples are near


def test_components_that_are_not_there_are_left_out() -> None:
    assert [walk.title for walk in walks(FOUND, None)] == [f"component {n}" for n in (1, 2, 3, 10)]


def test_from_one_sample_to_another() -> None:
    walk = between(FOUND, None, 7, 21, steps=3)
    assert walk.nearest[0] == 7 and walk.nearest[-1] == 21
    np.testing.assert_allclose(walk.away[[0, -1]], 0, atol=1e-2)
    assert walk.steps == ("0%", "50%", "100%")


def test_the_ends_of_the_first_component_among_whole_poses() -> None:
    complete = np.where(np.arange(90) % 2, 17, 12)
    low, high = extremes(FOUND, complete)
    odd = np.arange(1, 90, 2)
    assert low == odd[FOUND.scores[odd, 0].argmin()]
    assert high == odd[FOUND.scores[odd, 0].argmax()]
    only = np.where(np.arange(90) == 4, 17, 12)
    assert extremes(FOUND, only) == (FOUND.scores[:, 0].argmin(), FOUND.scores[:, 0].argmax())


def test_a_sample_is_decoded_to_its_own_prediction(source: People, samples) -> None:
    one = subject()
    decode = Decoder(one.network, "bottleneck", source.images[[11]], one.read)
    own = decode(np.asarray(samples.features[[11]]))
    np.testing.assert_allclose(own, samples.predicted[[11]], atol=1e-6)


def test_with_branches_off_only_the_features_count(source: People, samples) -> None:
    one = subject()
    features = np.asarray(samples.features[[3, 5]])
    decoded = [
        Decoder(one.network, "bottleneck", source.images[[i]], one.read, one.skips)(features)
        for i in (0, 99)
    ]
    np.testing.assert_allclose(*decoded, atol=1e-6)


def test_maps_that_were_averaged_cannot_be_decoded(source: People, samples) -> None:
    from dataclasses import replace

    pooled = replace(samples, features=np.asarray(samples.features[:, ::9]))
    found = components(pooled.features)
    assert decoder(pooled, found, subject(), source, range(len(source))) is None
    assert torch.is_grad_enabled()
