"""Checkpoints of a training that may be interrupted, written whole or not at all."""

from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch import nn

from temporal_pose.errors import CheckpointError
from temporal_pose.runs.weights import check_weights, read_checkpoint

#: What a checkpoint holds of the training it interrupts, besides weights.
_TRAINING = ("epoch", "global_step", "loops", "callbacks", "optimizer_states", "lr_schedulers")


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
    epoch = content["epoch"]
    if type(epoch) is not int or epoch < 0:
        raise CheckpointError(
            f"checkpoint {path} is of epoch {epoch!r}; expected a whole number: train again with "
            "force=true"
        )
    return epoch + 1


def refused(path: Path, error: Exception) -> CheckpointError:
    """The error for a checkpoint that is whole, but training cannot be restored from it."""
    said = " ".join(str(error).split())[:200] or type(error).__name__
    return CheckpointError(
        f"checkpoint {path} cannot be gone on with ({said}); train again with force=true"
    )


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

    def begin_with(self, score: float) -> None:
        """Counts the checkpoint that is there already as the best so far, unless it has no score.

        Args:
            score: of the monitored kind.
        """
        if score != score:
            return
        path = str(Path(str(self.dirpath)) / f"{self.filename}{self.FILE_EXTENSION}")
        self.best_model_path = self.kth_best_model_path = path
        self.best_model_score = self.kth_value = torch.tensor(score)
        self.best_k_models = {path: torch.tensor(score)}

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
