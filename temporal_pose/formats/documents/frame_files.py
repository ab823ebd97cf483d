"""Folders with a file for each frame, of one video or of several."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip
from temporal_pose.formats.documents.numbering import numbered, shown, titles
from temporal_pose.formats.documents.parting import Kept
from temporal_pose.formats.documents.texts import DamagedError

#: Bytes of the largest file of one frame.
MOST = 32 << 20
_NAMED = 20  # damaged files that get a sentence each


class FrameFile(NamedTuple):
    """A file of one frame.

    Args:
        name: of the file.
        frame: that its name tells.
    """

    name: str
    frame: int


class KeptFile(NamedTuple):
    """A file of one frame that was read.

    Args:
        name: of the file.
        frame: that its name tells.
        checksum: of its content.
        poses: in it.
    """

    name: str
    frame: int
    checksum: int
    poses: int


class KeptFolder(NamedTuple):
    """What brings poses back into the folder they came from.

    Args:
        folder: absolute.
        files: those that were read, frame after frame.
        poses: as they are in the files.
    """

    folder: Path
    files: tuple[KeptFile, ...]
    poses: Kept


@runtime_checkable
class ReadFiles(Protocol):
    """What could be read of a video's files.

    Attributes:
        files: those that were read, frame after frame.
    """

    @property
    def files(self) -> tuple[KeptFile, ...]: ...


Content = TypeVar("Content", bound=ReadFiles)


@dataclass(frozen=True)
class ReadVideo(Generic[Content]):
    """A video of a folder.

    Args:
        title: each differs.
        content: of its files.
        count: frames from its first to its last.
        remarks: on the folder's damaged files; they go with the first video.
    """

    title: str
    content: Content
    count: int
    remarks: tuple[str, ...]


def names(folder: Path, suffix: str, most: int | None = None) -> list[str]:
    """Names of the files in a folder that end in `suffix`, sorted.

    Args:
        most: of them, whichever come first on the disk; None for all.

    Raises:
        DamagedError: the folder cannot be read.
    """
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.lower().endswith(suffix) and entry.is_file():
                    found.append(entry.name)
                if most is not None and len(found) >= most:
                    break
    except OSError as error:
        raise DamagedError(f"{folder} cannot be read: {error.strerror}") from error
    return sorted(found)


def samples(path: Path, suffix: str, most: int = 10) -> list[Path]:
    """A few files to tell what a folder holds by; the file itself, if it is one."""
    if path.is_file():
        return [path] if path.name.lower().endswith(suffix) else []
    try:
        return [path / name for name in names(path, suffix, most)]
    except DamagedError:
        return []


def videos(folder: Path, suffix: str, example: str) -> Mapping[str, list[FrameFile]]:
    """The files of each video in a folder, frame after frame.

    Args:
        example: name of a file, for the message.

    Raises:
        DataError: there is none, it is no folder, or names do not number frames.
    """
    if path_is_frame := folder.is_file():
        folder = folder.parent
    if path_is_frame or not folder.is_dir():
        raise DataError(f"{folder} holds the frames of a video; name the folder, not a file in it")
    found = names(folder, suffix)
    if not found:
        raise DataError(f"{folder} has no file *{suffix}; expected a file a frame: {example}")
    by_video: dict[str, list[FrameFile]] = {}
    for name, at in zip(found, numbered(found, folder), strict=True):
        by_video.setdefault(at.video, []).append(FrameFile(name, at.frame))
    return {key: sorted(by_video[key], key=attrgetter("frame")) for key in sorted(by_video)}


def read_videos(
    folder: Path,
    suffix: str,
    example: str,
    read: Callable[[Path, Sequence[FrameFile], list[DamagedError]], Content],
) -> list[ReadVideo[Content]]:
    """The videos of a folder; one whose files are damaged, all of them, is left out.

    Args:
        example: name of a file, for the message.
        read: the files of a video, given the folder; the errors of others it puts to a list.

    Raises:
        DataError: see `videos`; or no file can be read.
    """
    by_video, damaged = videos(folder, suffix, example), list[DamagedError]()
    each = {video: read(folder, files, damaged) for video, files in by_video.items()}
    _refuse_all(damaged, folder, sum(map(len, by_video.values())))
    there = [video for video, content in each.items() if content.files]
    called, said, found = titles(there, folder.name), _remarks(damaged), list[ReadVideo[Content]]()
    for video in there:
        count = by_video[video][-1].frame - by_video[video][0].frame + 1
        found.append(ReadVideo(called[video], each[video], count, () if found else said))
    return found


def _remarks(damaged: Sequence[DamagedError]) -> tuple[str, ...]:
    """What to say of damaged files: each is named, as long as they are few."""
    sentences = [
        f"{error}: its frame has no poses, and the file is not written" for error in damaged
    ]
    if len(sentences) <= _NAMED:
        return tuple(sentences)
    return (*sentences[:_NAMED], f"{len(sentences) - _NAMED} more files are damaged like these")


def _refuse_all(damaged: Sequence[DamagedError], folder: Path, files: int) -> None:
    """Raises :class:`DataError` if none of the files could be read."""
    if len(damaged) == files:
        raise DataError(
            f"{folder}: none of its {files} files can be read; the first: {damaged[0]}"
        )


def safe(name: str) -> str:
    """A name of a video as the name of a file."""
    return "".join("_" if sign in '/\\:*?"<>|\0' or sign < " " else sign for sign in shown(name))


def stems(clips: Sequence[Clip]) -> list[str]:
    """What the files of clips begin with: their names, each different."""
    taken: list[str] = []
    for clip in clips:
        stem = safe(clip.name)
        taken.append(f"{stem}_{len(taken)}" if stem in taken else stem)
    return taken


def write(out: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Writes a folder of files: all of them, or none.

    Raises:
        DataError: there is something already.
        OSError: the disk is full or the folder cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} is there already; choose another out=, or remove it")
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        for name, content in files:
            (part / name).write_bytes(content)
        part.replace(out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
