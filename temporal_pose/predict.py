"""Refines your own videos: ``python -m temporal_pose.predict run=RUN source=FILE out=DIR``.

Each file of the paired layout becomes one of the same name, layout and skeleton: its
``detections`` (F, K, 3) are refined positions in image pixels, and the detector's scores.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
from hydra.core.hydra_config import HydraConfig
from lightning.fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from temporal_pose.cli import command
from temporal_pose.configuration import build, check_device, typed
from temporal_pose.data.layout.video import Video, load
from temporal_pose.data.paired import content, paired_files, without_truth
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.skeletons import CLIMBALONG25, remap, skeleton
from temporal_pose.saved_runs import of_run, restored, weights_of
from temporal_pose.settings import check
from temporal_pose.training.files import make_folder, write_bytes
from temporal_pose.training.prediction import Refined, Seen, refine
from temporal_pose.training.runs import RunFolder, config_hash
from temporal_pose.training.task import Refinement

_OWN = ("run", "checkpoint", "source", "out")
_COLUMNS = ("video", "frames", "refined", "jitter before", "after")


@command("predict")
def main(config: DictConfig) -> None:
    """Refines every video that is not refined yet, and shows how much calmer each became."""
    for name, what in (("source", "a file of the paired layout or a folder"), ("out", "a folder")):
        if not isinstance(config[name], str):
            raise ConfigError(f"{name} is {config[name]!r}; expected {name}=, {what}")
    config = _complete(config, typed(HydraConfig.get().overrides.task))
    check(config)
    task, data, fabric = restored(config), build(config.objects.data), _fabric(config)
    waiting = _waiting(config)
    for video, _, _ in waiting:
        data.cut.step(without_truth(video))
    make_folder(Path(config.out))
    table = Table(*_COLUMNS, caption="jitter: mean acceleration, image px/frame²")
    for line in _remarks(config, task, {video.skeleton.name for video, _, _ in waiting}):
        print(f"note: {line}")
    with _progress() as bar:
        for video, out, made_with in bar.track(waiting, description="videos"):
            refined = refine(task, data, without_truth(video), fabric)
            write_bytes(out, _file(video, refined.after, made_with))
            table.add_row(*_row(video, refined))
    Console().print(table if waiting else f"{config.out} is finished; force=true makes it again")


def _remarks(config: DictConfig, task: Refinement, skeletons: set[str]) -> Iterator[str]:
    """What a person should know of the results: a model out of its depth, keypoints they lack."""
    run = None if config.run is None else RunFolder(Path(config.run))
    if run is not None and task.parameter_count and run.config().get("stage") == "pretrain":
        yield (
            f"{config.run} has seen simulated noise alone, and may displace what a real detector "
            "saw; finetune it on one, or compare with model=kalman"
        )
    ours = len(CLIMBALONG25)
    for name in sorted(skeletons):
        target = skeleton(name)
        _, known = remap(np.zeros((ours, 1)), np.ones(ours, bool), CLIMBALONG25, target)
        lacking = [one for one, there in zip(target.keypoints, known, strict=True) if not there]
        if lacking:
            yield f"left out of {name}, for no model knows them: {', '.join(lacking)}"


def _complete(config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """The configuration of the run, if one is named, for what a real detector saw.

    Its poses are seen through boxes that stand still in a window, if nothing else is typed: those
    of single frames jitter with the detections that they are made of.
    """
    if config.run is None:
        return config
    noise = RunFolder(Path(config.run)).config().get("noise", {})
    known = {item.split("=")[0].lstrip("+") for item in overrides}
    ours = {"model.frame": "model.frame=image", "data.box": "data.box=window"}
    if not str(noise.get("_target_", "")).endswith("recording.Recording"):
        ours["noise"] = "noise=recorded"
    extra = [item for name, item in ours.items() if name not in known]
    return of_run(config, [*overrides, *extra], _OWN)


def _fabric(config: DictConfig) -> L.Fabric:
    """Device and precision.

    Raises:
        ConfigError: they are not to be had here.
    """
    check_device(config.trainer)
    settings = {name: config.trainer[name] for name in ("accelerator", "precision")}
    try:
        return L.Fabric(**settings, devices=1)
    except (MisconfigurationException, TypeError, ValueError) as error:
        raise ConfigError(f"trainer: {error}") from error


def _waiting(config: DictConfig) -> list[tuple[Video, Path, str]]:
    """Videos to refine, where to, and what says that it was done.

    Raises:
        DataError: files that cannot be read; or a result that is there already, of other
            detections or another model.
    """
    model, waiting = _fingerprint(config), []
    for video in map(load, paired_files(config.source, "source")):
        out = Path(config.out) / f"{video.path.stem}.npz"
        made_with = f"{model}-{content(without_truth(video)).hex()[:16]}"
        if out.exists() and out.samefile(video.path):
            raise ConfigError(
                f"out={config.out} would replace {video.path}; expected another folder"
            )
        if out.exists() and not config.force:
            if _made_with(out) == made_with:
                continue
            raise DataError(
                f"{out} exists already, and was not made of these detections by this model; "
                "choose another out=, or force=true to replace it"
            )
        waiting.append((video, out, made_with))
    return waiting


def _fingerprint(config: DictConfig) -> str:
    """Of all that the result depends on beside the detections."""
    objects: Any = OmegaConf.to_container(config.objects, resolve=True)
    parts = {"task": ("network", "codec"), "data": ("noise", "framing", "cut", "whole_videos")}
    settings = {part: {name: objects[part][name] for name in parts[part]} for part in parts}
    weights = weights_of(config)
    if weights is not None:
        settings["weights"] = {"sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    return config_hash(settings)


def _made_with(path: Path) -> str:
    """What a file says it was made with; nothing where another program wrote it."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            return str(kept["made_with"])
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return ""


def _file(video: Video, poses: Seen, made_with: str) -> bytes:
    """A file of the paired layout, with the truth that the video's own has."""
    keypoints, there = remap(poses.keypoints, poses.there, CLIMBALONG25, video.skeleton)
    scores, _ = remap(poses.scores[..., None], poses.there, CLIMBALONG25, video.skeleton)
    detections = np.where(there[..., None], np.concatenate([keypoints, scores], -1), np.nan)
    arrays: dict[str, Any] = {
        "detections": detections.astype(np.float32),
        "made_with": np.array(made_with),
    }
    if video.truth is not None and video.visible is not None:
        arrays |= {"truth": video.truth, "visible": video.visible}
    arrays |= {"fps": np.array(video.fps), "image_size": np.array(video.image_size)}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays, skeleton=np.array(video.skeleton.name))
    return file.getvalue()


def _row(video: Video, refined: Refined) -> tuple[str, ...]:
    jitter = ("–" if value != value else f"{value:.2f}" for value in refined.jitter)
    return video.path.name, f"{len(video):,}", f"{refined.frames.sum():,}", *jitter


def _progress() -> Progress:
    """A bar in a terminal; nothing in a file."""
    console = Console()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


if __name__ == "__main__":
    main()
