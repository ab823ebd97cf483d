"""A checkpoint of every model in ``conf/model``: weights of networks, settings of filters."""

from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from fuzzing.subjects import Subject
from temporal_pose.app.composing import build
from temporal_pose.files.atomic import write_tensors
from temporal_pose.files.conf import CONF
from temporal_pose.files.options import described, filters, networks
from temporal_pose.runs.weights import load_weights

_SMALL = {"hidden": 2}


def subjects() -> Iterator[Subject]:
    """A subject a model."""
    for name in [*filters(), *networks()]:
        yield Subject(f"model/{name}", partial(_write, name), partial(_read, name), "best.ckpt")


def composed(name: str) -> DictConfig:
    """The settings of a small run of a model."""
    known = described("model", name)
    small = [f"model.{key}={value}" for key, value in _SMALL.items() if key in known]
    data = ("data.subjects=3", "data.videos=1", "data.frames=15", "data.size=16")
    typed = [f"model={name}", *small, *data]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", [*typed, "trainer.accelerator=cpu"])


@cache
def task(name: str) -> torch.nn.Module:
    """A small one of a model, with weights that are no others'."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made: torch.nn.Module = build(composed(name).objects.task)
    return made


def _write(name: str, path: Path) -> None:
    write_tensors(path, {"state_dict": task(name).state_dict(), "epoch": 1})


def _read(name: str, path: Path) -> Any:
    own = {key: _copy(value) for key, value in task(name).state_dict().items()}
    try:
        load_weights(task(name), path)
        return {key: _copy(value) for key, value in task(name).state_dict().items()}
    finally:
        task(name).load_state_dict(own)


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) else value
