"""COCO: one JSON of keypoint results, or of annotations with their images."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents.frame_files import stems
from temporal_pose.formats.documents.listed_images import listed, unlisted
from temporal_pose.formats.documents.listing import Listing, gathered
from temporal_pose.formats.documents.naming import by_names, by_number
from temporal_pose.formats.documents.outline import outline
from temporal_pose.formats.documents.parting import Label, Told, are_grades, original_of, parted
from temporal_pose.formats.documents.poses import TRIPLES, Pose, boxed, labelled, whole
from temporal_pose.formats.documents.renewal import (
    PIXELS,
    Renewal,
    by_row,
    json_number,
    missing,
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
from temporal_pose.pose.skeletons import Skeleton

_LIST = "annotations"


class Coco:
    """Results, a list of ``{image_id, category_id, keypoints, score}``, or annotations, an object
    of ``images``, ``annotations`` and ``categories``; also what Ultralytics' ``save_json`` writes.

    Image ids are not frame numbers. Annotations tell them by ``frame_id`` or by the last number in
    ``file_name``, and several videos by ``video_id`` or by what stands before that number. Of
    results alone, ids that look like frame numbers are taken as such; others are counted in their
    order, with a remark. Visibilities 0, 1, 2 become scores 0, 0.5, 1, and a keypoint of
    visibility 0 has no position.

    Source: https://cocodataset.org/#format-data and #format-results.
    """

    name: ClassVar[str] = "coco"
    suffix: ClassVar[str] = ".json"

    def recognises(self, path: Path) -> bool:
        """Whether a JSON has poses with image ids, or images beside annotations."""
        found = outline(path)
        if ("[]", "image_id") in found and ("[]", "keypoints") in found:
            return not found["[]", "image_id"].startswith('"') or ("[]", "bbox") in found
        return (_LIST, "[]", "keypoints") in found or ("images", "[]", "file_name") in found

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The videos of a file.

        Raises:
            DataError: the file is damaged, or has no keypoints.
        """
        source, rest = document(path), dict[str, Any]()
        listing = gathered(_poses(source, rest), path)
        if not listing.frames and rest:
            raise DamagedError(
                f"{path} has no keypoints in its {_LIST}; expected COCO's of people"
            )
        graded = are_grades(listing.values[..., 2])
        if not rest:
            images = unlisted(listing.frames, path.stem, path)
            graded = graded and bool((listing.values[..., 2] == 2).any())
        else:
            images = listed(rest.get("images"), rest.get("videos"), path.stem, path)
        for label in listing.frames:
            if label not in images.at:
                raise DamagedError(
                    f"{path}: a pose is of image {label}, which images does not list"
                )
        skeleton = _skeleton(rest, listing, given)
        told = Told(
            images.at,
            images.titles,
            skeleton,
            graded,
            sizes=images.sizes,
            counted=bool(rest),
            remarks=images.remarks,
        )
        return parted(listing, told, source.original, self.name, given)

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes annotations back into theirs; what is new as results.

        A pose of a frame that the annotations have no image of is left out.

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
        edits = [
            *renewals(there.text, _poses(there, {}), changes),
            *_recounted(there, changes, clips),
            *_additions(there, clips),
        ]
        save(out, edited(there.text, edits), there.encoding)


def _poses(source: Document, rest: dict[str, Any]) -> Iterator[Pose]:
    """The poses of a document; whatever else an object holds is put to `rest`."""
    where = source.original.path
    for key, start, value in walked(source.text, where, _LIST):
        if key not in ("", _LIST):
            rest[key] = value
        elif not isinstance(value, dict):
            raise DamagedError(f"{where} lists something that is no object; expected COCO's poses")
        elif value.get("keypoints"):
            frame = labelled(value.get("image_id"), where, "an image_id")
            places = (Place(start, ("keypoints",)),)
            person, box = whole(value.get("track_id")), boxed(value.get("bbox"))
            yield Pose(frame, (value["keypoints"],), TRIPLES, places, person, box)


def _skeleton(rest: Mapping[str, Any], listing: Listing, given: Given) -> Skeleton | None:
    """What is given, or else what the categories name, or else what so many keypoints mean."""
    k = listing.values.shape[1]
    categories = rest.get("categories")
    for one in categories if isinstance(categories, list) else ():
        names = one.get("keypoints") if isinstance(one, dict) else None
        if given.skeleton is None and isinstance(names, list) and len(names) == k:
            joined = one.get("skeleton")
            pairs = [p for p in joined if isinstance(p, list)] if isinstance(joined, list) else []
            from_zero = [[whole(end) - 1 for end in pair] for pair in pairs]
            if named := by_names(names, str(one.get("name", "person")), from_zero):
                return named
    return by_number(k, given)


