"""The type checker of the tests: an int is a fine float, as everywhere in Python."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import jaxtyping
from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray, install_import_hook

check = beartype(conf=BeartypeConf(is_pep484_tower=True))


def install(package: str) -> None:
    """Has every function of a package checked that is imported from now on."""
    jaxtyping.jaxtyped = _lighter(jaxtyping.jaxtyped)
    install_import_hook(package, f"{__name__}.check")


def _lighter(jaxtyped: Callable[..., Any]) -> Callable[..., Any]:
    """``jaxtyped``, for functions whose types hold arrays; `check` alone does the same for others.

    Remembering the sizes of axes from one argument to the next takes longer than most functions,
    and to decorate a function for it twice as long.
    """

    def decorate(function: Any = None, *, typechecker: Callable[..., Any]) -> Any:
        if function is None:
            return partial(decorate, typechecker=typechecker)
        if _plain(function):
            return typechecker(function)
        return jaxtyped(function, typechecker=typechecker)

    return decorate


def _plain(function: Any) -> bool:
    """Whether a function has no array among its types, as far as they are known yet."""
    if not inspect.isfunction(function) or inspect.isgeneratorfunction(function):
        return False
    return not any(map(_of_arrays, function.__annotations__.values()))


def _of_arrays(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, AbstractArray):
        return True
    inside = hint if isinstance(hint, list) else get_args(hint)  # the list is that of a Callable
    return isinstance(hint, str) or any(map(_of_arrays, inside))
