"""Settings that a run was started with, as they were typed: checked before they are typed again.

Hydra takes more on its command line than values: settings of its own, which construct objects,
files from outside ``conf/``, and resolvers that read the environment. A person may type what they
like; what stands in a file may not.
"""

import re
from collections.abc import Collection
from typing import Any

from temporal_pose.errors import ConfigError
from temporal_pose.files.conf import CONF
from temporal_pose.files.constructing import asks_resolver, may_be_called, refused

_KEY = r"[\w$](?:[\w$/@:-]|\.(?!\.))*"  # two dots would lead up a folder
_OVERRIDE = re.compile(rf"(?:\+\+|\+|~)?(?P<key>{_KEY})(?:=(?P<value>.*))?", re.ASCII)
_SPECIAL = re.compile(r"_(?:target|args|partial|recursive|convert)_")
_TARGET = re.compile(r"_target_['\"]?\s*:\s*['\"]?([\w.]+)['\"]?\s*(?=[,}])", re.ASCII)
_CHOICE = re.compile(r"[\w-]*|\[\s*[\w-]+(?:\s*,\s*[\w-]+)*\s*\]", re.ASCII)


def checked_overrides(overrides: Any, where: str, extra: Collection[str] = ()) -> list[str]:
    """Saved overrides, after a look at each: none reaches outside the settings of this package.

    Args:
        overrides: as a file has them.
        where: what to call the file in messages.
        extra: dotted names that may be called beside `constructing.allowed`.

    Raises:
        ConfigError: no list of settings, or one that names something to call, a setting of
            Hydra's own, a file outside ``conf/``, or a resolver.
    """
    if not isinstance(overrides, list) or not all(isinstance(item, str) for item in overrides):
        raise ConfigError(
            f"{where}: overrides is {str(overrides)[:80]}; expected a list of settings, as typed"
        )
    for override in overrides:
        _check(override, where, extra)
    return list(overrides)


def _check(override: str, where: str, extra: Collection[str]) -> None:
    parsed = _OVERRIDE.fullmatch(override)
    if parsed is None:
        raise _refused(where, override, "a setting, as name=value")
    key, value = parsed["key"], parsed["value"] or ""
    if "hydra" in re.split(r"[/.@:]", key):
        raise _refused(where, override, "a setting of this package, not of Hydra's own")
    if asks_resolver(value):
        raise _refused(where, override, "a plain value, nothing to be computed")
    _check_construction(override, key, value, where, extra)
    if (CONF / key.split("@")[0]).is_dir() and not _CHOICE.fullmatch(value):
        raise _refused(where, override, f"the name of a file in conf/{key.split('@')[0]}")


def _check_construction(
    override: str, key: str, value: str, where: str, extra: Collection[str]
) -> None:
    """What is to be called is on the list, wherever in a setting it stands."""
    if _SPECIAL.search(key):
        if not key.endswith("._target_") or len(_SPECIAL.findall(key)) > 1:
            raise _refused(where, override, "arguments by their names")
        if not may_be_called(value.strip("'\""), extra):
            raise refused(where, f"override {key}", value)
    targets = _TARGET.findall(value)
    for target in targets:
        if not may_be_called(target, extra):
            raise refused(where, f"override {key}", target)
    if len(targets) != sum(word != "_partial_" for word in _SPECIAL.findall(value)):
        raise _refused(where, override, "a plain value, or settings with a _target_ of conf/")


def _refused(where: str, override: str, expected: str) -> ConfigError:
    return ConfigError(f"{where}: override '{override[:120]}'; expected {expected}")
