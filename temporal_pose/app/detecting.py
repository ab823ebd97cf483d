"""Detecting: from settings to objects, every frame looked at, and what was seen told."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from temporal_pose.app.cli import progress
from temporal_pose.app.setting_kinds import between, check_kinds
from temporal_pose.detectors.output import Output, told_apart
from temporal_pose.detectors.protocol import Detector
from temporal_pose.detectors.recording import RecordingResult, record
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.escaping import one_line
from temporal_pose.footage.frames import Footage
from temporal_pose.footage.opening import open_footage
from temporal_pose.pose.skeletons import skeleton

#: What its numbers may be.
KINDS = {
    "fps": between(1e-3, 1e6),
    "batch_size": between(1, 4096, whole=True),
    "least_frames": between(1, 10**9, whole=True),
    "tracker.overlap": between(0, 1),
    "tracker.patience": between(0, 10**9, whole=True),
    "tracker.every": between(1, 10**9, whole=True),
}


def run(config: DictConfig) -> None:
    """Looks at every frame, and says in how many somebody was seen.

    Raises:
        ConfigError: settings that cannot be.
        DataError: footage that cannot be read, or that shows nobody.
        CheckpointError: weights that cannot be used.
    """
    check(config)
    footage = open_footage(Path(config.source).expanduser(), config.fps)
    output = output_of(config, footage)
    if output.finished():
        print(f"{output.path(1)} is finished; force=true makes it again")
        return
    tracker, detector = instantiate(config.tracker), build_detector(config)
    for remark in footage.remarks:
        print(one_line(f"note: {remark}"))
    preview = panels(config, footage, detector)
    with progress() as bar:
        task = bar.add_task("frames", total=footage.count)
        recorded = record(
            footage,
            detector,
            tracker,
            output,
            batch_size=config.batch_size,
            preview=preview,
            advance=lambda frames: bar.update(task, completed=frames),
        )
    if preview is not None:
        preview.save(Path(config.preview).expanduser())
    report(config, footage.fps, recorded)


def check(config: DictConfig) -> None:
    """Checks what can be known before any work.

    Raises:
        ConfigError: an installation that lacks what reads videos; a setting that is missing, of
            the wrong kind, or out of range.
    """
    missing = [name for name in ("av", "PIL") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"detect needs {' and '.join(missing)}, which pip install 'temporal-pose[detect]' adds"
        )
    for name, what in (("source", "a video or a folder of images"), ("out", "NAME.zarr")):
        if config[name] is None:
            raise ConfigError(f"{name} is not set; add {name}=, {what}")
    for name, ending in (("out", ".zarr"), ("preview", ".png")):
        if config[name] is not None and not str(config[name]).endswith(ending):
            raise ConfigError(f"{name} is '{config[name]}'; expected a name that ends in {ending}")
    check_kinds(config, KINDS, ("fps",))


def report(config: DictConfig, fps: float, recorded: RecordingResult) -> None:
    """Says what was seen.

    Raises:
        DataError: nobody.
    """
    total, found = recorded.frames, recorded.found
    if not recorded.files and found:
        raise DataError(
            f"{config.source} shows somebody in {found} of {total} frames, nobody in least_frames="
            f"{config.least_frames} of them; set it lower"
        )
    if not recorded.files:
        score = config.detector.get("min_score")
        hint = f", or set detector.min_score lower than {score}" if score is not None else ""
        raise DataError(f"{config.source} shows nobody in {total} frames; look at it{hint}")
    if len(recorded.files) == 1 and recorded.files[0][0].name == Path(config.out).name:
        share = f"somebody in {found} of them ({found / total:.1%})"
        print(f"{config.out}: {total} frames, {fps:g} a second, {share}")
        return
    for path, frames in recorded.files:
        print(f"{path}: somebody in {frames} of {total} frames ({frames / total:.1%})")


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
        "detector": detector | {"weights": told_apart(detector.get("weights"))},
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
