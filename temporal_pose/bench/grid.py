"""A small grid through the command line: runs one after another, two at a time, start-up."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from temporal_pose.bench.measure import Row, measure, quartiles
from temporal_pose.runs.records import latest

_SMALL = "data.subjects=6 data.videos=2 data.frames=80 data.size=28 trainer.max_epochs=2"
_QUIET = "trainer.enable_progress_bar=false pictures=0"
_TWO = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


def grid(models: str = "conv3d,deciwatch", repeats: int = 2) -> Iterator[Row]:
    """Ratio of the times, and the seconds a run of a sweep takes that has nothing to train."""

    def small(*launcher: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            sweep(Path(folder), f"model={models}", "setup=1,2", *launcher)

    pair = measure(lambda: small(), lambda: small(*_TWO), repeats)
    # No target: runs of seconds do not repay the start of two processes.
    yield Row.of("small grid: two runs at a time", pair, None)
    with tempfile.TemporaryDirectory() as folder:
        sweep(Path(folder), "model=identity", "setup=1,2,3", "k=1,2")
        record = latest(Path(folder))
        times = [entry.seconds for entry in record.read()] if record else [float("nan")]
    spread = quartiles(times)
    yield Row("small grid: a run with nothing to train", median(times), 3, "s", False, spread)


def sweep(folder: Path, *settings: str) -> None:
    """Runs a sweep into a folder; its own words are not shown."""
    typed = [*settings, f"runs_dir={folder}", *_SMALL.split(), *_QUIET.split()]
    command = [sys.executable, "-m", "temporal_pose.train", "-m", *typed]
    subprocess.run(command, check=True, capture_output=True)
