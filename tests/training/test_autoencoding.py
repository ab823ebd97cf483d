"""The autoencoder in a bottleneck, trained alone."""

import pytest
import torch
from torch import nn

from temporal_pose.errors import ConfigError
from temporal_pose.models.hourglass import Hourglass
from temporal_pose.pose.crop_codec import CropCodec
from temporal_pose.pose.crops import Crops
from temporal_pose.pose.losses import CrossEntropy
from temporal_pose.pose.targets import Peaks
from temporal_pose.training.autoencoding import Autoencoding, lost

SIZE, PEOPLE = 32, 7


def task(code: int = 5, stacks: int = 2) -> Autoencoding:
    torch.manual_seed(3)
    network = Hourglass("lsp14", stacks, 8, 1, stem=(4, 6, 6), size=SIZE, code=code)
    codec = CropCodec(Peaks(), CrossEntropy(), SIZE, skeleton="lsp14")
    return Autoencoding(network, codec)


def crops() -> Crops:
    generator = torch.Generator().manual_seed(1)
    keypoints = SIZE * torch.rand(PEOPLE, 14, 2, generator=generator)
    return Crops(
        images=torch.rand(PEOPLE, 3, SIZE, SIZE, generator=generator) - 0.5,
        keypoints=keypoints,
        labels=torch.full((PEOPLE, 14), 2),
        to_image=torch.eye(2, 3).expand(PEOPLE, 2, 3),
        area=torch.ones(PEOPLE),
        head=torch.ones(PEOPLE),
        sample=torch.arange(PEOPLE),
    )


def test_a_loss_is_the_share_of_the_variance_that_is_gone():
    given = torch.rand(5, 3, 2, 4, generator=torch.Generator().manual_seed(2))
    mean = given.mean((0, 2, 3), keepdim=True).expand_as(given)
    assert lost([(given, given)]) == 0
    assert float(lost([(given, mean)])) == pytest.approx(1)
    assert float(lost([(given, (given + mean) / 2), (given, given)])) == pytest.approx(1 / 8)


def test_it_learns_and_all_else_stays_as_it_is():
    learner, batch = task(), crops()
    learner.train()
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}
    learns = [one for one in learner.network.parameters() if one.requires_grad]
    optimizer = torch.optim.Adam(learns, 1e-2)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = learner.training_step(batch, 0)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
    after = learner.network.state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed and all(".autoencoder." in name for name in changed)
    assert {name.split(".")[1] for name in changed} == {"0", "1"}, "that of every stack"


def test_what_it_needs():
    with pytest.raises(ConfigError, match="learns=autoencoder, and the network has none; expecte"):
        task(code=0)
    assert not isinstance(task(stacks=1).parts[0], nn.Identity)
    assert task(stacks=1).may_lack == ("hourglasses.0.autoencoder.",)
