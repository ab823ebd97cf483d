"""The command `refine` on half an hour of video, in a process of its own: CPU time and memory."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from temporal_pose.bench.filtering import FPS, walk
from temporal_pose.bench.measure import Row, quartiles

#: Runs the command, then tells what the process took: CPU seconds, and megabytes at most. A
#: process's maximum from `resource` would be no less than that of the one that started it.
_CODE = (
    "import re, time; from temporal_pose.refine import main; main(); "
    "told = open('/proc/self/status').read(); "
    "print(time.process_time(), int(re.search(r'VmHWM:\\s+(\\d+)', told)[1]) / 1e3)"
)


def refining(frames: int = 108_000, keypoints: int = 17, repeats: int = 3) -> Iterator[Row]:
    """Reading, cleaning, smoothing by the default, writing, the page: all that it does."""
    with TemporaryDirectory(prefix="refining") as name:
        folder = Path(name)
        scores = np.random.default_rng(1).random((frames, keypoints, 1))
        poses = np.concatenate([2000 + walk(frames, keypoints), scores], -1)
        np.save(folder / "walk.npy", poses.astype(np.float32))
        taken = [used(folder) for _ in range(repeats)]
    seconds, memory = (sorted(values) for values in zip(*taken, strict=True))
    what = f"refine, {frames:,} frames x {keypoints}, whole command"
    spread = quartiles(seconds)
    yield Row(f"{what}: CPU", median(seconds), 6, "s", at_least=False, spread=spread)
    yield Row(f"{what}: memory", max(memory), 600, "MB", at_least=False)


def used(folder: Path) -> tuple[float, float]:
    """CPU seconds and megabytes of one run over the file in a folder."""
    given = (f"source={folder / 'walk.npy'}", f"out={folder / 'out'}", f"fps={FPS}", "force=true")
    done = subprocess.run(
        [sys.executable, "-c", _CODE, *given],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, memory = done.stdout.split()[-2:]
    return float(seconds), float(memory)
