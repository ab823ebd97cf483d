"""Augmentation: rigid motions of a pose, and left and right in their right places."""

import numpy as np
import pytest
import torch
from scipy import stats

from temporal_pose.errors import ConfigError
from temporal_pose.pose.augmentation import Augmentation
from temporal_pose.pose.observations import Recorded, WindowBatch
from temporal_pose.pose.skeletons import CLIMBALONG25

B, T, K = 211, 3, 25
WINDOWS = torch.arange(B) * T
NOTHING = {"rotation": 0.0, "zoom": 0.0, "mirror": 0.0}


def poses() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(B, T, K, 2, generator=generator, dtype=torch.float64) * 500
    visible = torch.rand(B, T, K, generator=generator) < 0.7
    return points.where(visible[..., None], 0), visible


def windows(points, visible, order=slice(None)) -> WindowBatch:
    fps = torch.full((B,), 30.0)
    return WindowBatch(points[order], visible[order], fps[order], WINDOWS[order])


def apply(points, visible, epoch: int = 0, **settings):
    turned, zoom = Augmentation(**NOTHING | settings)(windows(points, visible), epoch)
    return turned.keypoints, turned.visible, zoom


def test_nothing_changes_nothing() -> None:
    points, visible = poses()
    same, seen, zoom = apply(points, visible)
    torch.testing.assert_close(same, points)
    assert torch.equal(seen, visible)
    assert (zoom == 1).all()


def test_a_mirrored_left_wrist_is_where_the_right_one_was() -> None:
    points, visible = poses()
    mirrored, seen, _ = apply(points, visible, mirror=1.0)
    left, right = (CLIMBALONG25.index(f"{side}_wrist") for side in ("left", "right"))
    expected = points[..., right, :] * torch.tensor([-1.0, 1.0])
    torch.testing.assert_close(mirrored[..., left, :], expected)
    assert torch.equal(seen[..., left], visible[..., right])
    torch.testing.assert_close(mirrored[..., 0, 1], points[..., 0, 1])  # the nose keeps its height


def test_a_mirrored_body_still_has_its_left_on_the_side_it_faces() -> None:
    """Seen from the front a left shoulder is to the right of the right one, mirrored or not."""
    points, visible = poses()
    left, right = CLIMBALONG25.index("left_shoulder"), CLIMBALONG25.index("right_shoulder")
    points[..., left, 0], points[..., right, 0] = 300, 200
    mirrored, _, _ = apply(points, torch.ones_like(visible), mirror=1.0)
    assert (mirrored[..., left, 0] > mirrored[..., right, 0]).all()


def test_mirroring_twice_is_the_identity() -> None:
    points, visible = poses()
    once, seen, _ = apply(points, visible, mirror=1.0)
    twice, again, _ = apply(once, seen, mirror=1.0)
    torch.testing.assert_close(twice, points)
    assert torch.equal(again, visible)


def test_half_of_the_windows_are_mirrored_whole() -> None:
    points, _ = poses()
    points = points + 1  # hidden keypoints stand at 0, their own mirror image
    mirrored, _, _ = apply(points, torch.ones(B, T, K).bool(), mirror=0.5)
    changed = (mirrored != points).any(-1)[..., 0]
    assert (changed == changed[:, :1]).all()
    assert stats.binomtest(int(changed[:, 0].sum()), B).pvalue > 1e-3


def test_rotation_preserves_distances_and_handedness() -> None:
    points, visible = poses()
    turned, seen, _ = apply(points, visible, rotation=30.0)
    assert torch.equal(seen, visible)
    flat, still = turned.flatten(1, 2), points.flatten(1, 2)
    a, b = torch.cdist(flat, flat), torch.cdist(still, still)
    torch.testing.assert_close(a, b, atol=1e-4, rtol=0)
    a, b = (p[..., 1:, :] - p[..., :1, :] for p in (turned, points))
    area = [p[..., :-1, 0] * p[..., 1:, 1] - p[..., :-1, 1] * p[..., 1:, 0] for p in (a, b)]
    torch.testing.assert_close(*area)


def test_angles_are_uniform_within_the_limit_and_one_a_window() -> None:
    arrow = torch.zeros(B, T, K, 2, dtype=torch.float64)
    arrow[..., 0] = 100
    turned, _, _ = apply(arrow, torch.ones(B, T, K).bool(), rotation=30.0)
    angles = torch.atan2(turned[..., 1], turned[..., 0]).rad2deg().numpy()
    np.testing.assert_allclose(angles, np.broadcast_to(angles[:, :1, :1], angles.shape))
    assert np.abs(angles).max() <= 30
    assert stats.kstest(angles[:, 0, 0], "uniform", (-30, 60)).pvalue > 1e-3


def test_zoom_is_bounded_and_uniform() -> None:
    points, visible = poses()
    same, _, zoom = apply(points, visible, zoom=0.15)
    torch.testing.assert_close(same, points)
    assert zoom.shape == (B,)
    assert zoom.min() >= 0.85
    assert zoom.max() <= 1.15
    assert stats.kstest(zoom.numpy(), "uniform", (0.85, 0.3)).pvalue > 1e-3


