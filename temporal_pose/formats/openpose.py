"""OpenPose: a folder with a JSON file for each frame."""

import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents import frame_files
from temporal_pose.formats.documents.frame_files import (
    FrameFile,
    KeptFile,
    KeptFolder,
    ReadVideo,
)
from temporal_pose.formats.documents.gathering import Gathering, finite
from temporal_pose.formats.documents.naming import by_number
from temporal_pose.formats.documents.numbering import sibling
from temporal_pose.formats.documents.outline import outline
from temporal_pose.formats.documents.parting import Kept
from temporal_pose.formats.documents.poses import TRIPLES, Pose, whole
from temporal_pose.formats.documents.proportions import told_apart
from temporal_pose.formats.documents.renewal import (
    Renewal,
    by_row,
    json_number,
    new_numbers,
    renewal,
    renewals,
    spanned,
)
from temporal_pose.formats.documents.spans import Place, Spans, added, dumped, edited, walked
from temporal_pose.formats.documents.texts import (
    DamagedError,
    Original,
    contents,
    decoded,
    encoded,
    parsed,
)
from temporal_pose.pose.skeletons import SKELETONS, Skeleton

_EXAMPLE = "NAME_000000000012_keypoints.json"
_POSE, _OLD_POSE = "pose_keypoints_2d", "pose_keypoints"  # the latter before version 1.2
_OTHERS = ("face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d")


class OpenPose:
    """Folders of ``NAME_000000000012_keypoints.json``; the last number in a name is the frame.

    Several videos in a folder are told apart by what stands before the number. A file that is
    damaged leaves its frame without poses, and is not written. 18 keypoints are COCO's; whether
    25 are BODY_25 or BODY_25B is told by the proportions of the limbs, or has to be said.
    Hands, faces and whatever else the files hold are given back as they were.

    Source: https://github.com/CMU-Perceptual-Computing-Lab/openpose, 02_output.md.
    """

    name: ClassVar[str] = "openpose"
    suffix: ClassVar[str] = ""

    def recognises(self, path: Path) -> bool:
        """Whether a folder has JSON files that list people."""
        return any(("people",) in outline(file) for file in frame_files.samples(path, ".json"))

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The videos of a folder.

        Raises:
            DataError: no frame can be read, or two of them do not fit each other; or 25
                keypoints of which nothing tells what they are.
        """
        found = frame_files.read_videos(path, ".json", _EXAMPLE, _read)
        return [_clip(path, video, given) for video in found]

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes a folder, a file for each frame.

        Raises:
            DataError: the files that were read have changed, or positions cannot be scaled.
            OSError: the disk is full or the folder cannot be written.
        """
        files: list[Iterator[tuple[str, bytes]]] = []
        for clip, stem in zip(clips, frame_files.stems(clips), strict=True):
            known = clip.format == self.name and isinstance(clip.kept, KeptFolder)
            files.append(_renewed(clip, clip.kept) if known else _new(clip, stem))
        frame_files.write(out, (file for one in files for file in one))


class _Read(NamedTuple):
    files: tuple[KeptFile, ...]
    values: Float[np.ndarray, "N K 3"]
    ids: Int[np.ndarray, " N"]


def _read(folder: Path, files: Sequence[FrameFile], damaged: list[DamagedError]) -> _Read:
    """What can be read of a video's files; the errors of the others are put to `damaged`."""
    numbers, ids, read = Gathering(folder, 3), [], []
    before = f"{folder}{os.sep}"
    for file in files:
        path = before + file.name
        try:
            content = contents(path, frame_files.MOST)
            lists, persons = _people(parsed(content, path), path)
            numbers.add(lists, file.name)
        except DamagedError as error:
            damaged.append(error)
            continue
        ids += persons
        read.append(KeptFile(*file, zlib.crc32(content), len(lists)))
    return _Read(tuple(read), numbers.array(), np.array(ids, np.int64))


def _people(document: Any, path: str) -> tuple[list[Any], list[int]]:
    """Numbers and number of each person who has keypoints."""
    lists, ids = [], []
    try:
        for person in document["people"]:
            numbers = person.get(_POSE) or person.get(_OLD_POSE)
            if numbers:
                lists.append(numbers)
                ids.append(whole(person.get("person_id")))
    except (KeyError, TypeError, AttributeError) as error:
        raise DamagedError(f"{path} does not list 'people' as OpenPose does") from error
    return lists, ids


