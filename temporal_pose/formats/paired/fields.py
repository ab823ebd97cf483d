"""What the arrays of the paired layout look like, and the values they may hold."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Num

from temporal_pose.errors import DataError

#: Axes of each array: F frames, K keypoints of the file's skeleton, h rows and w columns.
AXES: dict[str, tuple[str | int, ...]] = {
    "truth": ("F", "K", 2),
    "visible": ("F", "K"),
    "heatmaps": ("F", "K", "h", "w"),
    "heatmap_scale": ("F", "K"),
    "boxes": ("F", 4),
    "scores": ("F", "K"),
    "detections": ("F", "K", 3),
    "times": ("F",),
    "memory": ("F", "M"),
}


class ArrayKind(NamedTuple):
    """Types that an array may have."""

    words: str
    letters: str

    def includes(self, dtype: np.dtype[np.generic]) -> bool:
        """Whether an array of that type is of this kind, by numpy's letters for types."""
        return dtype.char in self.letters


NUMBER = ArrayKind("number", np.typecodes["AllInteger"] + "efdg")
SWITCH = ArrayKind("bool", "?")

KINDS: dict[str, ArrayKind] = {
    "heatmaps": ArrayKind("float32, float16 or uint8", "feB"),
    "boxes": NUMBER,
    "scores": NUMBER,
    "detections": NUMBER,
    "truth": ArrayKind("floating", "efdg"),
    "visible": SWITCH,
    "times": NUMBER,
    "memory": NUMBER,
}


def single(values: Num[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Numbers in single precision, infinite where too large for it."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def unlike(where: object, name: str, found: str, expected: str) -> DataError:
    """The error for what is not as the layout has it.

    Args:
        where: the file.
        name: of the array or number.
    """
    return DataError(
        f"{where}: '{name}' is {found}; expected {expected}: see temporal_pose.formats.paired"
    )


def check_boxes(where: object, boxes: Num[np.ndarray, "F 4"], first: int = 0) -> None:
    """Every box has a size, or is NaN throughout: the detector found nobody.

    Args:
        first: number of the first frame, for the message.

    Raises:
        DataError: a box of neither kind.
    """
    nobody = np.isnan(boxes).all(-1)
    good = np.isfinite(boxes).all(-1) & (boxes[:, 2:] > 0).all(-1)
    for frame in np.flatnonzero(~(good | nobody))[:1]:
        found = f"{boxes[frame].tolist()} in frame {first + frame}"
        expected = "x, y and a width and height above 0, or NaN four times for nobody"
        raise unlike(where, "boxes", found, expected)


def check_detections(where: object, detections: Num[np.ndarray, "F K 3"], first: int = 0) -> None:
    """Positions are finite or NaN, and every detected keypoint has a finite score.

    Raises:
        DataError: infinite positions, or a score that is not finite.
    """
    seen = ~np.isnan(detections[..., :2]).any(-1)
    bad = np.isinf(detections).any(-1) | (seen & ~np.isfinite(detections[..., 2]))
    expected = "finite pixels and score, or NaN where the keypoint was not detected"
    _refuse(where, "detections", detections, bad, expected, first)


def check_truth(
    where: object,
    truth: Num[np.ndarray, "F K 2"],
    visible: Bool[np.ndarray, "F K"],
    first: int = 0,
) -> None:
    """The truth is finite wherever it is visible.

    Raises:
        DataError: it is not.
    """
    finite = np.isfinite(truth)
    if finite.all():  # nearly always, and far faster than asking each keypoint
        return
    bad = visible & ~finite.all(-1)
    _refuse(where, "truth", truth, bad, "finite pixels where visible is true", first)


def check_scores(where: object, scores: Num[np.ndarray, "F K"], first: int = 0) -> None:
    """Scores are finite.

    Raises:
        DataError: one is not.
    """
    _refuse(where, "scores", scores, ~np.isfinite(scores), "finite numbers", first)


def check_heatmaps(where: object, heatmaps: Num[np.ndarray, "F K h w"], first: int = 0) -> None:
    """Heatmaps are finite.

    Raises:
        DataError: one is not; the message names the frame and the keypoint.
    """
    if not np.isfinite(heatmaps).all():
        frame, keypoint, row, column = np.argwhere(~np.isfinite(heatmaps))[0]
        value = heatmaps[frame, keypoint, row, column]
        found = f"{value} for keypoint {keypoint} of frame {first + frame}"
        raise unlike(where, "heatmaps", found, "finite numbers")


def _refuse(
    where: object,
    name: str,
    values: Num[np.ndarray, "F K *rest"],
    bad: Bool[np.ndarray, "F K"],
    expected: str,
    first: int,
) -> None:
    for frame, keypoint in np.argwhere(bad)[:1]:
        value = values[frame, keypoint].tolist()
        found = f"{value} for keypoint {keypoint} of frame {first + frame}"
        raise unlike(where, name, found, expected)


def dimensions(name: str, **sizes: int) -> tuple[str | int, ...]:
    """Axes of an array with those sizes put in that are known."""
    return tuple(sizes.get(axis, axis) if isinstance(axis, str) else axis for axis in AXES[name])


def fits(shape: tuple[int, ...], wanted: tuple[str | int, ...]) -> bool:
    """Whether a shape has the axes of `dimensions`, none of size 0; a letter is any size."""
    return len(shape) == len(wanted) and all(
        size > 0 and (isinstance(want, str) or size == want)
        for size, want in zip(shape, wanted, strict=True)
    )


def written(shape: tuple[str | int, ...]) -> str:
    """A shape as people write it."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
