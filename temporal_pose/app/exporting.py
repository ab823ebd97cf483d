"""From a run's folder to what is exported: its network, an input, and what the numbers mean."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from omegaconf import DictConfig
from torch import Tensor, nn

import temporal_pose
from temporal_pose.app.composing import build
from temporal_pose.app.saved_runs import recompose
from temporal_pose.app.setting_kinds import SWITCH, check_kinds
from temporal_pose.errors import ConfigError
from temporal_pose.files.outputs import refuse_inputs
from temporal_pose.pose.crop_codec import CropCodec
from temporal_pose.pose.skeletons import Skeleton, skeleton
from temporal_pose.runs.exported import check_installed
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.weights import load_weights


class Exportable(NamedTuple):
    """What is exported.

    Args:
        example: an input.
        names: of input and output.
        note: shapes and units, by name.
    """

    network: nn.Module
    example: Tensor
    names: tuple[str, str]
    note: dict[str, str]


class ExportedHeatmaps(nn.Module):
    """A detector's network with what its heatmaps mean: those of its last stack, whose peak is 1
    where it is as sure as it was taught to be.
    """

    def __init__(self, network: nn.Module, codec: CropCodec) -> None:
        super().__init__()
        self.network, self.codec = network, codec
        _ = codec.full  # computed once, and by now

    def forward(self, images: Float[Tensor, "B 3 S S"]) -> Float[Tensor, "B K H W"]:
        """Heatmaps of crops, the mean colour taken off."""
        heatmaps: Tensor = self.codec.heatmaps(self.network(images)[-1])
        return heatmaps


def check(config: DictConfig) -> None:
    """Checks what is told before any work.

    Raises:
        ConfigError: a setting that is missing, an extra that is not installed, or a file that is
            there already.
    """
    for name, what in (("run", "the folder of a finished run"), ("out", "NAME.onnx")):
        if not isinstance(config[name], str) or not config[name]:
            raise ConfigError(f"{name} is not set; add {name}=, {what}")
    check_kinds(config, {"force": SWITCH}, ())
    out = Path(config.out).expanduser()
    if out.suffix != ".onnx":
        raise ConfigError(f"out is {config.out!r}; expected NAME.onnx")
    if out.exists() and not (config.force and out.is_file()):
        raise ConfigError(f"out is {out}, which is there already; choose another, or force=true")
    refuse_inputs([out], [Path(config.run)])
    check_installed()


def exportable(path: Path) -> Exportable:
    """What a run exports.

    Raises:
        RunFolderError: the folder holds no finished run.
        CheckpointError: its weights are missing, damaged or another model's.
        ConfigError: nothing in it learns.
    """
    run = RunFolder(path)
    config = recompose(run)
    run.metrics()
    task = build(config.objects.task)
    load_weights(task, run.best)
    task.network.requires_grad_(False)
    if not task.parameter_count:
        raise ConfigError(
            f"{run.path} is of model={config.model.name}, which has no weights; expected the run "
            "of a network"
        )
    of = task.codec.skeleton
    names: Skeleton = skeleton(of) if isinstance(of, str) else of
    about = {
        "made_by": f"temporal_pose {temporal_pose.__version__}",
        "skeleton": names.name,
        "keypoints": " ".join(names.keypoints),
    }
    images = isinstance(task.codec, CropCodec)
    made = _of_images(task, config) if images else _of_windows(task, config, len(names))
    return made._replace(note=made.note | about)


def _of_images(task: Any, config: DictConfig) -> Exportable:
    size = int(task.codec.size)
    mean = ", ".join(f"{part:g}" for part in config.data.mean)
    stride = int(task.codec.stride)
    note = {
        "input": f"images, batch x 3 x {size} x {size}: red, green and blue from 0 to 1, less the "
        f"mean colour ({mean}); a crop with one person in the middle",
        "output": "heatmaps, batch x keypoints x rows x columns, of peak 1 where the network is "
        f"sure; cell (0, 0) has its centre at crop pixel {(stride - 1) / 2:g}, the next one "
        f"{stride} further, where a pixel's centre is a whole number",
    }
    example = torch.rand(2, 3, size, size, generator=_chance()) - 0.4
    return Exportable(
        ExportedHeatmaps(task.network, task.codec), example, ("images", "heatmaps"), note
    )


def _of_windows(task: Any, config: DictConfig, keypoints: int) -> Exportable:
    frames, size = int(config.data.window), int(config.data.size)
    shape = f"batch x {frames} frames x {keypoints} keypoints"
    if task.codec.reads_heatmaps:
        where = f"{shape} x {size} rows x {size} columns"
        note = {
            "input": f"heatmaps of a detector, {where}; each sums to 255",
            "output": f"refined heatmaps, {where}; the peak is the keypoint",
        }
        example = torch.rand(2, frames, keypoints, size, size, generator=_chance())
        return Exportable(task.network, example, ("seen", "refined"), note)
    scores = bool(getattr(task.codec, "scores", False))
    unit = "x and y in the box of its frame, -1 at the first heatmap pixel and 1 at the last"
    missing = "the last known place" if task.codec.held else "0"
    note = {
        "input": f"positions, {shape} x {2 + scores}: {unit}; {missing} where not detected"
        + ("; then the detector's score, 0 where not detected" if scores else ""),
        "output": f"refined positions, {shape} x 2, in the same unit",
    }
    example = torch.rand(2, frames, keypoints, 2 + scores, generator=_chance())
    return Exportable(task.network, example, ("seen", "refined"), note)


def _chance() -> torch.Generator:
    return torch.Generator().manual_seed(1)
