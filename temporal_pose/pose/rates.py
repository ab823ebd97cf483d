"""Frame rates and image sizes as people and files write them."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from temporal_pose.errors import ConfigError


def frame_rate(written: str | float, name: str = "fps") -> float:
    """Frames a second, of a number or a text such as ``29.97`` or ``30000/1001``.

    Raises:
        ConfigError: neither; or not positive.
    """
    try:
        value = float(Fraction(written)) if isinstance(written, str) else float(written)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        value = 0.0
    if isinstance(written, bool) or not 0 < value < 1e6:
        raise ConfigError(
            f"{name} is {written!r}; expected frames a second, such as 30, 29.97 or 30000/1001"
        )
    return value


def rate_told(value: Any) -> float | None:
    """Frames a second of what a file says: 25, "29.97", "30000/1001"; None for what is none."""
    text = str(value).strip().replace(",", ".")
    match = re.fullmatch(r"\+?(\d{1,9}(?:\.\d{1,30})?)(?:/(\d{1,9}))?", text)
    if match is None or (match[2] and not int(match[2])):
        return None
    return float(Fraction(match[1]) / int(match[2] or 1)) or None


def image_size(written: str | Sequence[int]) -> tuple[int, int]:
    """Width and height in pixels, of a text such as ``1920x1080`` or a pair of numbers.

    Raises:
        ConfigError: neither; or not positive.
    """
    parts = (
        re.fullmatch(r"\s*(\d{1,6})\s*[xX×,]\s*(\d{1,6})\s*", written)
        if isinstance(written, str)
        else None
    )
    pair = parts.groups() if parts else written
    try:
        width, height = (int(value) for value in pair)
    except (TypeError, ValueError):
        width = height = 0
    if width < 1 or height < 1:
        raise ConfigError(
            f"image_size is {written!r}; expected width and height, such as 1920x1080"
        )
    return width, height
