"""Kinds of values that settings may have, and the check that they have them."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from temporal_pose.errors import ConfigError

_MISSING = object()


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


class SettingKind(NamedTuple):
    """What a setting may be.

    Args:
        fits: whether a value is of this kind.
        expected: completes the message if it is not.
    """

    fits: Callable[[Any], bool]
    expected: str


def whole(least: int) -> SettingKind:
    """Whole numbers from ``least``."""
    return SettingKind(lambda v: type(v) is int and v >= least, f"a whole number from {least}")


def between(least: float, most: float, whole: bool = False) -> SettingKind:
    """Numbers from ``least`` to ``most``, or the whole ones among them."""

    def fits(value: Any) -> bool:
        return (type(value) is int if whole else _number(value)) and least <= value <= most

    what = "a whole number" if whole else "a number"
    return SettingKind(fits, f"{what} from {least:g} to {most:g}")


def text(expected: str) -> SettingKind:
    """Texts that are not empty; ``expected`` says what they are."""
    return SettingKind(lambda v: isinstance(v, str) and v != "", expected)


#: Numbers, none of them NaN or infinite; and true or false.
NUMBER = SettingKind(_number, "a number")
POSITIVE = SettingKind(lambda v: _number(v) and v > 0, "a positive number")
NOT_NEGATIVE = SettingKind(lambda v: _number(v) and v >= 0, "0 or a positive number")
SWITCH = SettingKind(lambda v: isinstance(v, bool), "true or false")


def one_of(name: str, value: Any, choices: Any) -> None:
    """Makes sure that a value is one of the choices.

    Raises:
        ConfigError: it is not; the message lists the choices.
    """
    if value not in choices:
        raise ConfigError(f"{name} is '{value}'; expected one of {', '.join(map(str, choices))}")


def check_kinds(
    config: DictConfig, kinds: Mapping[str, SettingKind], may_be_null: Collection[str]
) -> None:
    """Makes sure that settings are of their kinds, where they are there at all.

    Raises:
        ConfigError: one is not.
    """
    for name, kind in kinds.items():
        value = OmegaConf.select(config, name, default=_MISSING)
        open_ = value is _MISSING or (value is None and name in may_be_null)
        if not open_ and not kind.fits(value):
            raise ConfigError(f"{name} is {value!r}; expected {kind.expected}")
