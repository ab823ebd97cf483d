"""AlphaPose: one JSON of people with the names of their images."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents.frame_files import stems
from temporal_pose.formats.documents.listed_images import unlisted
from temporal_pose.formats.documents.listing import gathered
from temporal_pose.formats.documents.naming import by_number
from temporal_pose.formats.documents.outline import outline
from temporal_pose.formats.documents.parting import Told, label_of, original_of, parted
from temporal_pose.formats.documents.poses import TRIPLES, Pose, boxed, labelled, whole
from temporal_pose.formats.documents.renewal import (
    PIXELS,
    by_row,
    json_number,
    new_numbers,
    renewal,
    renewals,
    tight,
)
from temporal_pose.formats.documents.spans import Edit, Place, Spans, added, dumped, edited, walked
from temporal_pose.formats.documents.texts import (
    DamagedError,
    Document,
    document,
    read_again,
    save,
)
from temporal_pose.pose.skeletons import SKELETONS, Skeleton

#: Lists of people that an image may have, and what a person's numbers are called in them.
_STYLES = {"bodies": "joints", "people": "pose_keypoints_2d"}


class AlphaPose:
    """Results of AlphaPose: a list of ``{image_id: "12.jpg", keypoints, score, box, idx}``.

    Also its other two styles (``--format cmu`` and ``open``): an object of images that each have
    ``bodies`` of ``joints``, or ``people`` of ``pose_keypoints_2d``, in the order of coco18. The
    last number in the name of an image is the frame; what stands before tells the video.

    Source: https://github.com/MVIG-SJTU/AlphaPose, docs/output.md.
    """

    name: ClassVar[str] = "alphapose"
    suffix: ClassVar[str] = ".json"

    def recognises(self, path: Path) -> bool:
        """Whether a JSON has poses with the names of images."""
        found = outline(path)
        if ("[]", "keypoints") in found and ("[]", "bbox") not in found:
            return found.get(("[]", "image_id"), "").startswith('"')
        return any(
            names[1:] == (style, "[]", _STYLES[style]) for names in found for style in _STYLES
        )

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The videos of a file.

        Raises:
            DataError: the file is damaged, or names of images do not number frames.
        """
        there = document(path)
        listing = gathered(_poses(there), path)
        images = unlisted(listing.frames, path.stem, path)
        skeleton = _skeleton(listing.values.shape[1], there.text, given)
        told = Told(images.at, images.titles, skeleton, remarks=images.remarks)
        return parted(listing, told, there.original, self.name, given)

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes a list of people, or puts them back into the file they came from.

        Raises:
            DataError: the file that was read has changed, or positions cannot be scaled.
            OSError: the disk is full or the folder cannot be written.
        """
        original = original_of(clips, self.name)
        if original is None:
            save(out, json.dumps([*_results(clips)]))
            return
        there = read_again(original)
        changes = by_row(renewal(clip, clip.kept) for clip in clips)
        edits = [*renewals(there.text, _poses(there), changes), *_additions(there.text, clips)]
        save(out, edited(there.text, edits), there.encoding)


def _skeleton(k: int, text: str, given: Given) -> Skeleton | None:
    styled = text.lstrip()[:1] == "{"  # these bring the keypoints into OpenPose's order
    return (
        SKELETONS["coco18"] if styled and k == 18 and not given.skeleton else by_number(k, given)
    )


def _poses(there: Document) -> Iterator[Pose]:
    where = there.original.path
    for key, start, value in walked(there.text, where):
        if not isinstance(value, dict):
            raise DamagedError(f"{where} holds what is no object; expected AlphaPose's results")
        if key:
            yield from _styled(key, start, value, where)
        elif value.get("keypoints"):
            frame = labelled(value.get("image_id"), where, "an image_id")
            place = Place(start, ("keypoints",))
            person, box = whole(value.get("idx")), boxed(value.get("box"))
            yield Pose(frame, (value["keypoints"],), TRIPLES, (place,), person, box)


def _styled(image: str, start: int, value: Mapping[str, Any], where: object) -> Iterator[Pose]:
    """The people of an image in one of the other two styles."""
    style = _style(value)
    people = value.get(style)
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise DamagedError(f"{where}: '{image[:100]}' has no list of bodies or people")
    for place, person in enumerate(people):
        if numbers := person.get(_STYLES[style]):
            at = Place(start, (style, place, _STYLES[style]))
            yield Pose(image, (numbers,), TRIPLES, (at,))


def _style(value: Mapping[str, Any]) -> str:
    return next((style for style in _STYLES if style in value), "bodies")


def _additions(text: str, clips: Sequence[Clip]) -> Iterator[Edit]:
    """People that were not in the file, of images that it names or of new ones."""
    new = [entry for clip in clips for entry in _new(clip)]
    if not new:
        return
    start, spans = len(text) - len(text.lstrip()), Spans(text)
    if text[start] == "[":
        yield added(text, spans.of(Place(start)), [dumped(entry, text) for entry in new])
        return
    members: list[str] = []
    style = next((_style(value) for _, _, value in walked(text, "")), "bodies")
    for image in dict.fromkeys(entry["image_id"] for entry in new):
        people = [entry["keypoints"] for entry in new if entry["image_id"] == image]
        persons = [dumped({_STYLES[style]: numbers}, text) for numbers in people]
        if spans.has(Place(start, (image, style))):
            yield added(text, spans.of(Place(start, (image, style))), persons)
        else:
            members.append(f'{json.dumps(image)}: {{"{style}": [{", ".join(persons)}]}}')
    if members:
        yield added(text, spans.of(Place(start)), members)


def _new(clip: Clip) -> Iterator[dict[str, Any]]:
    if (clip.rows >= 0).all():
        return
    values = new_numbers(clip)
    for place in np.flatnonzero(clip.rows < 0):
        frame = int(clip.frames[place])
        image = str(label_of(clip.kept, frame)) if clip.kept.labels else f"{frame}.jpg"
        yield _entry(clip, values, place, image)


def _results(clips: Sequence[Clip]) -> Iterator[dict[str, Any]]:
    """Clips from elsewhere."""
    for clip, stem in zip(clips, stems(clips), strict=True):
        values = new_numbers(clip)
        for place, frame in enumerate(clip.frames.tolist()):
            image = f"{frame}.jpg" if len(clips) == 1 else f"{stem}_{frame:06d}.jpg"
            yield _entry(clip, values, place, image)


def _entry(
    clip: Clip, values: Float[np.ndarray, "N K 3"], place: Any, image: str
) -> dict[str, Any]:
    """A person; the score is the mean of the keypoints'."""
    box = tight(values[place])
    if clip.boxes is not None and np.isfinite(clip.boxes[place]).all():
        box = [json_number(round(side, PIXELS)) for side in clip.boxes[place].tolist()]
    entry = {
        "image_id": image,
        "category_id": 1,
        "keypoints": [json_number(number) for number in values[place].ravel().tolist()],
        "score": round(float(values[place, :, 2].mean()), 6),
        "box": box,
    }
    if clip.ids is not None and clip.ids[place] >= 0:
        entry["idx"] = int(clip.ids[place])
    return entry
