import torch

from temporal_pose.models.identity import Identity


def test_returns_the_very_object():
    for observed in (torch.rand(2, 5, 7, 11, 13), torch.rand(2, 5, 7, 2), (1, "two")):
        assert Identity()(observed) is observed


def test_has_no_parameters_nor_state():
    assert not list(Identity().parameters())
    assert not Identity().state_dict()
