"""Which box a window of poses is seen through."""

import pytest
import torch

from temporal_pose.errors import ConfigError
from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.pose.framing import Framing

B, T, K = 3, 5, 7


def poses(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    points = torch.rand(B, T, K, 2, generator=generator, dtype=torch.float64) * 300 + 100
    visible = torch.rand(B, T, K, generator=generator) < 0.7
    visible[..., :2] = True
    return points, visible


@pytest.mark.parametrize("box", ["frame", "window"])
@pytest.mark.parametrize("size", [5, 11, 56])
def test_poses_fill_their_box_up_to_the_margin(box, size) -> None:
    points, visible = poses()
    inside, boxes = Framing(box, 0.1, size)(points, visible)
    around = (2, 3) if box == "frame" else (1, 2, 3)
    low = inside.masked_fill(~visible[..., None], torch.inf).amin(around)
    high = inside.masked_fill(~visible[..., None], -torch.inf).amax(around)
    # The longer side spans 1 / 1.2 of the box and is centred; half a cell is lost to the border.
    torch.testing.assert_close(low, torch.full_like(low, size * (0.1 / 1.2) - 0.5))
    torch.testing.assert_close(high, torch.full_like(high, size * (1.1 / 1.2) - 0.5))
    assert boxes.shape == (B, T, 4)


@pytest.mark.parametrize("box", ["frame", "window"])
def test_stretched_poses_fill_their_box_along_both_axes(box) -> None:
    points, visible = poses()
    inside, boxes = Framing(box, 0.05, 11, "stretch")(points, visible)
    around = 2 if box == "frame" else (1, 2)
    low = inside.masked_fill(~visible[..., None], torch.inf).amin(around)
    high = inside.masked_fill(~visible[..., None], -torch.inf).amax(around)
    torch.testing.assert_close(low, torch.full_like(low, 11 * (0.05 / 1.1) - 0.5))
    torch.testing.assert_close(high, torch.full_like(high, 11 * (1.05 / 1.1) - 0.5))
    back = heatmap_to_image(inside, boxes, 11)
    torch.testing.assert_close(back[visible], points[visible])


@pytest.mark.parametrize("box", ["frame", "window"])
def test_back_to_image_pixels(box) -> None:
    points, visible = poses()
    inside, boxes = Framing(box)(points, visible)
    back = heatmap_to_image(inside, boxes)
    torch.testing.assert_close(back[visible], points[visible])
    assert not inside[~visible].any()


def test_a_window_box_keeps_motion_and_a_frame_box_cancels_it() -> None:
    points, _ = poses()
    visible = torch.ones(B, T, K).bool()
    still = points[:, :1].expand(-1, T, -1, -1)
    drift = torch.arange(T, dtype=torch.float64)[:, None, None] * torch.tensor([11.0, 3.0])
    cancelled, _ = Framing("frame")(still + drift, visible)
    torch.testing.assert_close(cancelled, cancelled[:, :1].expand_as(cancelled))
    kept, boxes = Framing("window")(still + drift, visible)
    assert (boxes == boxes[:, :1]).all()
    steps = kept.diff(dim=1) * boxes[:, 1:, None, 2:] / 56
    torch.testing.assert_close(steps, torch.tensor([11.0, 3.0]).double().expand_as(steps))


@pytest.mark.parametrize("box", ["frame", "window"])
def test_windows_do_not_mix(box) -> None:
    points, visible = poses()
    alone = [Framing(box)(p, v)[0] for p, v in zip(points.split(1), visible.split(1), strict=True)]
    assert torch.equal(torch.cat(alone), Framing(box)(points, visible)[0])


@pytest.mark.parametrize("box", ["frame", "window"])
def test_zoom_is_about_the_centre_of_the_box(box) -> None:
    points, visible = poses()
    zoom = torch.tensor([0.85, 1.0, 1.15], dtype=torch.float64)
    plain, _ = Framing(box)(points, visible)
    zoomed, boxes = Framing(box)(points, visible, zoom)
    centre = (56 - 1) / 2
    expected = (plain - centre) * zoom[:, None, None, None] + centre
    torch.testing.assert_close(zoomed[visible], expected[visible])
    torch.testing.assert_close(heatmap_to_image(zoomed, boxes)[visible], points[visible])


def test_hidden_keypoints_may_be_nan() -> None:
    points, visible = poses()
    spoiled, boxes = Framing()(points.where(visible[..., None], torch.nan), visible)
    expected, same = Framing()(points, visible)
    assert torch.equal(spoiled, expected)
    assert torch.equal(boxes, same)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"box": "video"}, "data.box is 'video'; expected frame or window"),
        ({"aspect": "wide"}, "data.aspect is 'wide'; expected square or stretch"),
        ({"margin": -0.1}, "data.margin is -0.1; expected 0 or more"),
        ({"margin": float("nan")}, "data.margin is nan; expected 0 or more"),
        ({"size": 4}, "data.size is 4; expected at least 5"),
    ],
)
def test_settings_are_checked(setting, message) -> None:
    with pytest.raises(ConfigError) as error:
        Framing(**setting)
    assert str(error.value) == message
