"""JSON of landmarks: a list of frames, or frames by number, of one person or of several.

A frame is what MediaPipe gives (``landmarks``, ``pose_landmarks``, ``landmark``), a bare list of
landmarks, or a list of such lists. A landmark has ``x``, ``y`` and perhaps ``visibility``, or is a
list of numbers in this order, with the depth in third place.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.mediapipe.editing import StoredLandmarks, Way
from temporal_pose.formats.mediapipe.numerals import Numerals, parsed
from temporal_pose.formats.tables.cells import shown
from temporal_pose.formats.tables.columns import FRAME, TIME, plain, unit_of
from temporal_pose.formats.tables.landmark_names import LANDMARKS, landmark, skeleton_of
from temporal_pose.formats.tables.places import Places, shares
from temporal_pose.formats.tables.whole_files import contents, original
from temporal_pose.pose.rates import rate_told

_HOLDING = ("frames", "data", "results", "poses", "sequence")
_POINTS = ("pose_landmarks", "poselandmarks", "landmarks", "landmark", "poses", "pose", "people")
_SCORES = ("visibility", "v", "presence", "score")
_WIDTHS = ("width", "image_width", "frame_width", "video_width")
_NAMES = ("id", "index", "idx", "name", "landmark", "landmark_id", "landmark_name")
_RATES = ("fps", "frame_rate", "framerate")


class LandmarkFrame(NamedTuple):
    """A frame as the document has it.

    Args:
        number: None where it does not say.
        time: ordinal of its time stamp, and what that is called.
        node: what it holds.
        way: leads to the node.
    """

    number: int | None
    time: tuple[int, str] | None
    node: Any
    way: Way


class LandmarkPose(NamedTuple):
    """A person as the document has them.

    Args:
        frame: place among the frames.
        way: leads to the landmarks.
        points: of each landmark, its place or name among them, and ordinals of x, y and score.
    """

    frame: int
    way: Way
    points: Mapping[int, tuple[str | int, list[int]]]


def read(path: Path, given: Given, called: str) -> Clip:
    """The poses of a JSON file.

    Args:
        called: name of the format.

    Raises:
        DataError: it is no JSON, or holds no pose landmarks.
    """
    content = contents(path)
    whole = parsed(content, path)
    frames = list(_frames(whole.content, (), whole))
    if not frames:
        raise DataError(f"{path} holds no frames; expected a list of them, with landmarks each")
    numbers = _numbered(frames, path)
    poses = [
        LandmarkPose(place, way, _points(node, whole, f"{path}, frame {numbers[place]}"))
        for place, frame in enumerate(frames)
        for way, node in _people(frame.node, frame.way)
    ]
    if not poses:
        _refuse_others(frames, path)
    known, ordinals = _ordinals(poses)
    values = np.append(np.array(whole.numbers), np.nan)[ordinals]
    where = np.array([pose.frame for pose in poses], np.int64)
    places = Places(numbers[where], values, None, shares(values[..., :2]))
    times, remarks = _times(frames, numbers, whole)
    ways = [frame.way for frame in frames]
    kept = StoredLandmarks(
        original(path, content), places, ordinals, [pose.way for pose in poses],
        [[pose.points.get(number, ("", []))[0] for number in known] for pose in poses],
        dict(zip(numbers.tolist(), ways, strict=True)), [ways[place] for place in where],
    )  # fmt: skip
    told: dict[str, Any] = {"kept": kept, "format": called, "remarks": remarks}
    told |= {"times": None if times is None else times[where], **_about(whole)}
    told |= {"count": len(frames) if np.array_equal(numbers, np.arange(len(frames))) else None}
    return places.clip(path.stem, skeleton_of(known), given, **told)


def _frames(node: Any, way: Way, whole: Numerals) -> Iterator[LandmarkFrame]:
    if isinstance(node, list):
        if _is_pose(node):
            yield LandmarkFrame(None, None, node, way)
            return
        for place, one in enumerate(node):
            yield _frame(one, (*way, place), whole)
    elif isinstance(node, dict) and node:
        within = next((key for key in node if key.lower() in _HOLDING), None)
        if within is not None:
            yield from _frames(node[within], (*way, within), whole)
        elif all(re.search(r"\d", key) for key in node):
            for key, one in node.items():
                digits = re.findall(r"\d+", key)[-1]
                yield _frame(one, (*way, key), whole)._replace(number=int(digits[-15:]))
        else:
            yield _frame(node, way, whole)


def _frame(node: Any, way: Way, whole: Numerals) -> LandmarkFrame:
    number, time = None, None
    for key, value in node.items() if isinstance(node, dict) else ():
        if type(value) is int and FRAME.fullmatch(plain(key)):
            found = whole.numbers[value]
            number = int(found) if abs(found) < 2**53 and found == int(found) else None
        elif type(value) is int and TIME.fullmatch(plain(key)):
            time = (value, key)
    return LandmarkFrame(number, time, node, way)


def _numbered(frames: Sequence[LandmarkFrame], path: Path) -> Int[np.ndarray, " F"]:
    """Numbers of the frames; counted where none has any."""
    found = [frame.number for frame in frames]
    known = [number for number in found if number is not None]
    if not known:
        return np.arange(len(frames))
    if len(known) < len(found):
        raise DataError(f"{path}: frame {found.index(None)} of the list has no whole number")
    numbers, counts = np.unique(np.array(known, np.int64), return_counts=True)
    for twice in numbers[counts > 1][:1].tolist():
        raise DataError(f"{path}: frame {twice} is there twice; expected one: remove the other")
    return np.array(known, np.int64)


def _people(node: Any, way: Way) -> Iterator[tuple[Way, Any]]:
    """Each person's landmarks."""
    if isinstance(node, dict):
        if node and all(landmark(key) is not None for key in node):
            yield way, node
        for key, one in node.items():
            if plain(key) in _POINTS:
                yield from _people(one, (*way, key))
                return
    elif isinstance(node, list) and _is_pose(node):
        yield way, node
    elif isinstance(node, list):
        for place, one in enumerate(node):
            yield from _people(one, (*way, place))


