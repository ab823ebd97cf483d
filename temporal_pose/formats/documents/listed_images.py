"""Which video and frame the images are that a document numbers or names."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from temporal_pose.errors import DataError
from temporal_pose.formats.documents.numbering import fluent, numbered, shown, taken_apart, titles
from temporal_pose.formats.documents.parting import Label
from temporal_pose.formats.documents.poses import called, labelled, whole
from temporal_pose.formats.documents.texts import DamagedError

At = dict[Label, tuple[str, int]]


class ListedImages(NamedTuple):
    """Where images belong.

    Args:
        at: video and frame number of each.
        titles: of the videos; each differs.
        sizes: width and height, pixels, of the images of a video, if they are all the same.
        remarks: on what was found.
    """

    at: Mapping[Label, tuple[str, int]]
    titles: Mapping[str, str]
    sizes: Mapping[str, tuple[int, int]]
    remarks: tuple[str, ...] = ()


def unlisted(labels: Iterable[Label], alone: str, where: object) -> ListedImages:
    """Images of which nothing is known but what poses call them.

    Names tell videos and frames. Numbers are those of frames if they look like it; or else the
    images are counted in the order of their numbers.

    Args:
        alone: name of the file.
        where: the file, for messages.

    Raises:
        DataError: names that do not tell a frame; names among numbers.
    """
    once = list(dict.fromkeys(labels))
    numbers = [label for label in once if isinstance(label, int)]
    if numbers and len(numbers) < len(once):
        name = next(label for label in once if isinstance(label, str))
        raise DamagedError(
            f"{where}: images are called {numbers[0]} and '{shown(name)}'; expected either "
            "numbers or names"
        )
    if numbers:
        at, remarks = _counted({number: ("", number) for number in numbers}, where)
    else:
        names = [str(label) for label in once]
        parts = numbered(names, where) if names else []
        at = {name: (one.video, one.frame) for name, one in zip(names, parts, strict=True)}
        remarks = ()
    return ListedImages(at, titles(_videos(at), alone), {}, remarks)


def placed(labels: Sequence[Label], alone: str, where: object) -> ListedImages:
    """Frames that a document lists one by one: names tell videos, numbers are those of frames.

    Args:
        alone: name of the file.
        where: the file, for messages.

    Raises:
        DataError: a label twice, or names that do not number frames.
    """
    if len(set(labels)) < len(labels):
        twice = Counter(labels).most_common(1)[0][0]
        raise DamagedError(f"{where} lists {called(twice)} twice; expected each once")
    names = [label for label in labels if isinstance(label, str)]
    at: dict[Label, tuple[str, int]] = {n: ("", n) for n in labels if isinstance(n, int)}
    if names and at:
        raise DamagedError(f"{where} has both names and numbers of frames; expected one of them")
    for name, one in zip(names, numbered(names, where) if names else (), strict=True):
        at[name] = one.video, one.frame
    return ListedImages(at, titles(_videos(at), alone), {})


def listed(images: Any, videos: Any, alone: str, where: object) -> ListedImages:
    """Images that a document describes as COCO does.

    ``frame_id`` is the frame's number, or else the last number in ``file_name``; ``video_id``, or
    else what stands before that number, tells the video.

    Args:
        images: list of what is said of each.
        videos: list of what is said of the videos, if anything is.
        alone: name of the file.
        where: the file, for messages.

    Raises:
        DataError: images without an id, or two of one frame.
    """
    said = _said(images, where)
    ids = [labelled(image.get("id"), where, "the id of an image") for image in said]
    if len(set(ids)) < len(ids):
        twice = Counter(ids).most_common(1)[0][0]
        raise DataError(f"{where}: two images have the id {twice}; expected each once")
    places = _framed(said) or _named(said, where) or _numbered(ids, said, where)
    at, remarks = _counted(dict(zip(ids, places, strict=True)), where)
    _refuse_twice(at, where)
    return ListedImages(at, _titles(_videos(at), videos, alone), _sizes(at, ids, said), remarks)


def _said(images: Any, where: object) -> list[Mapping[str, Any]]:
    if isinstance(images, list) and all(isinstance(image, dict) for image in images):
        return images
    raise DamagedError(f"{where}: images is no list of objects, as COCO's annotations have it")


def _framed(said: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]] | None:
    frames = [whole(image.get("frame_id")) for image in said]
    if -1 in frames:
        return None
    folders = [str(image.get("file_name", "")).rpartition("/")[0] for image in said]
    return [
        (_video(image) or shown(folder), frame)
        for image, folder, frame in zip(said, folders, frames, strict=True)
    ]


def _named(said: Sequence[Mapping[str, Any]], where: object) -> list[tuple[str, int]] | None:
    names = [image.get("file_name") for image in said]
    parts = [taken_apart(name) if isinstance(name, str) else None for name in names]
    frames = [part.frame for part in parts if part is not None]
    if len(frames) < len(names):
        return None
    if all(_video(image) for image in said):
        return [(_video(image), frame) for image, frame in zip(said, frames, strict=True)]
    return [(one.video, one.frame) for one in numbered([str(name) for name in names], where)]


def _numbered(
    ids: Sequence[Label], said: Sequence[Mapping[str, Any]], where: object
) -> list[tuple[str, int]]:
    numbers = [label for label in ids if isinstance(label, int)]
    if len(numbers) < len(ids):
        raise DataError(
            f"{where}: neither frame_id nor file_name nor id numbers the frames of its images"
        )
    return [(_video(image), number) for image, number in zip(said, numbers, strict=True)]


def _video(image: Mapping[str, Any]) -> str:
    number = image.get("video_id")
    return shown(str(number)) if isinstance(number, int | str) else ""


def _counted(at: At, where: object) -> tuple[At, tuple[str, ...]]:
    """Frame numbers as they are; of videos whose numbers are no such, places in their order."""
    numbers: dict[str, list[int]] = {}
    for video, frame in at.values():
        numbers.setdefault(video, []).append(frame)
    ordered = {video: sorted(set(some)) for video, some in numbers.items()}
    odd = {video: some for video, some in ordered.items() if not fluent(some)}
    if not odd:
        return at, ()
    ranks = {v: {frame: place for place, frame in enumerate(some)} for v, some in odd.items()}
    low, high = (pick(some[end] for some in odd.values()) for pick, end in ((min, 0), (max, -1)))
    placed = {
        label: (video, ranks[video][frame] if video in ranks else frame)
        for label, (video, frame) in at.items()
    }
    return placed, (
        f"{where}: image numbers {low} to {high} do not look like those of frames: counted in "
        "their order",
    )


def _refuse_twice(at: At, where: object) -> None:
    first: dict[tuple[str, int], Label] = {}
    for label, place in at.items():
        other = first.setdefault(place, label)
        if other != label:
            raise DataError(
                f"{where}: images {other} and {label} are both {called(place[1])} of video "
                f"'{place[0]}'; expected each frame once"
            )


def _videos(at: At) -> list[str]:
    return sorted({video for video, _ in at.values()}) or [""]


def _titles(found: Sequence[str], videos: Any, alone: str) -> Mapping[str, str]:
    """Names of the videos: those that the document gives, if it names all of them differently."""
    said = [one for one in videos if isinstance(one, dict)] if isinstance(videos, list) else []
    names = {str(one.get("id")): shown(str(one.get("name", ""))) for one in said}
    if all(names.get(video) for video in found):
        chosen = {video: names[video] for video in found}
        if len(set(chosen.values())) == len(found):
            return chosen
    return titles(found, alone)


def _sizes(
    at: At, ids: Sequence[Label], said: Sequence[Mapping[str, Any]]
) -> Mapping[str, tuple[int, int]]:
    sizes: dict[str, set[tuple[int, int]]] = {}
    for label, image in zip(ids, said, strict=True):
        size = (whole(image.get("width")), whole(image.get("height")))
        sizes.setdefault(at[label][0], set()).add(size)
    return {v: next(iter(s)) for v, s in sizes.items() if len(s) == 1 and min(next(iter(s))) > 0}
