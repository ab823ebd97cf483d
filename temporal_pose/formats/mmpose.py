"""mmpose: one JSON with the people of each frame of a video."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents.listing import gathered
from temporal_pose.formats.documents.naming import by_names, by_number
from temporal_pose.formats.documents.outline import outline
from temporal_pose.formats.documents.parting import Told, original_of, parted
from temporal_pose.formats.documents.poses import (
    PAIRS_AND_SCORES,
    TRIPLES,
    Pose,
    cornered,
    flat,
    labelled,
    whole,
)
from temporal_pose.formats.documents.renewal import (
    by_row,
    json_number,
    new_numbers,
    renewal,
    renewals,
    spanned,
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

_LIST, _ABOUT = "instance_info", "meta_info"


class MMPose:
    """Predictions of mmpose's inferencer and demos: a list of ``{frame_id, instances}``, by itself
    or as ``instance_info`` beside ``meta_info``, which names the keypoints; or a list of lists of
    instances, one a frame, as Python programs dump them.

    Without names, 17 keypoints are COCO's, 26 Halpe's, 133 COCO-WholeBody's.

    Source: https://github.com/open-mmlab/mmpose, base_mmpose_inferencer.py.
    """

    name: ClassVar[str] = "mmpose"
    suffix: ClassVar[str] = ".json"

    def recognises(self, path: Path) -> bool:
        """Whether a JSON lists instances frame by frame."""
        found = outline(path)
        names = {("[]", "instances"), (_LIST,), (_ABOUT,)}
        names |= {("[]", "keypoint_scores"), ("[]", "[]", "keypoint_scores")}
        return bool(names & found.keys())

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The video of a file.

        Raises:
            DataError: the file is damaged, lists a frame twice, or has poses in three dimensions.
        """
        there, rest, frames = document(path), dict[str, Any](), list[_Frame]()
        listing = gathered(_poses(there, rest, frames), path)
        at: dict[int | str, tuple[str, int]] = {f.number: ("", f.number) for f in frames}
        named = _skeleton(rest.get(_ABOUT))
        told = Told(
            at,
            {"": path.stem},
            named if named and not given.skeleton else by_number(listing.values.shape[1], given),
            counted=True,
        )
        return parted(listing, told, there.original, self.name, given)

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes one video.

        Raises:
            DataError: several videos, the file that was read has changed, or positions cannot be
                scaled.
            OSError: the disk is full or the folder cannot be written.
        """
        original = original_of(clips, self.name)
        if len(clips) != 1:
            names = ", ".join(clip.name for clip in clips[:3])
            raise DataError(
                f"{out}: mmpose keeps one video a file; write {names} ... each alone, or choose "
                "to=coco, which holds several"
            )
        if original is None:
            save(out, json.dumps(_fresh(clips[0])))
            return
        there, frames = read_again(original), list[_Frame]()
        changes = by_row([renewal(clips[0], clips[0].kept)])
        edits = [*renewals(there.text, _poses(there, {}, frames), changes)]
        edits += _additions(there.text, clips[0], frames)
        save(out, edited(there.text, edits), there.encoding)


class _Frame(NamedTuple):
    """A frame of a document.

    Args:
        number: of the frame.
        start: where it begins in the text.
        path: that leads from there to the list of its instances.
    """

    number: int
    start: int
    path: tuple[str, ...]


def _poses(source: Document, rest: dict[str, Any], frames: list[_Frame]) -> Iterator[Pose]:
    """The poses of a document; its frames are put to `frames`, all else it holds to `rest`."""
    where, numbers = source.original.path, set[int]()
    for key, start, value in walked(source.text, where, _LIST):
        if key not in ("", _LIST):
            rest[key] = value
            continue
        frame, instances = _frame(value, start, len(frames), where)
        if frame.number in numbers:
            raise DamagedError(f"{where} lists frame {frame.number} twice; expected each once")
        numbers.add(frame.number)
        frames.append(frame)
        for place, instance in enumerate(instances):
            if not isinstance(instance, dict):
                raise DamagedError(f"{where}: frame {frame.number} lists what is no instance")
            if instance.get("keypoints"):
                yield _pose(frame, place, instance, where)


def _frame(value: Any, start: int, place: int, where: object) -> tuple[_Frame, list[Any]]:
    if isinstance(value, list):
        return _Frame(place, start, ()), value
    if isinstance(value, dict) and isinstance(value.get("instances"), list):
        number = labelled(value.get("frame_id", place), where, "a frame_id")
        if isinstance(number, int):
            return _Frame(number, start, ("instances",)), value["instances"]
    if isinstance(value, dict) and "keypoints" in value:
        raise DamagedError(f"{where} lists the people of one image; expected those of each frame")
    raise DamagedError(
        f"{where}: entry {place} is no frame; expected a frame_id, a number, and instances, a list"
    )


def _pose(frame: _Frame, place: int, instance: Mapping[str, Any], where: object) -> Pose:
    keypoints, scores = instance["keypoints"], instance.get("keypoint_scores")
    first = keypoints[0] if isinstance(keypoints, list) else None
    width = len(first) if isinstance(first, list) else 0
    if width == 3 and scores is not None:
        raise DamagedError(
            f"{where}: frame {frame.number} has poses in three dimensions; expected pixels x, y"
        )
    names = ("keypoints",) if scores is None else ("keypoints", "keypoint_scores")
    columns = TRIPLES if width == 3 else PAIRS_AND_SCORES[: len(names)]
    lists = (flat(keypoints, 3 if width == 3 else 2), scores)[: len(names)]
    places = tuple(Place(frame.start, (*frame.path, place, name)) for name in names)
    person, box = whole(instance.get("track_id")), cornered(instance.get("bbox"))
    return Pose(frame.number, lists, columns, places, person, box)


def _skeleton(about: Any) -> Skeleton | None:
    """The skeleton that ``meta_info`` describes."""
    names = about.get("keypoint_id2name") if isinstance(about, dict) else None
    if not isinstance(names, dict):
        return None
    ordered = [names.get(str(number)) for number in range(len(names))]
    return by_names(ordered, str(about.get("dataset_name")), about.get("skeleton_links"))


def _additions(text: str, clip: Clip, frames: Sequence[_Frame]) -> Iterator[Edit]:
    """Poses that were not in the document, put to their frames, or into new ones."""
    new: dict[int, list[str]] = {}
    places = np.flatnonzero(clip.rows < 0)
    values = new_numbers(clip) if len(places) else clip.keypoints
    for place in places:
        instance = dumped(_instance(clip, values, place), text)
        new.setdefault(int(clip.frames[place]), []).append(instance)
    spans = Spans(text)
    for frame in frames:
        if instances := new.pop(frame.number, None):
            yield added(text, spans.of(Place(frame.start, frame.path)), instances)
    if new and all(frame.path for frame in frames):
        entries = [f'{{"frame_id": {f}, "instances": [{", ".join(new[f])}]}}' for f in sorted(new)]
        start = len(text) - len(text.lstrip())
        path = (_LIST,) if text[start] == "{" else ()
        yield added(text, spans.of(Place(start, path)), entries)


def _instance(clip: Clip, values: Float[np.ndarray, "N K 3"], place: Any) -> dict[str, Any]:
    numbers = values[place]
    x, y, w, h = tight(numbers)
    instance = {
        "keypoints": [[json_number(x), json_number(y)] for x, y in numbers[:, :2].tolist()],
        "keypoint_scores": numbers[:, 2].tolist(),
        "bbox": [[x, y, json_number(x + w), json_number(y + h)]],
        "bbox_score": round(float(numbers[:, 2].mean()), 6),
    }
    if clip.ids is not None and clip.ids[place] >= 0:
        instance["track_id"] = int(clip.ids[place])
    return instance


def _fresh(clip: Clip) -> list[Any] | dict[str, Any]:
    """A clip that came from elsewhere; frames between its poses are listed, too."""
    values = new_numbers(clip)
    people: dict[int, list[Mapping[str, Any]]] = {frame: [] for frame in spanned(clip)}
    for place, frame in enumerate(clip.frames.tolist()):
        people.setdefault(frame, []).append(_instance(clip, values, place))
    frames = [{"frame_id": frame, "instances": people[frame]} for frame in sorted(people)]
    return frames if clip.skeleton is None else {_ABOUT: _about(clip.skeleton), _LIST: frames}


def _about(skeleton: Skeleton) -> dict[str, Any]:
    return {
        "dataset_name": skeleton.name,
        "num_keypoints": len(skeleton),
        "keypoint_id2name": {str(n): name for n, name in enumerate(skeleton.keypoints)},
        "keypoint_name2id": {name: n for n, name in enumerate(skeleton.keypoints)},
        "skeleton_links": [list(pair) for pair in skeleton.limb_indices],
    }
