"""Keypoints and scores of people as nested lists, frame by frame, and where each list is."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from temporal_pose.formats.documents.parting import Label
from temporal_pose.formats.documents.poses import (
    PAIRS_AND_SCORES,
    TRIPLES,
    Pose,
    called,
    flat,
    keyed,
    labelled,
    whole,
)
from temporal_pose.formats.documents.spans import Place, walked
from temporal_pose.formats.documents.texts import DamagedError, Document

#: What users call the number of a frame.
NUMBERS = ("frame", "frame_id", "frame_idx", "frame_index", "frame_number", "image_id")
_IDS = ("track_ids", "ids")


class Frame(NamedTuple):
    """A frame of a document.

    Args:
        label: what the document calls it.
        keypoints: where they are in the text.
        scores: where they are; None for none.
        people: number of people; None where there is no axis of people.
    """

    label: Label
    keypoints: Place
    scores: Place | None
    people: int | None


class _Found(NamedTuple):
    """What a document has of a frame: keypoints, scores, where they are, and the people's ids."""

    keypoints: Any
    at: Place
    scores: Any = None
    scores_at: Place | None = None
    ids: Any = None


def poses(there: Document, frames: list[Frame]) -> Iterator[Pose]:
    """The poses of a document; its frames are put to `frames`."""
    where, sheets = there.original.path, dict[str, tuple[int, Any]]()
    for key, start, value in walked(there.text, where):
        if key in ("keypoints", "scores"):
            sheets[key] = start, value
        elif not key:
            label = _number(value, len(frames), where)
            yield from _people(label, _found(value, start), where, frames)
        elif any(sign.isdigit() for sign in key):
            yield from _people(keyed(key), _found(value, start), where, frames)
    if "keypoints" in sheets:
        for frame, found in enumerate(_sheets(sheets, where)):
            yield from _people(frame, found, where, frames)


def _number(value: Any, place: int, where: object) -> Label:
    """What an element of a list says of its frame, or else its place."""
    names = [name for name in NUMBERS if isinstance(value, dict) and name in value]
    return labelled(value[names[0]], where, f"a {names[0]}") if names else place


def _found(value: Any, start: int) -> _Found:
    if isinstance(value, dict):
        ids = next((value[name] for name in _IDS if name in value), None)
        at, scores_at = Place(start, ("keypoints",)), Place(start, ("scores",))
        return _Found(value.get("keypoints"), at, value.get("scores"), scores_at, ids)
    if isinstance(value, list) and len(value) == 2 and _depth(value[0]) == _depth(value[1]) + 1:
        return _Found(value[0], Place(start, (0,)), value[1], Place(start, (1,)))
    return _Found(value, Place(start))


def _sheets(sheets: Mapping[str, tuple[int, Any]], where: object) -> Iterator[_Found]:
    """The frames of a document with all keypoints in one list and all scores in another."""
    (start, keypoints), (other, scores) = sheets["keypoints"], sheets.get("scores", (0, None))
    lists = [one for one in (keypoints, scores) if one is not None]
    if not all(isinstance(one, list) and len(one) == len(lists[0]) for one in lists):
        raise DamagedError(f"{where}: keypoints and scores are no lists of as many frames")
    for frame, of_frame in enumerate(keypoints):
        found = _Found(of_frame, Place(start, (frame,)))
        if scores is not None:
            found = found._replace(scores=scores[frame], scores_at=Place(other, (frame,)))
        yield found


def _depth(value: Any) -> int:
    """How deeply lists are nested, as far as their first elements tell."""
    depth = 0
    while isinstance(value, list):
        depth, value = depth + 1, value[0] if value else None
    return depth


def _people(label: Label, found: _Found, where: object, frames: list[Frame]) -> Iterator[Pose]:
    """The people of a frame, which is put to `frames`."""
    keypoints, scores = found.keypoints or [], found.scores
    if not isinstance(keypoints, list) or not (scores is None or isinstance(scores, list)):
        raise DamagedError(f"{where}: {called(label)} has no lists of keypoints and of scores")
    alone = _depth(keypoints) == 2 and any(keypoints)
    scores_at = None if scores is None else found.scores_at
    people = None if alone else len(keypoints) if any(keypoints) else 0
    frames.append(Frame(label, found.at, scores_at, people))
    if alone:
        keypoints, scores = [keypoints], None if scores is None else [scores]
    elif people and (_depth(keypoints) != 3 or (scores is not None and len(scores) != people)):
        raise DamagedError(
            f"{where}: {called(label)} has no lists of people, keypoints, x and y, and scores of "
            "as many people; expected what rtmlib returns"
        )
    for place in range(len(keypoints) if people != 0 else 0):
        step = () if alone else (place,)
        places = [Place(at.start, (*at.path, *step)) for at in (found.at, scores_at) if at]
        numbers = keypoints[place]
        score = None if scores is None else flat(scores[place], 1)
        person = found.ids[place] if isinstance(found.ids, list) and place < len(found.ids) else -1
        if numbers:
            yield _pose(label, numbers, score, tuple(places), whole(person), where)


def _pose(
    label: Label, numbers: Any, score: Any, places: tuple[Place, ...], person: int, where: object
) -> Pose:
    first = numbers[0] if isinstance(numbers, list) else None
    width = len(first) if isinstance(first, list) else 2
    if score is None:
        columns = TRIPLES if width == 3 else PAIRS_AND_SCORES[:1]
        return Pose(label, (flat(numbers, 2, 3),), columns, places, person)
    if width == 3:
        raise DamagedError(
            f"{where}: {called(label)} has poses in three dimensions; expected pixels x, y"
        )
    return Pose(label, (flat(numbers, 2), score), PAIRS_AND_SCORES, places, person)
