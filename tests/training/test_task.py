import lightning as L
import pytest

from temporal_pose.data.module import PoseData
from temporal_pose.data.synthetic import Synthetic
from temporal_pose.inputs.simulated import GaussianNoise
from temporal_pose.models import conv3d
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
