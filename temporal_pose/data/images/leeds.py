"""Leeds Sports Pose, the original set and the extended one."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int64

from temporal_pose.data.images.annotated import COVERED, Annotated, People
from temporal_pose.data.images.image_sources import Missing
from temporal_pose.errors import DataError
from temporal_pose.files import matlab
from temporal_pose.files.finding import folder
from temporal_pose.footage.frames import ENDINGS
from temporal_pose.pose.skeletons import SKELETONS

LSP14 = SKELETONS["lsp14"]

_HOLDS = "Leeds Sports Pose: joints.mat beside the folder images"
_NUMBERED = re.compile(r"im(\d+)")
_LIMIT = 1e6  # image pixels
_MARGIN = 0.1  # a body reaches farther than its joints do


class Leeds:
    """Reads Leeds Sports Pose (Johnson and Everingham, BMVC 2010), or its extension (CVPR 2011).

    2,000 and 10,000 people, one an image, 14 joints. The original's ``joints.mat`` is 3 x 14 x N,
    and its third row is 1 for what is *hidden*, though its notes call it visibility; every joint
    has a position. The extension's is 14 x 3 x N, and the third number is 1 for what is labelled;
    crowd workers labelled it, and left and right are exchanged at times. There are no boxes: ours
    hold the labelled joints and a tenth more on each side. A head's size is the distance from
    neck to head top.

    Args:
        root: the folder that holds ``joints.mat`` and ``images``.
        missing: what joints without their image are: 'error', or 'skip' to leave them out.

    Raises:
        ConfigError: another word for `missing`.
    """

    def __init__(self, root: str | Path, missing: str = "error") -> None:
        self.root, self.missing = root, Missing(missing)

    def read(self) -> People:
        """The people in the order of their numbers.

        Raises:
            DataError: no files, one that is damaged or not as documented, or no image for some.
        """
        root = folder(self.root, _HOLDS)
        path = root / "joints.mat"
        if not path.is_file():
            raise DataError(f"data.root '{self.root}' has no joints.mat; expected {_HOLDS}")
        (fields,) = matlab.read([path], ["joints"])
        points, labels = _joints(path, fields.get("joints"))
        images = _images(root)
        left_out: Counter[str] = Counter()
        people = list(_people(root, images, points, labels, left_out))
        people = self.missing.checked(people, left_out)
        unknown = sum(1 for number in images if not 1 <= number <= len(points))
        remarks = [f"images without a person: {unknown:,}"] if unknown else []
        return People.of(people, LSP14, left_out, remarks)


def _joints(
    path: Path, joints: np.ndarray | None
) -> tuple[Float[np.ndarray, "N 14 2"], Int64[np.ndarray, "N 14"]]:
    """Positions and labels; which of the two sets it is, the order of the axes tells."""
    found = "nothing" if joints is None else " x ".join(map(str, joints.shape))
    if joints is None or joints.dtype.kind not in "biuf" or joints.ndim != 3:
        raise DataError(f"{path}: joints is {found}; expected numbers, 14 x 3 x N or 3 x 14 x N")
    if joints.shape[:2] == (3, 14):
        values = joints.transpose(2, 1, 0).astype(float)
        labels = np.where(values[..., 2] == 0, 2, 1)
    elif joints.shape[:2] == (14, 3):
        values = joints.transpose(2, 0, 1).astype(float)
        labels = np.where(values[..., 2] == 0, 0, 2)
    else:
        raise DataError(f"{path}: joints is {found}; expected 14 x 3 x N or 3 x 14 x N")
    _check(path, values, labels)
    return values[..., :2], labels.astype(np.int64)


def _check(path: Path, values: np.ndarray, labels: np.ndarray) -> None:
    odd = ~np.isin(values[..., 2], (0, 1))
    if odd.any():
        person, joint = np.argwhere(odd)[0]
        raise DataError(
            f"{path}: joint {joint} of person {person + 1} is marked "
            f"{values[person, joint, 2]:g}; expected 0 or 1"
        )
    far = (labels > 0) & ~(np.abs(values[..., :2]) < _LIMIT).all(-1)
    if far.any():
        person, joint = np.argwhere(far)[0]
        raise DataError(
            f"{path}: joint {joint} of person {person + 1} is at "
            f"{values[person, joint, :2].tolist()}; expected finite numbers of pixels"
        )


def _images(root: Path) -> dict[int, Path]:
    """Images by their numbers."""
    place = root / "images"
    if not place.is_dir():
        raise DataError(f"{root} has no folder images; expected {_HOLDS}")
    found: dict[int, Path] = {}
    for file in sorted(place.iterdir()):
        number = _NUMBERED.fullmatch(file.stem)
        if number is None or file.suffix.lower() not in ENDINGS:
            continue
        other = found.setdefault(int(number[1]), file)
        if other is not file:
            raise DataError(f"{other} and {file.name} are both of one number; remove one of them")
    if not found:
        raise DataError(f"{place} has no images im00001.jpg ...; expected {_HOLDS}")
    return found


def _people(
    root: Path,
    images: dict[int, Path],
    points: Float[np.ndarray, "N 14 2"],
    labels: Int64[np.ndarray, "N 14"],
    left_out: Counter[str],
) -> Iterator[Annotated]:
    digits = len(next(iter(images.values())).stem) - 2
    top, neck = LSP14.index("head_top"), LSP14.index("neck")
    for place, (pose, label) in enumerate(zip(points, labels, strict=True)):
        low, high = (f(pose[label > 0], 0, initial=far) for f, far in _EXTREMES)
        if not (high > low).all():
            left_out["no labelled keypoint" if not label.any() else "box without extent"] += 1
            continue
        name = f"im{place + 1:0{digits}d}"
        box = np.concatenate((low, high - low)) + np.outer([-1, 2], _MARGIN * (high - low)).ravel()
        head = np.linalg.norm(pose[top] - pose[neck]) if label[top] and label[neck] else np.nan
        yield Annotated(
            image=images.get(place + 1, root / "images" / f"{name}.jpg"),
            image_id=name,
            person_id=name,
            keypoints=pose,
            labels=label,
            box=box,
            area=float(COVERED * box[2] * box[3]),
            head=float(head),
        )


_EXTREMES = ((np.min, np.inf), (np.max, -np.inf))
