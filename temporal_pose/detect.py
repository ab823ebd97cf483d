"""What a real detector sees: ``python -m temporal_pose.detect source=VIDEO out=NAME.zarr``."""

from importlib.util import find_spec
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from temporal_pose.app.cli import command, progress
from temporal_pose.app.detecting import build_detector, output_of, panels
from temporal_pose.app.settings import between, check_kinds
from temporal_pose.detectors.recording import Recorded, record
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.footage.opening import open_footage

#: What its numbers may be.
KINDS = {
    "fps": between(1e-3, 1e6),
    "batch_size": between(1, 4096, whole=True),
    "least_frames": between(1, 10**9, whole=True),
    "tracker.overlap": between(0, 1),
    "tracker.patience": between(0, 10**9, whole=True),
    "tracker.every": between(1, 10**9, whole=True),
}


@command("detect")
def main(config: DictConfig) -> None:
    """One video."""
    run(config)


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
        print(f"note: {remark}")
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


def report(config: DictConfig, fps: float, recorded: Recorded) -> None:
    """Says what was seen.

    Raises:
        DataError: nobody.
    """
    total, found = recorded.frames, recorded.found
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


if __name__ == "__main__":
    main()
