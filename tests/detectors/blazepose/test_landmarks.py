"""Landmarks are read from their heatmaps, which are then turned upright."""

import numpy as np
import pytest
import torch
from scipy.ndimage import center_of_mass

from temporal_pose.detectors.blazepose import landmarks
from temporal_pose.footage.cropping import Region
from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.pose.heatmaps import decode_subpixel


def blobs(places, peak=3.0, width=1.5):
    """Logits with a peak about each place, (x, y) in cells, and far below zero elsewhere."""
    rows, columns = np.mgrid[:64, :64]
    maps = [peak - ((columns - x) ** 2 + (rows - y) ** 2) / width**2 for x, y in places]
    return np.stack(maps, -1).clip(-50).astype(np.float32)


PLACES = np.array([[20.3, 31.6], [40.0, 12.5], [33.25, 50.75]])
OFF = np.array([0.7, -0.6])


def test_a_point_moves_to_the_middle_of_its_heatmap():
    near = ((PLACES + OFF) / 64).astype(np.float32)
    found = landmarks.read(near, blobs(PLACES, width=0.8))
    np.testing.assert_allclose(found * 64, PLACES, atol=0.05)


def test_it_stays_where_the_heatmap_is_vague_or_the_point_outside():
    near = ((PLACES + OFF) / 64).astype(np.float32)
    vague = landmarks.read(near, blobs(PLACES, peak=-0.1))
    np.testing.assert_array_equal(vague, near)
    outside = np.array([[1.2, 0.5], [0.5, -0.3], [0.5, 0.7]], np.float32)
    found = landmarks.read(outside, blobs(PLACES))
    np.testing.assert_array_equal(found[:2], outside[:2])


def test_at_the_border_the_rest_of_the_heatmap_counts():
    corner = blobs([(0, 63)], width=0.7)
    found = landmarks.read(np.array([[0.001, 0.999]], np.float32), corner)
    row, column = center_of_mass(1 / (1 + np.exp(-corner[..., 0])))
    np.testing.assert_allclose(found * 64, [[column, row]], atol=1e-3)


@pytest.mark.parametrize("angle", [0.0, 0.5, -1.4, 3.0])
def test_upright_heatmaps_show_the_same_places(angle):
    region = Region(300, 200, 128, 128, angle)
    inside = np.array([[32, 12], [40, 45], [22, 33.5]])
    maps, box = landmarks.upright(blobs(inside), region, [2, 0, 1])
    assert maps.shape == (3, 64, 64)
    assert 0 <= maps.min() < maps.max() < 1
    cells, peaks = decode_subpixel(torch.from_numpy(maps))
    found = heatmap_to_image(cells, torch.from_numpy(box), 64)
    wanted = region.to_image(inside[[2, 0, 1]] / 64)
    assert np.linalg.norm(found.numpy() - wanted, axis=-1).max() < 0.5, "a cell is 2 pixels"
    assert peaks.min() > 0.85


def test_an_upright_region_keeps_its_heatmaps():
    logits = blobs(PLACES)
    maps, box = landmarks.upright(logits, Region(300, 200, 128, 128), [0, 2])
    wanted = 1 / (1 + np.exp(-logits[..., [0, 2]])).transpose(2, 0, 1)
    np.testing.assert_allclose(maps[:, :-1, :-1], wanted[:, :-1, :-1], atol=2**-10)
    assert maps[wanted < 2**-11].max() == 0
    np.testing.assert_allclose(box, [235, 135, 128, 128])
