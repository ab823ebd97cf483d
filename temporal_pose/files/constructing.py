"""Objects made of plain data that came from a file: only constructors on a list are ever called.

A run folder or a configuration may be a stranger's. What it names by ``_target_`` is looked up in
a list before anything is imported or called: what the YAML files of this package name themselves,
and torch's optimisers and schedulers.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from temporal_pose.errors import ConfigError
from temporal_pose.files.conf import CONF

#: Optimisers and schedulers that a configuration may name beside those of ``conf/``.
TORCH = frozenset(
    [
        f"torch.optim.{name}"
        for name in (
            *("ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "NAdam"),
            *("RAdam", "RMSprop", "Rprop", "SGD", "SparseAdam"),
        )
    ]
    + [
        f"torch.optim.lr_scheduler.{name}"
        for name in (
            *("ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR"),
            *("ExponentialLR", "LinearLR", "MultiStepLR", "OneCycleLR", "PolynomialLR"),
            *("ReduceLROnPlateau", "StepLR"),
        )
    ]
)

#: What a node may say of how it is constructed.
_TARGET, _ARGUMENTS, _PARTIAL = "_target_", "_args_", "_partial_"
#: What Hydra understands besides. It changes how nested nodes are treated, so it is not taken.
_FOREIGN = ("_recursive_", "_convert_")

_NAMED = re.compile(rf"{_TARGET}:\s*[\"']?([\w.]+)")

#: What constructors raise for settings that are text where numbers belong, or numbers below zero.
_REFUSED = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RuntimeError)

_DEEPEST = 64  # levels of nesting; a run's configuration has 8


@cache
def allowed() -> frozenset[str]:
    """Everything that may be called, by its dotted name."""
    return targets_in(CONF) | TORCH


def targets_in(folder: Path) -> frozenset[str]:
    """What the YAML files of a folder name, and so trust; their other words are not looked at."""
    texts = (file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.yaml")))
    return frozenset(name for text in texts for name in _NAMED.findall(text))


def build(content: Any, where: str, extra: Collection[str] = ()) -> Any:
    """What plain data describe: ``{_target_: a.dotted.Name, argument: ...}``, nested at will.

    ``_args_`` lists arguments without a name; with ``_partial_: true`` the result is called later.
    All of it is checked before anything is imported or called.

    Args:
        content: mappings, lists, strings, numbers; read from a file.
        where: what to call the file in messages.
        extra: dotted names that may be called beside `allowed`.

    Raises:
        ConfigError: a name that may not be called, a reference that is not resolved, or arguments
            that a constructor refuses; the message names the place in ``content``.
    """
    check_targets(content, where, extra)
    for path, value in _nodes(content, where):
        if isinstance(value, str) and "${" in value:
            raise ConfigError(f"{where}: {path} is '{value}'; expected a value, no reference")
    return _made(content, where, "")


def check_targets(content: Any, where: str, extra: Collection[str] = ()) -> None:
    """Makes sure that plain data name nothing that may not be called; see `build`.

    For configurations that Hydra composes and resolves: references such as ``${data.size}`` may
    stand in them, but none that asks a resolver, such as ``${oc.env:HOME}``.

    Raises:
        ConfigError: they do.
    """
    for path, value in _nodes(content, where):
        if isinstance(value, Mapping):
            _check_node(value, where, path, extra)
        elif isinstance(value, str) and asks_resolver(value):
            raise ConfigError(
                f"{where}: {path} is '{value}', which would be computed; expected a plain value"
            )


def may_be_called(target: object, extra: Collection[str] = ()) -> bool:
    """Whether a dotted name is on the list."""
    return isinstance(target, str) and (target in allowed() or target in extra)


def refused(where: str, path: str, target: object) -> ConfigError:
    """The error for a name that is not on the list."""
    return ConfigError(
        f"{where}: {path} is {target!r}, which nothing that is read from a file may call; "
        "expected what conf/ or a --config-dir names, or an optimiser or scheduler of torch"
    )


def asks_resolver(text: str) -> bool:
    """Whether a reference in a text calls a resolver: ``${name:...}``, at any depth."""
    depth = 0
    for place, letter in enumerate(text):
        if text.startswith("${", place):
            depth += 1
        elif letter == "}":
            depth = max(0, depth - 1)
        elif letter == ":" and depth:
            return True
    return False


def _check_node(node: Mapping[Any, Any], where: str, path: str, extra: Collection[str]) -> None:
    for key in node:
        inner = f"{path}.{key}".lstrip(".")
        foreign = key in _FOREIGN or (key != _TARGET and _TARGET in str(key))
        if foreign or (key == _ARGUMENTS and not isinstance(node[key], list)):
            raise ConfigError(
                f"{where}: {inner} is {node[key]!r}; expected {_TARGET}, {_PARTIAL}, a list of "
                f"{_ARGUMENTS}, and names of arguments"
            )
        if key == _PARTIAL and not isinstance(node[key], bool):
            raise ConfigError(f"{where}: {inner} is {node[key]!r}; expected true or false")
        if key == _TARGET and not may_be_called(node[key], extra):
            raise refused(where, inner, node[key])


def _nodes(content: Any, where: str, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Everything there is, outer before inner, each by its place."""
    if depth > _DEEPEST:
        raise ConfigError(f"{where}: {path[:40]}... is nested deeper than {_DEEPEST} levels")
    yield path, content
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _nodes(value, where, f"{path}.{key}".lstrip("."), depth + 1)
    elif isinstance(content, list | tuple):
        for number, value in enumerate(content):
            yield from _nodes(value, where, f"{path}[{number}]", depth + 1)


def _made(content: Any, where: str, path: str) -> Any:
    if isinstance(content, list | tuple):
        return [_made(value, where, f"{path}[{n}]") for n, value in enumerate(content)]
    if not isinstance(content, Mapping):
        return content
    inner = {
        key: _made(value, where, f"{path}.{key}".lstrip(".")) for key, value in content.items()
    }
    if _TARGET not in inner:
        return inner
    target = _located(inner.pop(_TARGET), where, path)
    arguments, later = inner.pop(_ARGUMENTS, []), inner.pop(_PARTIAL, False)
    if later:
        return partial(target, *arguments, **inner)
    try:
        return target(*arguments, **inner)
    except _REFUSED as error:
        said = " ".join(str(error).split())
        raise ConfigError(
            f"{where}: {path or 'it'} cannot be made of these settings: {said}"
        ) from error


def _located(target: str, where: str, path: str) -> Any:
    """What is called so; the name has been checked."""
    module, _, name = target.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{where}: {path or 'it'} is made by {target}, which is not there ({error}); use the "
            "version of this package that wrote the file"
        ) from error
