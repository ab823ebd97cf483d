import lightning as L
import pytest
import torch

from temporal_pose.data.module import PoseData
from temporal_pose.data.synthetic import Synthetic
from temporal_pose.errors import ConfigError
from temporal_pose.inputs.simulated import GaussianNoise
from temporal_pose.models import conv3d
from temporal_pose.models.biconvlstm import BiConvLstmSum
from temporal_pose.pose.codecs import HeatmapCodec
from temporal_pose.pose.framing import Framing
from temporal_pose.training.task import Refinement

SIZE = 13


@pytest.mark.filterwarnings("ignore:.*does not have many workers")
@pytest.mark.filterwarnings("ignore:.*LeafSpec")
@pytest.mark.filterwarnings("ignore:.*smaller than the logging interval")
def test_a_network_that_was_tested_can_be_trained(tmp_path):
    """A table that the test left in a cache, made without gradients, is of use to training."""
    conv3d._waves.cache_clear()
    data = PoseData(Synthetic(3, 1, 15, seed=0), GaussianNoise(1.0), Framing(size=SIZE))
    task = Refinement(conv3d.Conv3d(), HeatmapCodec(size=SIZE))
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = L.Trainer(
        accelerator="cpu", max_epochs=1, enable_checkpointing=False, default_root_dir=tmp_path,
        use_distributed_sampler=False, **quiet,
    )  # fmt: skip
    before = task.network.convolution.weight.detach().clone()
    trainer.test(task, datamodule=data, verbose=False)
    trainer.fit(task, datamodule=data)
    assert not task.network.convolution.weight.equal(before)


def task_of(network):
    torch.manual_seed(0)
    return Refinement(network, HeatmapCodec(size=SIZE))


def test_layers_that_learn_alone_begin_anew_and_the_others_stay():
    task = task_of(BiConvLstmSum(7, 3))
    before = {name: value.clone() for name, value in task.network.state_dict().items()}
    task.train_alone(["forward_head.2", "backward_head.2"])
    for name, value in task.network.state_dict().items():
        assert value.equal(before[name]) is ("head.2" not in name)
    optimizer = task.configure_optimizers()["optimizer"]
    learns = [p for group in optimizer.param_groups for p in group["params"]]
    assert [tuple(p.shape) for p in learns] == [(7, 128, 1, 1), (7,)] * 2
    task.network(torch.rand(2, 5, 7, SIZE, SIZE)).square().sum().backward()
    for name, parameter in task.network.named_parameters():
        assert (parameter.grad is not None) is ("head.2" in name)
    assert task.parameter_count == sum(value.numel() for value in before.values())


def test_without_layers_that_learn_alone_nothing_changes():
    task = task_of(BiConvLstmSum(7, 3))
    before = {name: value.clone() for name, value in task.network.state_dict().items()}
    task.train_alone([])
    assert all(value.equal(before[n]) for n, value in task.network.state_dict().items())
    assert all(parameter.requires_grad for parameter in task.network.parameters())


@pytest.mark.parametrize("name", ["tail", "forward_head", "forward_head.1"])
def test_layers_that_cannot_begin_anew_are_refused(name):
    task = task_of(BiConvLstmSum(7, 3))
    with pytest.raises(ConfigError) as error:
        task.train_alone(["forward_head.2", name])
    assert str(error.value) == (
        f"fresh has '{name}'; expected layers of BiConvLstmSum, such as forward_head.2, "
        "backward_head.0, backward_head.2"
    )
    assert all(parameter.requires_grad for parameter in task.network.parameters())
