"""Stand-ins for the model files of detectors, which tests have none of."""

from pathlib import Path

import numpy as np
import pytest

#: Pixels of what BlazePose's networks look at.
_FINDER, _LANDMARKS = 224, 256


class Finder:
    """In place of BlazePose's person detector: somebody stands in the middle of every picture."""

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from temporal_pose.detectors.blazepose.spotting import _ANCHORS

        numbers = np.zeros((2254, 12), np.float32)
        logits = np.full((2254, 1), -50, np.float32)
        hips, top = (112, 120), (112, 60)
        at = np.array([hips, (20, 20), hips, top, hips, hips], np.float32)
        at -= _ANCHORS[100] * _FINDER * (np.arange(6) != 1)[:, None]
        numbers[100], logits[100] = at.reshape(-1), 3
        return numbers, logits


class Landmarks:
    """In place of its landmark network: the same pose, whatever is shown, but for jitter."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, ...]:
        numbers = np.full((39, 5), 4, np.float32)
        turns = np.arange(39) / 39 * 2 * np.pi
        numbers[:, :2] = 128 + 60 * np.stack([np.cos(turns), np.sin(turns)], 1)
        numbers[33:35, :2] = (128, 128), (128, 26)  # the region of the next frame
        numbers[:33, :2] += self._random.normal(0, 2, (33, 2))
        rows, columns = np.mgrid[:64, :64]
        x, y = (numbers[:, :2] / (_LANDMARKS // 64)).T
        heatmaps = 4 - ((columns[..., None] - x) ** 2 + (rows[..., None] - y) ** 2)
        flag = np.array([0.9], np.float32)
        maps = heatmaps.clip(-50).astype(np.float32)
        return numbers.reshape(-1), flag, image[..., :1], maps, numbers[:, 0]


def stand_in_for_blazepose(monkeypatch: pytest.MonkeyPatch) -> None:
    """BlazePose without its model files."""
    from temporal_pose.detectors.blazepose.model_files import FINDER, LANDMARKS

    kinds = {FINDER: Finder, LANDMARKS: Landmarks}
    for name, replacement in {
        "needs": lambda *_: None,
        "models": lambda _: dict.fromkeys(kinds, b""),
        "Network": lambda name, *_: kinds[name](),
    }.items():
        monkeypatch.setattr(f"temporal_pose.detectors.blazepose.{name}", replacement)


def write_rtmpose(path: Path) -> None:
    """A network that RTMPose's detector takes."""
    pytest.importorskip("onnxruntime", reason="the detect extra is not installed")
    pytest.importorskip("onnx", reason="the dev extra is not installed")
    from simcc import write

    write(path)
