"""Refines your own videos: ``python -m temporal_pose.refine run=RUN source=FILE out=DIR``.

Each file of the paired layout becomes one of the same name, layout and skeleton: its
``detections`` (F, K, 3) are refined positions in image pixels, and the detector's scores.
"""

import hashlib
import io
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import lightning as L
import numpy as np
from hydra.core.hydra_config import HydraConfig
from lightning.fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from temporal_pose.app.cli import command, progress
from temporal_pose.app.composing import build, build_fit, check_device, learns, typed
from temporal_pose.app.saved_runs import of_run, restored, weights_of
from temporal_pose.app.settings import check
from temporal_pose.data.module import PoseData
from temporal_pose.data.paired import paired_files, without_truth
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.atomic import make_folder, write_bytes
from temporal_pose.formats.paired.inspection import inspect
from temporal_pose.formats.paired.reading import PairedVideo, load
from temporal_pose.pose.skeletons import CLIMBALONG25, remap, skeleton
from temporal_pose.refining.videos import Refined, Seen, refine
from temporal_pose.runs.folders import RunFolder, config_hash
from temporal_pose.training.fitting import NoFit

_OWN = ("run", "checkpoint", "source", "out")
_COLUMNS = ("video", "frames", "refined", "too short", "jitter", "after")


@command("refine")
def main(config: DictConfig) -> None:
    """Refines every video that is not refined yet, and shows how much calmer each became."""
    for name, what in (("source", "a file of the paired layout or a folder"), ("out", "a folder")):
        if not isinstance(config[name], str):
            raise ConfigError(f"{name} is {config[name]!r}; expected {name}=, {what}")
    config = _complete(config, typed(HydraConfig.get().overrides.task))
    check(config)
    task, data, fabric = restored(config), build(config.objects.data), _fabric(config)
    if not data.input.needs_recordings:
        raise ConfigError("the input is simulated; expected input=recorded, what a detector saw")
    waiting = _waiting(config, data)
    make_folder(Path(config.out))
    table = Table(*_COLUMNS, caption="jitter before and after: mean acceleration, image px/frame²")
    for line in _remarks(config, waiting):
        print(f"note: {line}")
    with progress(config.trainer.enable_progress_bar) as bar:
        done = bar.add_task("frames", total=sum(one.frames for one in waiting))
        for one in waiting:
            video = load(one.source)
            advance = partial(bar.advance, done)
            refined = refine(task, data, without_truth(video), fabric, advance)
            write_bytes(one.out, _file(video, refined.after, one.made_with))
            table.add_row(*_row(one, refined))
    Console().print(table if waiting else f"{config.out} is finished; force=true makes it again")


class Job(NamedTuple):
    """A video to refine.

    Args:
        out: where to.
        made_with: fingerprint of the model and the detections.
        fps: as the model will see it.
        doubts: what makes keypoints look as if their numbers meant something else.
    """

    source: Path
    out: Path
    made_with: str
    frames: int
    skeleton: str
    fps: float
    doubts: Sequence[str]


def _remarks(config: DictConfig, waiting: Sequence[Job]) -> Iterator[str]:
    """What a person should know of the results."""
    yield from (f"{one.source.name}: {doubt}" for one in waiting for doubt in one.doubts)
    if config.run is not None:
        run, rates = RunFolder(Path(config.run)), {one.fps for one in waiting}
        if _simulated(config, run.config()):
            yield (
                f"{config.run} has seen simulated noise alone, and may displace what a real "
                "detector saw; finetune it on one, or compare with model=kalman"
            )
        yield from _strange(rates if config.data.fps is None else (), run.frame_rates())
    ours = len(CLIMBALONG25)
    for name in sorted({one.skeleton for one in waiting}):
        target = skeleton(name)
        _, known = remap(np.zeros((ours, 1)), np.ones(ours, bool), CLIMBALONG25, target)
        lacking = [one for one, there in zip(target.keypoints, known, strict=True) if not there]
        if lacking:
            yield f"left out of {name}, for no model knows them: {', '.join(lacking)}"