def _recounted(
    source: Document, changes: Mapping[int, Renewal], clips: Sequence[Clip]
) -> Iterator[Edit]:
    """Numbers of labelled keypoints, where annotations have them and they are others now."""
    if not any(clip.kept.graded for clip in clips):
        return
    spans = Spans(source.text)
    for row, pose in enumerate(_poses(source, {})):
        if row in changes:
            number = Place(pose.places[0].start, ("num_keypoints",))
            graded = changes[row].values[changes[row].places[row], :, 2]
            if spans.has(number):
                yield Edit(*spans.of(number), str(int((graded > 0).sum())))


def _additions(source: Document, clips: Sequence[Clip]) -> Iterator[Edit]:
    """Poses that were not in the document, put to the end of its list."""
    text = source.text
    start = len(text) - len(text.lstrip())
    new = [entry for clip in clips for entry in _new(clip, text[start] == "[")]
    if not new:
        return
    path = (_LIST,) if text[start] == "{" else ()
    there = [v for key, _, v in walked(text, source.original.path, _LIST) if key in ("", _LIST)]
    usual = Counter(whole(entry.get("category_id")) for entry in there).most_common(1)
    highest = max((whole(entry.get("id")) for entry in there), default=0)
    for number, entry in enumerate(new, highest + 1):
        entry["category_id"] = usual[0][0] if usual and usual[0][0] >= 0 else 1
        if path:
            entry["id"] = number
    yield added(text, Spans(text).of(Place(start, path)), [dumped(entry, text) for entry in new])


def _new(clip: Clip, results: bool) -> Iterator[dict[str, Any]]:
    """Poses of a clip that were not in the document, if it has an image of their frame."""
    if (clip.rows >= 0).all():
        return
    values = new_numbers(clip)
    for place in np.flatnonzero(clip.rows < 0):
        frame = int(clip.frames[place])
        itself = results and all(a == b for a, b in clip.kept.labels.items())
        label = clip.kept.labels.get(frame, frame if itself else None)
        if label is not None:
            entry = _entry(clip, values, place, label)
            yield entry if results else _annotation(entry, values[place], clip.kept.graded)


def _results(clips: Sequence[Clip]) -> Iterator[dict[str, Any]]:
    """Clips from elsewhere; the frames of several are named, for numbers would be the same."""
    for clip, stem in zip(clips, stems(clips), strict=True):
        values = new_numbers(clip)
        for place, frame in enumerate(clip.frames.tolist()):
            label = frame if len(clips) == 1 else f"{stem}_{frame:06d}"
            yield _entry(clip, values, place, label)


def _entry(
    clip: Clip, values: Float[np.ndarray, "N K 3"], place: Any, label: Label
) -> dict[str, Any]:
    """A pose as results have it; its score is the mean of its keypoints'."""
    numbers, score = values[place], float(values[place, :, 2].mean())
    keypoints = [json_number(number) for number in numbers.ravel().tolist()]
    entry = {"image_id": label, "category_id": 1, "keypoints": keypoints, "score": round(score, 6)}
    if clip.boxes is not None and np.isfinite(clip.boxes[place]).all():
        entry["bbox"] = [json_number(round(side, PIXELS)) for side in clip.boxes[place].tolist()]
    if clip.ids is not None and clip.ids[place] >= 0:
        entry["track_id"] = int(clip.ids[place])
    return entry


def _annotation(
    entry: dict[str, Any], values: Float[np.ndarray, "K 3"], graded: bool
) -> dict[str, Any]:
    """A pose as annotations have it: visible, or not there."""
    there = ~missing(values)
    x, y, w, h = entry.get("bbox") or tight(values)
    if graded:
        shown = np.concatenate([values[:, :2], 2.0 * there[:, None]], 1)
        entry["keypoints"] = [json_number(number) for number in shown.ravel().tolist()]
    del entry["score"]
    extent = {"bbox": [x, y, w, h], "area": json_number(round(w * h, PIXELS)), "iscrowd": 0}
    return entry | extent | {"num_keypoints": int(there.sum())}
