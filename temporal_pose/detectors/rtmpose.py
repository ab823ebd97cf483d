"""RTMPose and other SimCC networks from an ``.onnx`` file (Jiang et al., 2023; Li et al., 2022).

SimCC takes a coordinate for a class: for each keypoint the network gives a score for every half
pixel column, and one for every half pixel row, of its input. https://arxiv.org/abs/2303.07399
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from temporal_pose.detectors.protocol import (
    Person,
    check_skeleton,
    first_line,
    in_range,
    needs,
)
from temporal_pose.detectors.topdown import Candidate, Finder, TopDown, candidates
from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.footage.cropping import Region, cropped

#: What a network of so many keypoints is taken to see.
SKELETONS: Mapping[int, str] = {17: "coco17", 26: "halpe26", 133: "wholebody133"}

# Of ImageNet's colours, in red, green, blue, 0 to 255: what mmpose takes off and divides by.
_MEAN = np.array([123.675, 116.28, 103.53], np.float32)
_DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)


class RTMPose(TopDown):
    """A SimCC network in the box about each person.

    The box is that of the last pose, grown. Where there is none yet, ``finder`` says where people
    are; without one the network looks at the whole frame, which is enough for a person who fills
    a good part of it.

    Args:
        weights: an ``.onnx`` file whose outputs are SimCC's two, for x and for y.
        skeleton: name of the keypoints' order; None for the usual one of 17, 26 or 133.
        finder: called with a frame (H, W, 3), gives people (n, 5: x, y, width, height, score).
        min_score: least mean score of a pose; below it the person is lost. Keypoints below it say
            nothing of the next box.
        padding: size of the region looked at, over that of the person's box.
        threads: for one frame.

    Raises:
        ConfigError: settings out of their range, an installation without ONNX Runtime, or a
            skeleton of another number of keypoints.
        CheckpointError: a file that is missing, or is no such network.
    """

    heatmap_size: tuple[int, int] | None = None
    memory_size = 4

    def __init__(
        self,
        weights: str | None = None,
        skeleton: str | None = None,
        finder: Finder | None = None,
        min_score: float = 0.3,
        padding: float = 1.25,
        threads: int = 1,
    ) -> None:
        super().__init__()
        in_range("detector.min_score", min_score, 0, 1)
        in_range("detector.padding", padding, 1, 4)
        in_range("detector.threads", threads, 1, 1024, whole=True)
        needs("onnxruntime", "rtmpose", "detector=rtmpose")
        self._session = _session(weights, threads)
        self._input, self.size = _input(weights, self._session)
        self.keypoints = _keypoints(weights, self._session, self.size)
        self.skeleton = skeleton or _skeleton_of(self.keypoints)
        check_skeleton(self.skeleton, self.keypoints)
        self.finder, self.min_score, self.padding = finder, min_score, padding

    def find(self, image: UInt8[np.ndarray, "H W 3"]) -> list[Candidate]:
        """Everybody in a frame, by the finder; without one whom a look at all of it shows."""
        if self.finder is not None:
            return candidates(image, self.finder)
        height, width = image.shape[:2]
        inner = Region(width / 2, height / 2, width / self.padding, height / self.padding).box
        whole = self.look(image, inner)
        return [] if whole is None else [Candidate(whole.box, 1.0, whole.box)]

    def look(
        self, image: UInt8[np.ndarray, "H W 3"], memory: Float[np.ndarray, " 4"]
    ) -> Person | None:
        """The person in a box, if the network is sure enough of one."""
        region = self._region(memory)
        picture = (cropped(image, region, self.size, black=True) - _MEAN) / _DEVIATION
        given = {self._input: picture.transpose(2, 0, 1)[None]}
        x, y = (out[0] for out in self._session.run(None, given))
        columns, rows = x.argmax(-1), y.argmax(-1)
        shares = np.stack([columns / x.shape[-1], rows / y.shape[-1]], -1)
        scores = np.minimum(x.max(-1), y.max(-1)).clip(0, 1).astype(np.float32)
        if scores.mean() < self.min_score:
            return None
        keypoints = region.to_image(shares)
        sure = keypoints[scores >= self.min_score]
        low, high = sure.min(0), sure.max(0)
        box = np.concatenate([low, np.maximum(high - low, 1)]).astype(np.float32)
        return Person(box, keypoints, scores, memory=box)

    def place(self, memory: Float[np.ndarray, " 4"]) -> Float[np.ndarray, " 4"]:
        """The box itself."""
        return memory

    def _region(self, box: Float[np.ndarray, " 4"]) -> Region:
        """What the network is shown: the box, grown, in the shape of its input."""
        x, y, width, height = box.tolist()
        columns, rows = self.size
        scale = self.padding * max(width / columns, height / rows)
        return Region(x + width / 2, y + height / 2, scale * columns, scale * rows)


def _session(weights: str | None, threads: int) -> Any:
    import onnxruntime

    if weights is None:
        raise ConfigError("detector.weights is not set; add detector.weights=NAME.onnx")
    path = Path(weights).expanduser()
    if not path.is_file():
        raise CheckpointError(f"detector.weights '{weights}' does not exist; expected NAME.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors alone
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its classes have no base of their own
        raise CheckpointError(
            f"{weights}: cannot be read as an ONNX network ({first_line(error)})"
        ) from error


def _input(weights: str | None, session: Any) -> tuple[str, tuple[int, int]]:
    """Name of the input, and its columns and rows."""
    inputs = session.get_inputs()
    shape = inputs[0].shape
    sized = len(shape) == 4 and shape[1] == 3 and all(isinstance(n, int) for n in shape[2:])
    if len(inputs) != 1 or not sized:
        raise CheckpointError(
            f"{weights}: takes {shape}; expected one input (1, 3, rows, columns), an RGB image"
        )
    return inputs[0].name, (shape[3], shape[2])


def _keypoints(weights: str | None, session: Any, size: tuple[int, int]) -> int:
    """K, by a look at a grey image.

    Raises:
        CheckpointError: the outputs are not SimCC's.
    """
    columns, rows = size
    grey = np.zeros((1, 3, rows, columns), np.float32)
    try:
        outputs = session.run(None, {session.get_inputs()[0].name: grey})
    except Exception as error:
        raise CheckpointError(f"{weights}: cannot be run ({first_line(error)})") from error
    shapes = [np.shape(out) for out in outputs]
    simcc = len(shapes) == 2 and all(len(shape) == 3 for shape in shapes)
    if simcc and shapes[0][1] == shapes[1][1]:
        ratios = {shapes[0][2] / columns, shapes[1][2] / rows}
        if len(ratios) == 1 and ratios.pop() >= 1:
            return int(shapes[0][1])
    found = ", ".join(str(shape) for shape in shapes)
    raise CheckpointError(
        f"{weights}: gives {found}; expected SimCC's two outputs (1, K, columns of x) and "
        f"(1, K, rows of y) for an input of {columns} x {rows}"
    )


def _skeleton_of(keypoints: int) -> str:
    if keypoints not in SKELETONS:
        raise ConfigError(
            f"detector.weights has {keypoints} keypoints, and there is no usual skeleton of as "
            "many; set detector.skeleton to a name or a YAML file"
        )
    return SKELETONS[keypoints]
