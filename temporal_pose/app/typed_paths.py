"""File names as people type them, for Hydra, whose grammar knows few letters."""

import re
from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

#: Settings that are files and folders.
_FILE = re.compile(r"(\+{0,2}(?:\w+\.)*(?:source|out|run|video|skeleton|root|runs_dir))=(.+)")


def paths_quoted(arguments: Sequence[str]) -> list[str]:
    """Arguments with quotes about names of files that Hydra does not take without.

    Those are names with umlauts, parentheses or ``=`` in them, say. What it takes stays as typed.
    """
    parser = OverridesParser.create()
    return [_quoted(argument, parser) for argument in arguments]


def _quoted(argument: str, parser: OverridesParser) -> str:
    found = _FILE.fullmatch(argument)
    if found is None or _parses(argument, parser):
        return argument
    name, value = found.groups()
    again = f"{name}={QuotedString(value, Quote.single).with_quotes()}"
    return again if _parses(again, parser) else argument


def _parses(argument: str, parser: OverridesParser) -> bool:
    try:
        parser.parse_override(argument)
    except HydraException:
        return False
    return True
