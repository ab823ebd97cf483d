"""Frame rates as files write them."""

import re
from fractions import Fraction
from typing import Any


def rate(value: Any) -> float | None:
    """Frames a second of what a file says: 25, "29.97", "30000/1001"; None for what is none."""
    text = str(value).strip().replace(",", ".")
    match = re.fullmatch(r"\+?(\d{1,9}(?:\.\d{1,30})?)(?:/(\d{1,9}))?", text)
    if match is None or (match[2] and not int(match[2])):
        return None
    return float(Fraction(match[1]) / int(match[2] or 1)) or None
