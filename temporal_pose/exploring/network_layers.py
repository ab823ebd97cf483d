"""Layers of a network by name: what they give, and the same with something else in its place."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from temporal_pose.errors import ConfigError

_SHOWN = 12  # names of layers in a message


def layer(network: nn.Module, name: str) -> nn.Module:
    """The layer of that name, as in ``named_modules``.

    Raises:
        ConfigError: there is none; the message lists some that there are.
    """
    known = dict(network.named_modules())
    if name not in known or not name:
        near = [one for one in known if one and one.startswith(name.split(".")[0])] if name else []
        choice = near or [one for one in known if one]
        more = f" and {len(choice) - _SHOWN} more" if len(choice) > _SHOWN else ""
        raise ConfigError(
            f"layer is '{name}', which {type(network).__name__} does not have; expected one of "
            f"{', '.join(choice[:_SHOWN])}{more}"
        )
    return known[name]


@torch.no_grad()
def default_layer(network: nn.Module, inputs: Any) -> str:
    """What to look at where nobody says: the network's ``latent``, if it names one.

    Else the last layer that is called outside of the part that makes the output.

    Args:
        inputs: of a sample or more, to see which layers are called.
    """
    named = getattr(network, "latent", None)
    if isinstance(named, str):
        return named
    called: list[str] = []
    hooks = [
        module.register_forward_hook(lambda *_, name=name: called.append(name))
        for name, module in network.named_modules()
        if name
    ]
    try:
        network(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    if not called:
        raise ConfigError(f"{type(network).__name__} has no layers to look at")
    final = called[-1].split(".")[0]
    before = [name for name in called if name.split(".")[0] != final]
    return before[-1] if before else called[-1]


@contextmanager
def recorded(network: nn.Module, name: str) -> Iterator[Callable[[], Tensor]]:
    """Within the block, what the layer gave last; of several results the first.

    Raises:
        ConfigError: no such layer; or, when asked, it was never called or gives no tensor.
    """
    kept: list[Any] = []

    def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
        kept[:] = [_first(output)]

    def given() -> Tensor:
        if not kept or not isinstance(kept[0], Tensor):
            what = "gives no tensor" if kept else "is not called by the network"
            raise ConfigError(f"layer {name} {what}; choose another one")
        return kept[0]

    hook = layer(network, name).register_forward_hook(keep)
    try:
        yield given
    finally:
        hook.remove()


@contextmanager
def replaced(network: nn.Module, name: str, value: Tensor) -> Iterator[None]:
    """Within the block, a layer gives this value, of the shape of what it would have given."""

    def put(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        own = _first(output)
        new = value.to(own).reshape(own.shape)
        return (new, *output[1:]) if isinstance(output, tuple) else new

    hook = layer(network, name).register_forward_hook(put)
    try:
        yield
    finally:
        hook.remove()


@contextmanager
def silenced(network: nn.Module, names: Sequence[str]) -> Iterator[None]:
    """Within the block, the layers of these names give zeros, as if they were cut."""

    def nothing(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        return torch.zeros_like(output)

    hooks = [layer(network, name).register_forward_hook(nothing) for name in names]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def flat(output: Tensor, count: int, name: str, pool: int | None = None) -> Float[Tensor, "N D"]:
    """Features of ``count`` samples, a row each.

    Args:
        output: what the layer gave.
        pool: maps are averaged to so many rows and columns first; None leaves them.

    Raises:
        ConfigError: the layer gives something else than a value a sample.
    """
    if output.ndim < 2 or len(output) != count:
        raise ConfigError(
            f"layer {name} gives {tuple(output.shape)} for {count} samples; expected a row a "
            "sample: choose another one"
        )
    if pool is not None and output.ndim >= 4:
        output = nn.functional.adaptive_avg_pool2d(output.flatten(1, -3), pool)
    return output.flatten(1)


def _first(output: Any) -> Any:
    return output[0] if isinstance(output, tuple) else output
