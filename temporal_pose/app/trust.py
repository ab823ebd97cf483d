"""What a person's own configuration may call, beside what comes along."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig

from temporal_pose.files.constructing import targets_in


def trusted() -> frozenset[str]:
    """What the folders of a --config-dir name: whoever types that trusts them."""
    if not HydraConfig.initialized():
        return frozenset()
    sources = HydraConfig.get().runtime.config_sources
    folders = [Path(one.path) for one in sources if one.provider == "command-line"]
    return frozenset().union(*(targets_in(folder) for folder in folders if folder.is_dir()))