def _clip(folder: Path, video: ReadVideo[_Read], given: Given) -> Clip:
    read = video.content
    values, odd = finite(read.values, folder)
    k = values.shape[1]
    skeleton, recognised = _skeleton(values, given, folder)
    if not len(values):
        k = len(skeleton) if skeleton else 0
        values = values.reshape(0, k, 3)
    rows = np.arange(len(values))
    kept = Kept(Original(folder.absolute(), 0), rows, values, False, {})
    frames = np.array([file.frame for file in read.files], np.int64)
    return Clip(
        video.title,
        np.repeat(frames, [file.poses for file in read.files]),
        values[..., :2],
        values[..., 2],
        skeleton=skeleton,
        fps=given.fps,
        image_size=given.image_size,
        ids=read.ids if (read.ids >= 0).any() else None,
        count=video.count,
        rows=rows,
        kept=KeptFolder(folder.absolute(), read.files, kept),
        format=OpenPose.name,
        remarks=video.remarks + odd + recognised,
    )


def _skeleton(
    values: Float[np.ndarray, "N K 3"], given: Given, folder: Path
) -> tuple[Skeleton | None, tuple[str, ...]]:
    """Names of the keypoints, and a remark if they were told by their proportions."""
    k = values.shape[1]
    if given.skeleton is not None or k not in (18, 25):
        return by_number(k, given), ()
    if k == 18:
        return SKELETONS["coco18"], ()
    told = body25_or_body25b(values)
    if told is None:
        raise DataError(
            f"{folder}: 25 keypoints may be BODY_25 or BODY_25B, and the proportions of the poses "
            "do not tell which; set skeleton=body25 or skeleton=body25b"
        )
    return told, (
        f"25 keypoints, recognised as {told.name} by their proportions; skeleton= overrules it",
    )


def body25_or_body25b(values: Float[np.ndarray, "N 25 3"]) -> Skeleton | None:
    """Which of the two OpenPose models gave these poses; None if their limbs do not tell.

    Args:
        values: x, y and score of each keypoint; zeros where it was not found.
    """
    return told_apart(values, (SKELETONS["body25"], SKELETONS["body25b"]))


def _poses(text: str, path: Path) -> Iterator[Pose]:
    """The poses of a file, in the order of `_people`, with their places."""
    for key, start, person in walked(text, path, "people"):
        if key == "people":
            field = _POSE if person.get(_POSE) else _OLD_POSE
            if numbers := person.get(field):
                yield Pose(0, (numbers,), TRIPLES, (Place(start, (field,)),))


def _renewed(clip: Clip, kept: KeptFolder) -> Iterator[tuple[str, bytes]]:
    """The files that were read, with the clip's poses in them, and those of new frames."""
    changes, people, row = by_row([renewal(clip, kept.poses)]), _additions(clip), 0
    for file in kept.files:
        original = Original(kept.folder / file.name, file.checksum)
        content, rows = original.content(), range(row, row + file.poses)
        new = people.pop(file.frame, [])
        if new or any(one in changes for one in rows):
            content = _edited(content, original, changes, row, new)
        yield file.name, content
        row = rows.stop
    for frame, persons in people.items():
        name = sibling(kept.files[0].name, frame)
        yield name, encoded(_document(persons))


def _edited(
    content: bytes,
    original: Original,
    changes: Mapping[int, Renewal],
    row: int,
    new: Sequence[Any],
) -> bytes:
    document = decoded(content, original)
    text = document.text
    edits = list(renewals(text, _poses(text, original.path), changes, row))
    if new:
        people = Spans(text).of(Place(len(text) - len(text.lstrip()), ("people",)))
        edits.append(added(text, people, [dumped(person, text) for person in new]))
    return encoded(edited(text, edits), document.encoding)


def _additions(clip: Clip) -> dict[int, list[dict[str, Any]]]:
    """Persons that were not in the files, by frame."""
    people: dict[int, list[dict[str, Any]]] = {}
    places = np.flatnonzero(clip.rows < 0)
    if len(places):
        values = new_numbers(clip)
        for place in places:
            people.setdefault(int(clip.frames[place]), []).append(_person(clip, values, place))
    return people


def _person(clip: Clip, values: Float[np.ndarray, "N K 3"], place: Any) -> dict[str, Any]:
    number = -1 if clip.ids is None else int(clip.ids[place])
    numbers = [json_number(value) for value in values[place].ravel().tolist()]
    return {"person_id": [number], _POSE: numbers, **{other: [] for other in _OTHERS}}


def _new(clip: Clip, stem: str) -> Iterator[tuple[str, bytes]]:
    """Files of a clip that came from elsewhere; frames between its poses get one, too."""
    values = new_numbers(clip)
    people: dict[int, list[Mapping[str, Any]]] = {frame: [] for frame in spanned(clip)}
    for place, frame in enumerate(clip.frames.tolist()):
        people.setdefault(frame, []).append(_person(clip, values, place))
    for frame, persons in people.items():
        yield f"{stem}_{frame:012d}_keypoints.json", encoded(_document(persons))


def _document(people: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"version": 1.3, "people": people}, separators=(",", ":"))
