"""Pictures of what a network does, for TensorBoard."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped
from lightning.fabric.utilities import move_data_to_device
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.trainer.states import TrainerFn
from matplotlib.figure import Figure

from temporal_pose.data.module import PoseData
from temporal_pose.pose.codecs import HeatmapCodec
from temporal_pose.pose.observations import WindowBatch
from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton
from temporal_pose.reporting.figures.panels import Poses, heatmaps, pixels, skeletons
from temporal_pose.training.task import Refinement

#: What is shown beside each other.
PARTS = ("input", "output", "truth")


class SeenWindow(NamedTuple):
    """A window as a network saw and answered it; the first axis is `PARTS`.

    Args:
        positions: heatmap pixels.
        shown: where there is an input, an output that means something, and a truth.
        maps: what was read, what came out, and what should have come out.
    """

    positions: Float[np.ndarray, "3 T K 2"]
    shown: Bool[np.ndarray, "3 T K"]
    maps: Float[np.ndarray, "3 T K H W"]


class Pictures(Callback):
    """Logs skeletons of a few validation windows, and heatmaps of the one of them that shows most
    of the keypoints asked for; the x axis is the epoch.

    Training is the same with it and without it: it draws no random number.

    Args:
        every: epochs from one occasion to the next, the first epoch being one as well; 0 for
            none.
        windows: which validation windows, as shares of the way through the set.
        keypoints: whose heatmaps to show, of the middle frame of a window.
        skeleton: names the keypoints.
    """

    def __init__(
        self,
        every: int = 10,
        windows: Sequence[float] = (0.2, 0.5, 0.8),
        keypoints: Sequence[str] = ("nose", "left_wrist", "right_ankle"),
        skeleton: Skeleton = CLIMBALONG25,
    ) -> None:
        self.every, self.windows, self.skeleton = every, windows, skeleton
        self.keypoints = {name: skeleton.index(name) for name in keypoints}

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Draws, while Lightning still has the network in evaluation mode, without gradients."""
        if not self._due(trainer):
            return
        validation = trainer.datamodule.sides["val"]
        chosen = sorted({round(share * (len(validation) - 1)) for share in self.windows})
        batch = trainer.precision_plugin.convert_input(validation[chosen])
        with trainer.precision_plugin.val_step_context():
            batch = move_data_to_device(batch, pl_module.device)
            seen = look(pl_module, trainer.datamodule, batch)
        names = [f"{validation.names[validation.video[n]]}/window_{n}" for n in chosen]
        for name, window in zip(names, seen, strict=True):
            self._log(trainer, f"val_skeletons/{name}", self.skeletons(window))
        fullest = max(range(len(seen)), key=lambda i: int(self._middle(seen[i].shown).sum()))
        self._log(trainer, f"val_heatmaps/{names[fullest]}", self.heatmaps(seen[fullest]))

    def skeletons(self, seen: SeenWindow) -> Figure:
        """Truth, input and output over each other, a panel a frame."""
        poses = dict(zip(PARTS, map(Poses, seen.positions, seen.shown), strict=True))
        ordered = {name: poses[name] for name in ("truth", "input", "output")}
        return skeletons(ordered, self.skeleton, seen.maps.shape[-1])

    def heatmaps(self, seen: SeenWindow) -> Figure:
        """Input, output and target of some keypoints in the window's middle frame."""
        maps, positions, shown = map(self._middle, (seen.maps, seen.positions, seen.shown))
        names = [name.replace("_", " ") for name in self.keypoints]
        return heatmaps(maps, positions, shown, names, ("input", "output", "target"))

    def _middle(self, values: Shaped[np.ndarray, "3 T K *any"]) -> Shaped[np.ndarray, "N 3 *any"]:
        """Those of the middle frame and the chosen keypoints, keypoints first."""
        middle = values.shape[1] // 2
        return values[:, middle, list(self.keypoints.values())].swapaxes(0, 1)

    def _due(self, trainer: Any) -> bool:
        epoch = trainer.current_epoch + 1
        fitting = trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking
        due = self.every and (epoch == 1 or epoch % self.every == 0)
        return bool(due and fitting and isinstance(trainer.logger, TensorBoardLogger))

    def _log(self, trainer: Any, tag: str, figure: Figure) -> None:
        """Writes in the first of several processes; in the others, Lightning's dummy takes it."""
        board, epoch = trainer.logger.experiment, trainer.current_epoch
        board.add_image(tag, pixels(figure), epoch, dataformats="HWC")


def look(task: Refinement, data: PoseData, batch: WindowBatch) -> list[SeenWindow]:
    """What a network makes of some validation windows.

    Where it speaks coordinates, its heatmaps are those that a heatmap network would read, emit
    in its place, and aim at.
    """
    observed, keypoints, visible, _torso, _window = data.prepare(batch)
    output, predicted = task.refiner.answer(observed)
    answered = observed.detected | visible
    if isinstance(task.codec, HeatmapCodec):
        speaker = task.codec
    else:
        speaker = HeatmapCodec(data.framing.size)
        output = speaker.encode(predicted, answered)
    maps = (speaker.read(observed), output, speaker.encode(keypoints, visible))
    positions = (observed.positions, predicted, keypoints)
    shown = (observed.detected, answered, visible)
    joined = (torch.stack([part.float() for part in parts], 1) for parts in (positions, maps))
    where, drawn = (values.numpy(force=True) for values in joined)
    seen = torch.stack(shown, 1).numpy(force=True)
    return [SeenWindow(*window) for window in zip(where, seen, drawn, strict=True)]
