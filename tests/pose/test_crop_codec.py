"""Between keypoints in a crop and heatmaps: round trips, mirror images, and what counts."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from temporal_pose.errors import ConfigError
from temporal_pose.pose.crop_codec import CropCodec
from temporal_pose.pose.losses import CrossEntropy, masked_mse
from temporal_pose.pose.skeletons import SKELETONS
from temporal_pose.pose.targets import Impulses, Peaks

LSP = SKELETONS["lsp14"]
SIZE = 44  # 11 cells


def codec(target=None, loss=masked_mse, **settings) -> CropCodec:
    target = target or Peaks(1.5)
    return CropCodec(target, loss, SIZE, **{"skeleton": "lsp14"} | settings)


def people(count: int = 3, margin: float = 6.0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    places = margin + (SIZE - 1 - 2 * margin) * torch.rand(count, 14, 2, generator=generator)
    labels = torch.randint(0, 3, (count, 14), generator=generator)
    return places, labels


def test_cells_divide_the_crop_and_their_centres_are_whole():
    speaker = codec()
    corners = torch.tensor([[-0.5, -0.5], [SIZE - 0.5, SIZE - 0.5], [1.5, 5.5]])
    assert speaker.cells(corners).tolist() == [[-0.5, -0.5], [10.5, 10.5], [0, 1]]
    assert speaker.pixels(speaker.cells(corners)).equal(corners)


@pytest.mark.parametrize("loss", [masked_mse, CrossEntropy()])
def test_a_perfect_answer_is_read_as_the_truth(loss):
    places, labels = people()
    speaker = codec(loss=loss)
    target = speaker.encode(places, labels)
    output = target if loss is masked_mse else target.clamp(min=1e-12).log()
    found, scores = speaker.decode(speaker.heatmaps(output))
    seen = labels > 0
    assert (found - places)[seen].abs().max() < 0.03
    assert scores[seen].min() > 0.75, "no less than between cells"
    assert scores.max() <= 1


def test_a_mirror_image_is_turned_back_with_its_sides_exchanged():
    places, labels = people()
    speaker = codec()
    mirrored = torch.stack([SIZE - 1 - places[..., 0], places[..., 1]], -1)
    exchange = list(LSP.mirror)
    other = speaker.encode(mirrored[:, exchange], labels[:, exchange])
    assert torch.allclose(speaker.flipped(other), speaker.encode(places, labels), atol=1e-6)


def test_what_is_outside_the_crop_or_has_no_label_adds_neither_loss_nor_gradient():
    places, labels = people()
    places[1, 2] = torch.tensor([SIZE + 5.0, 3.0])
    labels[1, 2] = 2
    out = torch.rand(2, 3, 14, 11, 11, requires_grad=True)
    for loss in (masked_mse, CrossEntropy()):
        (gradient,) = torch.autograd.grad(codec(loss=loss).loss(out, places, labels), out)
        away = labels == 0
        away[1, 2] = True
        assert not gradient[:, away].any()
        assert gradient[:, ~away].flatten(2).abs().sum(-1).min() > 0


def test_the_thesiss_missing_keypoints_count_as_empty_maps():
    places, labels = people()
    out = torch.zeros(1, 3, 14, 11, 11)
    speaker = codec(Impulses())
    target = Impulses()(speaker.cells(places), labels, 11)
    assert speaker.loss(out, places, labels) == pytest.approx(target.square().mean().item())
    masked = codec(Impulses(missing="masked")).loss(out, places, labels)
    share = (labels > 0).float().mean()
    assert speaker.loss(out, places, labels) == pytest.approx((masked * share).item())


def test_cross_entropy_is_torchs_over_the_pixels_of_a_map():
    places, labels = people()
    out = torch.randn(2, 3, 14, 11, 11)
    target = codec().encode(places, labels)
    shares = target / target.sum((-2, -1), keepdim=True).clamp(min=1e-9)
    kept = (labels > 0).expand(2, 3, 14)
    expected = cross_entropy(
        out[kept].flatten(1), shares.expand_as(out)[kept].flatten(1), reduction="mean"
    )
    assert codec(loss=CrossEntropy()).loss(out, places, labels) == pytest.approx(expected.item())


def test_no_answer_at_all_costs_the_logarithm_of_the_number_of_pixels():
    places, labels = people()
    loss = codec(loss=CrossEntropy()).loss(torch.zeros(1, 3, 14, 11, 11), places, labels)
    assert loss == pytest.approx(torch.tensor(121.0).log().item())


def test_an_unknown_decoder_is_refused():
    with pytest.raises(ConfigError) as raised:
        codec(decoder="mean")
    assert str(raised.value) == "decoder is 'mean'; expected one of subpixel, argmax"
