"""Where in a JSON text its values are, so that a few can be changed and all else left as it is."""

import json
import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from typing import Any, NamedTuple

from temporal_pose.formats.documents.numbering import shown
from temporal_pose.formats.documents.texts import DamagedError, fault

_DECODER = json.JSONDecoder()  # where a value ends
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"([^\[\],\s]+)")

_LARGEST = 32 << 20  # characters of an entry: a frame, or a person
_REMEMBERED = 16  # lists and objects: those around a pose, each
_LONGEST_WORD = 10_000  # that may be cut where a piece of the text ends

Span = tuple[int, int]


class Place(NamedTuple):
    """Where a value is.

    Args:
        start: character where the list or object begins that holds it.
        path: keys and numbers of elements that lead from there to it.
    """

    start: int
    path: tuple[str | int, ...] = ()


class Edit(NamedTuple):
    """A piece of a text to be replaced; with `start` = `end`, to be put in."""

    start: int
    end: int
    text: str


class _TwiceError(ValueError):
    """A name that an object has twice: of two values, one would be lost."""


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise _TwiceError(Counter(name for name, _ in members).most_common(1)[0][0])
    return found


_WALKING = json.JSONDecoder(object_pairs_hook=_once)


def walked(text: str, where: object, streamed: str = "") -> Iterator[tuple[str, int, Any]]:
    """What a JSON text lists, piece by piece, so that it need not fit into memory as objects.

    Args:
        where: the file, for the message.
        streamed: name of a member whose elements come one by one; other members come whole.

    Yields:
        Name, place and value of each member of an object; elements of the streamed one with its
        name, those of a text that is a list with the name "".

    Raises:
        DamagedError: the text is not JSON, or neither a list nor an object.
    """
    try:
        start = _skip(text, 0)
        if text[start : start + 1] == "[":
            end = yield from _streamed(text, start, "")
        elif text[start : start + 1] == "{":
            end = yield from _object(text, start, streamed)
        else:
            raise json.JSONDecodeError("Expecting a list or an object", text, start)
        if _skip(text, end) != len(text):
            raise json.JSONDecodeError("Extra data", text, end)
    except _TwiceError as error:
        raise DamagedError(f"{where} has '{shown(str(error))}' twice in one object") from error
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{where} {fault(error)}") from error


def _object(text: str, start: int, streamed: str) -> Generator[tuple[str, int, Any], None, int]:
    at, names = _skip(text, start + 1), set[str]()
    while text[at : at + 1] != "}":
        if text[at : at + 1] != '"':
            raise json.JSONDecodeError("Expecting a name", text, at)
        name, at = _name(text, at)
        if name in names:
            raise _TwiceError(name)
        names.add(name)
        if name == streamed and text[at : at + 1] == "[":
            end = yield from _streamed(text, at, name)
        else:
            value, end = _element(text, at)
            yield name, at, value
        at = _next(text, end, "}")
    return at + 1


def _streamed(text: str, start: int, name: str) -> Generator[tuple[str, int, Any], None, int]:
    at = _skip(text, start + 1)
    while text[at : at + 1] != "]":
        value, end = _element(text, at)
        yield name, at, value
        at = _next(text, end, "]")
    return at + 1


def _element(text: str, at: int) -> tuple[Any, int]:
    """A value and where it ends; a very large one is refused before it fills the memory."""
    if len(text) - at <= _LARGEST:
        return _WALKING.raw_decode(text, at)
    message, place = "Expecting an entry of at most 32 MB", at
    for size in (_LARGEST >> 9, _LARGEST >> 4, _LARGEST):
        try:
            value, end = _WALKING.raw_decode(text[at : at + size])
        except json.JSONDecodeError as error:
            if error.pos < size - _LONGEST_WORD:
                message, place = error.msg, at + error.pos
        else:
            if end < size:  # or it may be a number that goes on
                return value, at + end
    raise json.JSONDecodeError(message, text, place)


