"""Learning rates of a detector's training."""

from itertools import pairwise

import pytest
import torch

from temporal_pose.errors import ConfigError
from temporal_pose.training.schedules import Cosine, Once


def optimizer(rate: float = 0.5) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], rate)


def test_the_rate_goes_up_in_a_line_and_down_with_a_cosine():
    sgd = optimizer()
    schedule = Cosine(sgd, steps=100, warmup=0.1)
    rates = []
    for _ in range(100):
        rates.append(sgd.param_groups[0]["lr"])
        sgd.step()
        schedule.step()
    assert rates[:10] == pytest.approx([0.5 * (n + 1) / 11 for n in range(10)])
    assert rates[10] == pytest.approx(0.5)
    assert rates[55] == pytest.approx(0.25)
    assert sgd.param_groups[0]["lr"] == pytest.approx(0)
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_the_rate_falls_once_after_epochs_without_a_better_score():
    sgd = optimizer()
    schedule = Once(sgd, steps=1, factor=0.2, patience=3)
    rates = []
    for score in (0.3, 0.4, *8 * [0.35], 0.5, *9 * [0.1]):
        schedule.step(score)
        rates.append(sgd.param_groups[0]["lr"])
    assert rates == pytest.approx([*4 * [0.5], *16 * [0.1]])


def test_what_cannot_be_is_refused():
    with pytest.raises(ConfigError) as raised:
        Cosine(optimizer(), 10, 1.0)
    assert str(raised.value) == "scheduler.warmup is 1.0; expected a number from 0 to below 1"
    with pytest.raises(ConfigError) as raised:
        Once(optimizer(), 10, 1.5, 3)
    assert str(raised.value) == (
        "scheduler.factor is 1.5 and scheduler.patience 3; expected a number from 0 to 1, and a "
        "whole number from 1"
    )
