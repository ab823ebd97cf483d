"""JSON whose numbers can be changed one by one, all else staying as it is written."""

import json
import re
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from temporal_pose.errors import DataError

#: A text, or a number; what looks like one inside a text is passed over.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN|-?\d[\d.eE+-]*)', re.DOTALL)


class Numerals(NamedTuple):
    """A JSON text.

    Args:
        content: what it holds, with an ordinal in place of each number.
        numbers: by ordinal.
        encoding: of the file.
    """

    text: str
    content: Any
    numbers: "array[float]"
    encoding: str

    def changed(self, numbers: Mapping[int, str]) -> str:
        """The text with other numbers.

        Args:
            numbers: their texts, by ordinal.
        """
        pieces, done, ordinal = [], 0, 0
        for match in _TOKEN.finditer(self.text):
            if match[1] is None:
                continue
            if ordinal in numbers:
                pieces += [self.text[done : match.start()], numbers[ordinal]]
                done = match.end()
            ordinal += 1
        return "".join([*pieces, self.text[done:]])


def parsed(content: bytes, path: Path) -> Numerals:
    """A JSON text in whatever encoding of Unicode.

    Raises:
        DataError: it is no JSON, or nested too deeply.
    """
    numbers = array("d")

    def number(text: str) -> int:
        numbers.append(float(text))
        return len(numbers) - 1

    encoding = json.detect_encoding(content)
    try:
        text = content.decode(encoding)
        found = json.loads(text, parse_float=number, parse_int=number, parse_constant=number)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {error.lineno}: cannot be read as JSON ({error.msg}); the file may be "
            "cut short: copy or write it again"
        ) from error
    except (ValueError, RecursionError) as error:
        reason = "too deeply nested" if isinstance(error, RecursionError) else error
        raise DataError(f"{path}: cannot be read as JSON ({reason})") from error
    return Numerals(text, found, numbers, encoding)