def test_a_function_of_window_and_epoch_only() -> None:
    augment, (points, visible) = Augmentation(), poses()
    whole, zoom = augment(windows(points, visible), 4)
    order = torch.randperm(B, generator=torch.Generator().manual_seed(0))[:13]
    part, some = augment(windows(points, visible, order), 4)
    assert torch.equal(whole.keypoints[order], part.keypoints)
    assert torch.equal(whole.visible[order], part.visible)
    assert torch.equal(zoom[order], some)
    zooms = [
        Augmentation(seed=s)(windows(points, visible), e)[1] for s, e in ((0, 4), (0, 5), (1, 4))
    ]
    assert torch.equal(zooms[0], zoom)
    for other in zooms[1:]:
        assert stats.pearsonr(zooms[0], other).pvalue > 1e-3


def test_the_three_draws_are_independent() -> None:
    arrow = torch.zeros(B, T, K, 2, dtype=torch.float64)
    arrow[..., 0] = 100
    turned, zoom = Augmentation()(windows(arrow, torch.ones(B, T, K).bool()), 0)
    turned = turned.keypoints
    mirrored = turned[:, 0, 0, 0] < 0
    angle = torch.atan(turned[:, 0, 0, 1] / turned[:, 0, 0, 0])
    for a, b in ((mirrored.double(), zoom), (mirrored.double(), angle), (angle, zoom)):
        assert stats.pearsonr(a, b).pvalue > 1e-3


def test_what_a_detector_saw_turns_with_the_truth() -> None:
    points, visible = poses()
    seen = Recorded(points, visible, torch.rand(B, T, K, dtype=torch.float64))
    batch = windows(points, visible)._replace(recorded=seen)
    turned, _ = Augmentation()(batch, 3)
    assert torch.equal(turned.recorded.keypoints, turned.keypoints)
    assert torch.equal(turned.recorded.detected, turned.visible)
    mirrored = turned.recorded.turn.det() < 0
    swap = torch.tensor(CLIMBALONG25.mirror)
    assert torch.equal(turned.recorded.scores[mirrored], seen.scores[mirrored][..., swap])
    assert torch.equal(turned.recorded.scores[~mirrored], seen.scores[~mirrored])
    assert 0 < mirrored.sum() < B


def test_arguments_are_left_alone() -> None:
    points, visible = poses()
    copies = points.clone(), visible.clone()
    Augmentation()(windows(points, visible), 0)
    assert torch.equal(points, copies[0])
    assert torch.equal(visible, copies[1])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"rotation": -1.0}, "augment.rotation is -1.0; expected 0 to 180"),
        ({"zoom": 1.0}, "augment.zoom is 1.0; expected 0 to 0.9"),
        ({"mirror": float("nan")}, "augment.mirror is nan; expected 0 to 1"),
    ],
)
def test_settings_are_checked(setting, message) -> None:
    with pytest.raises(ConfigError) as error:
        Augmentation(**setting)
    assert str(error.value) == message


def test_scores_that_tell_nothing_and_keypoints_that_are_not_there() -> None:
    many, keypoints = 400, 25
    generator = torch.Generator().manual_seed(0)
    places = torch.rand(many, 3, keypoints, 2, generator=generator)
    there = torch.ones(many, 3, keypoints, dtype=torch.bool)
    scores = torch.rand(many, 3, keypoints, generator=generator)
    start = places + 1
    seen = Recorded(places, there, scores, start=start)
    windows = WindowBatch(places, there, torch.ones(many), torch.arange(many) * 3, seen)
    still = Augmentation(rotation=0, zoom=0, mirror=0, scramble=0.4, drop=0.2)
    given, _zoom = still(windows, epoch=1)
    assert given.recorded is not None
    changed = (given.recorded.scores != scores).flatten(1).any(1)
    assert changed.float().mean().item() == pytest.approx(0.4, abs=0.08)
    flat = changed & (given.recorded.scores.flatten(1).std(1) == 0)
    assert (flat.sum() / changed.sum()).item() == pytest.approx(0.5, abs=0.12)
    ordered = [one.sort(-1).values for one in (given.recorded.scores, scores)]
    assert torch.equal(ordered[0][changed & ~flat], ordered[1][changed & ~flat])
    gone = ~given.recorded.detected
    assert torch.equal(gone, ~given.visible)
    assert torch.equal(gone[:, 0], gone[:, 2])
    assert gone.float().mean().item() == pytest.approx(0.2, abs=0.02)
    torch.testing.assert_close(given.recorded.start, start)
    again, _zoom = still(windows, epoch=1)
    assert again.recorded is not None
    assert torch.equal(again.recorded.scores, given.recorded.scores)


def test_what_a_network_starts_from_turns_with_the_rest() -> None:
    places = torch.rand(5, 3, 25, 2)
    there = torch.ones(5, 3, 25, dtype=torch.bool)
    seen = Recorded(places, there, there.float(), start=places.clone())
    windows = WindowBatch(places, there, torch.ones(5), torch.arange(5), seen)
    given, _zoom = Augmentation()(windows, epoch=0)
    assert given.recorded is not None
    torch.testing.assert_close(given.recorded.start, given.recorded.keypoints)
    assert not torch.allclose(given.recorded.keypoints, places)
