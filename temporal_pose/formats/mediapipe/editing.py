"""Putting poses back into JSON of landmarks."""

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.formats.clips import Clip
from temporal_pose.formats.documents.texts import Original
from temporal_pose.formats.mediapipe.numerals import parsed
from temporal_pose.formats.tables.places import Filled, Places, scaled

#: Keys and numbers of elements that lead from the whole document to something in it.
Way = tuple[str | int, ...]


class StoredLandmarks(NamedTuple):
    """What it takes to give back a file.

    Args:
        ordinals: of the numbers at each place, counted through the text; -1 for none.
        ways: to the landmarks of each pose.
        keys: of each landmark of each pose among these; empty for one that is not there.
        frames: ways to the frames, by number.
        homes: the way to the frame of each pose.
    """

    original: Original
    places: Places
    ordinals: Int[np.ndarray, "M K 3"]
    ways: Sequence[Way]
    keys: Sequence[Sequence[str | int]]
    frames: Mapping[int, Way]
    homes: Sequence[Way]

    def filled(self, clip: Clip) -> bytes:
        """The file with a clip's poses in it.

        All else is as it was, letter by letter; where a pose or a number is added, number by
        number.

        Raises:
            DataError: see `Places.filled`; or a file that has changed.
        """
        filled, content = self.places.filled(clip), self.original.content()
        if not filled.changed.any() and not len(filled.added):
            return content
        whole = parsed(content, self.original.path)
        at = filled.changed & (self.ordinals >= 0)
        texts = map(_number, filled.values[at].tolist())
        text = whole.changed(dict(zip(self.ordinals[at].tolist(), texts, strict=True)))
        if len(filled.added) or self._lacking(filled).any():
            text = self._added(text, clip, filled)
        return text.encode(whole.encoding)

    def _lacking(self, filled: Filled) -> Bool[np.ndarray, "M K"]:
        """Positions for which there is no number yet."""
        return np.asarray((filled.changed & (self.ordinals < 0))[..., :2].any(-1))

    def _added(self, text: str, clip: Clip, filled: Filled) -> str:
        """The same with what has no number in it yet."""
        document = json.loads(text)
        for place, keypoint in np.argwhere(self._lacking(filled)).tolist():
            key, node = self.keys[place][keypoint], _at(document, self.ways[place])
            if key != "":
                _put(node, key, filled.values[place, keypoint])
        values = np.concatenate([scaled(clip, self.places.normalised), clip.scores[..., None]], -1)
        for pose in filled.added.tolist():
            frame = int(clip.frames[pose])
            if frame in self.frames and self.ways:
                self._place(document, self.frames[frame], values[pose])
        loose, indent = ": " in text[:1000], _indent(text)
        marks = None if loose else (",", ":")
        return json.dumps(document, indent=indent, separators=marks, ensure_ascii=text.isascii())

    def _place(self, document: Any, frame: Way, values: Float[np.ndarray, "K 3"]) -> None:
        """Puts a pose into a frame as another frame has its own, if there is room."""
        within = self.ways[0][len(self.homes[0]) :]
        node = copy.deepcopy(_at(document, self.ways[0]))
        for key, three in zip(self.keys[0], values, strict=True):
            if key != "":
                _put(node, key, three, new=True)
        if within and isinstance(within[-1], int):
            people = _made(document, (*frame, *within[:-1]), [])
            if isinstance(people, list):
                people.append(node)
        elif not _at(document, (*frame, *within)):
            parent, last = (*frame, *within)[:-1], (*frame, *within)[-1]
            _made(document, parent, {})[last] = node


def _at(document: Any, way: Way) -> Any:
    """What a way leads to; None where it ends before."""
    for step in way:
        try:
            document = document[step]
        except (LookupError, TypeError):
            return None
    return document


def _made(document: Any, way: Way, empty: Any) -> Any:
    """What a way leads to; empty lists and objects are put where there is nothing."""
    for place, step in enumerate(way):
        if not _at(document, (step,)):
            last = place + 1 == len(way)
            document[step] = (
                copy.copy(empty) if last else {} if isinstance(way[place + 1], str) else []
            )
        document = document[step]
    return document


def _put(node: Any, key: str | int, values: Float[np.ndarray, " 3"], new: bool = False) -> None:
    """Gives a landmark of a pose other coordinates; of a new one nothing else is known."""
    point = node[key] if node[key] is not None else {}
    coordinates = [None if np.isnan(value) else float(value) for value in values]
    if isinstance(point, list):
        point = [*point, *[None] * (2 - len(point))]
        point = [None if new else one for one in point]
        for place, value in zip((0, 1, 3), coordinates, strict=True):
            if place < len(point):
                point[place] = value
    else:
        known = {name.lower(): name for name in point}
        score = next(
            (known[n] for n in ("visibility", "v", "presence", "score") if n in known), ""
        )
        names = (known.get("x", "x"), known.get("y", "y"), score)
        told = ("id", "index", "idx", "name", "landmark", "landmark_id", "landmark_name")
        kept = {n: None if new and n.lower() not in told else v for n, v in point.items()}
        point = kept | {n: v for n, v in zip(names, coordinates, strict=True) if n}
    node[key] = point


def _number(value: float) -> str:
    return "null" if np.isnan(value) else json.dumps(value)


def _indent(text: str) -> int | None:
    """Spaces that a text indents by; None for none."""
    lines = text[:1000].splitlines()
    return len(lines[1]) - len(lines[1].lstrip()) or None if len(lines) > 1 else None
