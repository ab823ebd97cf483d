"""The LightningModule of windows: every network, filter and the identity goes through it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import lightning as L
import torch
from jaxtyping import Float
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torchmetrics import MeanMetric

from temporal_pose.errors import ConfigError
from temporal_pose.filters.base import Filter
from temporal_pose.filters.filter_module import as_module
from temporal_pose.pose import random
from temporal_pose.pose.codecs import Codec
from temporal_pose.pose.losses import Loss, masked_mse
from temporal_pose.pose.metrics import PoseMetrics
from temporal_pose.pose.observations import Batch, Observed
from temporal_pose.pose.skeletons import skeleton
from temporal_pose.refining.window_refiner import WindowRefiner
from temporal_pose.runs.results import (
    LEARNING_RATE,
    TEST,
    TRAINING_LOSS,
    VALIDATION,
    VALIDATION_LOSS,
)
from temporal_pose.training.charts import CHARTS

#: The sides that are scored.
SCORED = ("val", "test")


class Refinement(L.LightningModule):
    """Refines windows of detected poses.

    Logged per epoch: ``train/loss``, ``val/loss``, ``val/<score>`` with the scores of
    `PoseMetrics` over all keypoints, the same of the unrefined input as
    ``val/identity/<score>``, and the learning rate. After a test: ``test/<score>`` and
    ``identity/<score>``.

    Args:
        network: from what the codec reads to what it decodes.
        codec: between keypoints and what the network speaks.
        loss: what training makes small.
        optimizer: makes an optimiser of parameters.
        scheduler: makes a learning-rate reduction of an optimiser; stepped with the validation
            loss.
        seed: of dropout, anew every step, so that a resumed run repeats an undisturbed one.

    Attributes:
        tested: of each batch of the last test its window numbers, predictions, input, truth,
            visibility and torso diameters.

    Raises:
        ConfigError: a loss for networks of another kind.
    """

    charts = CHARTS
    losses: Any
    scores: Any
    baseline: Any

    def __init__(
        self,
        network: nn.Module | Filter,
        codec: Codec,
        loss: Loss = masked_mse,
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer] = torch.optim.Adam,
        scheduler: Callable[[Optimizer], ReduceLROnPlateau] = ReduceLROnPlateau,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.network, self.codec = as_module(network), codec
        self.loss = loss
        _try_out(loss, codec)
        self.make_optimizer, self.make_scheduler, self.seed = optimizer, scheduler, seed
        self.tested: list[tuple[Tensor, ...]] = []
        self.losses = nn.ModuleDict({side: MeanMetric() for side in ("fit", "val")})
        for name in ("scores", "baseline"):
            metrics = {side: PoseMetrics(skeleton=skeleton(codec.skeleton)) for side in SCORED}
            setattr(self, name, nn.ModuleDict(metrics))

    @property
    def refiner(self) -> WindowRefiner:
        """What refines: the same as in `refine`."""
        return WindowRefiner(self.network, self.codec)

    @property
    def one_thread(self) -> bool:
        """Whether tensors are so small that one thread is best."""
        return bool(self.parameter_count) and not self.codec.reads_heatmaps

    @property
    def parameter_count(self) -> int:
        """Number of trained values."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def train_alone(self, layers: Sequence[str]) -> None:
        """Lets some layers begin anew and learn, and nothing else; without any, all learns on.

        Args:
            layers: names within the network, as in ``named_modules``; of layers that know how to
                begin anew (``reset_parameters``).

        Raises:
            ConfigError: the network has no such layer.
        """
        known = dict(self.network.named_modules())
        for name in layers:
            if not hasattr(known.get(name), "reset_parameters"):
                able = [one for one, layer in known.items() if hasattr(layer, "reset_parameters")]
                raise ConfigError(
                    f"fresh has '{name}'; expected layers of {type(self.network).__name__}, such "
                    f"as {', '.join(able[-3:])}"
                )
        if layers:
            self.network.requires_grad_(False)
        for name in layers:
            layer: Any = known[name]
            layer.reset_parameters()
            layer.requires_grad_(True)

    def forward(self, observed: Observed) -> Float[Tensor, "B T K 2"]:
        """Refined keypoints in heatmap pixels."""
        return self.refiner.answer(observed).keypoints

    def training_step(self, batch: Batch, number: int) -> Tensor:
        key = random.stream(self.seed, 4, self.current_epoch, number, self.global_rank)
        _seed_dropout(key, self.device)
        loss, _output = self._loss("fit", batch)
        return loss

    def on_train_epoch_end(self) -> None:
        self._log("", {TRAINING_LOSS: self.losses["fit"].compute()})
        self.losses["fit"].reset()

    def validation_step(self, batch: Batch, _: int) -> None:
        if self.parameter_count:
            _loss, output = self._loss("val", batch)
            self._score("val", batch, self.codec.decode(output, batch.observed))
        else:  # nothing learns, so there is no loss
            self._score("val", batch, self(batch.observed))

    def on_validation_epoch_end(self) -> None:
        self._log(VALIDATION.refined, _overall(self._take(self.scores["val"])))
        self._log(VALIDATION.raw, _overall(self._take(self.baseline["val"])))
        if not self.parameter_count:
            return
        loss = self.losses["val"].compute()
        self.losses["val"].reset()
        self._log("", {VALIDATION_LOSS: loss})
        if self.trainer.state.fn == TrainerFn.FITTING and not self.trainer.sanity_checking:
            schedule: Any = self.lr_schedulers()
            self._log("", {LEARNING_RATE: schedule.optimizer.param_groups[0]["lr"]})
            schedule.step(loss)

    def on_test_start(self) -> None:
        self.tested = []

    def test_step(self, batch: Batch, _: int) -> None:
        predicted = self(batch.observed)
        observed = self.codec.positions(batch.observed)
        self._score("test", batch, predicted)
        kept = (batch.window, predicted, observed, batch.keypoints, batch.visible, batch.torso)
        self.tested.append(tuple(value.cpu() for value in kept))

    def on_test_epoch_end(self) -> None:
        self._log(TEST.refined, self._take(self.scores["test"]))
        self._log(TEST.raw, self._take(self.baseline["test"]))

    def configure_optimizers(self) -> Any:
        learns = [one for one in self.network.parameters() if one.requires_grad]
        optimizer = self.make_optimizer(learns)
        schedule = {"scheduler": self.make_scheduler(optimizer), "monitor": VALIDATION_LOSS}
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Nothing: Lightning would step after writing the epoch's checkpoint, and a resumed run
        would lack that step. `on_validation_epoch_end` steps before.
        """

    def _loss(self, side: str, batch: Batch) -> tuple[Tensor, Tensor]:
        given, output = self.refiner.emit(batch.observed)
        target = self.codec.encode(batch.keypoints, batch.visible)
        loss = self.loss(output, target, batch.visible, given)
        self.losses[side].update(loss.detach(), batch.visible.sum())
        return loss, output

    def _score(self, side: str, batch: Batch, predicted: Tensor) -> None:
        truth = (batch.keypoints, batch.visible, batch.torso)
        self.scores[side].update(predicted, *truth)
        self.baseline[side].update(self.codec.positions(batch.observed), *truth)

    def _take(self, metrics: Any) -> dict[str, Tensor]:
        scores = metrics.compute()
        metrics.reset()
        return dict(scores)

    def _log(self, prefix: str, values: dict[str, Any]) -> None:
        """Logs against the epoch, which is what a person reads the curves by."""
        floats = {name: torch.as_tensor(value).float() for name, value in values.items()}
        named = {f"{prefix}{name}": value for name, value in floats.items()}
        self.log_dict(named | {"step": torch.tensor(float(self.current_epoch))})


def _try_out(loss: Loss, codec: Codec) -> None:
    """Compares a target with itself: a loss for another kind of network says so before any work.

    Raises:
        ConfigError: it is.
    """
    visible = torch.ones(1, 3, 1, dtype=torch.bool)
    target = codec.encode(torch.zeros(1, 3, 1, 2), visible)
    loss(target, target, visible)


def _overall(scores: dict[str, Tensor]) -> dict[str, Tensor]:
    """Scores of all keypoints together: a curve for every group would bury theirs."""
    return {name: value for name, value in scores.items() if "/" not in name}


def _seed_dropout(seed: int, device: torch.device) -> None:
    """Seeds the generator of one device, which dropout draws from.

    `torch.manual_seed` seeds those of all kinds of devices, and formats the call stack for each
    kind that is not in use: 0.4 ms a step.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.get_device_module(device).manual_seed(seed)
