"""Looking inside a run: from its folder and what is typed to a network and its samples."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from omegaconf import DictConfig, ListConfig
from torch import Tensor

from temporal_pose.app.composing import build
from temporal_pose.app.saved_runs import recompose
from temporal_pose.app.setting_kinds import SettingKind, between, check_kinds, one_of, text
from temporal_pose.detectors.devices import torch_device
from temporal_pose.errors import ConfigError
from temporal_pose.exploring.collecting import FeatureSource, Subject
from temporal_pose.exploring.crop_features import ImageSource, image_subject
from temporal_pose.exploring.exploration import Settings
from temporal_pose.exploring.exploration_files import check_place
from temporal_pose.exploring.network_layers import layer
from temporal_pose.exploring.requirements import check_installed
from temporal_pose.exploring.window_features import WindowSource, window_subject
from temporal_pose.files.documents import UnreadableError, read_json
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.weights import load_weights


def _counting(value: Any) -> bool:
    return type(value) is int and value > 0


_PAIR = SettingKind(
    lambda v: isinstance(v, ListConfig) and len(v) == 2 and all(map(_counting, v)),
    "two numbers of samples, such as [1, 7]",
)
_KINDS = {
    "samples": between(3, 10**7, whole=True),
    "pool": between(1, 256, whole=True),
    "clusters": between(2, 100, whole=True),
    "tsne": between(0, 50_000, whole=True),
    "seed": between(0, 2**32 - 1, whole=True),
    "between": _PAIR,
    "layer": text("the name of a layer"),
}
_SIDES = ("all", "train", "val", "test")


class Opened(NamedTuple):
    """A run that is looked into.

    Args:
        places: of the samples that are looked at.
        title: what the page is about.
        facts: what else to tell, by name.
    """

    subject: Subject
    source: FeatureSource
    places: Int[np.ndarray, " N"]
    title: str
    facts: dict[str, str]


def check(config: DictConfig) -> None:
    """Checks what is told before any work.

    Raises:
        ConfigError: a setting that is missing or out of its range, an extra that is not
            installed, or an ``out`` that is something else.
    """
    for name, what in (("run", "the folder of a finished run"), ("out", "a folder for the page")):
        if not isinstance(config[name], str) or not config[name]:
            raise ConfigError(f"{name} is not set; add {name}=, {what}")
    check_kinds(config, _KINDS, ("pool", "between", "layer"))
    one_of("part", config.part, _SIDES)
    one_of("dtype", config.dtype, ("float16", "float32"))
    torch_device(str(config.device))
    check_installed()
    check_place(Path(config.out).expanduser())


def settings(config: DictConfig) -> Settings:
    """How to look."""
    ends = None if config.between is None else (config.between[0], config.between[1])
    return Settings(config.seed, config.clusters, config.tsne, ends)


def opened(config: DictConfig, overrides: Sequence[str]) -> Opened:
    """The network of a run, and samples of its own data set or of the one that is typed.

    Args:
        overrides: as typed; those of the data set count.

    Raises:
        RunFolderError: the folder holds no finished run.
        CheckpointError: its weights are missing, damaged or another model's.
        ConfigError: the network has no such layer.
        DataError: the data set cannot be read, or has too few samples.
    """
    run = RunFolder(Path(config.run).expanduser())
    composed = recompose(run, _of_data(run, overrides))
    run.metrics()
    task = build(composed.objects.task)
    load_weights(task, run.best)
    if config.layer is not None:
        layer(task.network, config.layer)
    data = build(composed.objects.data, whole=config.part == "all")
    data.setup()
    device = torch_device(config.device)
    task.network.eval().requires_grad_(False).to(device)
    side = "test" if config.part == "all" else config.part
    look = _images if _is_of_images(run) else _windows
    subject, source = look(task, data, side, config.layer, run, device)
    places = _places(len(source), config)
    about = {"run": str(config.run), "data": str(composed.data.get("title", composed.data.name))}
    if config.part != "all":
        about["part"] = str(config.part)
    return Opened(subject, source, places, Path(config.run).name, about)


def _is_of_images(run: RunFolder) -> bool:
    return run.config().get("stage") == "detector"


def _of_data(run: RunFolder, overrides: Sequence[str]) -> list[str]:
    """What is typed of the data set, which is to speak the keypoints of the network."""
    own = [one.lstrip("+") for one in overrides if one.lstrip("+").startswith(("data=", "data."))]
    saved: Any = run.config().get("data")
    if own and _is_of_images(run) and isinstance(saved, dict):
        return [*own, f"data.skeleton={saved.get('skeleton')}"]
    return own


def _images(
    task: Any, data: Any, side: str, name: str | None, run: RunFolder, device: torch.device
) -> tuple[Subject, FeatureSource]:
    codec = task.codec

    def decode(output: Tensor) -> Float[Tensor, "B K 2"]:
        keypoints: Tensor = codec.decode(codec.heatmaps(output[-1].float()))[0]
        return keypoints

    subject = image_subject(task.network, decode, data.size, data, name)
    return subject, ImageSource(data, side, _trained_on(run), device)


def _windows(
    task: Any, data: Any, side: str, name: str | None, run: RunFolder, device: torch.device
) -> tuple[Subject, FeatureSource]:
    subject = window_subject(task.network, task.codec, data, name)
    return subject, WindowSource(data, task.codec, side, device)


def _trained_on(run: RunFolder) -> frozenset[str]:
    """Fingerprints of those that training has seen; none where the run does not say."""
    try:
        split = read_json(run.split_file)
        return frozenset(str(one) for side in ("train", "val") for one in split[side])
    except (OSError, UnreadableError, KeyError, TypeError):
        return frozenset()


def _places(count: int, config: DictConfig) -> Int[np.ndarray, " N"]:
    if count <= config.clusters:
        raise ConfigError(
            f"clusters is {config.clusters}, and there are {count} samples; expected more samples "
            "than clusters: lower clusters=, or use part=all"
        )
    if count <= config.samples:
        return np.arange(count)
    drawn = np.random.default_rng(config.seed).permutation(count)[: config.samples]
    return np.sort(drawn)
