"""Affine maps of crops, and colours less their mean."""

import numpy as np
import torch

from temporal_pose.pose.crops import Crops, centred, composed, inverted, mapped


def maps(batch: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, 2, 3, dtype=torch.float64, generator=generator)


def test_maps_are_numpys() -> None:
    """Beside 3 x 3 matrices of homogeneous coordinates."""
    first, second = maps(3, 0), maps(3, 1)
    points = torch.randn(3, 5, 2, dtype=torch.float64)
    below = np.array([[[0, 0, 1.0]]] * 3)
    a, b = (np.concatenate((m.numpy(), below), 1) for m in (first, second))
    homogeneous = np.concatenate((points.numpy(), np.ones((3, 5, 1))), 2)
    wanted = (homogeneous @ a.transpose(0, 2, 1))[..., :2]
    np.testing.assert_allclose(mapped(points, first), wanted, atol=1e-12)
    np.testing.assert_allclose(inverted(first), np.linalg.inv(a)[:, :2], atol=1e-9)
    np.testing.assert_allclose(composed(first, second), (a @ b)[:, :2], atol=1e-12)


def test_colours_less_their_mean() -> None:
    images = torch.full((2, 3, 5, 7), 51, dtype=torch.uint8)
    mean = torch.tensor([0.1, 0.2, 0.3])
    wanted = (0.2 - mean)[:, None, None].expand(2, 3, 5, 7)
    torch.testing.assert_close(centred(images, mean), wanted)
    torch.testing.assert_close(centred(images / 255, mean), wanted)


def test_hidden_keypoints_have_a_truth() -> None:
    labels = torch.tensor([[0, 1, 2]])
    rest = torch.zeros(1)
    crops = Crops(
        torch.zeros(1, 3, 4, 4),
        torch.zeros(1, 3, 2),
        labels,
        maps(1, 0).float(),
        rest,
        rest,
        torch.zeros(1, dtype=torch.int64),
    )
    assert crops.visible.tolist() == [[False, True, True]]
