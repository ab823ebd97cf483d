"""The LightningModule that trains the autoencoder in a bottleneck alone, all else being frozen."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from temporal_pose.errors import ConfigError
from temporal_pose.models.hourglass.layers import Autoencoder
from temporal_pose.pose.crops import Crops
from temporal_pose.training.detector import Detection


class Autoencoding(Detection):
    """Teaches the autoencoders of a trained network to give back what they are given.

    The thesis (as finished) trains its autoencoder so before the network learns on with it. The
    loss, in training and in validation, is the share of the features' variance that is lost: 1
    for an autoencoder that always answers with each channel's mean. What the network finds with
    it in place is scored as ever.

    Args:
        network: with an autoencoder in each bottleneck; all other weights stay as they are.
        options: of `Detection`.

    Raises:
        ConfigError: the network has no autoencoder.
    """

    def __init__(self, network: nn.Module, *args: Any, **options: Any) -> None:
        super().__init__(network, *args, **options)
        found = {n: m for n, m in network.named_modules() if isinstance(m, Autoencoder)}
        if not found:
            raise ConfigError(
                "learns=autoencoder, and the network has none; expected network.code=, the "
                "numbers that it keeps (thesis: 50)"
            )
        self.parts = list(found.values())
        self.may_lack = tuple(f"{name}." for name in found)
        network.requires_grad_(False)
        for part in self.parts:
            part.requires_grad_(True)

    def train(self, mode: bool = True) -> "Autoencoding":
        """Only the autoencoders' normalisation follows the batch."""
        super().train(mode)
        self.network.eval()
        for part in self.parts:
            part.train(mode)
        return self

    def on_train_start(self) -> None:
        """Lightning leaves modules as they were made: all in training."""
        self.train()

    def training_step(self, batch: Crops, _: int) -> Tensor:
        with self._passed() as pairs:
            self(batch.images)
        loss = lost(pairs)
        self.losses["fit"].update(loss.detach(), len(batch.images))
        return loss

    def validation_step(self, batch: Crops, _: int) -> None:
        with self._passed() as pairs:
            keypoints, _scores = self.codec.decode(self(batch.images))
        count = len(batch.images)
        self.losses["val"].update(lost(pairs), count)
        self.losses["nothing"].update(1.0, count)
        self.scores["val"].update(keypoints, batch)

    @contextmanager
    def _passed(self) -> Iterator[list[tuple[Tensor, Tensor]]]:
        """What goes into the autoencoders and what comes out, filled as the network is called."""
        pairs: list[tuple[Tensor, Tensor]] = []

        def note(_: nn.Module, given: tuple[Tensor], made: Tensor) -> None:
            pairs.append((given[0].detach(), made))

        hooks = [part.register_forward_hook(note) for part in self.parts]
        try:
            yield pairs
        finally:
            for hook in hooks:
                hook.remove()


def lost(pairs: list[tuple[Tensor, Tensor]]) -> Float[Tensor, ""]:
    """Share of the variance of what was given that is not in what was made; mean over pairs.

    Args:
        pairs: given and made, (B, C, H, W) each; the variance is that about each channel's mean.
    """
    shares = []
    for given, made in pairs:
        about = given - given.mean((0, 2, 3), keepdim=True)
        shares.append((made - given).square().sum() / about.square().sum().clamp(min=1e-12))
    total: Tensor = sum(shares[1:], shares[0]) / len(shares)
    return total
