"""CPU seconds of a fresh process until its first result, from Python and without Hydra."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from temporal_pose.bench.measure import Row, quartiles

FRAMES = 300

#: Ends with what the process has used until then.
_USED = "import time; print(time.process_time())"
_POSES = (
    "import numpy as np; walk = np.random.default_rng(0).normal(size=({frames}, 17, 2)); "
    "poses = 300 + 40 * np.arange(34).reshape(17, 2) % 180 + walk.cumsum(0); "
)
_FILTER = "import temporal_pose; temporal_pose.refine(poses, fps=30, skeleton='coco17'); "
_NETWORK = (
    "import temporal_pose; refiner = temporal_pose.load({run!r}); "
    "refiner.refine(poses, fps=30, skeleton='coco17'); "
)
#: A run of seconds; how well it is trained does not change how long it takes to start.
_TRAINING = (
    *("model=deciwatch", "data.subjects=3", "data.videos=1", "data.frames=30", "data.size=16"),
    *("trainer.max_epochs=1", "trainer.enable_progress_bar=false", "pictures=0"),
)


def starting(frames: int = FRAMES, repeats: int = 5) -> Iterator[Row]:
    """A filter and a trained network on some frames, beside what torch takes alone."""
    poses = _POSES.format(frames=frames)
    yield _row("importing torch", "import torch; ", None, repeats)
    yield _row(f"the default filter on {frames} frames", poses + _FILTER, 3, repeats)
    with TemporaryDirectory() as folder:
        network = _NETWORK.format(run=str(trained(Path(folder))))
        yield _row(f"a trained network on {frames} frames", poses + network, 4, repeats)


def trained(folder: Path) -> Path:
    """A run of a small network."""
    command = [sys.executable, "-m", "temporal_pose.train", *_TRAINING, f"runs_dir={folder}"]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return next(folder.rglob("metrics.json")).parent


def _row(what: str, code: str, limit: float | None, repeats: int) -> Row:
    taken = cpu_seconds_of([sys.executable, "-c", code + _USED], repeats)
    spread = quartiles(taken)
    return Row(f"fresh process, {what}: CPU", median(taken), limit, "s", False, spread)


def cpu_seconds_of(command: Sequence[str], repeats: int) -> list[float]:
    """What fresh processes say that they have used, after one that fills the disk's cache."""
    return [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(repeats + 1)
    ][1:]
