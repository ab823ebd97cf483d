"""The formats there are: one Python file and one YAML each, in ``conf/formats``."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

import yaml

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.conf import CONF
from temporal_pose.formats.clips import Clip, Format, Given
from temporal_pose.formats.tables.whole_files import beginning

#: The first byte of every pickle of today.
_PICKLE = b"\x80"


@cache
def formats() -> Mapping[str, Format]:
    """Every format by name."""
    return dict(_made())


def _made() -> Iterator[tuple[str, Format]]:
    for file in sorted((CONF / "formats").glob("*.yaml")):
        target = yaml.safe_load(file.read_text(encoding="utf-8"))["_target_"]
        module, _, name = target.rpartition(".")
        yield file.stem, getattr(import_module(module), name)()


def named(name: str) -> Format:
    """The format of that name.

    Raises:
        ConfigError: there is none; the message lists those there are.
    """
    if name not in formats():
        raise ConfigError(f"format '{name}' is unknown; expected one of {', '.join(formats())}")
    return formats()[name]


def recognised(path: Path) -> Format:
    """The one format that a file or folder looks like.

    Raises:
        DataError: it is not there; it looks like none, or like several.
    """
    if not path.exists():
        raise DataError(f"source '{path}' does not exist; expected a keypoint file or a folder")
    fitting = [one for one in formats().values() if one.recognises(path)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = " and ".join(one.name for one in fitting)
        raise DataError(f"{path} looks like {names}; say which by format=")
    if beginning(path, 1) == _PICKLE:
        raise DataError(f"{path} is a pickle, which is code and is not opened; save its numbers")
    raise DataError(
        f"{path} is of no format that can be read ({', '.join(formats())}); choose one by "
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
