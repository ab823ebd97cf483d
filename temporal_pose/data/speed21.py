"""SPEED21: speed climbing, as a pose detector saw it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import DataError
from temporal_pose.files.documents import check_regular
from temporal_pose.files.finding import folder, listed
from temporal_pose.pose.sequences import PoseSequence
from temporal_pose.pose.skeletons import SKELETONS

MPII16 = SKELETONS["mpii16"]

_HOLDS = "SPEED21's metadata.txt and skeletons/*.data"
_FIELDS = 12  # run;climber;date;number;address;start;end;seconds;frames;attempt;side;fps
_MOST = 10**9  # a number of a frame
_FRAMES, _FPS = 8, 11  # places of the number of frames and the frame rate among them


class Speed21:
    """Reads SPEED21 (Elias et al., MMSports 2021).

    **The output of a detector, without truth**: for refining, jitter and looking, never for
    accuracy. It has single frames far off and left/right flips. Climbers on the 15 m speed wall,
    seen from behind, at 25, 30 or 50 frames a second. 16 keypoints, 12 of which map to ours.

    ``metadata.txt`` has a line a run, 12 fields parted by semicolons, the ninth the number of
    frames, the last the frame rate. ``skeletons/CLIMBER_DATE_RUN.data`` has a line a frame,
    ``frame#x1,y1;...;x16,y16`` in image pixels, or ``frame#NULL`` where nobody was found. Those
    frames are left out, which leaves a gap in the frame numbers.

    Args:
        root: the folder that holds ``metadata.txt``.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = root

    def read(self) -> list[PoseSequence]:
        """One sequence a run that has a file, its group being the climber.

        Raises:
            DataError: a file that is missing, cut short or not as documented, a run that
                ``metadata.txt`` does not list, or one in which nobody was found at all.
        """
        root = folder(self.root, _HOLDS)
        runs = _metadata(root / "metadata.txt")
        return [_run(path, runs) for path in listed(root, "skeletons/*.data", _HOLDS)]


def _run(path: Path, runs: Mapping[str, tuple[int, float]]) -> PoseSequence:
    if path.stem not in runs:
        raise DataError(
            f"{path}: run '{path.stem}' is not in metadata.txt, so its frame rate is unknown; "
            "add its line or remove the file"
        )
    length, fps = runs[path.stem]
    frames, positions = _poses(path, length)
    visible, group = np.ones(positions.shape[:2], bool), f"climber {path.stem.split('_')[0]}"
    return PoseSequence(path.stem, positions, visible, frames, fps, group=group, skeleton=MPII16)


def _metadata(path: Path) -> dict[str, tuple[int, float]]:
    """Number of frames and frame rate of every run."""
    runs: dict[str, tuple[int, float]] = {}
    for number, line in enumerate(_lines(path), start=1):
        try:
            run, *fields = _fields(line)
            length, fps = int(fields[_FRAMES - 1]), float(fields[_FPS - 1])
        except ValueError as error:
            raise _unlike(path, number, line, "12 fields, the last the frame rate") from error
        if run in runs:
            raise DataError(f"{path}: line {number}: run '{run}' is there twice; remove one")
        runs[run] = length, fps
    return runs


def _fields(line: str) -> list[str]:
    fields = line.split(";")
    if len(fields) != _FIELDS:
        raise ValueError(f"{len(fields)} fields")
    return fields


def _poses(path: Path, length: int) -> tuple[Int[np.ndarray, " F"], Float[np.ndarray, "F 16 2"]]:
    """Frame numbers and positions of the frames in which somebody was found."""
    poses: dict[int, Float[np.ndarray, "16 2"]] = {}
    last = 0
    for number, line in enumerate(_lines(path), start=1):
        try:
            last, pose = _pose(line)
        except ValueError as error:
            expected = "frame#x1,y1;...;x16,y16 or frame#NULL"
            raise _unlike(path, number, line, expected) from error
        if last in poses:
            raise DataError(f"{path}: line {number}: frame {last} is there twice; remove one")
        if pose is not None:
            poses[last] = pose
    if last < length or not poses:
        raise DataError(
            f"{path}: {len(poses)} poses up to frame {last}; expected some, up to frame {length} "
            "as metadata.txt says: copy or download it again"
        )
    return np.array(list(poses)), np.stack(list(poses.values()))


def _pose(line: str) -> tuple[int, Float[np.ndarray, "16 2"] | None]:
    told, _, points = line.partition("#")
    frame = int(told)
    if not 0 <= frame < _MOST:
        raise ValueError(f"frame {frame}")
    if points == "NULL":
        return frame, None
    values = [point.split(",") for point in points.split(";")]
    with np.errstate(over="ignore"):  # what is too large becomes infinite
        pose = np.array(values, np.float32)  # a ValueError where points differ in length
    if pose.shape != (len(MPII16), 2) or not np.isfinite(pose).all():
        raise ValueError(f"{pose.shape}")
    return frame, pose


def _lines(path: Path) -> list[str]:
    try:
        check_regular(path)
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read as text ({error}); copy or download it again"
        ) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _unlike(path: Path, number: int, line: str, expected: str) -> DataError:
    found = line if len(line) <= 40 else f"{line[:40]}..."
    return DataError(
        f"{path}: line {number} is '{found}'; expected {expected}: copy or download it again"
    )