def _name(text: str, at: int) -> tuple[str, int]:
    """Name of the member that begins here, and where its value begins."""
    name, end = _DECODER.raw_decode(text, at)
    at = _skip(text, end)
    if not isinstance(name, str) or text[at : at + 1] != ":":
        raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
    return name, _skip(text, at + 1)


def _next(text: str, end: int, closing: str) -> int:
    """Where the next element begins, or the closing bracket is."""
    at = _skip(text, end)
    sign = text[at : at + 1]
    if sign == closing:
        return at
    following = _skip(text, at + 1)
    if sign != "," or text[following : following + 1] == closing:
        raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    return following


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr] # it matches nothing, too


class Spans:
    """Where the values of a text begin and end.

    Args:
        text: JSON that was walked through before, so that no object names anything twice.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[int, _Inside] = {}

    def of(self, place: Place) -> Span:
        """Begin and end of a value.

        Raises:
            KeyError: there is no such value.
        """
        start, inside = place.start, None
        for step in place.path:
            inside = self._inside(start)
            start = inside.start(step)
        if inside is None:
            return start, _DECODER.raw_decode(self._text, start)[1]
        return start, inside.end(place.path[-1])

    def has(self, place: Place) -> bool:
        """Whether there is such a value."""
        try:
            self.of(place)
        except KeyError:
            return False
        return True

    def _inside(self, start: int) -> "_Inside":
        """What a list or object holds; those looked at last are remembered."""
        found = self._known.pop(start, None) or _Inside(self._text, start)
        self._known[start] = found  # last, as the one that was looked at last
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return found


class _Inside:
    """Where the values of a list or object are, looked for no further than was asked."""

    def __init__(self, text: str, start: int) -> None:
        self._text, self._named = text, text[start] == "{"
        self._starts: dict[str | int, int] = {}
        self._ends: dict[str | int, int] = {}
        self._names = self._scan(start)

    def start(self, step: str | int) -> int:
        while step not in self._starts:
            if next(self._names, None) is None:
                raise KeyError(step)
        return self._starts[step]

    def end(self, step: str | int) -> int:
        if step not in self._ends:
            self._ends[step] = _DECODER.raw_decode(self._text, self.start(step))[1]
        return self._ends[step]

    def _scan(self, start: int) -> Iterator[str | int]:
        text, closing = self._text, "}" if self._named else "]"
        at, count = _skip(text, start + 1), 0
        while text[start] in "[{" and text[at] != closing:
            name: str | int = count
            if self._named:
                name, at = _name(text, at)
            self._starts[name] = at
            yield name
            at, count = _next(text, self.end(name), closing), count + 1


def renumbered(text: str, numbers: Iterable[str | None]) -> str:
    """A list of numbers, however nested and spaced, with some of them replaced.

    Args:
        text: of the list.
        numbers: one for each of the list's, in turn; None leaves it as it is.
    """
    parts = _NUMBER.split(text)
    parts[1::2] = [
        old if new is None else new for old, new in zip(parts[1::2], numbers, strict=True)
    ]
    return "".join(parts)


def added(text: str, span: Span, items: Iterable[str]) -> Edit:
    """Puts items at the end of a list or an object.

    Args:
        span: of the list or object.
        items: texts of its new elements or members.
    """
    end = span[1] - 1
    while text[end - 1] in " \t\r\n":
        end -= 1
    first = "" if text[end - 1] in "[{" else ", "
    return Edit(end, end, first + ", ".join(items))


def edited(text: str, edits: Iterable[Edit]) -> str:
    """A text with some pieces replaced, which do not overlap."""
    pieces, done = [], 0
    for edit in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*pieces, text[done:]])


def dumped(value: Any, like: str) -> str:
    """The JSON of a value, as tightly set as another text.

    Args:
        like: that text, or its beginning.
    """
    loose = '": ' in like[:1000] or ", " in like[:1000]
    return json.dumps(value, separators=None if loose else (",", ":"))
