"""A file of the paired layout, opened and checked; its heatmaps stay where they are."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.formats.paired import fields
from temporal_pose.formats.paired.archive import Archive
from temporal_pose.formats.paired.fields import dimensions, fits, unlike, written
from temporal_pose.formats.paired.source import ArraySource
from temporal_pose.formats.paired.store import Store, absent
from temporal_pose.formats.paired.stored_heatmaps import StoredHeatmaps
from temporal_pose.pose.skeletons import SKELETONS, Skeleton

#: Arrays and numbers that every file of a detector and a truth has.
NAMES = ("truth", "visible", "fps", "image_size", "skeleton")

_MOST = 1_000_000  # frames a second, or pixels of a side: beyond any that is meant

_LOOKS = 64  # chunks of heatmaps that opening a file looks for: finds one that was cut off


@dataclass(frozen=True)
class PairedVideo:
    """What a file says, in its own skeleton; image pixels.

    Args:
        path: the file.
        fps: frames a second.
        image_size: width and height in pixels.
        boxes: of the heatmaps, x, y, width and height; NaN where the detector found nobody.
        scores: beside heatmaps; None where the detector does not say.
        detections: x, y and score; NaN where not detected. None where heatmaps stand for them.
        heatmaps: read when asked for; None where detections stand for them.
        truth: anything at all where ``visible`` is false; None in what a detector alone wrote.
        visible: which keypoints have a truth.
        times: seconds of each frame, increasing; None where all are ``1 / fps`` apart.
    """

    path: Path
    skeleton: Skeleton
    fps: float
    image_size: tuple[int, int]
    boxes: Float[np.ndarray, "F 4"] | None
    scores: Float[np.ndarray, "F K"] | None
    detections: Float[np.ndarray, "F K 3"] | None
    heatmaps: StoredHeatmaps | None
    truth: Float[np.ndarray, "F K 2"] | None
    visible: Bool[np.ndarray, "F K"] | None
    times: Float[np.ndarray, " F"] | None = None

    def __len__(self) -> int:
        seen = self.boxes if self.detections is None else self.detections
        return 0 if seen is None else len(seen)


def load(path: Path) -> PairedVideo:
    """A file of the layout, checked but for its heatmaps' values.

    Raises:
        DataError: a damaged file; a missing array; shapes that are wrong or do not fit each other;
            an unknown skeleton; a frame rate, an image size or a box that is not positive; truth
            that is not finite where it is visible; infinite detections; times that do not
            increase.
    """
    source: ArraySource = Store(path) if path.suffix == ".zarr" else Archive(path)
    _require(source, ("fps", "image_size", "skeleton"))
    fps = _positive(source, "fps", 1)[0]
    width, height = _positive(source, "image_size", 2)
    skeleton = _skeleton(source)
    _check_headers(source, skeleton)
    truth, visible = _truth(source)
    size = (int(width), int(height))
    seen = _detector(source, skeleton)
    return PairedVideo(path, skeleton, fps, size, *seen, truth, visible, _times(source))


def _times(source: ArraySource) -> Float[np.ndarray, " F"] | None:
    if source.header("times") is None:
        return None
    times = source.array("times").astype(np.float64)
    bad = ~np.isfinite(times)
    bad[1:] |= np.diff(times) <= 0
    for frame in np.flatnonzero(bad)[:1]:
        found = f"{times[frame]:g} in frame {frame}"
        raise unlike(source.path, "times", found, "seconds that increase from frame to frame")
    return times


def _detector(
    source: ArraySource, skeleton: Skeleton
) -> tuple[
    Float[np.ndarray, "F 4"] | None,
    Float[np.ndarray, "F K"] | None,
    Float[np.ndarray, "F K 3"] | None,
    StoredHeatmaps | None,
]:
    """Boxes, scores, detections and heatmaps: without the third, or nothing but the third."""
    if source.header("heatmaps") is None:
        _require(source, ("detections",), "detections, or heatmaps with boxes")
        detections = fields.single(source.array("detections"))
        fields.check_detections(source.path, detections)
        return None, None, detections, None
    boxes, scores = _boxes(source), None
    if source.header("scores") is not None:
        scores = fields.single(source.array("scores"))
        fields.check_scores(source.path, scores)
    return boxes, scores, None, _heatmaps(source, skeleton, boxes)


def _require(source: ArraySource, names: tuple[str, ...], expected: str = "") -> None:
    for name in names:
        if source.header(name) is None:
            expected = expected or f"one of {', '.join(NAMES)}"
            raise unlike(source.path, name, "missing", expected)


def _check_headers(source: ArraySource, skeleton: Skeleton) -> None:
    """Every array has the right axes, the same number of frames, and a type that can be read."""
    headers = {name: source.header(name) for name in fields.AXES}
    leader = next((headers[n] for n in ("truth", "heatmaps", "detections") if headers[n]), None)
    sizes = {"K": len(skeleton)}
    if leader is not None and leader.shape:
        sizes["F"] = leader.shape[0]
    for name, header in headers.items():
        if header is None or name == "heatmap_scale":
            continue
        wanted, kinds = dimensions(name, **sizes), fields.KINDS[name]
        if not fits(header.shape, wanted) or not kinds.includes(header.dtype):
            found = f"{header.dtype} of shape {written(header.shape)}"
            expected = f"{kinds.words} of shape {written(wanted)}, F > 0"
            raise unlike(source.path, name, found, expected)


def _truth(
    source: ArraySource,
) -> tuple[Float[np.ndarray, "F K 2"] | None, Bool[np.ndarray, "F K"] | None]:
    if source.header("truth") is None and source.header("visible") is None:
        return None, None
    _require(source, ("truth", "visible"))
    truth, visible = fields.single(source.array("truth")), source.array("visible")
    fields.check_truth(source.path, truth, visible)
    return truth, visible


def _boxes(source: ArraySource) -> Float[np.ndarray, "F 4"]:
    _require(source, ("boxes",), "boxes beside heatmaps, x, y, width and height of each frame")
    boxes = fields.single(source.array("boxes"))
    fields.check_boxes(source.path, boxes)
    return boxes


def _heatmaps(
    source: ArraySource, skeleton: Skeleton, boxes: Float[np.ndarray, "F 4"]
) -> StoredHeatmaps:
    somebody = np.isfinite(boxes).all(-1)
    shown = np.flatnonzero(somebody)
    some = np.linspace(0, len(shown) - 1, _LOOKS).round().astype(int) if len(shown) else shown
    key = source.lacks("heatmaps", shown[some])
    if key is not None:
        raise absent(source.path, key)
    scale = _scale(source, len(boxes), len(skeleton))
    return StoredHeatmaps(source, skeleton, somebody, scale)


def _scale(source: ArraySource, frames: int, keypoints: int) -> Float[np.ndarray, "F K"] | None:
    """What a step of uint8 is, of every map."""
    header, maps = source.header("heatmap_scale"), source.header("heatmaps")
    steps = maps is not None and maps.dtype == np.uint8
    if header is None and steps:
        _require(source, ("heatmap_scale",), "what one step of the uint8 heatmaps stands for")
    if header is None:
        return None
    shapes = ((), (frames,), (frames, keypoints))
    if header.shape not in shapes or not fields.NUMBER.includes(header.dtype) or not steps:
        found = f"{header.dtype} of shape {written(header.shape)} beside {maps and maps.dtype}"
        known = ", ".join(written(shape) for shape in shapes)
        raise unlike(source.path, "heatmap_scale", found, f"one of {known} beside uint8")
    scale = fields.single(source.array("heatmap_scale"))
    if not (np.isfinite(scale) & (scale >= 0)).all():
        raise unlike(source.path, "heatmap_scale", "negative or not finite", "numbers from 0")
    rows = scale.reshape(*scale.shape, *[1] * (2 - scale.ndim))
    return np.array(np.broadcast_to(rows, (frames, keypoints)))


def _skeleton(source: ArraySource) -> Skeleton:
    name = source.array("skeleton")
    found = str(name.item()) if name.size == 1 else str(name.tolist())
    if found not in SKELETONS:
        raise unlike(source.path, "skeleton", f"'{found}'", f"one of {', '.join(SKELETONS)}")
    return SKELETONS[found]


def _positive(source: ArraySource, name: str, count: int) -> list[float]:
    """The ``count`` positive numbers of an array."""
    array = source.array(name)
    numeric = fields.NUMBER.includes(array.dtype)
    good = array.size == count and numeric and bool(((array > 0) & (array < _MOST)).all())
    if not good or (count > 1 and (array != array.round()).any()):
        what = "a positive number" if count == 1 else f"{count} positive whole numbers"
        what = f"{what} below {_MOST:,}"
        raise unlike(source.path, name, str(array.tolist()), what)
    return [float(value) for value in array.flat]
