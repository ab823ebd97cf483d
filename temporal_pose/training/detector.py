"""The LightningModule of single images: it trains a network that finds keypoints in crops."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import lightning as L
import torch
from jaxtyping import Float
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torchmetrics import MeanMetric

from temporal_pose.pose.crop_codec import CropCodec
from temporal_pose.pose.crop_scores import CropScores
from temporal_pose.pose.crops import Crops, mapped
from temporal_pose.runs.results import (
    LEARNING_RATE,
    LOOSE_PCK,
    LOSS,
    NO_ANSWER,
    TEST,
    TRAINING_LOSS,
    UNFLIPPED,
    VALIDATION,
)
from temporal_pose.training.charts import DETECTOR_CHARTS


class Detection(L.LightningModule):
    """Finds the keypoints of the person in the middle of a crop.

    Logged per epoch: ``train/loss``, ``val/loss``, the loss of a network that emits zeros alone as
    ``val/nothing/loss``, ``val/<score>`` with the scores of `CropScores` over all keypoints, and
    the learning rate. After a test: ``test/<score>``, and where crops were flipped as well,
    ``unflipped/<score>``.

    Args:
        network: from crops to heatmaps, a set a stack.
        codec: between keypoints and what the network speaks.
        optimizer: makes an optimiser of parameters.
        scheduler: makes a learning-rate schedule of an optimiser and the number of steps.
        flip_test: tests on the mean of a crop's heatmaps and those of its mirror image.
        monitor: the score in validation that a schedule which waits for it is told.

    Attributes:
        tested: of each batch of the last test its places in the list of people, keypoints in
            image pixels, and scores.
        may_lack: how names of weights begin that a file to start from need not hold.
    """

    charts = DETECTOR_CHARTS
    one_thread = False
    may_lack: tuple[str, ...] = ()
    losses: Any
    scores: Any

    def __init__(
        self,
        network: nn.Module,
        codec: CropCodec,
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer] = torch.optim.RMSprop,
        scheduler: Callable[[Optimizer, int], LRScheduler] | None = None,
        flip_test: bool = True,
        monitor: str = f"{VALIDATION.refined}{LOOSE_PCK}",
    ) -> None:
        super().__init__()
        self.network, self.codec = network, codec
        self.make_optimizer, self.make_scheduler = optimizer, scheduler
        self.flip_test, self.monitor = flip_test, monitor
        self.tested: list[tuple[Tensor, ...]] = []
        self.losses = nn.ModuleDict({one: MeanMetric() for one in ("fit", "val", "nothing")})
        sides = ("val", "test", "unflipped")
        scores = {side: CropScores(codec.skeleton, codec.size) for side in sides}
        self.scores = nn.ModuleDict(scores)

    @property
    def parameter_count(self) -> int:
        """Number of trained values."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def forward(self, images: Float[Tensor, "B 3 S S"]) -> Float[Tensor, "B K H W"]:
        """Heatmaps of the last stack, as `CropCodec.heatmaps` has them."""
        heatmaps: Tensor = self.codec.heatmaps(self.network(images)[-1].float())
        return heatmaps

    def training_step(self, batch: Crops, _: int) -> Tensor:
        loss = self.codec.loss(self.network(batch.images), batch.keypoints, batch.labels)
        self.losses["fit"].update(loss.detach(), len(batch.images))
        return loss

    def on_train_epoch_end(self) -> None:
        self._log("", {TRAINING_LOSS: self._mean("fit")})

    def validation_step(self, batch: Crops, _: int) -> None:
        output = self.network(batch.images)
        truth = (batch.keypoints, batch.labels)
        for name, answer in (("val", output), ("nothing", torch.zeros_like(output))):
            self.losses[name].update(self.codec.loss(answer, *truth), len(output[0]))
        keypoints, _scores = self.codec.decode(self.codec.heatmaps(output[-1].float()))
        self.scores["val"].update(keypoints, batch)

    def on_validation_epoch_end(self) -> None:
        scores = self._take("val")
        overall = {name: value for name, value in scores.items() if "/" not in name}
        self._log(VALIDATION.refined, overall | {LOSS: self._mean("val")})
        self._log(NO_ANSWER, {LOSS: self._mean("nothing")})
        if self.trainer.state.fn == TrainerFn.FITTING and not self.trainer.sanity_checking:
            optimizer: Any = self.optimizers()
            self._log("", {LEARNING_RATE: optimizer.param_groups[0]["lr"]})
            schedule: Any = self.lr_schedulers()
            if isinstance(schedule, ReduceLROnPlateau):
                schedule.step(scores[self.monitor.removeprefix(VALIDATION.refined)])

    def on_test_start(self) -> None:
        self.tested = []

    def test_step(self, batch: Crops, _: int) -> None:
        heatmaps = self(batch.images)
        plain, _scores = self.codec.decode(heatmaps)
        self.scores["unflipped"].update(plain, batch)
        if self.flip_test:
            heatmaps = (heatmaps + self.codec.flipped(self(batch.images.flip(-1)))) / 2
        keypoints, scores = self.codec.decode(heatmaps)
        self.scores["test"].update(keypoints, batch)
        kept = (batch.sample, mapped(keypoints, batch.to_image), scores)
        self.tested.append(tuple(value.cpu() for value in kept))

    def on_test_epoch_end(self) -> None:
        self._log(TEST.refined, self._take("test"))
        unflipped = self._take("unflipped")
        if self.flip_test:
            self._log(UNFLIPPED, {k: v for k, v in unflipped.items() if "/" not in k})

    def configure_optimizers(self) -> Any:
        learns = [one for one in self.network.parameters() if one.requires_grad]
        optimizer = self.make_optimizer(learns)
        if self.make_scheduler is None:
            return optimizer
        fitting = self._trainer is not None
        steps = int(self.trainer.estimated_stepping_batches) if fitting else 1
        schedule = self.make_scheduler(optimizer, steps)
        waits = isinstance(schedule, ReduceLROnPlateau)
        about = {"interval": "epoch", "monitor": self.monitor} if waits else {"interval": "step"}
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, **about}}

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """A step of those that count steps: the others are told the score in time for the epoch's
        checkpoint, by `on_validation_epoch_end`.
        """
        if not isinstance(scheduler, ReduceLROnPlateau):
            scheduler.step()

    def _mean(self, name: str) -> Tensor:
        value: Tensor = self.losses[name].compute()
        self.losses[name].reset()
        return value

    def _take(self, side: str) -> dict[str, Tensor]:
        scores = dict(self.scores[side].compute())
        self.scores[side].reset()
        return scores

    def _log(self, prefix: str, values: Mapping[str, Any]) -> None:
        """Logs against the epoch, which is what a person reads the curves by."""
        floats = {name: torch.as_tensor(value).float() for name, value in values.items()}
        named = {f"{prefix}{name}": value for name, value in floats.items()}
        self.log_dict(named | {"step": torch.tensor(float(self.current_epoch))})
