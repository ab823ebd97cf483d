"""Pictures of what a detector's network does, for TensorBoard."""

from collections.abc import Sequence
from typing import Any

import torch
from lightning.fabric.utilities import move_data_to_device
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.trainer.states import TrainerFn

from temporal_pose.data.images.image_module import ImageData
from temporal_pose.pose.crops import Crops
from temporal_pose.reporting.figures.crop_panels import Looked, heatmaps, skeletons
from temporal_pose.reporting.figures.panels import pixels
from temporal_pose.training.detector import Detection

_KEYPOINTS = 3  # with heatmaps of their own


class CropPictures(Callback):
    """Logs a few validation crops with the true and the predicted skeleton, and their heatmaps;
    the x axis is the epoch.

    Training is the same with it and without it: it draws no random number.

    Args:
        every: epochs from one occasion to the next, the first epoch being one as well; 0 for
            none.
        crops: which validation crops, as shares of the way through the set.
    """

    def __init__(self, every: int = 5, crops: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9)) -> None:
        self.every, self.crops = every, crops

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Draws, while Lightning still has the network in evaluation mode, without gradients."""
        epoch = trainer.current_epoch + 1
        fitting = trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking
        due = self.every and (epoch == 1 or epoch % self.every == 0)
        if not (due and fitting and isinstance(trainer.logger, TensorBoardLogger)):
            return
        data = trainer.datamodule
        people = len(data.sides["val"])
        chosen = sorted({round(share * (people - 1)) for share in self.crops})
        batch = trainer.precision_plugin.convert_input(data.crops["val"][chosen])
        with trainer.precision_plugin.val_step_context():
            seen = look(pl_module, data, move_data_to_device(batch, pl_module.device))
        skeleton = pl_module.codec.skeleton
        shown = list(range(len(skeleton)))[:: max(1, len(skeleton) // _KEYPOINTS)][:_KEYPOINTS]
        names = [skeleton.keypoints[place].replace("_", " ") for place in shown]
        board = trainer.logger.experiment
        for tag, figure in (
            ("val_skeletons", skeletons(seen, skeleton)),
            ("val_heatmaps", heatmaps(seen[:_KEYPOINTS], shown, names)),
        ):
            board.add_image(tag, pixels(figure), trainer.current_epoch, dataformats="HWC")


def look(task: Detection, data: ImageData, batch: Crops) -> list[Looked]:
    """What a network makes of some crops.

    Args:
        batch: as bytes.
    """
    given = data.prepare(batch)
    maps = task(given.images)
    predicted, _scores = task.codec.decode(maps)
    targets = task.codec.encode(given.keypoints, given.labels)
    parts = (
        (batch.images.float() / 255).permute(0, 2, 3, 1),
        given.keypoints,
        given.visible,
        predicted,
        maps,
        targets / targets.amax().clamp(min=torch.finfo(targets.dtype).tiny),
    )
    arrays = (part.numpy(force=True) for part in parts)
    return [Looked(*crop) for crop in zip(*arrays, strict=True)]
