"""Pages with all they need in one file, out of templates with places to fill."""

import re
from collections.abc import Mapping
from pathlib import Path

#: What pages share whose script draws: in a template, ``{{canvas}}``, before all else.
_CANVAS = Path(__file__).with_name("canvas.js")


def filled(template: Path, parts: Mapping[str, str]) -> str:
    """A template with each ``{{name}}`` replaced; what is put in is never looked at again.

    Args:
        parts: HTML by the name of its place; ``canvas`` is known.
    """
    known = {"canvas": _CANVAS.read_text(encoding="utf-8").rstrip("\n"), **parts}
    text = template.read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda place: known[place[1]], text)
