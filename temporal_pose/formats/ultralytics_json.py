"""Ultralytics (YOLO): a JSON of what `Results.to_json` gives, frame by frame."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents.frame_files import stems
from temporal_pose.formats.documents.listed_images import placed
from temporal_pose.formats.documents.listing import gathered
from temporal_pose.formats.documents.naming import by_number
from temporal_pose.formats.documents.outline import outline
from temporal_pose.formats.documents.parting import Label, Told, label_of, original_of, parted
from temporal_pose.formats.documents.poses import Columns, Pose, called, cornered, keyed, whole
from temporal_pose.formats.documents.renewal import (
    PIXELS,
    SHARES,
    by_row,
    json_number,
    new_numbers,
    renewal,
    renewals,
    spanned,
    tight,
)
from temporal_pose.formats.documents.spans import (
    Edit,
    Place,
    Spans,
    added,
    dumped,
    edited,
    walked,
)
from temporal_pose.formats.documents.texts import (
    DamagedError,
    Document,
    document,
    read_again,
    save,
)

_LISTS = ("x", "y", "visible")
_COLUMNS: Columns = ((0,), (1,), (2,))
_LARGEST_SHARE = 2.0  # of the image; pixels of a person are more


class UltralyticsJson:
    """``[[{"keypoints": {"x", "y", "visible"}, "box", "track_id", ...}, ...], ...]``: the lists of
    all frames in turn, or in an object by number or name of the frame.

    Positions are shares of the image if none is larger than 2, or else pixels.

    Source: https://docs.ultralytics.com/modes/predict, `Results.to_json`.
    """

    name: ClassVar[str] = "ultralytics_json"
    suffix: ClassVar[str] = ".json"

    def recognises(self, path: Path) -> bool:
        """Whether a JSON has keypoints in lists of x and of y."""
        names = outline(path)
        return any(one[-2:] == ("keypoints", "x") and len(one) in (3, 4) for one in names)

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The videos of a file.

        Raises:
            DataError: the file is damaged, or names of frames do not number them.
        """
        there, frames = document(path), list[_Frame]()
        listing = gathered(_poses(there, frames), path)
        images = placed([frame.label for frame in frames], path.stem, path)
        skeleton = by_number(listing.values.shape[1], given)
        largest = np.nanmax(np.abs(listing.values[..., :2]), initial=0)
        shares = bool(0 < largest <= _LARGEST_SHARE)
        told = Told(images.at, images.titles, skeleton, normalised=shares, counted=True)
        return parted(listing, told, there.original, self.name, given)

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes an object of frames, or puts poses back into the file they came from.

        Poses of new frames are added only to an object, which says their numbers.

        Raises:
            DataError: the file that was read has changed, or positions cannot be scaled.
            OSError: the disk is full or the folder cannot be written.
        """
        original = original_of(clips, self.name)
        if original is None:
            save(out, json.dumps(_fresh(clips)))
            return
        there, frames = read_again(original), list[_Frame]()
        changes = by_row(renewal(clip, clip.kept) for clip in clips)
        edits = [*renewals(there.text, _poses(there, frames), changes)]
        for clip in clips:
            edits += _additions(there.text, clip, frames)
        save(out, edited(there.text, edits), there.encoding)


class _Frame(NamedTuple):
    """A frame of a document: what it is called, and where the list of its people begins."""

    label: Label
    start: int


def _poses(there: Document, frames: list[_Frame]) -> Iterator[Pose]:
    """The poses of a document; its frames are put to `frames`."""
    where = there.original.path
    for key, start, value in walked(there.text, where):
        label = keyed(key) if key else len(frames)
        if isinstance(value, dict) and "keypoints" in value and not key:
            raise DamagedError(f"{where} lists the people of one image; expected lists of frames")
        if not isinstance(value, list) or not all(isinstance(person, dict) for person in value):
            raise DamagedError(f"{where}: {called(label)} is no list of what was detected")
        frames.append(_Frame(label, start))
        for place, person in enumerate(value):
            if person.get("keypoints"):
                yield _pose(label, start, place, person, where)


def _pose(label: Label, start: int, place: int, person: Mapping[str, Any], where: object) -> Pose:
    points, box = person["keypoints"], person.get("box")
    if not isinstance(points, dict) or not all(name in points for name in _LISTS[:2]):
        raise DamagedError(f"{where}: {called(label)} has keypoints without lists x and y")
    names = [name for name in _LISTS if points.get(name) is not None]
    places = tuple(Place(start, (place, "keypoints", name)) for name in names)
    corners = (
        [box.get(side) for side in ("x1", "y1", "x2", "y2")] if isinstance(box, dict) else None
    )
    lists, columns = tuple(points[name] for name in names), _COLUMNS[: len(names)]
    return Pose(label, lists, columns, places, whole(person.get("track_id")), cornered(corners))


def _additions(text: str, clip: Clip, frames: Sequence[_Frame]) -> Iterator[Edit]:
    """People that were not in the file, put to the lists of their frames or into new ones."""
    new: dict[Label, list[str]] = {}
    places = np.flatnonzero(clip.rows < 0)
    shares = clip.kept.shares
    values = new_numbers(clip, shares) if len(places) else clip.keypoints
    for place in places:
        person = dumped(_person(clip, values, place, shares), text)
        new.setdefault(label_of(clip.kept, int(clip.frames[place])), []).append(person)
    spans = Spans(text)
    for frame in frames:
        if people := new.pop(frame.label, None):
            yield added(text, spans.of(Place(frame.start)), people)
    start = len(text) - len(text.lstrip())
    if new and text[start] == "{":
        items = [f"{json.dumps(str(key))}: [{', '.join(people)}]" for key, people in new.items()]
        yield added(text, spans.of(Place(start)), items)


def _person(
    clip: Clip, values: Float[np.ndarray, "N K 3"], place: Any, shares: bool
) -> dict[str, Any]:
    lists = values[place].T.tolist()
    x, y, w, h = tight(values[place], SHARES if shares else PIXELS)
    person = {
        "name": "person",
        "class": 0,
        "confidence": round(float(values[place, :, 2].mean()), 5),
        "box": {"x1": x, "y1": y, "x2": json_number(x + w), "y2": json_number(y + h)},
        "keypoints": dict(zip(_LISTS, lists, strict=True)),
    }
    if clip.ids is not None and clip.ids[place] >= 0:
        person["track_id"] = int(clip.ids[place])
    return person


def _fresh(clips: Sequence[Clip]) -> dict[str, list[Any]]:
    """Clips from elsewhere."""
    frames: dict[str, list[Any]] = {}
    for clip, stem in zip(clips, stems(clips), strict=True):
        values = new_numbers(clip)
        for frame in spanned(clip):
            frames[str(frame) if len(clips) == 1 else f"{stem}_{frame:06d}"] = []
        for place, number in enumerate(clip.frames.tolist()):
            key = str(number) if len(clips) == 1 else f"{stem}_{number:06d}"
            frames.setdefault(key, []).append(_person(clip, values, place, False))
    return frames
