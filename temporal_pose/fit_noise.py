"""Fits the simulated detector to a real one: ``python -m temporal_pose.fit_noise out=FILE.yaml``.

Pretraining takes the fit as ``input=fitted input.fit=FILE.yaml``.
"""

import logging
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import yaml
from jaxtyping import Shaped
from omegaconf import DictConfig
from rich.console import Console
from torch import Tensor

from temporal_pose.app.cli import command
from temporal_pose.app.composing import build
from temporal_pose.app.settings import check
from temporal_pose.data.module import PoseData
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.atomic import write_bytes, write_text
from temporal_pose.inputs import profiles
from temporal_pose.inputs.fit.estimation import estimate
from temporal_pose.inputs.fit.residuals import Residuals, Track, out_of_step
from temporal_pose.inputs.fitted import FittedNoise
from temporal_pose.inputs.protocol import Input
from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.reporting.noise_fit import Comparison, figure, png, table

log = logging.getLogger(__name__)


@command("fit_noise")
def main(config: DictConfig) -> None:
    """Fits to the training side, writes the fit and a figure, and shows real beside simulated."""
    check(config)
    out = _target(config)
    data: PoseData = build(config.objects.data)
    data.setup()
    real = in_step(tracks(data, data.input))
    fit = estimate([Residuals(track) for track in real])
    content = profiles.write(fit)
    detector = FittedNoise(1.0, yaml.safe_load(content), seed=config.seed)
    kept = {track.video for track in real}
    simulated = [track for track in tracks(data, detector) if track.video in kept]
    compared = Comparison([Residuals(t) for t in real], [Residuals(t) for t in simulated], fit)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, _origin(config, data) + content)
    write_bytes(out.with_suffix(".png"), png(figure(compared)))
    console = Console()
    console = console if console.is_terminal else Console(width=110)
    console.print(table(compared), highlight=False)
    print(f"{out}\n{out.with_suffix('.png')}")


def tracks(data: PoseData, detector: Input) -> list[Track]:
    """What a detector makes of the unbroken stretches of the training side; image pixels."""
    windows, found = data.sides["train"], []
    for numbers in windows.stretches():
        batch = windows.take(numbers)
        framed = detector.frame(batch, data.framing)
        size = data.framing.size
        seen = detector.observe(batch, framed, data.mean_torso, size)
        positions = heatmap_to_image(seen.positions, framed.boxes, size)
        name = windows.names[int(windows.video[numbers[0]])]
        found.append(
            Track(
                _joined(batch.keypoints),
                _joined(batch.visible),
                _joined(positions),
                _joined(seen.detected),
                _joined(seen.scores),
                float(batch.fps[0]),
                name,
            )
        )
    return found


def _joined(windows: Shaped[Tensor, "B T *any"]) -> Shaped[np.ndarray, "F ..."]:
    """Windows as one stretch of frames; numbers in double precision."""
    flat = windows.flatten(0, 1)
    return (flat.double() if flat.is_floating_point() else flat).numpy()


def in_step(found: Sequence[Track]) -> list[Track]:
    """Without the videos whose detections and truth do not show the same moments.

    Raises:
        DataError: that leaves none.
    """
    kept: list[Track] = []
    for video, stretches in groupby(found, lambda track: track.video):
        several = list(stretches)
        late = out_of_step(several)
        if late is None:
            kept += several
        else:
            order = "after" if late > 0 else "before"
            log.info(
                "left out: %s, its detections come %.2f s %s the truth", video, abs(late), order
            )
    if not kept:
        raise DataError("detections and truth of every video are out of step; nothing to fit")
    return kept


def _target(config: DictConfig) -> Path:
    if config.out is None:
        raise ConfigError("out is not set; add out=FILE.yaml, where the fit goes")
    out = Path(str(config.out)).expanduser()
    if out.suffix not in (".yaml", ".yml"):
        raise ConfigError(f"out is {out}; expected a file that ends in .yaml")
    if config.data.stride is not None:
        raise ConfigError(
            f"data.stride is {config.data.stride}; expected null, for the fit counts every frame "
            "once"
        )
    return out


def _origin(config: DictConfig, data: PoseData) -> str:
    groups = ", ".join(data.groups()["train"])
    fps = ", ".join(f"{rate:g}" for rate in sorted(set(data.sides["train"].fps.tolist())))
    return (
        "# A detector's errors for input=fitted input.fit=FILE: temporal_pose.inputs.profiles\n"
        f"# From {config.data.name} at {fps} fps, the training side of its split: {groups}.\n"
    )


if __name__ == "__main__":
    main()
