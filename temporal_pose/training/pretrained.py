"""Weights of a network from a file: of a run, or of any torch program with the same network."""

from pathlib import Path

import torch
from torch import nn

from temporal_pose.detectors import state_dicts
from temporal_pose.errors import CheckpointError

_NETWORK, _PARALLEL = "network.", "module."


def load_network(network: nn.Module, path: Path, may_lack: tuple[str, ...] = ()) -> None:
    """Fills a network from a checkpoint of a run, or from a file of its ``state_dict`` alone.

    Args:
        may_lack: how names begin that the file need not hold; those weights stay as they are.

    Raises:
        CheckpointError: a file that is missing or damaged, or weights of another architecture;
            the message names the first entry that differs.
    """
    own = {name: v for name, v in network.state_dict().items() if name.startswith(may_lack)}
    state = own | network_weights(path)
    state_dicts.fill(network, state, str(path), type(network).__name__)


def network_weights(path: Path) -> dict[str, torch.Tensor]:
    """A network's weights by the names that they have within it.

    Raises:
        CheckpointError: see `load_network`.
    """
    state = state_dicts.read(path, "weights", other="")
    kept = [name for name in state if name.startswith(_NETWORK)]
    if kept:
        return {name.removeprefix(_NETWORK): state[name] for name in kept}
    found = {name.removeprefix(_PARALLEL): value for name, value in state.items()}
    bad = [name for name, value in found.items() if not value.isfinite().all()]
    if bad:
        raise CheckpointError(f"{path}: {bad[0]} has values that are not finite")
    return found
