"""From the settings of `detect` to objects."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from temporal_pose.detectors.output import Output, fingerprint
from temporal_pose.detectors.protocol import Detector
from temporal_pose.errors import ConfigError
from temporal_pose.footage.frames import Footage
from temporal_pose.pose.skeletons import skeleton


def build_detector(config: DictConfig) -> Detector:
    """The detector.

    Raises:
        ConfigError: an installation that lacks what it needs, or settings out of their range.
        CheckpointError: weights that cannot be used.
    """
    try:
        detector: Detector = instantiate(config.detector)
    except InstantiationException as error:
        if isinstance(error.__cause__, TypeError):
            raise ConfigError(f"detector: {error.__cause__}") from error
        lacking = getattr(error.__cause__, "name", None)
        if lacking is None or find_spec(lacking) is not None:
            raise
        raise ConfigError(
            f"detector needs {lacking}, which pip install 'temporal-pose[detect]' adds"
        ) from error
    return detector


def output_of(config: DictConfig, footage: Footage) -> Output:
    """Where the result goes, and all that it depends on."""
    detector: Any = OmegaConf.to_container(config.detector, resolve=True)
    detector.pop("device", None)
    settings = {
        "source": footage.identity,
        "fps": footage.fps,
        "heatmaps": config.heatmaps,
        "dtype": config.dtype,
        "detector": detector | {"weights": fingerprint(detector.get("weights"))},
        "tracker": OmegaConf.to_container(config.tracker, resolve=True),
    }
    several = config.tracker.get("people", 1) != 1
    return Output(
        Path(config.out).expanduser(),
        several=several,
        heatmaps=config.heatmaps,
        dtype=config.dtype,
        least=config.least_frames,
        settings=settings,
        replace=config.force,
    )


def panels(config: DictConfig, footage: Footage, detector: Detector) -> Any:
    """What draws some of the frames, if wanted."""
    if config.preview is None:
        return None
    from temporal_pose.footage.preview import Preview  # here: an optional extra

    return Preview(skeleton(detector.skeleton), footage.count)
