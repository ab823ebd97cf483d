"""rtmlib: the arrays that it returns, as its users dump them to JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents.frame_files import stems
from temporal_pose.formats.documents.listed_images import placed
from temporal_pose.formats.documents.listing import gathered
from temporal_pose.formats.documents.naming import by_number
from temporal_pose.formats.documents.nested import NUMBERS, Frame, poses
from temporal_pose.formats.documents.outline import outline
from temporal_pose.formats.documents.parting import Label, Told, label_of, original_of, parted
from temporal_pose.formats.documents.renewal import (
    by_row,
    json_number,
    new_numbers,
    renewal,
    renewals,
)
from temporal_pose.formats.documents.spans import Edit, Place, Spans, added, dumped, edited
from temporal_pose.formats.documents.texts import document, read_again, save

_ARRAYS = {
    ("[]", "keypoints", "[]", "[]"),  # [{"keypoints": ...
    ("keypoints", "[]", "[]", "[]"),  # {"keypoints": ...
    ("[]", "[]", "[]", "[]"),  # [[keypoints, scores], ... or [keypoints, ...
}


class RTMLib:
    """What ``keypoints, scores = model(frame)`` gives, (people, K, 2) and (people, K), as lists.

    Read are ``{"12": {"keypoints": ..., "scores": ...}, ...}``, the keys numbers or names of
    frames; ``[{"frame": 12, "keypoints": ..., "scores": ...}, ...]``, counted from 0 where no
    number is said; ``[[keypoints, scores], ...]`` and ``{"keypoints": [...], "scores": [...]}``
    with an element a frame. Scores may be missing, or third beside x and y; a frame of one person
    may lack the axis of people; ``track_ids`` are the people's numbers. 17 keypoints are COCO's,
    26 Halpe's, 133 COCO-WholeBody's.

    Source: https://github.com/Tau-J/rtmlib.
    """

    name: ClassVar[str] = "rtmlib"
    suffix: ClassVar[str] = ".json"

    def recognises(self, path: Path) -> bool:
        """Whether a JSON has arrays of keypoints, frame by frame."""
        found = outline(path)
        keyed = any(names[1:] == ("keypoints", "[]", "[]") for names in found)
        alone = found.get(("[]", "[]", "[]"), "")[:1].isdigit()  # [[[x, y, score], ...], ...]
        mmpose = ("[]", "keypoint_scores") in found
        return (keyed or alone or bool(_ARRAYS & found.keys())) and not mmpose

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The videos of a file.

        Raises:
            DataError: the file is damaged, or names of frames do not number them.
        """
        there, frames = document(path), list[Frame]()
        listing = gathered(poses(there, frames), path)
        images = placed([frame.label for frame in frames], path.stem, path)
        skeleton = by_number(listing.values.shape[1], given)
        told = Told(images.at, images.titles, skeleton, counted=True)
        return parted(listing, told, there.original, self.name, given)

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes the first of the layouts, or puts poses back into the file they came from.

        Poses that were not in it are added to frames that list their people; new frames are added
        where the file says their numbers.

        Raises:
            DataError: the file that was read has changed, or positions cannot be scaled.
            OSError: the disk is full or the folder cannot be written.
        """
        original = original_of(clips, self.name)
        if original is None:
            save(out, json.dumps(_fresh(clips)))
            return
        there, frames = read_again(original), list[Frame]()
        changes = by_row(renewal(clip, clip.kept) for clip in clips)
        edits = [*renewals(there.text, poses(there, frames), changes)]
        for clip in clips:
            edits += _additions(there.text, clip, frames)
        save(out, edited(there.text, edits), there.encoding)


def _additions(text: str, clip: Clip, frames: Sequence[Frame]) -> Iterator[Edit]:
    """People that were not in the file, put to the lists of their frames or into new ones."""
    new: dict[Label, list[Float[np.ndarray, "K 3"]]] = {}
    places = np.flatnonzero(clip.rows < 0)
    values = new_numbers(clip) if len(places) else clip.keypoints
    for place in places:
        label = label_of(clip.kept, int(clip.frames[place]))
        new.setdefault(label, []).append(values[place])
    spans = Spans(text)
    for frame in frames:
        people = new.pop(frame.label, [])
        if people and frame.people is not None and spans.has(frame.keypoints):
            persons = [dumped(_pairs(pose, frame.scores is None), text) for pose in people]
            yield added(text, spans.of(frame.keypoints), persons)
            if frame.scores:
                scores = [dumped(pose[:, 2].tolist(), text) for pose in people]
                yield added(text, spans.of(frame.scores), scores)
    if new:
        yield from _new_frames(text, spans, new, any(frame.scores is None for frame in frames))


def _new_frames(
    text: str,
    spans: Spans,
    new: Mapping[Label, Sequence[Float[np.ndarray, "K 3"]]],
    triples: bool,
) -> Iterator[Edit]:
    """Frames that were not in the file, if it says the numbers of its frames."""
    start = len(text) - len(text.lstrip())
    number = next((one for one in NUMBERS if spans.has(Place(start, (0, one)))), "")
    if (text[start] == "[" and not number) or spans.has(Place(start, ("keypoints",))):
        return
    items = []
    for label, people in new.items():
        frame: dict[str, Any] = {number: label} if number else {}
        frame["keypoints"] = [_pairs(pose, triples) for pose in people]
        if not triples:
            frame["scores"] = [pose[:, 2].tolist() for pose in people]
        items.append(("" if number else f"{json.dumps(str(label))}: ") + dumped(frame, text))
    yield added(text, spans.of(Place(start)), items)


def _pairs(pose: Float[np.ndarray, "K 3"], triples: bool) -> list[list[int | float]]:
    return [[json_number(n) for n in one] for one in pose[:, : 3 if triples else 2].tolist()]


def _fresh(clips: Sequence[Clip]) -> dict[str, dict[str, list[Any]]]:
    """Clips from elsewhere."""
    frames: dict[str, dict[str, list[Any]]] = {}
    for clip, stem in zip(clips, stems(clips), strict=True):
        values = new_numbers(clip)
        for place, number in enumerate(clip.frames.tolist()):
            key = str(number) if len(clips) == 1 else f"{stem}_{number:06d}"
            frame = frames.setdefault(key, {"keypoints": [], "scores": []})
            frame["keypoints"].append(_pairs(values[place], False))
            frame["scores"].append(values[place, :, 2].tolist())
            if clip.ids is not None:
                frame.setdefault("track_ids", []).append(int(clip.ids[place]))
    return frames
