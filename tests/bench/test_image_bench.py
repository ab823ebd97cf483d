"""The benchmarks of single images work on next to nothing; nothing here looks at a time."""

import pytest

from temporal_pose.bench import steps
from temporal_pose.bench.hourglass import hourglass, large_hourglass, network
from temporal_pose.bench.images import image_memory, images
from temporal_pose.bench.plain_hourglass import PlainStacks
from temporal_pose.models.hourglass import Hourglass

TINY = {"stacks": 2, "channels": 8, "depth": 1, "stem": (4, 4, 4), "size": 32}


@pytest.mark.parametrize("units", [False, True])
def test_steps(units: bool, monkeypatch, capsys) -> None:
    monkeypatch.setattr(steps, "multiplies_bfloat16", lambda: units)
    rows = list(hourglass(1, {"tiny": (TINY, 3)}))
    assert [row.what for row in rows] == [
        "hourglass step, tiny: CPU",
        "hourglass step, tiny: faster than plain layers",
        "plain layers, tiny: faster in channels_last",
        *(["hourglass step, tiny, bf16: faster than float32"] if units else []),
    ]
    assert all(row.value > 0 for row in rows)
    assert ("bf16 left out" in capsys.readouterr().out) is not units


def test_large_networks_are_counted() -> None:
    count = sum(values.numel() for values in network(Hourglass, TINY).parameters())
    assert count == sum(values.numel() for values in network(PlainStacks, TINY).parameters())
    found, spent = large_hourglass({"tiny": (TINY, "lsp14", count + 2)})
    assert (found.value, found.ok, spent.unit) == (2, False, "s a crop")


@pytest.mark.filterwarnings("ignore")
def test_waiting_and_memory() -> None:
    first, second = images(people=5, workers=0)
    assert 0 < second.value < first.value < 1
    (more,) = image_memory((4, 6))
    assert more.unit == "MB"
