"""File names as people type them, for Hydra, whose grammar knows few letters."""

import re
from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException

#: Settings that are files and folders.
_FILE = re.compile(r"(\+{0,2}(?:\w+\.)*(?:source|out|run|video|skeleton|root|runs_dir))=(.+)")


def paths_quoted(arguments: Sequence[str]) -> list[str]:
    """Arguments with quotes about names of files that Hydra does not take as they are.

    Those are names with umlauts, parentheses or ``=`` in them, say, and of files that are there,
    what Hydra would take for a list, a number, or without ``-m`` for a sweep. All else stays.
    """
    parser, sweep = OverridesParser.create(), bool({"-m", "--multirun"} & set(arguments))
    return [_quoted(argument, parser, sweep) for argument in arguments]


def _quoted(argument: str, parser: OverridesParser, sweep: bool) -> str:
    found = _FILE.fullmatch(argument)
    if found is None:
        return argument
    name, value = found.groups()
    parsed = _parsed(argument, parser)
    if parsed is not None:
        meant = parsed.is_sweep_override() if sweep else False
        if meant or isinstance(parsed.value(), str | QuotedString) or not _there(value):
            return argument
    again = f"{name}={QuotedString(value, Quote.single).with_quotes()}"
    return argument if _parsed(again, parser) is None else again


def _parsed(argument: str, parser: OverridesParser) -> Override | None:
    try:
        return parser.parse_override(argument)
    except HydraException:
        return None


def _there(name: str) -> bool:
    try:
        return Path(name).expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # too long, nobody's home, no name at all
        return False
