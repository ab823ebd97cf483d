"""A run's configuration of an earlier version, in today's words.

Names alone have changed, never what they mean: a run that was made before goes on as it was.
"""

import re
from collections.abc import Mapping
from typing import Any

#: Former places of what configurations name.
_MOVED = {
    "temporal_pose.pose.noise.": "temporal_pose.inputs.simulated.",
    "temporal_pose.pose.fitted_noise.": "temporal_pose.inputs.fitted.",
    "temporal_pose.pose.recording.": "temporal_pose.inputs.recorded.",
    "temporal_pose.refining.saved.": "temporal_pose.refining.named_filters.",
}

# The group 'noise' became 'input', as an option of it, recorded, means no noise at all: as a
# choice, a setting of it, a choice for another place, and in references.
_NOISE = re.compile(r"^(?P<sign>\+{0,2}|~)noise(?=[.=@]|$)|(?<=\$\{)noise(?=[.}])")


def migrated(config: Mapping[str, Any]) -> dict[str, Any]:
    """A run's configuration as this version would have written it.

    Args:
        config: as a run's ``config.yaml`` has it; of today, it comes back equal.
    """
    content = {name: _moved(value) for name, value in config.items()}
    content = _renamed(content, "noise", "input")
    parts = content.get("objects")
    if isinstance(parts, Mapping) and isinstance(parts.get("data"), Mapping):
        data = _renamed(parts["data"], "noise", "input")
        content["objects"] = {**parts, "data": data}
    said = content.get("overrides")
    if isinstance(said, list):
        content["overrides"] = [_retyped(item) for item in said]
    return content


def _renamed(content: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """With another key, at the same place; as it is where the new one is there already."""
    if new in content:
        return dict(content)
    return {new if name == old else name: value for name, value in content.items()}


def _moved(value: Any) -> Any:
    """With today's name for each ``_target_``, wherever it stands."""
    if isinstance(value, list):
        return [_moved(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: _name(item) if key == "_target_" and isinstance(item, str) else _moved(item)
        for key, item in value.items()
    }


def _name(target: str) -> str:
    for old, new in _MOVED.items():
        if target.startswith(old):
            return new + target.removeprefix(old)
    return target


def _retyped(override: Any) -> Any:
    """A setting as one types it today."""
    if not isinstance(override, str):
        return override
    typed = _NOISE.sub(lambda found: f"{found['sign'] or ''}input", override)
    for old, new in _MOVED.items():
        typed = typed.replace(old, new)
    return typed
