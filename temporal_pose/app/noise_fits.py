"""A fit of the simulated detector to a real one: made, compared with it, and put in its place."""

from pathlib import Path

import yaml
from omegaconf import DictConfig

from temporal_pose.data.module import PoseData
from temporal_pose.data.tracks import in_step, tracks
from temporal_pose.errors import ConfigError
from temporal_pose.files.escaping import one_line
from temporal_pose.files.outputs import refuse_inputs
from temporal_pose.inputs import profiles
from temporal_pose.inputs.fit.estimation import estimate
from temporal_pose.inputs.fit.residuals import Residuals
from temporal_pose.inputs.fitted import FittedNoise
from temporal_pose.reporting.noise_fit import Comparison


def fitted(data: PoseData, seed: int) -> tuple[str, Comparison]:
    """The fit to the training side as a file has it, and a real detector beside the simulated.

    Args:
        seed: of the simulation that is compared.
    """
    real = in_step(tracks(data, data.input))
    fit = estimate([Residuals(track) for track in real])
    content = profiles.write(fit)
    detector = FittedNoise(1.0, yaml.safe_load(content), seed=seed)
    kept = {track.video for track in real}
    simulated = [track for track in tracks(data, detector) if track.video in kept]
    compared = Comparison([Residuals(t) for t in real], [Residuals(t) for t in simulated], fit)
    return content, compared


def target(config: DictConfig) -> Path:
    """Where a fit goes.

    Raises:
        ConfigError: nowhere, or to where something else is.
    """
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
    read = (config.data.root, config.input.get("fit"))
    files = [Path(str(path)) for path in read if isinstance(path, str)]
    refuse_inputs([out, out.with_suffix(".png")], files)
    _check_replaceable(out)
    return out


def _check_replaceable(out: Path) -> None:
    """Only an earlier fit and its picture are replaced.

    Raises:
        ConfigError: there is another file of one of these names.
    """
    picture = out.with_suffix(".png")
    if out.exists():
        try:
            profiles.read(out)
        except ConfigError as error:
            raise ConfigError(
                f"out is {out}, which holds something else; choose another"
            ) from error
    elif picture.exists():
        raise ConfigError(f"out is {out}, and {picture} is there already; choose another")


def origin(config: DictConfig, data: PoseData) -> str:
    """The comment above a fit: what it is for, and what it was made of."""
    groups = ", ".join(map(one_line, data.groups()["train"]))
    fps = ", ".join(f"{rate:g}" for rate in sorted(set(data.sides["train"].fps.tolist())))
    return (
        "# A detector's errors for input=fitted input.fit=FILE: temporal_pose.inputs.profiles\n"
        f"# From {config.data.name} at {fps} fps, the training side of its split: {groups}.\n"
    )
