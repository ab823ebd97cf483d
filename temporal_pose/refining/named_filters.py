"""Filters by name, as their YAML files describe them: made without torch and without Hydra."""

import re
from collections.abc import Mapping
from typing import Any

from temporal_pose.errors import ConfigError
from temporal_pose.files import options
from temporal_pose.files.constructing import build
from temporal_pose.files.options import described
from temporal_pose.filters.base import Filter
from temporal_pose.refining.filtering import FilterRefiner

#: What refines where nothing else is chosen.
DEFAULT = "robust"

_REFERENCE = re.compile(r"\$\{model\.(\w+)\}")


def filter_named(name: str = DEFAULT, **settings: Any) -> FilterRefiner:
    """A filter as its YAML file has it, or with some settings changed.

    Args:
        name: of a file in ``conf/model`` that describes a filter, or 'identity', which only
            cleans.
        settings: of that file, by name.

    Raises:
        ConfigError: no such filter, or no such setting; the message names what there is.
    """
    about = described("model", name) if name in options.options("model") else {}
    network = about.pop("network", {})
    values = {key: value for key, value in about.items() if not isinstance(value, dict)}
    for odd in settings.keys() - values.keys():
        expected = ", ".join(sorted(values.keys() - {"name", "title", "whole_videos", "defaults"}))
        raise ConfigError(f"{odd} is no setting of {name}; expected {expected}")
    filled = {key: _filled(value, values | settings) for key, value in network.items()}
    return of_network(build(filled, f"conf/model/{name}.yaml") if _ready(filled) else None, name)


def of_network(network: Any, name: str) -> FilterRefiner:
    """The refiner of a filter, or of a module that has nothing to learn.

    Args:
        network: the filter or the module; None for one that cannot be made without a run.

    Raises:
        ConfigError: it has something to learn, and so needs a run.
    """
    if isinstance(network, Filter):
        return FilterRefiner(network)
    if network is None or any(True for _ in network.parameters()):
        ready = ", ".join([*options.whole_filters(), *options.shipped()])
        raise ConfigError(
            f"model '{name}' is no filter; expected one of {ready}, or run=, the folder of a "
            "trained network's run"
        )
    return FilterRefiner(None)


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    """A value with references to the model's own settings replaced."""
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return value if found is None else values.get(found[1], value)


def _ready(network: Mapping[str, Any]) -> bool:
    return bool(network) and not any("${" in str(value) for value in network.values())
