"""Penn Action: sports and exercises, annotated by hand."""

from collections.abc import Mapping
from collections.abc import Sequence as Several
from pathlib import Path

import numpy as np

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files import matlab
from temporal_pose.files.finding import folder, listed
from temporal_pose.pose.sequences import PoseSequence
from temporal_pose.pose.skeletons import SKELETONS

PENN13 = SKELETONS["penn13"]

#: What a video can show.
ACTIONS = (
    *("baseball_pitch", "baseball_swing", "bench_press", "bowl", "clean_and_jerk"),
    *("golf_swing", "jump_rope", "jumping_jacks", "pullup", "pushup"),
    *("situp", "squat", "strum_guitar", "tennis_forehand", "tennis_serve"),
)

_HOLDS = "Penn Action's label files (labels/0001.mat ...)"
_MOST = 1e6  # frames, rows or columns of a video
_FIELDS = ("x", "y", "visibility", "action", "dimensions", "nframes")


class PennAction:
    """Reads Penn Action (Zhang, Zhu, Derpanis, ICCV 2013).

    2,326 videos, 163,841 frames, 15 actions, one ``.mat`` file of labels a video. 13 keypoints;
    the head counts as nose. 22 % of the keypoints are invisible, a third of these at the
    placeholder (1, 1). Positions come as bytes, 16-bit integers or doubles and count pixels from
    1; here they count from 0. The boxes of the files are not read: 1154 and 1865 lack a row. The
    files' own division into training and test set is not used either.

    Args:
        root: the folder that holds ``labels``, or ``labels`` itself.
        actions: which of :data:`ACTIONS` to read, or ``"all"``.
        fps: frames a second. *An assumption*: the data set does not tell.

    Raises:
        ConfigError: an action that does not exist, or none, or a frame rate that is not positive.
    """

    def __init__(
        self, root: str | Path, actions: str | Several[str] = "all", fps: float | int = 30
    ) -> None:
        self.root = root
        self.actions = _chosen(actions)
        self.fps = float(fps)
        if not 0 < fps < float("inf"):
            raise ConfigError(f"data.assumed_fps is {fps}; expected a positive number")

    def read(self) -> list[PoseSequence]:
        """One sequence a video, named by its number, in that order.

        Raises:
            DataError: no files, a file that is damaged or not as documented, or no video of the
                chosen actions. One bad file fails the whole set.
        """
        root = folder(self.root, _HOLDS)
        labels = root / "labels" if (root / "labels").is_dir() else root
        paths = listed(labels, "*.mat", _HOLDS)
        fields = matlab.read(paths, _FIELDS)
        videos = ((path, _checked(path, next(fields))) for path in paths)
        chosen = [self._sequence(*video) for video in videos if _action(*video) in self.actions]
        if not chosen:
            raise DataError(f"{labels} has no video of data.actions {', '.join(self.actions)}")
        return chosen

    def _sequence(self, path: Path, labels: Mapping[str, np.ndarray]) -> PoseSequence:
        frames = len(labels["x"])
        height, width = (int(size) for size in labels["dimensions"].flat[:2])
        positions = np.stack((labels["x"], labels["y"]), axis=-1).astype(np.float32) - 1
        visible = (labels["visibility"] != 0) & ~(positions <= 0).all(-1)
        return PoseSequence(
            name=path.stem,
            keypoints=np.where(visible[..., None], positions, 0),
            visible=visible,
            frames=np.arange(1, frames + 1),
            fps=self.fps,
            image_size=(width, height),
            skeleton=PENN13,
        )


def _chosen(actions: str | Several[str]) -> tuple[str, ...]:
    if actions == "all":
        return ACTIONS
    alone = isinstance(actions, str) or not isinstance(actions, Several)
    names = [str(name) for name in ([actions] if alone else actions)]
    unknown = [name for name in names if name not in ACTIONS]
    if unknown or not names:
        raise ConfigError(
            f"data.actions has '{', '.join(unknown)}'; expected \"all\" or a list of some of "
            f"{', '.join(ACTIONS)}"
        )
    return tuple(names)


def _checked(path: Path, labels: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """The fields of one label file."""
    for name in _FIELDS:
        if name not in labels:
            raise DataError(
                f"{path}: field '{name}' is missing; expected {', '.join(_FIELDS)}: "
                "copy or download it again"
            )
    _check_shapes(path, labels)
    for name in ("nframes", "dimensions"):
        numbers = labels[name].astype(np.float64)
        if not ((numbers >= 1) & (numbers < _MOST) & (numbers == numbers.round())).all():
            raise DataError(
                f"{path}: field '{name}' is {labels[name].tolist()}; expected whole numbers from "
                "1: copy or download it again"
            )
    return labels


def _check_shapes(path: Path, labels: Mapping[str, np.ndarray]) -> None:
    count = labels["nframes"]
    known = count.size == 1 and count.dtype.kind in "iuf" and np.isfinite(count).all()
    frames = int(count.flat[0]) if known else -1
    expected = {name: (frames, len(PENN13)) for name in ("x", "y", "visibility")}
    for name, shape in {**expected, "nframes": (1, 1), "dimensions": (1, 3)}.items():
        field = labels[name]
        if field.shape != shape or field.dtype.kind not in "iuf":
            raise DataError(
                f"{path}: field '{name}' is {field.dtype} of shape {field.shape}; "
                f"expected numbers of shape {shape}: copy or download it again"
            )


def _action(path: Path, labels: Mapping[str, np.ndarray]) -> str:
    action = str(labels["action"].flat[0]) if labels["action"].size == 1 else ""
    if action not in ACTIONS:
        raise DataError(
            f"{path}: field 'action' is {labels['action'].tolist()}; "
            f"expected one of {', '.join(ACTIONS)}"
        )
    return action
