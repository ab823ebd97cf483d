"""Weights of a detector, read from a file without running anything in it."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from temporal_pose.detectors.protocol import first_line
from temporal_pose.errors import CheckpointError
from temporal_pose.files.documents import check_regular
from temporal_pose.files.reading import sound_archive

#: Ends the names of what trainable normalisation alone has, of no use in a frozen model.
COUNTER = "num_batches_tracked"


def read(
    path: Path, what: str = "detector.weights", other: str = ", or 'default'"
) -> Mapping[str, Tensor]:
    """The ``state_dict`` in a file, or that in a checkpoint; nothing in it is executed.

    Args:
        what: the setting that names the file.
        other: what else it may be, for the message.

    Raises:
        CheckpointError: a file that is missing, damaged, or holds something else.
    """
    try:
        check_regular(path)
        if zipfile.is_zipfile(path) and not sound_archive(path):  # others are of torch before 1.6
            raise ValueError("its checksums do not fit")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"{what} '{path}' does not exist; expected a file{other}") from error
    except Exception as error:  # damage raises anything from BadZipFile to struct.error
        raise CheckpointError(
            f"{path}: cannot be read as weights; expected torch.save(model.state_dict(), FILE) of "
            f"tensors alone ({_reason(error)})"
        ) from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(_stored(*entry) for entry in state.items()):
        raise CheckpointError(
            f"{path}: holds no state_dict; expected torch.save(model.state_dict(), FILE)"
        )
    return state


def _reason(error: Exception) -> str:
    """Why, in a line; not torch's advice to run what a file holds."""
    if isinstance(error, UnpicklingError):
        return "it is of another kind, or holds other objects, which are never made here"
    return first_line(error)


def _stored(name: Any, value: Any) -> bool:
    """Whether an entry is a tensor by name, all of whose numbers are in the file."""
    tensor = isinstance(name, str) and torch.is_tensor(value) and not value.is_meta
    return bool(tensor and value.layout == torch.strided and not value.is_quantized)


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
