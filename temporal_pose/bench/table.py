"""Measurements as people and programs read them."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.table import Table

from temporal_pose.bench.measure import Row


def table(rows: Sequence[Row]) -> Table:
    """One line a measurement."""
    lines = Table(title=f"{torch.get_num_threads()} thread(s), load {load()}")
    lines.add_column("what")
    for name in ("measured", "target", "", "quartiles"):
        lines.add_column(name, justify="right")
    for row in rows:
        target = verdict = ""
        if row.limit is not None:
            target = f"{'>=' if row.at_least else '<='} {row.limit:g} {row.unit}"
            verdict = "[green]ok" if row.ok else "[red]misses"
        spread = " to ".join(f"{value:.3g}" for value in row.spread or ())
        lines.add_row(row.what, f"{row.value:.3g} {row.unit}", target, verdict, spread)
    return lines


def write(rows: Sequence[Row], path: Path) -> None:
    """Writes the measurements, and under which circumstances they were taken, as JSON."""
    setting = {"threads": torch.get_num_threads(), "load": load(), "torch": torch.__version__}
    content = setting | {"rows": [row.as_dict() for row in rows]}
    path.write_text(json.dumps(content, indent=2) + "\n")


def load() -> str:
    """Processes that wanted a core in the last minute, on average, and the number of cores."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
