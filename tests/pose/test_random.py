"""Random numbers that depend on what they are for, and on nothing else."""

import numpy as np
import pytest
import torch
from scipy import stats

from temporal_pose.pose import random

WINDOWS = torch.arange(211) * 5
MASK = (1 << 64) - 1


def splitmix(z: int) -> int:
    """The finaliser of SplitMix64 as published, in Python's own integers."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def test_is_splitmix64() -> None:
    # The first outputs of the generator seeded with 0, as published with the reference code.
    golden = 0x9E3779B97F4A7C15
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [splitmix(golden * (i + 1) & MASK) for i in range(3)] == published
    key, window = random.stream(3, 1, 4), 2**33 + 7
    drawn = random.uniform(key, torch.tensor([window]), 2, 3).flatten()
    counters = [window * 2**24 + i for i in range(6)]
    expected = [(splitmix((c * golden + key) & MASK) >> 11) / 2**53 for c in counters]
    np.testing.assert_allclose(drawn.numpy(), expected, atol=2**-53)


def test_streams_differ_by_every_part_and_by_order() -> None:
    keys = {random.stream(s, p, e) for s in range(11) for p in range(7) for e in range(13)}
    assert len(keys) == 11 * 7 * 13
    assert random.stream(1, 2) != random.stream(2, 1)
    assert random.stream(1) != random.stream(1, 0)
    assert all(-(2**63) <= key < 2**63 for key in keys)


@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_distributions(seed) -> None:
    key = random.stream(seed, 1)
    uniform = random.uniform(key, WINDOWS, 5, 25, 2)
    normal = random.normal(key, WINDOWS, 5, 25, 2)
    assert uniform.shape == normal.shape == (211, 5, 25, 2)
    assert uniform.dtype == normal.dtype == torch.float64
    assert uniform.min() > 0
    assert uniform.max() < 1
    assert stats.kstest(uniform.flatten().numpy(), "uniform").pvalue > 1e-3
    assert stats.kstest(normal.flatten().numpy(), "norm").pvalue > 1e-3


def test_neighbours_in_a_window_and_between_windows_are_independent() -> None:
    drawn = random.normal(random.stream(0, 1), WINDOWS, 7, 11, 2)
    for a, b in (
        (drawn[:-1], drawn[1:]),
        (drawn[:, :-1], drawn[:, 1:]),
        (drawn[..., :-1, :], drawn[..., 1:, :]),
        (drawn[..., 0], drawn[..., 1]),
    ):
        assert stats.pearsonr(a.flatten(), b.flatten()).pvalue > 1e-3


@pytest.mark.parametrize("other", [(1, 1, 0), (0, 2, 0), (0, 1, 1)], ids=["seed", "use", "epoch"])
def test_streams_are_uncorrelated(other) -> None:
    a = random.normal(random.stream(0, 1, 0), WINDOWS, 5, 25, 2).flatten()
    b = random.normal(random.stream(*other), WINDOWS, 5, 25, 2).flatten()
    assert stats.pearsonr(a, b).pvalue > 1e-3
    assert not np.intersect1d(a, b).size


def test_no_number_comes_twice() -> None:
    drawn = random.uniform(random.stream(0, 1), torch.arange(4001), 5, 7)
    assert len(drawn.unique()) == drawn.numel()


def test_batches_and_their_order_do_not_matter() -> None:
    key = random.stream(7, 1)
    whole = random.normal(key, WINDOWS, 3, 5)
    order = torch.randperm(len(WINDOWS), generator=torch.Generator().manual_seed(0))
    assert torch.equal(random.normal(key, WINDOWS[order], 3, 5), whole[order])
    parts = [random.normal(key, part, 3, 5) for part in WINDOWS.split(13)]
    assert torch.equal(torch.cat(parts), whole)


def test_the_global_state_is_neither_read_nor_changed() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = random.normal(random.stream(0, 1), WINDOWS, 3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(random.normal(random.stream(0, 1), WINDOWS, 3), first)
