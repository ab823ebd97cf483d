"""A real detector's output: nothing invented, nothing lost between its boxes and ours."""

import math

import pytest
import torch

from temporal_pose.errors import ConfigError
from temporal_pose.inputs.recorded import Recording, normalised, refit
from temporal_pose.pose.augmentation import Augmentation
from temporal_pose.pose.boxes import heatmap_to_image, image_to_heatmap
from temporal_pose.pose.codecs import CoordinateCodec, HeatmapCodec
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.heatmaps import render
from temporal_pose.pose.observations import Recorded, WindowBatch, hold

B, T, K, SIZE = 2, 3, 25, 40
TORSO = 10.0


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def boxes() -> torch.Tensor:
    g = generator()
    corner = 50 + 100 * torch.rand(B, T, 2, generator=g)
    return torch.cat([corner, 80 + 60 * torch.rand(B, T, 2, generator=g)], -1)


def windows(recorded: Recorded, keypoints=None, visible=None) -> WindowBatch:
    truth = recorded.keypoints if keypoints is None else keypoints
    seen = recorded.detected if visible is None else visible
    return WindowBatch(truth, seen, torch.full((B,), 30.0), torch.arange(B), recorded)


def keypoints_alone(seed: int = 1) -> Recorded:
    g = generator(seed)
    points = 300 + 100 * torch.rand(B, T, K, 2, generator=g)
    detected = torch.rand(B, T, K, generator=g) < 0.8
    scores = torch.rand(B, T, K, generator=g)
    return Recorded(points.where(detected[..., None], 0), detected, scores)


def with_heatmaps(height: int = SIZE, width: int = SIZE) -> tuple[Recorded, torch.Tensor]:
    """Blobs at known places of known boxes; image pixels."""
    g = generator(2)
    places = 8 + (SIZE - 17) * torch.rand(B, T, K, 2, generator=g)
    detected = torch.rand(B, T, K, generator=g) < 0.8
    drawn = render(places, detected, torch.full((B, T, K), 1.5), SIZE)[..., :height, :width]
    scale = 0.01 + torch.rand(B, T, K, 1, 1, generator=g)  # raw maps have any mass
    raw = drawn * scale - 1e-4 * torch.rand(drawn.shape, generator=g) * detected[..., None, None]
    zeros = torch.zeros(B, T, K, 2)
    seen = Recorded(zeros, torch.ones_like(detected), torch.ones(B, T, K), boxes(), raw)
    return seen, heatmap_to_image(places, boxes(), SIZE).where(detected[..., None], 0)


def observe(batch: WindowBatch, box: str = "frame", **settings):
    detector, framing = Recording(**settings), Framing(box, size=SIZE)
    framed = detector.frame(batch, framing)
    return detector.observe(batch, framed, TORSO, SIZE), framed


@pytest.mark.parametrize("box", ["frame", "window"])
def test_keypoints_alone_are_seen_through_boxes_around_them(box) -> None:
    seen = keypoints_alone()
    observed, framed = observe(windows(seen), box)
    assert torch.equal(framed.boxes, Framing(box, size=SIZE).around(*seen[:2]))
    back = heatmap_to_image(observed.positions, observed.boxes, SIZE)
    torch.testing.assert_close(back[seen.detected], seen.keypoints[seen.detected])
    assert torch.equal(observed.detected, seen.detected)
    assert torch.equal(observed.scores, seen.scores.where(seen.detected, 0))


def test_the_boxes_do_not_know_the_truth() -> None:
    seen = keypoints_alone()
    for box in ("frame", "window"):
        one, other = (observe(windows(seen, seen.keypoints + d), box)[0] for d in (0.0, 500.0))
        assert torch.equal(one.boxes, other.boxes)
        assert torch.equal(one.positions, other.positions)


def test_truth_outside_the_box() -> None:
    seen = keypoints_alone()
    far = seen.keypoints.clone()
    visible = torch.ones(B, T, K).bool()
    box = Framing("window", size=SIZE).around(*seen[:2])[0, 0]
    far[0, 0, 3] = torch.tensor([-1000.0, float(box[1] + box[3] / 2)])  # left, half way down
    batch = windows(seen, far, visible)
    _, clamped = observe(batch, "window", outside="clamp")
    assert torch.equal(clamped.visible, visible)
    assert clamped.keypoints[0, 0, 3].tolist() == pytest.approx([0, SIZE / 2 - 0.5], abs=1e-4)
    assert clamped.keypoints.min() >= 0
    assert clamped.keypoints.max() <= SIZE - 1
    _, dropped = observe(batch, "window", outside="drop")
    inside = image_to_heatmap(far, dropped.boxes, SIZE)
    expected = ((inside >= -0.5) & (inside <= SIZE - 0.5)).all(-1)
    assert torch.equal(dropped.visible, expected)
    assert not dropped.visible[0, 0, 3]
    assert not dropped.keypoints[0, 0, 3].any()


