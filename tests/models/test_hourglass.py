"""The stacked hourglass: its size beside the papers', its shape, its parts, and refusals."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from temporal_pose.bench.plain_hourglass import PlainStacks
from temporal_pose.errors import ConfigError
from temporal_pose.models.hourglass import Hourglass
from temporal_pose.models.hourglass.layers import Residual

#: As conf/experiment/hourglass_thesis.yaml has it.
THESIS = {
    "stacks": 1,
    "bottleneck": 3,
    "skip_kernel": 3,
    "stem": (256, 256, 256),
    "narrow": True,
}
SMALL = {"channels": 8, "depth": 2, "stem": (4, 6, 4), "size": 48}


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def small(**changed: object) -> Hourglass:
    torch.manual_seed(0)
    return Hourglass("lsp14", **SMALL | {"stacks": 1} | changed)


def test_the_thesiss_network_has_its_size_and_takes_its_work():
    with torch.device("meta"):
        network = Hourglass("coco17", **THESIS)
        with FlopCounterMode(display=False) as work:
            network(torch.empty(1, 3, 256, 256))
    assert f"{parameters(network) / 1e6:.2f}" == "14.53"
    assert f"{work.get_total_flops() / 2e9:.1f}" == "30.2"


def residual(given: int, made: int) -> int:
    """Parameters by hand: three normalisations, three convolutions, and a skip where it must."""
    half = made // 2
    normalisation = 2 * (given + half + half)
    convolutions = given * half + half * half * 9 + half * made + half + half + made
    return normalisation + convolutions + (given * made + made if given != made else 0)


@pytest.mark.parametrize("stacks", [1, 2, 8])
def test_newells_network_is_made_of_his_residuals(stacks):
    """Of his figures: 13 residuals an hourglass, one a head, 1 x 1 around, three in the stem."""
    with torch.device("meta"):
        network = Hourglass("mpii16", stacks)
    stem = 3 * 64 * 49 + 64 + 2 * 64 + residual(64, 128) + residual(128, 128) + residual(128, 256)
    head = residual(256, 256) + 256 * 256 + 256 + 2 * 256 + 256 * 16 + 16
    back = 256 * 256 + 256 + 16 * 256 + 256
    assert parameters(network) == (
        stem + stacks * (13 * residual(256, 256) + head) + (stacks - 1) * back
    )


def in_order(network: nn.Module, images: torch.Tensor) -> list[nn.Module]:
    """The layers that have weights, as they are called."""
    called: list[nn.Module] = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.BatchNorm2d):
            layer.register_forward_hook(lambda module, _i, _o: called.append(module))
    network(images)
    return called


def test_it_answers_as_one_that_is_written_by_recursion():
    images = torch.rand(2, 3, 48, 48)
    ours, plain = small(stacks=2), PlainStacks("lsp14", stacks=2, **SMALL)
    pairs = list(zip(in_order(ours, images), in_order(plain, images), strict=True))
    for layer, other in pairs:
        other.load_state_dict(layer.state_dict())
    assert len(pairs) > 100
    assert torch.allclose(ours.eval()(images), plain.eval()(images), atol=1e-5)


def test_every_stack_answers_with_a_heatmap_a_keypoint():
    answers = small(stacks=3)(torch.rand(2, 3, 48, 48))
    assert answers.shape == (3, 2, 14, 12, 12)
    assert not answers[0].equal(answers[1])


def test_a_crop_is_answered_whoever_else_is_in_the_batch():
    network = small(stacks=2).eval()
    crops = torch.rand(5, 3, 48, 48)
    alone = torch.cat([network(crop[None]) for crop in crops], 1)
    assert torch.allclose(network(crops), alone, atol=1e-5)


def test_a_loss_of_any_stack_reaches_all_before_it():
    network = small(stacks=2)
    network(torch.rand(2, 3, 48, 48))[0].sum().backward()
    reached = {
        name for name, one in network.named_parameters() if one.grad is not None and one.grad.any()
    }
    assert any(name.startswith("hourglasses.0") for name in reached)
    assert not any(name.startswith("hourglasses.1") for name in reached)


def test_parts_have_names_and_the_latent_its_size():
    network = small()
    seen = {}
    names = ("bottleneck", "skips.0", "skips.1", "encoder.1", "decoder.0", "decoder.1")
    for name in names:
        layer = network.get_submodule(f"hourglasses.0.{name}")
        layer.register_forward_hook(lambda _m, _i, out, name=name: seen.update({name: out.shape}))
    network(torch.rand(2, 3, 48, 48))
    sizes = {name: tuple(shape[1:]) for name, shape in seen.items()}
    assert sizes == {
        "skips.0": (8, 12, 12),
        "skips.1": (8, 6, 6),
        "encoder.1": (8, 3, 3),
        "bottleneck": (8, 3, 3),
        "decoder.1": (8, 6, 6),
        "decoder.0": (8, 12, 12),
    }


def test_an_autoencoder_lets_a_few_numbers_through():
    network = small(code=5).eval()
    auto = network.get_submodule("hourglasses.0.autoencoder")
    seen = []
    auto.encoder.register_forward_hook(lambda _m, _i, out: seen.append(out))
    network(torch.rand(2, 3, 48, 48))
    assert [tuple(code.shape) for code in seen] == [(2, 5)]
    auto.decoder.register_forward_hook(lambda _m, _i, out: torch.zeros_like(out))
    for level in (0, 1):
        skip = network.get_submodule(f"hourglasses.0.skips.{level}")
        skip.register_forward_hook(lambda _m, _i, out: torch.zeros_like(out))
    one, other = network(torch.rand(2, 3, 48, 48))[0]
    assert torch.allclose(one, other), "nothing but the code comes from the crop"


def test_a_residual_is_the_identity_where_its_branch_is_nothing():
    layer = Residual(6, 6)
    nn.init.zeros_(layer.branch[-1].weight)
    nn.init.zeros_(layer.branch[-1].bias)
    features = torch.rand(2, 6, 3, 5)
    assert layer(features).equal(features)


def test_weights_begin_as_xavier_has_them():
    network = small(channels=96)
    weight = network.get_submodule("hourglasses.0.bottleneck.0.branch.5").weight
    assert weight.std().item() == pytest.approx((2 / (9 * (48 + 48))) ** 0.5, rel=0.03)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"size": 50},
            "data.size is 50; expected a multiple of 16, for network.depth is 2: 16, 32, 48 ...",
        ),
        ({"stacks": 0}, "network.stacks is 0; expected a whole number from 1 to 4096"),
        ({"channels": 3}, "network.channels is 3; expected a whole number from 4 to 4096"),
        (
            {"stem": (8, 8)},
            "network.stem is [8, 8]; expected three numbers of channels: [64, 128, 128]",
        ),
        ({"skip_kernel": 2}, "network.skip_kernel is 2; expected 0, 1, 3 or 5"),
    ],
)
def test_what_cannot_be_is_refused(changed, message):
    with pytest.raises(ConfigError) as raised:
        small(**changed)
    assert str(raised.value) == message