def _refuse_others(frames: Sequence[LandmarkFrame], path: Path) -> None:
    """Refuses a file whose frames hold something, but nowhere a place for a pose.

    Raises:
        DataError: there are such frames.
    """
    for frame in frames:
        names = list(frame.node) if isinstance(frame.node, dict) else []
        if any(plain(name) in _POINTS for name in names):
            return
        others = [one for one in names if isinstance(frame.node[one], list | dict)]
        if others:
            raise DataError(
                f"{path}: its frames hold {', '.join(map(shown, others[:3]))}; expected the "
                "landmarks of a pose, as pose_landmarks"
            )


def _is_pose(node: Sequence[Any]) -> bool:
    """Whether a list is one of landmarks."""
    first = next((one for one in node if one is not None), None)
    if isinstance(first, dict):
        return {"x", "y"} <= {key.lower() for key in first}
    return isinstance(first, list) and len(first) > 1 and type(first[0]) is int


def _points(node: Any, whole: Numerals, where: str) -> dict[int, tuple[str | int, list[int]]]:
    """A person's landmarks; see `LandmarkPose`."""
    found: dict[int, tuple[str | int, list[int]]] = {}
    told = [_told(key, point, whole) for key, point in _each(node)]
    if isinstance(node, list) and None in told and len(node) != LANDMARKS:
        raise DataError(f"{where}: {len(node)} landmarks; expected {LANDMARKS}, those of a pose")
    for (key, point), number in zip(_each(node), told, strict=True):
        number = key if number is None else number
        if not isinstance(number, int) or number >= LANDMARKS or number in found:
            raise DataError(f"{where}: {shown(str(number))} is no landmark, or is there twice")
        found[number] = (key, _coordinates(point, f"{where}: landmark {key}"))
    return found


def _each(node: Any) -> Iterator[tuple[Any, Any]]:
    return iter(node.items()) if isinstance(node, dict) else iter(enumerate(node))


def _told(key: Any, point: Any, whole: Numerals) -> int | None:
    """The number of a landmark that says it, or its name."""
    if isinstance(key, str):
        return landmark(key)
    for name, value in point.items() if isinstance(point, dict) else ():
        if plain(name) in _NAMES and isinstance(value, str):
            return landmark(value)
        if plain(name) in _NAMES and type(value) is int:
            return int(np.nan_to_num(whole.numbers[value], nan=LANDMARKS, posinf=LANDMARKS))
    return None


def _coordinates(point: Any, where: str) -> list[int]:
    """Ordinals of x, y and score; -1 for what is missing."""
    if isinstance(point, dict):
        small = {key.lower(): value for key, value in point.items()}
        score = next((small[name] for name in _SCORES if name in small), None)
        values = [small.get("x"), small.get("y"), score]
    elif isinstance(point, list):
        padded = [*point, None, None, None, None]
        values = [padded[0], padded[1], padded[3]]
    else:
        values = [None if point is None else point] * 3
    for value in values:
        if value is not None and type(value) is not int:
            raise DataError(f"{where} has {shown(str(value))}; expected numbers")
    return [-1 if value is None else value for value in values]


def _ordinals(poses: Sequence[LandmarkPose]) -> tuple[list[int], Int[np.ndarray, "M K 3"]]:
    """Landmarks that the poses have, and where their numbers are."""
    known = sorted({number for pose in poses for number in pose.points}) or list(range(LANDMARKS))
    nothing = ("", [-1, -1, -1])
    rows = [[pose.points.get(number, nothing)[1] for number in known] for pose in poses]
    return known, np.array(rows, np.int64).reshape(len(poses), len(known), 3)


def _times(
    frames: Sequence[LandmarkFrame], numbers: Int[np.ndarray, " F"], whole: Numerals
) -> tuple[Float[np.ndarray, " F"] | None, tuple[str, ...]]:
    """Seconds of the frames, and remarks."""
    stamps = [frame.time for frame in frames if frame.time is not None]
    if not stamps:
        return None, ()
    times = np.array([whole.numbers[ordinal] for ordinal, _ in stamps])
    ordered = len(times) == len(frames) and (np.diff(times[np.argsort(numbers)]) > 0).all()
    if not ordered:
        return None, ("times were not read: they do not increase from frame to frame",)
    return times * unit_of(stamps[0][1], times), ()


def _about(whole: Numerals) -> dict[str, Any]:
    """Frame rate and size of the image, where the document says."""
    top = whole.content if isinstance(whole.content, dict) else {}
    said = {plain(key): whole.numbers[v] for key, v in top.items() if type(v) is int}
    texts = {plain(key): value for key, value in top.items() if isinstance(value, str)}
    fps = next((rate_told((said | texts)[name]) for name in _RATES if name in said | texts), None)
    sizes = [said.get(name) for one in _WIDTHS for name in (one, one.replace("width", "height"))]
    pairs = zip(sizes[::2], sizes[1::2], strict=True)
    size = next(((w, h) for w, h in pairs if w and h and 0 < w < 1e6 and 0 < h < 1e6), None)
    return {"fps": fps, "image_size": None if size is None else (int(size[0]), int(size[1]))}
