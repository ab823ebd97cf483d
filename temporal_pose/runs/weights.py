"""Reading checkpoints, which hold tensors and plain data, never code."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from temporal_pose.errors import CheckpointError, UserError
from temporal_pose.files.reading import sound_archive

#: What modules raise for settings that are text where numbers belong, or the like.
_REFUSED = (RuntimeError, TypeError, ValueError, ArithmeticError, AttributeError, LookupError)


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
    if not path.is_file():  # a pipe would be waited for
        raise CheckpointError(f"checkpoint {path} is no regular file; expected best.ckpt")
    try:
        sound = sound_archive(path)
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
    fill(task, weights, path)


def fill(module: nn.Module, weights: Mapping[Any, Any], path: Path) -> None:
    """Puts weights that `check_weights` has seen into a module, with settings that are kept there.

    Raises:
        CheckpointError: settings that the module refuses.
    """
    try:
        module.load_state_dict(weights)
    except UserError as error:
        raise CheckpointError(f"checkpoint {path}: {error}") from error
    except _REFUSED as error:
        said = " ".join(str(error).split())
        raise CheckpointError(f"checkpoint {path} cannot be used: {said}") from error


def check_weights(task: nn.Module, weights: Mapping[Any, Any], path: Path) -> None:
    """Makes sure that weights are those of such a task.

    Args:
        path: of the checkpoint they are from.

    Raises:
        CheckpointError: they are another model's, or not finite.
    """
    own = task.state_dict()
    there = {str(name): _shape(value) for name, value in weights.items()}
    here = {name: _shape(value) for name, value in own.items()}
    different = sorted(name for name in there | here if there.get(name) != here.get(name))
    if different:
        name = different[0]
        raise CheckpointError(
            f"checkpoint {path} is of another model: {name} is {there.get(name, 'missing')} "
            f"there, expected {here.get(name, 'none')} ({len(different)} such differences)"
        )
    for name, value in weights.items():
        if isinstance(value, torch.Tensor):
            _check_values(value, own[name], name, path)


def _check_values(value: torch.Tensor, own: torch.Tensor, name: str, path: Path) -> None:
    """All that is stored is there, and finite where it is to go."""
    if value.is_meta or value.is_complex() > own.is_complex():
        raise CheckpointError(
            f"checkpoint {path} holds {value.dtype} on {value.device} for {name}; expected "
            f"{own.dtype}: train again with force=true"
        )
    if not value.isfinite().all():
        raise CheckpointError(
            f"checkpoint {path} holds values of {name} that are not finite: training has "
            "diverged; train again with force=true and a lower optimizer.lr"
        )
    if not value.to(own.dtype).isfinite().all():
        raise CheckpointError(
            f"checkpoint {path} holds values of {name} too large for {own.dtype}; train again "
            "with force=true and a lower optimizer.lr"
        )


def _shape(value: Any) -> str:
    if not isinstance(value, torch.Tensor):
        return "a setting"
    if value.layout != torch.strided or value.is_quantized or value.is_nested:
        return "of a layout of its own"
    return f"of shape {tuple(value.shape)}"
