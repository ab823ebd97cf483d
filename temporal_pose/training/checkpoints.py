"""Writing and reading checkpoints, which hold tensors and plain data, never code."""

import pickle
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch import nn

from temporal_pose.errors import CheckpointError


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The contents of a checkpoint.

    Raises:
        CheckpointError: no such file, a damaged one, or one that would need code to load.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"checkpoint {path} is not there; train the model first") from None
    except pickle.UnpicklingError:
        raise CheckpointError(
            f"checkpoint {path} is damaged or would need code to load, which is never run; "
            "expected a file of tensors and plain data, as `train` writes it"
        ) from None
    except OSError:
        raise
    except Exception:  # damage raises anything from EOFError to struct.error
        raise CheckpointError(f"checkpoint {path} is damaged; train the model again") from None
    if not isinstance(content, dict) or not isinstance(content.get("state_dict"), dict):
        raise CheckpointError(f"checkpoint {path} has no state_dict; expected one `train` wrote")
    return content


def load_weights(task: nn.Module, path: Path) -> None:
    """Puts a checkpoint's weights into a task.

    Raises:
        CheckpointError: see `read_checkpoint`; or the weights are another model's.
    """
    weights = read_checkpoint(path)["state_dict"]
    there = {name: _shape(value) for name, value in weights.items()}
    here = {name: _shape(value) for name, value in task.state_dict().items()}
    different = sorted(name for name in there | here if there.get(name) != here.get(name))
    if different:
        name = different[0]
        raise CheckpointError(
            f"checkpoint {path} is of another model: {name} is {there.get(name, 'missing')} "
            f"there, expected {here.get(name, 'none')} ({len(different)} such differences)"
        )
    task.load_state_dict(weights)


def _shape(value: Any) -> str:
    return f"of shape {tuple(value.shape)}" if hasattr(value, "shape") else "a setting"


class Checkpoint(ModelCheckpoint):
    """Lightning's, but whole or not there, and for a folder that may have been moved.

    Lightning writes to the system's temporary folder first; where that is another file system, a
    kill in the middle of the move would leave half a checkpoint.
    """

    def _save_checkpoint(self, trainer: Any, filepath: str) -> None:
        part = Path(f"{filepath}.part")
        super()._save_checkpoint(trainer, str(part))
        if trainer.is_global_zero:
            part.replace(filepath)
        self._last_checkpoint_saved = filepath

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the best score even if the folder has another path now."""
        moved: dict[str, Any] = {"dirpath": self.dirpath}
        for name in ("best_model_path", "last_model_path", "kth_best_model_path"):
            if state_dict.get(name):
                moved[name] = str(Path(str(self.dirpath)) / Path(state_dict[name]).name)
        models = state_dict.get("best_k_models", {})
        folder = Path(str(self.dirpath))
        moved["best_k_models"] = {str(folder / Path(p).name): v for p, v in models.items()}
        super().load_state_dict(state_dict | moved)


class EarlyStop(EarlyStopping):
    """Lightning's, for a run that was killed after its last epoch: it does not train on."""

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Stops at once where the checkpoint's patience is already used up."""
        trainer.should_stop = trainer.should_stop or self.wait_count >= self.patience
