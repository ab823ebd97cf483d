"""Augmentation of crops: pictures and keypoints move together, and by as much as is said."""

import math

import pytest
import torch

from temporal_pose.data.images.crop_augmentation import CropAugmentation, inside, warped
from temporal_pose.errors import ConfigError
from temporal_pose.pose.crops import Crops, inverted, mapped
from temporal_pose.pose.skeletons import SKELETONS, Skeleton

PAIR = Skeleton("pair", ("left_hand", "nose", "right_hand"))
FILL = torch.tensor([0.2, 0.5, 0.7])


def crops(batch: int, size: int = 41, seed: int = 0) -> Crops:
    """Dark pictures in which each keypoint's bump has a colour of its own."""
    generator = torch.Generator().manual_seed(seed)
    keypoints = size * (0.3 + 0.4 * torch.rand(batch, 3, 2, generator=generator))
    grid = torch.stack(torch.meshgrid(*[torch.arange(size)] * 2, indexing="xy"), -1).float()
    distance = (grid - keypoints[:, :, None, None]).square().sum(-1)
    return Crops(
        images=(255 * torch.exp(-distance / 8)).round().to(torch.uint8),
        keypoints=keypoints,
        labels=torch.full((batch, 3), 2),
        to_image=torch.tensor([[2.0, 0, 3], [0, 2, 5]]).repeat(batch, 1, 1),
        area=torch.full((batch,), 70.0),
        head=torch.full((batch,), 7.0),
        sample=torch.arange(batch),
    )


def centres(images: torch.Tensor) -> torch.Tensor:
    """Centre of mass of each colour, x and y."""
    size = images.shape[-1]
    axis = torch.arange(size).float()
    mass = images.sum((-2, -1))
    x, y = (images.sum(-2) @ axis) / mass, (images.sum(-1) @ axis) / mass
    return torch.stack([x, y], -1)


def test_bumps_are_where_their_keypoints_are() -> None:
    """Colours change no centre; mirrored, the left hand's keypoint is at the right one's bump."""
    given = crops(64)
    out = CropAugmentation(colour=0, seed=3)(given, PAIR, 5, torch.zeros(3))
    found = centres(out.images)
    mirrored = (found[:, 0] - out.keypoints[:, 2]).norm(dim=-1) < 0.5
    assert 15 < mirrored.sum() < 50
    names = torch.where(mirrored[:, None], torch.tensor([2, 1, 0]), torch.arange(3))
    found = found.gather(1, names[..., None].expand(-1, -1, 2))
    whole = (out.keypoints - 20).abs().amax((-2, -1)) < 13
    assert whole.sum() > 20
    torch.testing.assert_close(found[whole], out.keypoints[whole], atol=0.2, rtol=0)


def test_the_map_to_the_image_moves_along() -> None:
    given = crops(17)
    out = CropAugmentation(mirror=0)(given, PAIR, 2, FILL)
    torch.testing.assert_close(
        mapped(out.keypoints, out.to_image), mapped(given.keypoints, given.to_image)
    )
    assert torch.equal(out.area, given.area) and torch.equal(out.head, given.head)


def test_how_much_it_does() -> None:
    """Over 20,000 crops: shares, spreads, and nothing beyond two standard deviations."""
    count = 20_000
    given = crops(1)._replace(sample=torch.arange(count))
    given = given._replace(
        images=given.images[:, :, :16, :16].expand(count, -1, -1, -1),
        **{
            name: getattr(given, name).expand(count, *getattr(given, name).shape[1:])
            for name in ("keypoints", "labels", "to_image", "area", "head")
        },
    )
    out = CropAugmentation()(given, PAIR, 0, FILL)
    linear = out.to_image[:, :, :2] / 2
    determinant = linear.det()
    assert (determinant < 0).float().mean() == pytest.approx(0.5, abs=0.015)
    exponent = -0.5 * determinant.abs().log2()
    assert exponent.abs().max() <= 0.5 + 1e-4
    cut = 0.8796  # standard deviation of a normal distribution that is cut at two
    assert exponent.std() == pytest.approx(0.25 * cut, rel=0.03)
    angle = torch.rad2deg(torch.atan2(linear[:, 1, 0], linear[:, 1, 1]))
    assert (angle.abs() > 1e-3).float().mean() == pytest.approx(0.4, abs=0.015)
    assert angle.abs().max() <= 60.01
    assert angle[angle.abs() > 1e-3].std() == pytest.approx(30 * cut, rel=0.03)


