"""Boxes, and the one pair of conversions between image and heatmap pixels."""

import pytest
import torch

from temporal_pose.pose.boxes import heatmap_to_image, image_to_heatmap, tight_boxes

B, T, N = 3, 5, 7


def poses(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    points = torch.rand(B, T, N, 2, generator=generator, dtype=torch.float64) * 700 - 50
    visible = torch.rand(B, T, N, generator=generator) < 0.7
    visible[..., :2] = True
    return points, visible


def test_by_hand() -> None:
    points = torch.tensor([[10.0, 20.0], [30.0, 25.0], [900.0, 900.0]])
    visible = torch.tensor([True, True, False])
    # 20 wide, 5 high: pushed out to 24 x 6, then squared about the centre (20, 22.5).
    assert tight_boxes(points, visible).tolist() == pytest.approx([8, 10.5, 24, 24])
    assert tight_boxes(points, visible, 0.0).tolist() == pytest.approx([10, 12.5, 20, 20])
    # Taller than wide.
    swapped = tight_boxes(points.flip(-1), visible)
    assert swapped.tolist() == pytest.approx([10.5, 8, 24, 24])


def test_boxes_are_square_centred_and_tight() -> None:
    points, visible = poses()
    boxes = tight_boxes(points, visible, margin=0.1)
    for b in range(B):
        for t in range(T):
            there = points[b, t][visible[b, t]]
            low, high = there.amin(0), there.amax(0)
            x, y, width, height = boxes[b, t]
            assert width == height == pytest.approx(1.2 * (high - low).max().item())
            centre = torch.stack([x + width / 2, y + height / 2])
            torch.testing.assert_close(centre, (low + high) / 2)


def test_boxes_that_are_not_square_keep_the_aspect_ratio() -> None:
    points, visible = poses()
    boxes = tight_boxes(points, visible, 0.05, square=False)
    low = points.masked_fill(~visible[..., None], torch.inf).amin(-2)
    high = points.masked_fill(~visible[..., None], -torch.inf).amax(-2)
    torch.testing.assert_close(boxes[..., 2:], 1.1 * (high - low))
    torch.testing.assert_close(boxes[..., :2], low - 0.05 * (high - low))
    line = torch.tensor([[3.0, 10.0], [3.0, 30.0]])
    assert tight_boxes(line, torch.ones(2).bool(), 0.0, False).tolist() == [2.5, 10, 1, 20]


def test_boxes_move_and_grow_with_the_points() -> None:
    points, visible = poses()
    shift = torch.tensor([31.0, -17.0], dtype=torch.float64)
    boxes = tight_boxes(points, visible)
    moved = tight_boxes(2.5 * points + shift, visible)
    torch.testing.assert_close(moved[..., :2], 2.5 * boxes[..., :2] + shift)
    torch.testing.assert_close(moved[..., 2:], 2.5 * boxes[..., 2:])


def test_hidden_points_do_not_count_not_even_nan() -> None:
    points, visible = poses()
    spoiled = points.where(visible[..., None], torch.nan)
    assert torch.equal(tight_boxes(spoiled, visible), tight_boxes(points, visible))


def test_without_extent_the_side_is_one() -> None:
    points = torch.tensor([[40.0, 60.0], [40.0, 60.0], [1.0, 2.0]])
    for visible in ([True, True, False], [True, False, False]):
        box = tight_boxes(points, torch.tensor(visible))
        assert box.tolist() == [39.5, 59.5, 1, 1]
    assert tight_boxes(points, torch.zeros(3).bool()).tolist() == [-0.5, -0.5, 1, 1]


@pytest.mark.parametrize("size", [5, 56, 64])
def test_round_trip(size) -> None:
    points, visible = poses()
    boxes = tight_boxes(points, visible)
    boxes[..., 3] *= 0.6  # a detector's boxes are not square
    back = heatmap_to_image(image_to_heatmap(points, boxes, size), boxes, size)
    torch.testing.assert_close(back, points)


def test_a_heatmap_pixel_is_the_centre_of_a_cell() -> None:
    box = torch.tensor([100.0, 200.0, 112.0, 56.0])  # cells 2 x 1
    corners = torch.tensor([[100.0, 200.0], [212.0, 256.0], [101.0, 200.5], [211.0, 255.5]])
    expected = torch.tensor([[-0.5, -0.5], [55.5, 55.5], [0.0, 0.0], [55.0, 55.0]])
    assert torch.equal(image_to_heatmap(corners, box), expected)
    assert torch.equal(heatmap_to_image(expected, box), corners)
