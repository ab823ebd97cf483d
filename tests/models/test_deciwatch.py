import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.models.deciwatch import DeciWatch

B, T, K = 2, 5, 7
SMALL = {"keypoints": K, "window": T, "width": 12, "heads": 3, "depth": 2, "feedforward": 11}

every_interval = pytest.mark.parametrize("interval", range(1, T + 1))


@pytest.fixture(autouse=True)
def _one_thread():
    """Tensors this small gain nothing from a second thread and wait for it on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def model(interval=5, **changes):
    """A model whose corrections are random, as after some training: they start as zero."""
    torch.manual_seed(0)
    net = DeciWatch(**{**SMALL, **changes}, interval=interval).eval()
    net.denoise.reset_parameters()
    net.correct.reset_parameters()
    return net


def poses(seed=1):
    return torch.rand(B, T, K, 2, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize(
    ("interval", "parameters"), [(1, 1_707_901), (2, 1_707_891), (5, 1_707_881)]
)
def test_parameters(interval, parameters):
    assert sum(p.numel() for p in DeciWatch(interval=interval).parameters()) == parameters


@every_interval
def test_parameters_of_the_finished_thesis(interval):
    net = DeciWatch(interval=interval, learn_recovery=False, norms=True)
    assert sum(p.numel() for p in net.parameters()) == 1_708_388


@every_interval
def test_depends_on_the_sampled_frames_only(interval):
    net, keypoints = model(interval), poses().requires_grad_()
    out = net(keypoints)
    assert out.shape == keypoints.shape
    assert out.isfinite().all()
    sampled = torch.arange(T) % interval == 0
    changed = torch.where(sampled[:, None, None], keypoints, poses(seed=2))
    assert torch.equal(net(changed), out)
    (gradient,) = torch.autograd.grad(out.square().sum(), keypoints)
    assert (gradient[:, ~sampled] == 0).all()
    assert (gradient[:, sampled] != 0).all()


@every_interval
def test_gradients_of_all_parameters_are_finite(interval):
    net = model(interval).train()
    net(poses()).square().sum().backward()
    for parameter in net.parameters():
        assert parameter.grad.isfinite().all()


def test_gradients_reach_every_parameter():
    net = model(interval=2)
    net(poses()).pow(3).sum().backward()
    without = [name for name, p in net.named_parameters() if not p.grad.any()]
    assert not without


@pytest.mark.parametrize(("frames", "interval"), [(7, 3), (11, 5), (5, 2), (1, 1)])
def test_training_starts_from_linear_interpolation(frames, interval):
    net = DeciWatch(**{**SMALL, "window": frames}, interval=interval)
    line = torch.arange(frames) * 0.1 - 0.4
    out = net(line[None, :, None, None].expand(B, frames, K, 2))
    held = line.clamp(max=line[(frames - 1) // interval * interval])
    torch.testing.assert_close(out, held[None, :, None, None].expand_as(out))


@pytest.mark.parametrize(("frames", "interval"), [(7, 3), (11, 5), (5, 4), (1, 1)])
def test_a_fixed_recovery_stays_the_interpolation(frames, interval):
    net = DeciWatch(**{**SMALL, "window": frames}, interval=interval, learn_recovery=False)
    assert "recover.weight" not in net.state_dict()
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    net(torch.rand(B, frames, K, 2)).square().sum().backward()
    optimizer.step()
    clean = torch.rand(B, 2 * K, len(range(0, frames, interval)))
    expected = np.stack(
        [
            np.interp(np.arange(frames), np.arange(0, frames, interval), line)
            for line in clean.flatten(0, 1).numpy()
        ]
    )
    torch.testing.assert_close(
        net.recover(clean).flatten(0, 1), torch.tensor(expected, dtype=torch.float32)
    )


def test_norms_end_encoder_and_decoder():
    net = model(interval=2, norms=True)
    for norm in (net.encoder_norm, net.decoder_norm):
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    seen = {}
    for name in ("encoder_norm", "decoder_norm", "denoise", "correct"):
        getattr(net, name).register_forward_hook(
            lambda _, given, made, name=name: seen.update({name: (given[0], made)})
        )
    net(poses())
    for norm, after in (("encoder_norm", "denoise"), ("decoder_norm", "correct")):
        given, made = seen[norm]
        layer = getattr(net, norm)
        expected = (given - given.mean(-1, keepdim=True)) / (
            given.var(-1, keepdim=True, correction=0) + 1e-5
        ).sqrt() * layer.weight + layer.bias
        torch.testing.assert_close(made, expected)
        assert seen[after][0] is made
    memory = []
    net.decoder[0].memory.register_forward_pre_hook(lambda _, given: memory.append(given[2]))
    net(poses())
    torch.testing.assert_close(memory[0], seen["encoder_norm"][1])


def test_a_former_checkpoint_fits_a_former_network_alone():
    former = DeciWatch(**SMALL, interval=5).state_dict()
    DeciWatch(**SMALL, interval=5).load_state_dict(former)
    for change in ({"learn_recovery": False}, {"norms": True}):
        assert DeciWatch(**SMALL, interval=5, **change).state_dict().keys() != former.keys()


def test_windows_do_not_mix():
    net, keypoints = model(interval=2), poses()
    out, other = net(keypoints), net(torch.cat((keypoints[:1], poses(seed=2)[1:])))
    torch.testing.assert_close(other[0], out[0])
    torch.testing.assert_close(net(keypoints.flip(0)), out.flip(0))
    assert not torch.allclose(other[1], out[1])


def test_order_of_frames_matters():
    net, keypoints = model(interval=1), poses()
    assert not torch.allclose(net(keypoints.flip(1)).flip(1), net(keypoints), atol=1e-3)


def test_without_positions_the_encoder_forgets_the_order():
    net, order = model(interval=1), torch.tensor([3, 0, 4, 1, 2])
    samples, nowhere = poses(), torch.zeros(B, T, 12)
    features, clean = net._denoise(samples, nowhere)
    for out, permuted in zip(
        (features, clean), net._denoise(samples[:, order], nowhere), strict=True
    ):
        torch.testing.assert_close(permuted, out[:, order])


def test_every_frame_has_its_own_position():
    positions = DeciWatch(window=101).positions
    assert positions.shape == (101, 128)
    assert torch.pdist(positions).min() > 0.5


def test_evaluation_is_deterministic_and_training_drops():
    net, keypoints = model(interval=2), poses()
    assert torch.equal(net(keypoints), net(keypoints))
    net.train()
    assert not torch.equal(net(keypoints), net(keypoints))
    still = model(interval=2, dropout=0.0).train()
    assert torch.equal(still(keypoints), net.eval()(keypoints))


def test_state_survives_a_round_trip():
    net, other = model(interval=2), DeciWatch(**SMALL, interval=2).eval()
    assert "positions" not in net.state_dict()
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(poses()), net(poses()))


@every_interval
def test_bfloat16_is_close(interval):
    net, keypoints = model(interval), poses()
    with torch.autocast("cpu", torch.bfloat16):
        out = net(keypoints)
    torch.testing.assert_close(out.float(), net(keypoints), atol=5e-2, rtol=5e-2)


def test_full_size_runs_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = DeciWatch()
        net(torch.rand(3, 5, 25, 2)).sum().backward()
        with torch.inference_mode():
            assert net.eval()(torch.rand(3, 5, 25, 2)).isfinite().all()


@pytest.mark.parametrize("interval", [1, 5])
def test_overfits_a_tiny_batch(interval):
    net, keypoints, truth = model(interval, dropout=0.0).train(), poses(), poses(seed=2)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        losses.append(F.mse_loss(net(keypoints), truth))
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"interval": 6}, "interval is 6; expected at most the window, 5"),
        ({"interval": 0}, "interval is 0; expected a whole number of at least 1"),
        ({"window": 0}, "window is 0; expected a whole number of at least 1"),
        ({"keypoints": -1}, "keypoints is -1; expected a whole number of at least 1"),
        ({"depth": 0}, "depth is 0; expected a whole number of at least 1"),
        ({"width": 126}, "width is 126; expected an even multiple of heads=4"),
        ({"width": 9, "heads": 3}, "width is 9; expected an even multiple of heads=3"),
        ({"dropout": 1.0}, "dropout is 1.0; expected at least 0 and less than 1"),
        ({"dropout": -0.1}, "dropout is -0.1; expected at least 0 and less than 1"),
    ],
)
def test_settings_are_checked(changes, message):
    with pytest.raises(ConfigError) as error:
        DeciWatch(**changes)
    assert str(error.value) == message


def test_another_number_of_frames_is_refused():
    with pytest.raises(ConfigError) as error:
        model()(torch.rand(B, 3, K, 2))
    assert str(error.value) == "the input has 3 frames; expected window=5"


@pytest.mark.parametrize("other", [{"interval": 4}, {"interval": 3, "heads": 2}])
def test_weights_of_another_network_of_the_same_shapes_are_refused(other):
    net = DeciWatch(K, interval=3, width=8, heads=4, depth=1, feedforward=7)
    state = net.state_dict()
    DeciWatch(K, interval=3, width=8, heads=4, depth=1, feedforward=7).load_state_dict(state)
    with pytest.raises(CheckpointError) as error:
        DeciWatch(K, width=8, depth=1, feedforward=7, **{"heads": 4, **other}).load_state_dict(
            state
        )
    expected = {"interval": 4, "heads": 4, **other}
    assert str(error.value) == (
        "the checkpoint is of a DeciWatch with {'interval': 3, 'heads': 4}; expected "
        f"{ {name: expected[name] for name in ('interval', 'heads')} }"
    )
