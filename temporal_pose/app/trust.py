"""What a person's own configuration may call, beside what comes along."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig

from temporal_pose.files.constructing import targets_in


def own_folders() -> tuple[Path, ...]:
    """The folder of a --config-dir, if one is typed: laid out as ``conf/`` is, beside it."""
    if not HydraConfig.initialized():
        return ()
    sources = HydraConfig.get().runtime.config_sources
    folders = (Path(one.path) for one in sources if one.provider == "command-line")
    return tuple(folder for folder in folders if folder.is_dir())


def trusted() -> frozenset[str]:
    """What the folder of a --config-dir names: whoever types that trusts it."""
    return frozenset().union(*map(targets_in, own_folders()))
