"""Positions that are shares of an image."""

import re
from dataclasses import replace

import numpy as np
import pytest

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip
from temporal_pose.refining.cleaning import missing
from temporal_pose.refining.shares import beyond, clip_in_pixels, in_pixels

K = 5


def clip(keypoints: np.ndarray, **about) -> Clip:
    return Clip(
        "walk", np.arange(len(keypoints)), keypoints, np.ones(keypoints.shape[:2]), **about
    )


def test_shares_become_pixels_and_markers_stay(rng) -> None:
    shares = rng.uniform(0.1, 0.9, (7, K, 2))
    shares[2, 3], shares[4, 1], shares[5, 0] = (0, 0), (-1, -1), np.nan
    after = clip_in_pixels(clip(shares, normalised=True, image_size=(300, 200)))
    assert not after.normalised
    there = ~missing(shares)
    np.testing.assert_allclose(after.keypoints[there], (shares * [300, 200])[there])
    np.testing.assert_array_equal(after.keypoints[~there], shares[~there])


@pytest.mark.parametrize("flagged", [True, False])
def test_shares_of_an_unknown_image_are_refused(flagged, rng) -> None:
    shares = rng.uniform(-0.2, 1.3, (7, K, 2))
    shares[2, 3] = 1e9
    with pytest.raises(DataError) as error:
        clip_in_pixels(clip(shares, normalised=flagged))
    assert str(error.value) == (
        "walk: positions are shares of an image whose size is not known; set image_size=, its "
        "width and height in pixels, such as 1920x1080"
    )


def test_what_is_centred_on_the_image_is_no_pixels_either(rng) -> None:
    centred = rng.uniform(-1, 1, (7, K, 2))
    with pytest.raises(DataError, match=r"^keypoints: positions are shares"):
        in_pixels(centred, np.ones((7, K), bool), None, "keypoints")


def test_pixels_are_left_alone(rng) -> None:
    given = clip(rng.uniform(3, 700, (7, K, 2)))
    assert clip_in_pixels(given) is given
    nobody = clip(np.zeros((3, K, 2)))
    assert clip_in_pixels(nobody) is nobody


def test_positions_beyond_the_image_are_told(rng) -> None:
    given = clip(rng.uniform(0, 1, (50, K, 2)) * [1080, 1920], image_size=(1080, 1920))
    assert beyond(given) is None
    assert beyond(replace(given, image_size=None)) is None
    turned = beyond(replace(given, image_size=(1920, 1080)))
    assert re.fullmatch(
        r"4\d % of the positions lie beyond an image of 1920x1080; check image_size=, .*", turned
    )
