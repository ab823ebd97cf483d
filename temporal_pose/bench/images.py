"""What reading images costs: waiting for them in training, and memory in evaluation."""

import contextlib
import io
import time
from collections.abc import Iterator, Sequence
from functools import partial

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback

from temporal_pose.bench.hourglass import SMALL, network
from temporal_pose.bench.measure import Row
from temporal_pose.bench.penn_action import memory
from temporal_pose.data.images.crop_augmentation import CropAugmentation
from temporal_pose.data.images.figures import Figures
from temporal_pose.data.images.image_module import ImageData
from temporal_pose.models.hourglass import Hourglass
from temporal_pose.pose.crop_codec import CropCodec
from temporal_pose.pose.losses import CrossEntropy
from temporal_pose.pose.targets import Peaks
from temporal_pose.training.detector import Detection

SKELETON = "climbalong25"


class WaitClock(Callback):
    """Seconds of each epoch of a training, and how many of them were spent until a batch came."""

    def __init__(self) -> None:
        self.epochs: list[tuple[float, float]] = []
        self._began = self._waits_since = self._waited = 0.0

    def on_train_epoch_start(self, *_: object) -> None:
        self._began = self._waits_since = time.perf_counter()
        self._waited = 0.0

    def on_before_batch_transfer(self) -> None:
        """A batch has come; what is done with it from here on is work."""
        self._waited += time.perf_counter() - self._waits_since

    def on_train_batch_end(self, *_: object) -> None:
        self._waits_since = time.perf_counter()

    def on_train_epoch_end(self, *_: object) -> None:
        self.epochs.append((time.perf_counter() - self._began, self._waited))


def images(people: int = 600, epochs: int = 2, workers: int | None = None) -> Iterator[Row]:
    """Shares of epochs of the small setting in which nothing was done but wait for images."""
    clock = WaitClock()
    data = figures(people, augment=CropAugmentation(), workers=workers)
    arrived = data.on_before_batch_transfer

    def noted(batch: object, number: int) -> object:
        clock.on_before_batch_transfer()
        return arrived(batch, number)

    data.on_before_batch_transfer = noted  # type: ignore[method-assign,assignment]
    task = Detection(network(Hourglass, SMALL, SKELETON), codec(), partial(torch.optim.AdamW))
    _trainer(max_epochs=epochs, callbacks=[clock], limit_val_batches=0).fit(task, data)
    for number, (whole, waited) in enumerate(clock.epochs, 1):
        what = f"images: share of epoch {number} of the small hourglass spent waiting"
        yield Row(what, waited / whole, 0.1, "", at_least=False)


def image_memory(counts: Sequence[int] = (400, 1600)) -> Iterator[Row]:
    """How much more memory it takes to test on four times as many people; not counted are pages
    of the file that keeps crops, which the system takes back when it needs them.
    """
    few, many = (_most_held(count) for count in counts)
    what = f"images: memory to test on {counts[1]:,} people, more than on {counts[0]:,}"
    yield Row(what, many - few, 20, "MB", at_least=False)


def _most_held(people: int) -> float:
    held = []
    data = figures(people, whole=True, workers=0)
    task = Detection(network(Hourglass, SMALL | {"channels": 16}, SKELETON), codec())

    class Watch(Callback):
        def on_test_batch_end(self, *_: object) -> None:
            held.append(memory("RssAnon"))

    _trainer(callbacks=[Watch()]).test(task, data, verbose=False)
    return max(held)


def figures(people: int, **settings: object) -> ImageData:
    """As many painted people, or a few more."""
    data = ImageData(Figures(people), size=SMALL["size"], **settings)  # type: ignore[arg-type]
    data.setup()
    return data


def codec() -> CropCodec:
    """Of the small setting."""
    return CropCodec(Peaks(1.5), CrossEntropy(), SMALL["size"], skeleton=SKELETON)


def _trainer(**settings: object) -> L.Trainer:
    with contextlib.redirect_stderr(io.StringIO()):
        return L.Trainer(
            accelerator="cpu", logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0,
            use_distributed_sampler=False, **settings,  # type: ignore[arg-type]
        )  # fmt: skip
