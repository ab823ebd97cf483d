"""What is to be refined: keypoint files and folders, found, recognised, and told apart."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.outputs import true_place
from temporal_pose.formats.clips import Format
from temporal_pose.formats.known import formats, named, recognised
from temporal_pose.refining.notes import FOLDER


class Source(NamedTuple):
    """A keypoint file, or a folder that is one.

    Args:
        format: what it is written in.
    """

    path: Path
    format: Format


class FoundFiles(NamedTuple):
    """What a path holds.

    Args:
        sources: in the order of their names.
        bad: a line for each item that looks like a keypoint file and cannot be taken.
        others: names of files that no format is written in.
    """

    sources: list[Source]
    bad: list[str]
    others: list[str]


def find(path: Path, name: str | None = None, own: tuple[Path, ...] = ()) -> FoundFiles:
    """The keypoint files at a path: itself, or those that the folder holds.

    Args:
        name: of the format; None to recognise it.
        own: folders of the user's configuration, which may name formats of the user's.

    Raises:
        DataError: there is none.
        ConfigError: an unknown format.
    """
    said = None if name is None else named(name, own)
    if said is not None and not (path.is_dir() and _inside(path, said)):
        if not path.exists():
            raise DataError(
                f"source '{path}' does not exist; expected a keypoint file or a folder"
            )
        return FoundFiles([Source(path, said)], [], [])
    known = formats(own)
    if not path.is_dir() or any(one.recognises(path) for one in known.values()):
        return FoundFiles([Source(path, recognised(path, own))], [], [])
    suffixes = {one.suffix for one in known.values() if one.suffix}
    sources: list[Source] = []
    bad: list[str] = []
    others: list[str] = []
    for item in _items(path):
        try:
            sources.append(Source(item, said or recognised(item, own)))
        except DataError as error:
            looks = item.suffix in suffixes or item.is_dir()
            (bad if looks else others).append(str(error) if looks else item.name)
    if not sources:
        raise DataError(bad[0] if bad else _nothing(path, others, known))
    return FoundFiles(sources, bad, others)


def _inside(folder: Path, of: Format) -> bool:
    """Whether a folder holds files of a format, and is none itself."""
    return not of.recognises(folder) and any(of.recognises(item) for item in _items(folder))


def _items(folder: Path) -> Iterator[Path]:
    """What may be a source: nothing hidden or half-written, and no folder of results."""
    for item in sorted(folder.iterdir()):
        hidden = item.name.startswith(".") or item.suffix == ".part"
        if not hidden and not (item / FOLDER).is_dir():
            yield item


def _nothing(path: Path, others: list[str], known: Iterable[str]) -> str:
    there = f"holds {', '.join(others[:3])}" if others else "is empty"
    return f"source '{path}' has no keypoint file in it ({there}); expected {', '.join(known)}"


def destination(source: Source, out: Path, to: Format) -> Path:
    """Where a source's result goes.

    Raises:
        ConfigError: that is where the source is, or in it.
    """
    whole = to.name == source.format.name or not source.format.suffix  # dots in a folder's name
    name = source.path.name if whole else source.path.stem
    target = out / (name if to.name == source.format.name else f"{name}{to.suffix}")
    here, there = true_place(source.path), true_place(target)
    if there == here or here in there.parents or there in here.parents:
        raise ConfigError(f"out={out} is where {source.path} is; expected another folder")
    return target


def apart(found: FoundFiles, out: Path, to: Format | None) -> FoundFiles:
    """The same without sources whose results would take the place of another's; they are bad.

    Args:
        out: folder of the results.
        to: what they are written in; None for what each source is written in.

    Raises:
        ConfigError: results would stand among the sources.
    """
    taken: dict[Path, Source] = {}
    bad: list[str] = []
    for source in found.sources:
        target = destination(source, out, to or source.format)
        first = taken.setdefault(target, source)
        if first is not source:
            bad.append(
                f"{source.path}: its result would be {target}, as that of {first.path.name}; "
                "refine it into another folder"
            )
    return FoundFiles(list(taken.values()), [*found.bad, *bad], found.others)