def test_heatmaps_are_normalised_and_never_negative() -> None:
    seen, _ = with_heatmaps()
    observed, framed = observe(windows(seen))
    assert framed.boxes is seen.boxes
    masses = observed.heatmaps.sum((-2, -1))
    assert (observed.heatmaps >= 0).all()
    torch.testing.assert_close(
        masses[observed.detected], torch.full_like(masses, 255)[observed.detected]
    )
    assert not masses[~observed.detected].any()
    raw = seen.heatmaps.clamp(min=0)
    assert torch.equal(observed.detected, raw.sum((-2, -1)) > 0)
    ratio = observed.heatmaps / raw
    assert torch.isfinite(ratio[raw > 1e-3]).all()
    spread = (ratio.where(raw > 1e-3, torch.nan)).flatten(-2)
    assert (spread.nan_to_num(-1).amax(-1) - spread.nan_to_num(1e9).amin(-1))[
        observed.detected
    ].abs().max() < 1e-2 * ratio[raw > 1e-3].max()


def test_empty_heatmaps_are_not_detected() -> None:
    maps, found = normalised(torch.zeros(3, 5, 7))
    assert not found.any()
    assert not maps.any()


@pytest.mark.parametrize("box", ["frame", "window"])
def test_positions_in_the_image_do_not_depend_on_the_box(box) -> None:
    seen, places = with_heatmaps()
    observed, _ = observe(windows(seen), box)
    back = heatmap_to_image(observed.positions, observed.boxes, SIZE)
    pixel = (observed.boxes[..., 2:] / SIZE).amax()
    away = (back - places).norm(dim=-1)[observed.detected]
    assert away.max() < (0.15 if box == "frame" else 0.5) * pixel


def test_refitting_to_the_same_box_changes_nothing() -> None:
    seen, _ = with_heatmaps()
    again = refit(seen.heatmaps, seen.boxes, seen.boxes, SIZE)
    torch.testing.assert_close(again, seen.heatmaps, atol=1e-4, rtol=0)


def test_heatmaps_of_another_size_fit_the_same_box() -> None:
    """A map whose cells are not square shows the same places."""
    g = generator(5)
    places = 8 + 20 * torch.rand(B, T, K, 2, generator=g)
    drawn = render(places, torch.ones(B, T, K).bool(), torch.full((B, T, K), 2.0), SIZE)
    tall = drawn.repeat_interleave(2, dim=-2)
    again = refit(tall, boxes(), boxes(), SIZE)
    torch.testing.assert_close(again, drawn, atol=1e-4, rtol=0)


@pytest.mark.parametrize("mirror", [0.0, 1.0])
def test_augmented_heatmaps_show_the_augmented_places(mirror) -> None:
    seen, places = with_heatmaps()
    found = seen.heatmaps.clamp(min=0).sum((-2, -1)) > 0
    batch = windows(seen, places, found)
    turned, zoom = Augmentation(rotation=40, zoom=0.1, mirror=mirror)(batch, 1)
    assert torch.allclose(turned.recorded.turn.det(), torch.tensor(1 - 2 * mirror))
    detector, framing = Recording(), Framing("frame", size=SIZE)
    framed = detector.frame(turned, framing, zoom)
    observed = detector.observe(turned, framed, TORSO, SIZE)
    expected = image_to_heatmap(turned.keypoints, framed.boxes, SIZE)
    inside = ((expected > 3) & (expected < SIZE - 4)).all(-1) & turned.visible
    assert inside.sum() > 50
    away = (observed.positions - expected).norm(dim=-1)[inside]
    assert away.median() < 0.2
    assert away.max() < 0.8


def test_codecs_read_heatmaps_as_they_are() -> None:
    seen, _ = with_heatmaps()
    observed, _ = observe(windows(seen))
    assert HeatmapCodec(SIZE).read(observed) is observed.heatmaps
    peaks = observed.heatmaps.flatten(-2).argmax(-1)
    whole = torch.stack([peaks % SIZE, peaks // SIZE], -1).float()
    read = HeatmapCodec(SIZE, decoder="argmax").positions(observed)
    assert torch.equal(read[observed.detected], whole[observed.detected])
    fine = CoordinateCodec(SIZE).positions(observed)
    assert (fine - whole).abs()[observed.detected].max() <= 1


def test_scores_may_scale_the_blobs() -> None:
    seen = keypoints_alone()
    plain, scaled = (
        HeatmapCodec(SIZE).read(observe(windows(seen), "window", scale_by_score=flag)[0])
        for flag in (False, True)
    )
    expected = plain * seen.scores.where(seen.detected, 0)[..., None, None]
    torch.testing.assert_close(scaled, expected)
    assert not torch.equal(plain, scaled)


def test_undetected_keypoints_stay_where_they_were_last() -> None:
    positions = torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8]])[..., None, None].expand(2, 4, 1, 2)
    detected = torch.tensor([[False, True, False, True], [False] * 4])[..., None]
    held = hold(positions, detected, 11)
    assert held[0, :, 0, 0].tolist() == [2, 2, 2, 4]
    assert (held[1] == 5).all()  # the middle


def test_windows_without_detections_are_refused() -> None:
    batch = windows(keypoints_alone())._replace(recorded=None)
    with pytest.raises(ValueError, match="these windows hold no detections"):
        Recording().frame(batch, Framing())


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"outside": "crop"}, "input.outside is 'crop'; expected clamp or drop"),
        ({"sigma": 0.0}, "input.sigma is 0.0; expected a positive number"),
        ({"sigma": math.nan}, "input.sigma is nan; expected a positive number"),
    ],
)
def test_settings_are_checked(setting, message) -> None:
    with pytest.raises(ConfigError) as error:
        Recording(**setting)
    assert str(error.value) == message
