"""A stacked hourglass of one's own, trained by ``train_detector``, as a detector: keypoints and
their heatmaps.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from temporal_pose.detectors import state_dicts
from temporal_pose.detectors.devices import torch_device
from temporal_pose.detectors.protocol import Person, in_range
from temporal_pose.detectors.topdown import Candidate, Finder, TopDown, candidates
from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.files.constructing import build
from temporal_pose.footage.cropping import averaged
from temporal_pose.pose.crop_codec import CropCodec
from temporal_pose.runs.folders import RunFolder

_GROWN = 0.1  # share of a pose's extent added on each side: limbs go on beyond their keypoints
_TRIES = 3  # looks at a whole frame, each closer than the one before


class Trained(NamedTuple):
    """What a run has trained.

    Args:
        network: with its best weights; not to be trained any more.
        codec: between keypoints and what the network speaks.
        mean: colour that is taken off and beyond an image; red, green, blue, 0 to 1.
        margin: share of a box's longer side that its crops have more on each side.
    """

    network: nn.Module
    codec: CropCodec
    mean: tuple[float, float, float]
    margin: float


class HourglassDetector(TopDown):
    """The network in the box about each person.

    The box is that of the last pose, grown. Where there is none yet, ``finder`` says where people
    are; without one the network looks at the whole frame, then at the box of the pose that it
    found, which is enough for a person who fills a good part of the frame.

    Args:
        weights: the folder of a finished run of ``train_detector``.
        finder: called with a frame (H, W, 3), gives people (n, 5: x, y, width, height, score).
        min_score: least mean score of a pose; below it the person is lost. Keypoints below it say
            nothing of the next box.
        flip_test: looks at the mirror image as well; takes twice as long.
        device: of torch, see `torch_device`.

    Raises:
        ConfigError: settings out of their range, or a run that is none of ``train_detector``.
        RunFolderError: no such run, or one that is not finished.
        CheckpointError: its weights are missing, damaged, or another network's.
    """

    memory_size = 4

    def __init__(
        self,
        weights: str | None = None,
        finder: Finder | None = None,
        min_score: float = 0.1,
        flip_test: bool = False,
        device: str = "auto",
    ) -> None:
        super().__init__()
        in_range("detector.min_score", min_score, 0, 1)
        if not isinstance(flip_test, bool):
            raise ConfigError(f"detector.flip_test is {flip_test!r}; expected true or false")
        if weights is None:
            raise ConfigError("detector.weights is not set; add detector.weights=RUN, a folder")
        self.device = torch_device(device)
        self.trained = load(weights)
        self.network = self.trained.network.to(self.device)
        self.codec = self.trained.codec
        self.skeleton = self.codec.skeleton.name
        cells = self.codec.size // self.codec.stride
        self.heatmap_size: tuple[int, int] | None = (cells, cells)
        self.finder, self.min_score, self.flip_test = finder, min_score, flip_test

    def find(self, image: UInt8[np.ndarray, "H W 3"]) -> list[Candidate]:
        """Everybody in a frame, by the finder; without one whom a look at all of it shows."""
        if self.finder is not None:
            return candidates(image, self.finder)
        height, width = image.shape[:2]
        side = max(height, width) / (1 + 2 * self.trained.margin)
        corner = ((width - side) / 2 - 0.5, (height - side) / 2 - 0.5)
        box = np.array([*corner, side, side], np.float32)
        for _ in range(_TRIES):
            seen = self.look(image, box)
            if seen is None or seen.memory is None:
                return []
            box = seen.memory
        return [Candidate(box, 1.0, box)]

    def look(
        self, image: UInt8[np.ndarray, "H W 3"], memory: Float[np.ndarray, " 4"]
    ) -> Person | None:
        """The person in a box, if the network is sure enough of one."""
        square = self._square(memory)
        heatmaps = self._heatmaps(image, square)
        inside, certain = self.codec.decode(heatmaps)
        scores = certain.numpy(force=True).astype(np.float32)
        if scores.mean() < self.min_score:
            return None
        scale = square[2] / self.codec.size
        keypoints = square[:2] + (inside.numpy(force=True) + 0.5) * scale
        sure = keypoints[scores >= self.min_score]
        low, high = sure.min(0), sure.max(0)
        grown = np.maximum((high - low) * _GROWN, 1)
        box = np.concatenate([low - grown, high - low + 2 * grown]).astype(np.float32)
        return Person(
            box=np.array([*square[:2], square[2], square[2]], np.float32),
            keypoints=keypoints.astype(np.float32),
            scores=scores,
            heatmaps=heatmaps.numpy(force=True).astype(np.float32),
            place=box,
            memory=box,
        )

    def place(self, memory: Float[np.ndarray, " 4"]) -> Float[np.ndarray, " 4"]:
        """The box itself."""
        return memory

    def _square(self, box: Float[np.ndarray, " 4"]) -> Float[np.ndarray, " 3"]:
        """What the network is shown: x, y and side; image pixels, whose centres are whole."""
        x, y, width, height = box.astype(float).tolist()
        side = max(width, height, 1.0) * (1 + 2 * self.trained.margin)
        return np.array([x + (width - side) / 2, y + (height - side) / 2, side])

    @torch.inference_mode()
    def _heatmaps(
        self, image: UInt8[np.ndarray, "H W 3"], square: Float[np.ndarray, " 3"]
    ) -> Float[Tensor, "K h w"]:
        red, green, blue = (round(255 * part) for part in self.trained.mean)
        left, top, side = square.tolist()
        edges = (left + 0.5, top + 0.5, side)
        crop = averaged(image, edges, self.codec.size, (red, green, blue))
        mean = torch.tensor(self.trained.mean)[:, None, None]
        given = (torch.from_numpy(crop).float() / 255 - mean)[None].to(self.device)
        heatmaps: Tensor = self.codec.heatmaps(self.network(given)[-1])
        if self.flip_test:
            other = self.codec.heatmaps(self.network(given.flip(-1))[-1])
            heatmaps = (heatmaps + self.codec.flipped(other)) / 2
        return heatmaps[0]


def load(path: str | Path) -> Trained:
    """What a run has trained, from its folder alone; nothing in it is executed.

    Raises:
        RunFolderError: the folder holds no run, or one that is not finished.
        CheckpointError: its weights are missing, damaged or another network's.
        ConfigError: it is no run of ``train_detector``, or names what may not be called.
    """
    run = RunFolder(Path(path).expanduser())
    config = run.config()
    run.metrics()
    where, parts = str(run.config_file), _parts(run, config)
    network = build(parts["network"], where)
    state = state_dicts.read(run.best, "detector.weights", "")
    prefix = "network."
    own = {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}
    state_dicts.fill(network, own, str(run.best), type(network).__name__)
    if not all(value.isfinite().all() for value in own.values()):
        raise CheckpointError(f"{run.best} holds values that are not finite; train the run again")
    return Trained(
        network.eval().requires_grad_(False),
        build(parts["codec"], where),
        parts["mean"],
        float(parts["margin"]),
    )


def _parts(run: RunFolder, config: Mapping[str, Any]) -> dict[str, Any]:
    """How the run's objects are made.

    Raises:
        ConfigError: its configuration does not say, for it is another command's.
    """
    try:
        task, data = config["objects"]["task"], config["objects"]["data"]
        margin = float(data["cutting"]["margin"])
        mean = [float(part) for part in data["mean"]]
        red, green, blue = mean
        codec, network = task["codec"], task["network"]
        codec["target"], codec["loss"], network["_target_"]
    except (KeyError, TypeError, ValueError):
        raise ConfigError(
            f"{run.config_file} does not describe a detector; expected what `train_detector` wrote"
        ) from None
    return {"network": network, "codec": codec, "mean": (red, green, blue), "margin": margin}
