"""Weights of a detector, read from a file without running anything in it."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from temporal_pose.errors import CheckpointError

#: Ends the names of what trainable normalisation alone has, of no use in a frozen model.
COUNTER = "num_batches_tracked"


def read(path: Path) -> Mapping[str, Tensor]:
    """The ``state_dict`` in a file; nothing in it is executed.

    Raises:
        CheckpointError: a file that is missing, damaged, or holds something else.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(
            f"detector.weights '{path}' does not exist; expected a file, or 'default'"
        ) from error
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.PickleError) as error:
        raise CheckpointError(
            f"{path}: cannot be read as weights; expected torch.save(model.state_dict(), FILE) of "
            f"tensors alone ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
        ) from error
    if not isinstance(state, dict) or not all(torch.is_tensor(v) for v in state.values()):
        raise CheckpointError(
            f"{path}: holds no state_dict; expected torch.save(model.state_dict(), FILE)"
        )
    return state


def fill(model: nn.Module, state: Mapping[str, Tensor], name: str, architecture: str) -> None:
    """Puts weights into a model.

    Args:
        name: of their file, for the message.
        architecture: what the model is called there.

    Raises:
        CheckpointError: they are of another architecture; the message names the first entry that
            differs.
    """
    own = {key: t.shape for key, t in model.state_dict().items() if not key.endswith(COUNTER)}
    given = {key: t.shape for key, t in state.items() if not key.endswith(COUNTER)}
    for key in (*own, *given):
        if own.get(key) != given.get(key):
            have = tuple(given[key]) if key in given else "not there"
            want = tuple(own[key]) if key in own else "no such entry"
            raise CheckpointError(
                f"{name}: weights of another architecture: '{key}' is {have}; "
                f"{architecture} expects {want}"
            )
    model.load_state_dict(state, strict=False)
