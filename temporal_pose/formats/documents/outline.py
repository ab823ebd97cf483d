"""The first look into a JSON file: which names it holds, told from its beginning alone."""

import re
from collections.abc import Mapping
from pathlib import Path

from temporal_pose.formats.documents.texts import head

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")|([\[\]{},:])|([^\s\[\]{},:"]+)', re.DOTALL)

_DEEPEST = 8

#: Names that lead from the top of a file to a value, "[]" for an element of a list.
Names = tuple[str, ...]


def outline(path: Path) -> Mapping[Names, str]:
    """What the beginning of a file holds, and of each the first value as it is written.

    Nothing is checked but the first letter: an archive may hold what looks like JSON.
    """
    text = head(path)
    return outlined(text) if text.lstrip("\ufeff \t\r\n")[:1] in ("[", "{") else {}


def outlined(text: str) -> Mapping[Names, str]:
    """See `outline`; of a text, which may end anywhere."""
    found: dict[Names, str] = {}
    path: list[str] = []  # of what is open; the last is the name of the member, or "[]"
    name = ""
    for string, sign, word in _TOKEN.findall(text.removeprefix("\ufeff")):
        value = string or word
        if value and path and path[-1] != "[]" and not name:
            path[-1] = name = value.strip('"')
        elif (value or sign in "[{") and len(path) <= _DEEPEST:
            found.setdefault(tuple(path), value or sign)
        name = _moved(path, sign, name)
    return found


def _moved(path: list[str], sign: str, name: str) -> str:
    """Goes into or out of a list or object; the name of the member that a value may follow."""
    if sign in ("[", "{"):
        path.append("[]" if sign == "[" else "")
        return ""
    if sign in ("]", "}"):
        path[-1:] = []
        return ""
    return "" if sign == "," else name