def _simulated(config: DictConfig, saved: Mapping[str, Any]) -> bool:
    """Whether a run was fitted, and to simulated noise alone."""
    if saved.get("stage") == "pretrain":
        return not isinstance(build_fit(config), NoFit)
    return learns(config) and not saved.get("tune", True)


def _strange(rates: Collection[float], trained: Sequence[float]) -> Iterator[str]:
    """Frame rates that a model was not trained at."""
    for rate in sorted(rates):
        if trained and not min(trained) / 1.5 < rate < max(trained) * 1.5:
            yield (
                f"the run was trained at {trained[-1]:g} frames a second, and gets {rate:g}; "
                f"data.fps={trained[-1]:g} brings videos to that rate, where it divides theirs"
            )


def _complete(config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """The configuration of the run, if one is named, for what a real detector saw.

    Its poses are seen through boxes that stand still in a window, if nothing else is typed: those
    of single frames jitter with the detections that they are made of.
    """
    if config.run is None:
        return config
    noise = RunFolder(Path(config.run)).config().get("input", {})
    known = {item.split("=")[0].lstrip("+") for item in overrides}
    ours = {"model.frame": "model.frame=image", "data.box": "data.box=window"}
    if not str(noise.get("_target_", "")).endswith("recorded.Recording"):
        ours["input"] = "input=recorded"
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


def _waiting(config: DictConfig, data: PoseData) -> list[Job]:
    """What is to be done; every file is read.

    Raises:
        ConfigError: the results would stand among the sources.
        DataError: files that cannot be read; or a result that is there already, of other
            detections or another model.
    """
    model, waiting = _fingerprint(config), []
    for path in paired_files(config.source, "source"):
        video, out = load(path), Path(config.out) / f"{path.stem}.npz"
        step, made_with = data.cut.step(without_truth(video)), f"{model}-{_digest(video)}"
        if out.absolute().parent.resolve() == path.absolute().parent.resolve():
            raise ConfigError(f"out={config.out} is where {path} is; expected another folder")
        if not out.exists() or config.force:
            doubts = inspect(video).doubts if video.heatmaps is None else []
            about = (len(video), video.skeleton.name, video.fps / step, doubts)
            waiting.append(Job(path, out, made_with, *about))
        elif _made_with(out) != made_with:
            raise DataError(
                f"{out} exists already, and was not made of this file by this model; choose "
                "another out=, or force=true to replace it"
            )
    return waiting


def _digest(video: PairedVideo) -> str:
    """A fingerprint of a file; of heatmaps, which may be many, of size and time alone."""
    digest = hashlib.sha256(repr((video.skeleton.name, video.fps, video.image_size)).encode())
    parts = (video.detections, video.boxes, video.scores, video.truth, video.visible)
    for array in parts:
        digest.update(b"-" if array is None else np.ascontiguousarray(array).data)
    if video.heatmaps is not None:
        for file in [video.path, *sorted(video.path.rglob("*"))]:
            stat = file.stat()
            digest.update(f"{file.name} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]


def _fingerprint(config: DictConfig) -> str:
    """Of all that the result depends on beside the detections."""
    objects: Any = OmegaConf.to_container(config.objects, resolve=True)
    parts = {"task": ("network", "codec"), "data": ("input", "framing", "cut", "whole_videos")}
    settings = {part: {name: objects[part][name] for name in parts[part]} for part in parts}
    settings["trainer"] = {"precision": str(config.trainer.precision)}
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


def _file(video: PairedVideo, poses: Seen, made_with: str) -> bytes:
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


def _row(one: Job, refined: Refined) -> tuple[str, ...]:
    jitter = ("–" if value != value else f"{value:.2f}" for value in refined.jitter)
    counts = (f"{count:,}" for count in (one.frames, refined.frames.sum(), refined.left))
    return one.source.name, *counts, *jitter


if __name__ == "__main__":
    main()
