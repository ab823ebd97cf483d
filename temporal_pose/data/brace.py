"""BRACE: breakdancing, partly annotated by hand, partly interpolated."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.documents import UnreadableError, read_json
from temporal_pose.files.finding import folder, listed
from temporal_pose.files.reading import arrays
from temporal_pose.pose.sequences import PoseSequence
from temporal_pose.pose.skeletons import SKELETONS

COCO17 = SKELETONS["coco17"]

_HOLDS = "BRACE's segments (YEAR/VIDEO/VIDEO_START-END_MOVEMENT.json)"
_SEGMENT = re.compile(r"(?P<video>.+)_\d+-\d+_(toprock|footwork|powermove)")
_IMAGE = re.compile(r"(?P<video>.+)/img-(?P<frame>\d{1,9})\.png")
_CHOICES = ("all", "manual")

Pose = Float[np.ndarray, "17 3"]  # x, y, score
Manual = Mapping[tuple[str, int], Path]  # files by video and frame number


class Brace:
    """Reads BRACE (Moltisanti et al., ECCV 2022, https://github.com/dmoltisanti/brace).

    334,538 frames of 1,352 segments (toprock, footwork, powermove) from 81 videos of 64 dancers,
    1920 x 1080 at 30 frames a second, COCO's 17 keypoints. 26,676 frames, 8 %, were annotated
    by hand; the others were interpolated between those and a detector's. Everything counts as
    visible: all scores are 1.

    Two downloads, unpacked into the same folder or beside each other below ``root``:
    ``dataset.zip`` with ``YEAR/VIDEO/VIDEO_START-END_MOVEMENT.json``, which maps
    ``VIDEO/img-000123.png`` to ``{"box": [x, y, w, h, score], "keypoints": 17 x [x, y, score]}``,
    and ``manual_keypoints.zip`` with ``YEAR/VIDEO/img-000123.npz``, whose ``coco_joints2d`` is
    (17, 3); its last column means nothing. A video's name may itself hold ``_`` and ``-``.

    Frame numbers can jump. Frames whose keypoints have no extent in x or y are broken; they are
    left out, as the authors' own loader does. By hand annotated frames outside all segments are
    not used.

    Args:
        root: the folder below which the files lie, at any depth.
        frames: ``"all"`` puts the frames annotated by hand, where there are some, in place of the
            interpolated ones; ``"manual"`` keeps nothing else.

    Raises:
        ConfigError: ``frames`` is neither.
    """

    def __init__(self, root: str | Path, frames: str = "all") -> None:
        if frames not in _CHOICES:
            raise ConfigError(f"data.frames is '{frames}'; expected one of {', '.join(_CHOICES)}")
        self.root = root
        self.frames = frames

    def read(self) -> list[PoseSequence]:
        """One sequence a segment that has frames, its group being the video.

        Raises:
            DataError: no segments, no frame annotated by hand where only those are asked for, or
                a file that is damaged or not as documented.
        """
        root = folder(self.root, _HOLDS)
        segments = listed(root, "**/*_*-*_*.json", _HOLDS)
        manual = _manual(root)
        read = [sequence for path in segments if (sequence := self._sequence(path, manual))]
        if not read:
            raise DataError(
                f"data.root '{root}' has no frame that fits data.frames '{self.frames}'; expected "
                "YEAR/VIDEO/img-000123.npz of the segments' videos: unpack manual_keypoints.zip"
            )
        return read

    def _sequence(self, path: Path, manual: Manual) -> PoseSequence | None:
        video, poses = _segment(path)
        by_hand = {frame: manual[video, frame] for frame in poses if (video, frame) in manual}
        poses = poses if self.frames == "all" else {}
        poses = poses | {frame: _joints(file) for frame, file in by_hand.items()}
        frames = sorted(
            frame for frame, pose in poses.items() if (np.ptp(pose[:, :2], 0) > 0).all()
        )
        if not frames:
            return None
        stacked = np.stack([poses[frame] for frame in frames])
        visible = stacked[..., 2] > 0
        return PoseSequence(
            name=path.stem,
            keypoints=np.where(visible[..., None], stacked[..., :2], 0),
            visible=visible,
            frames=np.array(frames),
            fps=30.0,
            group=video,
            image_size=(1920, 1080),
            skeleton=COCO17,
        )


def _segment(path: Path) -> tuple[str, dict[int, Pose]]:
    """A segment's video, and its poses by frame number."""
    named = _SEGMENT.fullmatch(path.stem)
    if not named:
        raise DataError(
            f"{path}: the name is not VIDEO_START-END_MOVEMENT.json with MOVEMENT one of "
            "toprock, footwork, powermove; rename or remove the file"
        )
    poses: dict[int, Pose] = {}
    for image, entry in _json(path).items():
        frame = _frame(path, image, named["video"])
        if frame in poses:
            raise DataError(f"{path}: frame {frame} is there twice; remove one")
        poses[frame] = _keypoints(path, image, entry)
    return named["video"], poses


def _json(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except (OSError, UnreadableError) as error:
        raise DataError(
            f"{path}: cannot be read as JSON ({error}); copy or download the file again"
        ) from error
    if not isinstance(content, dict) or not content:
        raise DataError(f"{path}: expected an object of frames, as in {_HOLDS}; download it again")
    return content


def _frame(path: Path, image: str, video: str) -> int:
    named = _IMAGE.fullmatch(image)
    if not named or named["video"] != video:
        raise DataError(f"{path}: frame '{image}'; expected '{video}/img-000123.png' and the like")
    return int(named["frame"])


def _keypoints(path: Path, image: str, entry: Any) -> Pose:
    try:
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
            pose = np.array(entry["keypoints"], np.float32)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"{path}: frame '{image}': keypoints cannot be read ({error!r})"
        ) from error
    return _checked(f"{path}: frame '{image}': keypoints", pose)


def _manual(root: Path) -> dict[tuple[str, int], Path]:
    """The files annotated by hand."""
    found: dict[tuple[str, int], Path] = {}
    for path in sorted(root.glob("**/img-*.npz")):
        number = path.stem.removeprefix("img-")
        if not number.isdecimal():
            raise DataError(f"{path}: expected a name like img-000123.npz; rename or remove it")
        key = path.parent.name, int(number)
        if key in found:
            raise DataError(f"{found[key]} and {path} are the same frame; remove one of them")
        found[key] = path
    return found


def _joints(path: Path) -> Pose:
    """The pose in a file annotated by hand; its third column is replaced by a score of 1."""
    found = arrays(path, ["coco_joints2d"])
    if "coco_joints2d" not in found:
        raise DataError(f"{path}: 'coco_joints2d' is missing; copy or download the file again")
    joints = _checked(f"{path}: coco_joints2d", found["coco_joints2d"])
    return np.concatenate((joints[:, :2], np.ones((len(COCO17), 1))), 1).astype(np.float32)


def _checked(what: str, pose: np.ndarray) -> Pose:
    expected = (len(COCO17), 3)
    real = pose.dtype.kind in "iuf"
    if pose.shape != expected or not real:
        raise DataError(
            f"{what}: {pose.dtype} of shape {pose.shape}; expected numbers of shape {expected}"
        )
    if not np.isfinite(pose[:, :2]).all():
        raise DataError(f"{what}: not all finite; expected pixel coordinates")
    return pose
