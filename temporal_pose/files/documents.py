"""YAML and JSON from outside: plain data, or one error; never a hang, whatever the file holds."""

import json
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

_MOST_BYTES = 1 << 20  # of YAML, which is read at about a megabyte in two seconds
_MOST_VALUES = 200_000  # a few lines of YAML can stand for more than memory holds
_DEEPEST = 64  # levels of nesting


class UnreadableError(ValueError):
    """A document that is damaged, too large, nested beyond reason, or no file at all."""


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc]
    """Text, numbers, lists and mappings; a date stays the text that it is."""

    def flatten_mapping(self, node: Any) -> None:
        """Refuses merge keys: a dozen lines of them can stand for more than memory holds."""
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, "merge keys are not taken", key.start_mark
                )


# What PyYAML raises besides its own errors is for tags on values of another kind, as `!!int x`.
_DAMAGED = (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError)

_KINDS = ("null", "bool", "int", "float", "str", "seq", "map")
_PlainLoader.yaml_constructors = {
    tag: maker
    for tag, maker in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in _KINDS
}
_PlainLoader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def check_regular(path: Path) -> None:
    """Makes sure that a path is a file: a pipe or a device would be waited for without end.

    Raises:
        UnreadableError: it is something else.
        OSError: it is not there.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise UnreadableError("it is no regular file")


def read_yaml(path: Path) -> Any:
    """What a YAML file holds, as plain data.

    Raises:
        UnreadableError: see there.
        OSError: the file is not there or may not be read.
    """
    check_regular(path)
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise UnreadableError(f"it has {size:,} bytes; expected at most {_MOST_BYTES:,}")
    return parse_yaml(path.read_bytes())


def parse_yaml(text: str | bytes) -> Any:
    """What YAML says, as plain data; see `read_yaml`."""
    try:
        content = yaml.load(text, _PlainLoader)  # a SafeLoader with less in it
    except _DAMAGED as error:
        raise UnreadableError(_reason(error)) from error
    _check_extent(content)
    return content


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        UnreadableError: see there.
        OSError: the file is not there or may not be read.
    """
    check_regular(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(_reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return " ".join(str(error).split())


def _check_extent(content: Any) -> None:
    """Counts values as often as they are referred to, for so often whoever reads them meets them.

    Raises:
        UnreadableError: they are too many, or too deeply nested.
    """
    level: list[Any] = [content]
    seen = 0
    for _ in range(_DEEPEST):
        level = [value for value in level if isinstance(value, Mapping | list)]
        seen += sum(map(len, level))
        if seen > _MOST_VALUES:
            raise UnreadableError(f"it stands for more than {_MOST_VALUES:,} values")
        if not level:
            return
        level = [inner for outer in level for inner in _inside(outer)]
    raise UnreadableError(f"it is nested deeper than {_DEEPEST} levels")


def _inside(value: Mapping[Any, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value
