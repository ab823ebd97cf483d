"""Tracks as columns: sizes, scores, clocks."""

import numpy as np
import pytest
import torch
from smoothing import tracks_of

from temporal_pose.filters.detected import person_size
from temporal_pose.filters.filter_module import columns_of


def test_a_persons_size_is_the_median_of_the_longer_side(rng):
    boxes = np.array([[[0, 0], [30, 70]], [[5, 5], [25, 45]], [[0, 9], [90, 19]]], float)
    corners = np.concatenate([boxes, boxes.mean(1, keepdims=True)], 1)
    seen = np.ones((3, 3), bool)
    assert person_size(corners, seen) == 70
    spoilt = np.concatenate([corners, np.full((3, 1, 2), np.nan)], 1)
    assert person_size(spoilt, np.concatenate([seen, seen[:, :1] & False], 1)) == 70
    seen[1] = [True, False, False]
    assert person_size(corners, seen) == 80  # one keypoint has no size
    assert person_size(corners, seen & False) == 0


def test_columns_run_through_the_keypoints_of_each_window(rng):
    poses = rng.normal(size=(2, 7, 3, 2))
    detected, scores = rng.random((2, 7, 3)) < 0.8, rng.random((2, 7, 3))
    scores[0, 0, 0] = np.nan
    found = columns_of(tracks_of(poses, detected, (25.0, 50.0), scores))
    for column in range(6):
        row, keypoint = divmod(column, 3)
        np.testing.assert_array_equal(found.positions[:, column], poses[row, :, keypoint])
        np.testing.assert_array_equal(found.detected[:, column], detected[row, :, keypoint])
        expected = np.nan_to_num(scores[row, :, keypoint], nan=1.0)
        np.testing.assert_array_equal(found.scores[:, column], expected)
        assert found.fps[column] == (25.0, 50.0)[row]
        assert found.sizes[column] == person_size(poses[row], detected[row])


def test_one_uneven_clock_among_even_ones():
    times = torch.arange(6.0).double().repeat(2, 1) / 20
    times[1, 3:] += 0.1
    tracks = tracks_of(torch.zeros(2, 6, 3, 2))._replace(times=times)
    found = columns_of(tracks)
    assert found.fps.tolist() == pytest.approx([20.0] * 6)
    np.testing.assert_allclose(found.times[:, 0], np.arange(6))
    np.testing.assert_allclose(found.times[:, 5], [0, 1, 2, 5, 6, 7])
