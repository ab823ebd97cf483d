"""Reading an OpenPose folder, against Python's reading of the same JSON."""

import gc
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from temporal_pose.bench.measure import Pair, Row
from temporal_pose.formats.clips import Given
from temporal_pose.formats.openpose import OpenPose
from temporal_pose.pose.skeletons import SKELETONS


def openpose(files: int = 10_000, repeats: int = 5) -> Iterator[Row]:
    """CPU seconds of a folder of one person, which is harder than of many: files are small."""
    with TemporaryDirectory(prefix="openpose") as name:
        folder = Path(name)
        texts = write(folder, files)
        given, form = Given(skeleton=SKELETONS["body25"]), OpenPose()
        reading, parsing = lambda: form.read(folder, given), lambda: parse(texts)
        reading(), parsing()
        turns = [(cpu_seconds(reading), cpu_seconds(parsing)) for _ in range(repeats)]
    pair = Pair(*zip(*turns, strict=True))
    yield Row.of(f"openpose, {files:,} files: reading / json.loads, CPU", pair, 3, at_least=False)


def write(folder: Path, files: int) -> list[bytes]:
    """Files as OpenPose writes them, and their contents."""
    rng, texts = np.random.default_rng(0), []
    parts = ("face", "hand_left", "hand_right")
    others: dict[str, list[float]] = {f"{part}_keypoints_2d": [] for part in parts}
    for frame in range(files):
        points = rng.uniform(0, 1000, (25, 3)).round(3)
        points[:, 2] /= 1000
        numbers = points.ravel().round(6).tolist()
        person = {"person_id": [-1], "pose_keypoints_2d": numbers} | others
        content = {"version": 1.3, "people": [person]}
        texts.append(json.dumps(content, separators=(",", ":")).encode())
        (folder / f"video_{frame:012d}_keypoints.json").write_bytes(texts[-1])
    return texts


def parse(texts: Sequence[bytes]) -> None:
    """Python's reading, of which nothing is kept."""
    for text in texts:
        json.loads(text)


def cpu_seconds(function: Callable[[], object]) -> float:
    """How long this process computes for one call; waiting for others does not count."""
    gc.collect()
    started = time.process_time()
    function()
    return time.process_time() - started
