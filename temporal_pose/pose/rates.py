"""Frame rates as people write them."""

from fractions import Fraction

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
