"""What makes a run what it is: settings that determine its result, and a fingerprint of them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

#: Settings that say where, how loudly or on what a run works, and do not change its result.
VOLATILE = (
    *("runs_dir", "force", "dry_run", "fail_fast", "stage", "overrides"),
    *("pretrained", "missing", "data.workers", "objects.data.workers"),
    *("pictures", "callbacks", "model.fit.callbacks", "model.title", "data.title"),
    *("trainer.enable_progress_bar", "trainer.enable_model_summary", "trainer.log_every_n_steps"),
    *("trainer.accelerator", "trainer.devices", "trainer.strategy", "trainer.num_nodes"),
)


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their dotted names, as one types them."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        flat |= flatten(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return flat


def identity_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that determine a run's result; 1 and 1.0 are the same setting.

    A folder of data is told by its files, where these were noted, not by its path.
    """
    told = "data_files" in config
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in flatten(config).items()
        if name not in VOLATILE and not (told and name.endswith(".root"))
    }


def config_hash(config: Mapping[str, Any]) -> str:
    """A fingerprint of the settings that determine a run's result: 16 hexadecimal digits."""
    text = json.dumps(identity_of(config), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
