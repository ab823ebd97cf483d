"""Which windows stand in which batch, in one process and in several."""

import pytest
import torch

from temporal_pose.data.batches import OrderedBatches, ShuffledBatches


def flat(batches) -> list[int]:
    return [window for batch in batches for window in batch]


@pytest.mark.parametrize(("windows", "size"), [(23, 5), (20, 5), (3, 7), (1, 1)])
def test_every_window_once_an_epoch(windows, size) -> None:
    batches = list(sampler := ShuffledBatches(windows, size, seed=0))
    assert len(batches) == len(sampler) == -(-windows // size)
    assert sorted(flat(batches)) == list(range(windows))
    assert all(len(batch) == size for batch in batches[:-1])


def test_order_depends_on_seed_and_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[list[int]]:
        sampler = ShuffledBatches(97, 7, seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    torch.manual_seed(1)
    first = order(0, 0)
    torch.manual_seed(2)
    assert order(0, 0) == first
    orders = [order(seed, epoch) for seed in range(3) for epoch in range(3)]
    assert all(a != b for i, a in enumerate(orders) for b in orders[:i])
    again = ShuffledBatches(97, 7, 0)
    list(again)
    assert list(again) == first  # until the epoch is set anew


def test_order_leaves_the_global_state_alone() -> None:
    before = torch.get_rng_state()
    list(ShuffledBatches(97, 7, 0))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize("windows", [24, 23, 25])
def test_processes_share_what_one_would_train_on(processes, windows) -> None:
    """Batch by batch the shares add up to the batch that one process would see."""
    shares = [list(ShuffledBatches(windows, 2, 0, rank, processes)) for rank in range(processes)]
    single = list(ShuffledBatches(windows, 2 * processes, 0))
    assert {len(share) for share in shares} == {len(single)}  # or one would wait for ever
    for batch, parts in zip(single, zip(*shares, strict=True), strict=True):
        assert set(flat(parts)) == set(batch)
        assert all(parts)


def test_ordered_batches_keep_groups_apart() -> None:
    groups = [[0, 1, 2, 3, 4], [5], [6, 7]]
    assert list(OrderedBatches(groups, 2)) == [[0, 1], [2, 3], [4], [5], [6, 7]]
    assert list(OrderedBatches(groups, None)) == groups
    assert list(OrderedBatches([list(range(7))], 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert len(OrderedBatches(groups, 2)) == 5
    assert list(OrderedBatches([], 2)) == []


@pytest.mark.parametrize("processes", [2, 3, 5])
@pytest.mark.parametrize("size", [2, None])
def test_every_window_once_over_all_processes(processes, size) -> None:
    groups = [list(range(11)), list(range(11, 16))]
    shares = [list(OrderedBatches(groups, size, rank, processes)) for rank in range(processes)]
    assert sorted(flat(flat(shares))) == list(range(16))
    for batch in flat(shares):
        assert any(set(batch) <= set(group) for group in groups)  # in order, of one group
        assert batch == sorted(batch)
        assert batch in groups if size is None else len(batch) <= size
