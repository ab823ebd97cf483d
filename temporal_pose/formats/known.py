"""The formats there are: one Python file and one YAML each, in ``conf/formats``.

A user's own need not be there: folders that are laid out as ``conf/`` is, and that the user names,
are looked into as well.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.conf import CONF
from temporal_pose.files.constructing import build, targets_in
from temporal_pose.files.documents import UnreadableError, read_yaml
from temporal_pose.formats.clips import Clip, Format, Given
from temporal_pose.formats.tables.whole_files import beginning

#: The first byte of every pickle of today.
_PICKLE = b"\x80"
#: Files that hold nothing, such as the JSON of a detector that saw nobody.
_EMPTY = (b"", b"[]", b"{}")


@cache
def formats(own: tuple[Path, ...] = ()) -> Mapping[str, Format]:
    """Every format by name.

    Args:
        own: folders of the user's configuration, laid out as ``conf/`` is; what they name is made.

    Raises:
        ConfigError: a YAML file in there describes no format.
    """
    folders = (CONF, *own)
    return dict(sorted(pair for folder in folders for pair in _made(folder / "formats")))


def _made(folder: Path) -> Iterator[tuple[str, Format]]:
    for file in sorted(folder.glob("*.yaml")):
        try:
            found = build(read_yaml(file), str(file), targets_in(folder))
        except UnreadableError as error:
            raise ConfigError(f"{file}: {error}") from error
        if not isinstance(found, Format) or found.name != file.stem:
            raise ConfigError(
                f"{file}: expected the _target_ of a format whose name is '{file.stem}', as "
                "temporal_pose/formats/clips.py describes one"
            )
        yield file.stem, found


def named(name: str, own: tuple[Path, ...] = ()) -> Format:
    """The format of that name.

    Raises:
        ConfigError: there is none; the message lists those there are.
    """
    there = formats(own)
    if name not in there:
        raise ConfigError(f"format '{name}' is unknown; expected one of {', '.join(there)}")
    return there[name]


def recognised(path: Path, own: tuple[Path, ...] = ()) -> Format:
    """The one format that a file or folder looks like.

    Args:
        own: see `formats`.

    Raises:
        DataError: it is not there; it looks like none, or like several.
    """
    if not path.exists():
        raise DataError(f"source '{path}' does not exist; expected a keypoint file or a folder")
    there = formats(own)
    fitting = [one for one in there.values() if one.recognises(path)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = " and ".join(one.name for one in fitting)
        raise DataError(f"{path} looks like {names}; say which by format=")
    if beginning(path, 1) == _PICKLE:
        raise DataError(f"{path} is a pickle, which is code and is not opened; save its numbers")
    if path.is_file() and beginning(path, 16).strip() in _EMPTY:
        raise DataError(
            f"{path} is empty: it holds no pose, and nothing shows its format; leave it out, or "
            "say the format by format="
        )
    raise DataError(
        f"{path} is of no format that can be read ({', '.join(there)}); choose one by "
        "format=, or convert it to plain CSV: frame, person, then x, y, score of each keypoint"
    )


def read(path: Path, given: Given | None = None, name: str | None = None) -> list[Clip]:
    """The videos of a file or folder.

    Args:
        name: of the format; None to recognise it.

    Raises:
        DataError: see `recognised` and the format's `read`.
        ConfigError: an unknown format.
    """
    chosen = recognised(path) if name is None else named(name)
    return chosen.read(path, given or Given())
