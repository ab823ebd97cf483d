"""Reading checkpoints, which hold tensors and plain data, never code."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from temporal_pose.errors import CheckpointError


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The contents of a checkpoint.

    Raises:
        CheckpointError: no such file, a damaged one, or one that would need code to load.
        OSError: the file may not be read.
    """
    if not path.exists():
        raise CheckpointError(f"checkpoint {path} is not there; train the model first")
    if path.is_dir():
        raise CheckpointError(f"checkpoint {path} is a folder; expected a file, such as best.ckpt")
    try:
        with zipfile.ZipFile(path) as archive:  # torch itself does not look at the checksums
            sound = archive.testzip() is None
        content = torch.load(path, map_location="cpu", weights_only=True) if sound else None
    except PermissionError:
        raise
    except pickle.UnpicklingError:
        raise CheckpointError(
            f"checkpoint {path} would need code to load, which is never run; expected a file of "
            "tensors and plain data, as `train` writes it"
        ) from None
    except Exception:  # damage raises anything from BadZipFile to struct.error
        sound = False
    if not sound:
        raise CheckpointError(
            f"checkpoint {path} is damaged or no checkpoint at all; train again with force=true"
        )
    if not isinstance(content, dict) or not isinstance(content.get("state_dict"), dict):
        raise CheckpointError(f"checkpoint {path} has no state_dict; expected one `train` wrote")
    return content


def load_weights(task: nn.Module, path: Path) -> None:
    """Puts a checkpoint's weights into a task.

    Raises:
        CheckpointError: see `read_checkpoint`; or the weights are another model's, or not finite.
    """
    weights = read_checkpoint(path)["state_dict"]
    check_weights(task, weights, path)
    task.load_state_dict(weights)


def check_weights(task: nn.Module, weights: Mapping[str, Any], path: Path) -> None:
    """Makes sure that weights are those of such a task.

    Args:
        path: of the checkpoint they are from.

    Raises:
        CheckpointError: they are another model's, or not finite.
    """
    there = {name: _told(value) for name, value in weights.items()}
    here = {name: _told(value) for name, value in task.state_dict().items()}
    different = sorted(name for name in there | here if there.get(name) != here.get(name))
    if different:
        name = different[0]
        raise CheckpointError(
            f"checkpoint {path} is of another model: {name} is {there.get(name, 'missing')} "
            f"there, expected {here.get(name, 'none')} ({len(different)} such differences)"
        )
    for name, value in weights.items():
        if isinstance(value, torch.Tensor) and not value.isfinite().all():
            raise CheckpointError(
                f"checkpoint {path} holds values of {name} that are not finite: training has "
                "diverged; train again with force=true and a lower optimizer.lr"
            )


def _told(value: Any) -> str:
    """What must be the same in a checkpoint: the shape of a tensor, a setting as it is."""
    return f"of shape {tuple(value.shape)}" if hasattr(value, "shape") else str(value)
