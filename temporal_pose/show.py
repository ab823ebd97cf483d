"""A clip of poses before and after: ``python -m temporal_pose.show out=FILE.gif``."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from temporal_pose.app.cli import command
from temporal_pose.app.composing import build
from temporal_pose.app.setting_kinds import between, check_kinds
from temporal_pose.errors import ConfigError
from temporal_pose.refining.named_filters import of_network
from temporal_pose.refining.refined import Refiner
from temporal_pose.refining.saved import load

_KINDS = {
    "frames": between(10, 10_000, whole=True),
    "strength": between(0.01, 100),
    "seed": between(0, 2**32 - 1, whole=True),
}


@command("show")
def main(config: DictConfig) -> None:
    """Draws the two side by side."""
    check(config)
    from temporal_pose.footage.clip import clip  # here: an optional extra

    out = Path(config.out).expanduser()
    refiner: Refiner
    if config.run is None:
        refiner = of_network(build(config.model.network), config.model.name)
    else:
        refiner = load(config.run)
    dancer = build(config.reader).read()[1]
    seen = dancer.detections
    raw = np.where(seen.detected[..., None], seen.keypoints, np.nan).astype(float)
    refined = refiner.refine(raw, seen.scores, fps=dancer.fps, skeleton=dancer.skeleton)
    clip(out, raw, refined.keypoints, dancer.skeleton, fps=dancer.fps)
    print(f"{out}: synthetic poses as a simulated detector sees them, and refined")


def check(config: DictConfig) -> None:
    """Checks what is told before any work.

    Raises:
        ConfigError: no file to write, a setting out of its range, or nothing to draw with.
    """
    if config.out is None:
        raise ConfigError("out is not set; add out=, NAME.gif or NAME.mp4")
    if not isinstance(config.out, str) or not config.out.endswith((".gif", ".mp4")):
        raise ConfigError(f"out is {config.out!r}; expected NAME.gif or NAME.mp4")
    check_kinds(config, _KINDS, ())
    if find_spec("PIL") is None:
        raise ConfigError("show needs pillow, which pip install 'temporal-pose[detect]' adds")


if __name__ == "__main__":
    main()
