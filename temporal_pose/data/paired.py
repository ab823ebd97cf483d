"""The paired layout: real detector output beside the truth, from whoever has both."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.data.files import arrays, folder, listed
from temporal_pose.data.sequences import Sequence
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.skeletons import SKELETONS, Skeleton, remap

_HOLDS = "files of the paired layout (*.npz)"
_NAMES = ("truth", "visible", "fps", "image_size", "skeleton")


@dataclass(frozen=True)
class Video:
    """What a file of the paired layout says about its truth, in the file's own skeleton.

    Args:
        truth: image pixels; anything at all where ``visible`` is false.
        visible: which keypoints have a truth.
        fps: frames per second.
        image_size: width and height in pixels.
    """

    truth: Float[np.ndarray, "F K 2"]
    visible: Bool[np.ndarray, "F K"]
    fps: float
    image_size: tuple[int, int]
    skeleton: Skeleton


class Paired:
    """Reads the truth of files in the paired layout.

    One ``.npz`` file a video: ``truth`` (F, K, 2) in image pixels, ``visible`` (F, K) bool,
    ``fps``, ``image_size`` (width, height) and ``skeleton``, a name of
    :data:`temporal_pose.pose.skeletons.SKELETONS`. What the detector saw stands beside it:
    ``detections`` (F, K, 3: x, y, score) or ``heatmaps`` (F, K, h, w) with ``boxes`` (F, 4).

    Args:
        root: a folder of such files, or one file.
        group_pattern: regular expression with one group, searched in the file's name. What it
            finds is the sequence's group: ``_(ch\\d+)`` keeps the cameras of an AIST dance
            together. Without it each file stands alone.

    Raises:
        ConfigError: the pattern is no regular expression, or does not have one group.
    """

    def __init__(self, root: str | Path, group_pattern: str | None = None) -> None:
        self.root = root
        self.group_pattern = None if group_pattern is None else _compiled(group_pattern)

    def read(self) -> list[Sequence]:
        """One sequence a file, frames counted from 0.

        Raises:
            DataError: no files, a file that is damaged or not in the layout, or one whose name
                does not match the pattern.
        """
        path = Path(self.root).expanduser()
        files = [path] if path.is_file() else listed(folder(path, _HOLDS), "*.npz", _HOLDS)
        return [_sequence(path.stem, load(path), self._group(path)) for path in files]

    def _group(self, path: Path) -> str:
        if self.group_pattern is None:
            return path.stem
        found = self.group_pattern.search(path.name)
        if not found or not found[1]:
            raise DataError(
                f"{path}: the name does not match group_pattern "
                f"'{self.group_pattern.pattern}'; rename the file or change the pattern"
            )
        return found[1]


def load(path: Path) -> Video:
    """The truth of one file, checked.

    Raises:
        DataError: a damaged file; a missing array; shapes that are wrong or do not fit each other;
            an unknown skeleton; a frame rate or an image size that is not positive; truth that is
            not finite where it is visible.
    """
    found = arrays(path, _NAMES)
    for name in _NAMES:
        if name not in found:
            raise _unlike(path, name, "missing", f"one of {', '.join(_NAMES)}")
    skeleton = _skeleton(path, found["skeleton"])
    truth, visible = found["truth"], found["visible"]
    shape = (*truth.shape[:1], len(skeleton))
    _check_array(path, "truth", truth, (*shape, 2), np.floating)
    _check_array(path, "visible", visible, shape, np.bool_)
    _check_finite(path, truth, visible)
    width, height = _positive(path, "image_size", found["image_size"], 2)
    (fps,) = _positive(path, "fps", found["fps"], 1)
    return Video(truth, visible, fps, (int(width), int(height)), skeleton)


def _sequence(name: str, video: Video, group: str) -> Sequence:
    keypoints, visible = remap(video.truth.astype(np.float32), video.visible, video.skeleton)
    frames = np.arange(len(keypoints))
    return Sequence(name, keypoints, visible, frames, video.fps, group, video.image_size)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ConfigError(
            f"group_pattern '{pattern}' is no regular expression: {error}"
        ) from error
    if compiled.groups != 1:
        raise ConfigError(
            f"group_pattern '{pattern}' has {compiled.groups} groups; "
            r"expected one, such as '_(ch\d+)'"
        )
    return compiled


def _skeleton(path: Path, name: np.ndarray) -> Skeleton:
    found = str(name.item()) if name.size == 1 else str(name.tolist())
    if found not in SKELETONS:
        raise _unlike(path, "skeleton", f"'{found}'", f"one of {', '.join(SKELETONS)}")
    return SKELETONS[found]


def _check_array(
    path: Path, name: str, array: np.ndarray, shape: tuple[int, ...], kind: type[np.generic]
) -> None:
    if array.shape != shape or not np.issubdtype(array.dtype, kind) or not array.size:
        found = f"{array.dtype} of shape {array.shape}"
        raise _unlike(path, name, found, f"{kind.__name__} of shape {shape}, F > 0")


def _check_finite(
    path: Path, truth: Float[np.ndarray, "F K 2"], visible: Bool[np.ndarray, "F K"]
) -> None:
    bad = np.argwhere(visible & ~np.isfinite(truth).all(-1))
    if len(bad):
        frame, keypoint = bad[0]
        found = f"{truth[frame, keypoint].tolist()} for keypoint {keypoint} of frame {frame}"
        raise _unlike(path, "truth", found, "finite pixels where visible is true")


def _positive(path: Path, name: str, array: np.ndarray, count: int) -> list[float]:
    """The ``count`` positive numbers of an array."""
    numeric = np.issubdtype(array.dtype, np.number)
    if array.size != count or not numeric or not ((array > 0) & np.isfinite(array)).all():
        what = "a positive number" if count == 1 else f"{count} positive numbers"
        raise _unlike(path, name, str(array.tolist()), what)
    return [float(value) for value in array.flat]


def _unlike(path: Path, name: str, found: str, expected: str) -> DataError:
    return DataError(
        f"{path}: '{name}' is {found}; expected {expected}: see temporal_pose.data.paired"
    )