def test_colours_are_multiplied() -> None:
    given = crops(200)._replace(images=torch.full((200, 3, 8, 8), 102, dtype=torch.uint8))
    out = CropAugmentation(scale=0, rotation=0, mirror=0)(given, PAIR, 0, FILL)
    gain = out.images[:, :, 4, 4] / 0.4
    assert gain.min() >= 0.6 - 1e-5 and gain.max() <= 1.4 + 1e-5
    assert gain.mean(0).tolist() == pytest.approx([1, 1, 1], abs=0.05)
    assert gain.std(0).tolist() == pytest.approx([0.8 / math.sqrt(12)] * 3, rel=0.12)


def test_nothing_is_changed_by_nothing() -> None:
    given = crops(5)
    out = CropAugmentation(scale=0, rotation=0, mirror=0, colour=0)(given, PAIR, 7, FILL)
    torch.testing.assert_close(out.images, given.images / 255, atol=1e-5, rtol=0)
    torch.testing.assert_close(out.keypoints, given.keypoints)
    assert torch.equal(out.labels, given.labels)


def test_it_depends_on_seed_epoch_and_person_alone() -> None:
    given, augment = crops(7), CropAugmentation(seed=1)
    whole = augment(given, PAIR, 3, FILL)
    part = augment(Crops(*(value[4:6] for value in given)), PAIR, 3, FILL)
    torch.testing.assert_close(part.images, whole.images[4:6])
    torch.testing.assert_close(part.keypoints, whole.keypoints[4:6])
    for other in (augment(given, PAIR, 4, FILL), CropAugmentation(seed=2)(given, PAIR, 3, FILL)):
        assert not torch.allclose(other.keypoints, whole.keypoints)


def test_left_and_right_exchange_their_names_and_labels() -> None:
    lsp = SKELETONS["lsp14"]
    keypoints = torch.rand(1, 14, 2) * 20 + 10
    labels = torch.arange(14)[None] % 3
    given = crops(1)._replace(keypoints=keypoints, labels=labels)
    only = CropAugmentation(scale=0, rotation=0, mirror=1, colour=0)
    out = only(given, lsp, 0, FILL)
    left, right = lsp.index("left_knee"), lsp.index("right_knee")
    wanted = torch.stack([40 - keypoints[0, right, 0], keypoints[0, right, 1]])
    torch.testing.assert_close(out.keypoints[0, left], wanted)
    assert out.labels[0, left] == labels[0, right]
    again = only(out._replace(images=given.images), lsp, 0, FILL)
    torch.testing.assert_close(again.keypoints, keypoints)
    torch.testing.assert_close(out.images, given.images.flip(-1) / 255, atol=1e-5, rtol=0)


def test_beyond_the_crop_there_is_one_colour() -> None:
    images = torch.zeros(1, 3, 9, 9)
    away = torch.tensor([[[1.0, 0, 20], [0, 1, 0]]])
    out = warped(images, away, FILL)
    torch.testing.assert_close(out, FILL[None, :, None, None].expand(1, 3, 9, 9))
    nearer = torch.tensor([[[0.5, 0, 2], [0, 0.5, 2]]])
    points = torch.tensor([[[4.0, 4], [6, 2]]])
    torch.testing.assert_close(
        mapped(points, inverted(nearer)), torch.tensor([[[4.0, 4], [8, 0]]])
    )


def test_what_leaves_the_crop_is_not_asked_for() -> None:
    points = torch.tensor([[[-0.4, 3.0], [-0.6, 3], [3, 7.4], [3, 7.6], [0, 0]]])
    labels = torch.tensor([[1, 2, 2, 1, 0]])
    assert inside(points, labels, 8).tolist() == [[1, 0, 2, 0, 0]]


@pytest.mark.parametrize(
    ("name", "value", "most"), [("scale", 2, 1), ("rotation", -1, 90), ("mirror", 1.5, 1)]
)
def test_what_cannot_be(name: str, value: float, most: float) -> None:
    with pytest.raises(ConfigError) as caught:
        CropAugmentation(**{name: value})
    assert str(caught.value) == f"distortion.{name} is {value}; expected 0 to {most}"
