"""Lasting random processes against the covariance they are meant to have."""

import numpy as np
import pytest
import torch
from scipy import stats

from temporal_pose.inputs.processes import smooth

FRAMES = torch.tensor([0, 1, 2, 5, 11, 23])
PACES = (0.03, 0.25, 1.5)


def kernel(apart: np.ndarray, pace: float) -> np.ndarray:
    return (1 + pace * np.abs(apart)) * np.exp(-pace * np.abs(apart))


@pytest.mark.parametrize("start", [0, 255, 1000 * 256 - 7], ids=["knot", "before", "across"])
def test_covariance_over_time(start) -> None:
    """Windows 2^16 frames apart are independent samples of one window."""
    windows = start + (torch.arange(4001) << 16)
    values = smooth(3, windows[:, None] + FRAMES, torch.tensor([PACES]).expand(4001, -1))
    assert values.shape == (4001, 6, 3)
    assert values.dtype == torch.float64
    apart = (FRAMES[:, None] - FRAMES).numpy()
    for number, pace in enumerate(PACES):
        found = np.cov(values[..., number].T.numpy())
        np.testing.assert_allclose(found, kernel(apart, pace), atol=0.08)
    np.testing.assert_allclose(values.mean(0).numpy(), 0, atol=0.07)
    assert stats.kstest(values[:, 3, 1].numpy(), "norm").pvalue > 1e-3


def test_processes_are_independent() -> None:
    windows = torch.arange(4001) << 16
    values = smooth(3, windows[:, None] + FRAMES, torch.full((4001, 5), 0.25))[:, 2]
    off = np.corrcoef(values.T.numpy()) - np.eye(5)
    assert np.abs(off).max() < 0.07


def test_every_window_sees_the_same_process() -> None:
    """Whatever its length and step, and whatever stands beside it in a batch."""
    pace = torch.tensor([[0.02, 0.3, 1.0]])
    whole = smooth(5, torch.arange(700, 1400)[None], pace)[0]
    starts = torch.tensor([3, 0, 255, 511, 687])
    for step in (1, 2, 3):
        frames = 700 + starts[:, None] + torch.arange(5) * step
        torch.testing.assert_close(smooth(5, frames, pace.expand(5, -1)), whole[frames - 700])
    order = torch.tensor([4, 1])
    batch = smooth(5, frames, pace.expand(5, -1))
    assert torch.equal(smooth(5, frames[order], pace.expand(2, -1)), batch[order])


def test_windows_of_different_frame_rates_in_a_batch() -> None:
    frames = torch.tensor([[40, 41, 42], [300, 302, 304]])
    paces = torch.tensor([[0.3, 0.1], [0.05, 0.7]])
    both = smooth(7, frames, paces)
    for number in range(2):
        alone = smooth(7, frames[[number]], paces[[number]])[0]
        torch.testing.assert_close(both[number], alone)


def test_without_a_time_constant_frames_are_independent() -> None:
    values = smooth(1, torch.arange(20011)[None], torch.tensor([[torch.inf]]))[0, :, 0]
    assert values.isfinite().all()
    assert stats.pearsonr(values[1:], values[:-1]).pvalue > 1e-3
    assert stats.kstest(values.numpy(), "norm").pvalue > 1e-3
    frozen = smooth(1, torch.arange(100)[None], torch.tensor([[0.0]]))[0, :, 0]
    assert frozen.diff().abs().max() < 0.05


def test_keys_are_independent() -> None:
    a, b = (
        smooth(key, (torch.arange(2003) << 16)[:, None], torch.ones(2003, 1)) for key in (0, 1)
    )
    assert stats.pearsonr(a.flatten(), b.flatten()).pvalue > 1e-3
