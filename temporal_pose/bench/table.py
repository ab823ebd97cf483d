"""Measurements as people and programs read them."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import torch

from temporal_pose.bench.measure import Row

_COLUMNS = "{:<66}{:>16}{:>16}{:>8}   {}"


def heading() -> str:
    """Under which circumstances is measured, and what the columns of a `line` are."""
    titles = _COLUMNS.format("what", "measured", "target", "", "quartiles")
    return f"{torch.get_num_threads()} thread(s), load {load()}\n{titles}"


def line(row: Row) -> str:
    """A measurement."""
    target = verdict = ""
    if row.limit is not None:
        target = f"{'>=' if row.at_least else '<='} {row.limit:g} {row.unit}"
        verdict = "ok" if row.ok else "misses"
    spread = " to ".join(f"{value:.3g}" for value in row.spread or ())
    text = _COLUMNS.format(row.what, f"{row.value:.3g} {row.unit}", target, verdict, spread)
    colour = {"ok": "green", "misses": "red"}.get(verdict)
    return text.rstrip() if colour is None else f"[{colour}]{text.rstrip()}[/]"


def write(rows: Sequence[Row], path: Path) -> None:
    """Writes the measurements, and under which circumstances they were taken, as JSON."""
    setting = {"threads": torch.get_num_threads(), "load": load(), "torch": torch.__version__}
    content = setting | {"rows": [row.as_dict() for row in rows]}
    path.write_text(json.dumps(content, indent=2) + "\n")


def load() -> str:
    """Processes that wanted a core in the last minute, on average, and the number of cores."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
