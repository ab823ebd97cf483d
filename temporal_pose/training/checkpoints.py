"""Writing and reading checkpoints, which hold tensors and plain data, never code."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch import nn

from temporal_pose.errors import CheckpointError

#: What a checkpoint holds of the training it interrupts, besides weights.
_TRAINING = ("epoch", "global_step", "loops", "callbacks", "optimizer_states", "lr_schedulers")


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
    there = {name: _shape(value) for name, value in weights.items()}
    here = {name: _shape(value) for name, value in task.state_dict().items()}
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


def check_resumable(task: nn.Module, path: Path) -> int:
    """Makes sure that training can go on from a checkpoint.

    Returns:
        The epochs that were trained.

    Raises:
        CheckpointError: see `load_weights`; or it holds weights alone.
    """
    content = read_checkpoint(path)
    lacking = [name for name in _TRAINING if name not in content]
    if lacking:
        raise CheckpointError(
            f"checkpoint {path} lacks {', '.join(lacking)}, so training cannot go on from it; "
            "train again with force=true"
        )
    check_weights(task, content["state_dict"], path)
    return int(content["epoch"]) + 1


def _shape(value: Any) -> str:
    return f"of shape {tuple(value.shape)}" if hasattr(value, "shape") else "a setting"


class Checkpoint(ModelCheckpoint):
    """Lightning's, but whole or not there, and for a folder that may have been moved.

    Lightning writes to the system's temporary folder first; where that is another file system, a
    kill in the middle of the move would leave half a checkpoint.
    """

    def _save_checkpoint(self, trainer: Any, filepath: str) -> None:
        part = Path(f"{filepath}.part")
        try:
            super()._save_checkpoint(trainer, str(part))
        except OSError as error:  # Lightning's names the file it copies from
            part.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror, filepath) from error
        if trainer.is_global_zero:
            part.replace(filepath)
        self._last_checkpoint_saved = filepath

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the best score even if the folder has another path now.

        Raises:
            CheckpointError: the best checkpoint so far is gone.
        """
        folder = Path(str(self.dirpath))
        moved: dict[str, Any] = {"dirpath": self.dirpath}
        for name in ("best_model_path", "last_model_path", "kth_best_model_path"):
            if state_dict.get(name):
                moved[name] = str(folder / Path(state_dict[name]).name)
        best = moved.get("best_model_path")
        if best and not Path(best).is_file():
            raise CheckpointError(
                f"checkpoint {best} is gone, so training cannot go on; put it back, or train "
                "again with force=true"
            )
        models = state_dict.get("best_k_models", {})
        moved["best_k_models"] = {str(folder / Path(p).name): v for p, v in models.items()}
        super().load_state_dict(state_dict | moved)


class EarlyStop(EarlyStopping):
    """Lightning's, for a run that was killed after its last epoch: it does not train on."""

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Stops at once where the checkpoint's patience is already used up."""
        trainer.should_stop = trainer.should_stop or self.wait_count >= self.patience
