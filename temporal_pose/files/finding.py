"""Files of a data set: found and told apart, with an error that says what to do."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from temporal_pose.errors import DataError

_END = 1 << 16  # bytes compared at both ends before two files of one size are read in full


def folder(root: str | Path, holds: str, setting: str = "data.root") -> Path:
    """The folder ``root``.

    Args:
        holds: what is expected in it; completes the message.
        setting: what the user set to it.

    Raises:
        DataError: ``root`` is not a folder.
    """
    path = Path(root).expanduser()
    if not path.is_dir():
        raise DataError(
            f"{setting} '{root}' is not a folder; expected {holds}: set {setting} to where it is"
        )
    return path


def listed(root: Path, pattern: str, holds: str) -> list[Path]:
    """Files below ``root`` that match a glob pattern, sorted by path; at least one.

    Raises:
        DataError: no file matches, two have the same name, or one is a copy of another.
    """
    files = sorted(path for path in root.glob(pattern) if path.is_file())
    if not files:
        raise DataError(
            f"data.root '{root}' has no file {pattern}; expected {holds}: "
            "check data.root, and that the download was unpacked"
        )
    _refuse_same(files, lambda path: path.stem, "have the same name")
    refuse_copies(files)
    return files


def refuse_copies(files: Iterable[Path]) -> None:
    """Raises :class:`DataError` for two files of the same content.

    A video that is there twice would stand on both sides of a split. Files are read in full only
    where size, beginning and end are the same.
    """
    for same_size in _grouped(files, lambda path: path.stat().st_size):
        for suspects in _grouped(same_size, _ends) if len(same_size) > 1 else ():
            if len(suspects) > 1:
                _refuse_same(suspects, _content, "have the same content")


def listing(root: Path) -> str:
    """Tells a folder of data by its files' names and sizes, wherever it lies.

    Of a ``.zarr`` folder the descriptions count, not the chunks, which may be many.

    Returns:
        16 hexadecimal digits.
    """
    files = [root] if root.is_file() else sorted(_inside(root))
    base = root.parent if root.is_file() else root
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(base)} {file.stat().st_size}\n".encode())
    return digest.hexdigest()[:16]


def _inside(folder: Path) -> Iterator[Path]:
    for item in folder.iterdir():
        if item.name.startswith("."):
            continue
        if item.suffix == ".zarr" and item.is_dir():
            yield from item.rglob("zarr.json")
        elif item.is_dir() and not item.is_symlink():  # which may lead round in a circle
            yield from _inside(item)
        elif item.is_file():
            yield item


def _grouped(files: Iterable[Path], key: Callable[[Path], object]) -> Iterable[list[Path]]:
    groups: dict[object, list[Path]] = {}
    for path in files:
        groups.setdefault(key(path), []).append(path)
    return groups.values()


def _refuse_same(files: Iterable[Path], key: Callable[[Path], object], what: str) -> None:
    for first, *others in _grouped(files, key):
        if others:
            raise DataError(f"{first} and {others[0]} {what}; remove one of them")


def _ends(path: Path) -> bytes:
    with path.open("rb") as file:
        beginning = file.read(_END)
        file.seek(max(0, path.stat().st_size - _END))
        return hashlib.blake2b(beginning + file.read(), digest_size=16).digest()


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").digest()
