"""What a real detector sees: ``python -m temporal_pose.detect source=VIDEO out=NAME.zarr``."""

import hashlib
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
import zarr
from hydra.utils import instantiate
from jaxtyping import Float
from omegaconf import DictConfig, OmegaConf

from temporal_pose.app.cli import command, progress
from temporal_pose.app.settings import between, check_kinds
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.footage.frames import Footage, looks
from temporal_pose.formats.paired import LayoutWriter
from temporal_pose.pose.skeletons import skeleton

#: What its numbers may be.
KINDS = {
    "fps": between(1e-3, 1e6),
    "batch_size": between(1, 4096, whole=True),
    "detector.keypoints": between(1, 1000, whole=True),
    "detector.min_score": between(0, 1),
    "detector.min_size": between(16, 10_000, whole=True),
    "detector.max_size": between(16, 10_000, whole=True),
    "detector.proposals": between(1, 100_000, whole=True),
    "detector.norm_eps": between(0, 1),
    "tracker.overlap": between(0, 1),
    "tracker.patience": between(0, 10**9, whole=True),
}
_MAY_BE_NULL = ("fps", "detector.keypoints", "detector.norm_eps")


@command("detect")
def main(config: DictConfig) -> None:
    """Looks at every frame, and says in how many somebody was seen."""
    check(config)
    out = Path(config.out).expanduser()
    footage = open_footage(Path(config.source).expanduser(), config.fps)
    settings = provenance(config, footage)
    if finished(out, settings, config.force):
        print(f"{out} is finished; force=true makes it again")
        return
    tracker, detector = instantiate(config.tracker), build_detector(config)
    for remark in footage.remarks:
        print(f"note: {remark}")
    writer = open_writer(config, footage, detector.heatmap_size, settings)
    preview = panels(config, footage.count)
    found, total = record(footage, detector, tracker, writer, config.batch_size, preview)
    if preview is not None:
        preview.save(Path(config.preview).expanduser())
    if not found:
        shutil.rmtree(unfinished(out))
        raise DataError(
            f"{config.source} shows nobody in {total} frames; look at it, or set "
            f"detector.min_score lower than {config.detector.min_score}"
        )
    writer.close()
    share = f"somebody in {found} of them ({found / total:.1%})"
    print(f"{out}: {total} frames, {footage.fps:g} a second, {share}")


def check(config: DictConfig) -> None:
    """Checks what can be known before any work.

    Raises:
        ConfigError: an installation without the detector; a setting that is missing, of the wrong
            kind, or out of range.
    """
    missing = [name for name in ("torchvision", "av", "PIL") if find_spec(name) is None]
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
    check_kinds(config, KINDS, _MAY_BE_NULL)


def open_footage(source: Path, fps: float | None) -> Footage:
    """The frames of a video, of a folder of images, or of one image.

    Raises:
        DataError: they are not there or cannot be read.
    """
    from temporal_pose.footage.images import ENDINGS, Images  # here: an optional extra
    from temporal_pose.footage.video import Video

    if source.is_dir() or source.suffix.lower() in ENDINGS:
        return Images(source, fps)
    return Video(source, fps)


def build_detector(config: DictConfig) -> Any:
    """The detector, on its device.

    Raises:
        ConfigError: a device that is not there, or weights for another number of keypoints than
            the skeleton has.
        CheckpointError: weights that cannot be used.
    """
    device, wanted = torch_device(config.device), len(skeleton(config.skeleton))
    detector = instantiate(config.detector)
    if detector.keypoints != wanted:
        raise ConfigError(
            f"skeleton '{config.skeleton}' has {wanted} keypoints, the detector "
            f"{detector.keypoints}; set skeleton to the one its weights were trained for"
        )
    return detector.to(device)


def torch_device(name: str) -> torch.device:
    """The device of that name; 'auto' is a GPU if there is one.

    Raises:
        ConfigError: torch does not know it, or it is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.zeros(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"device is '{name}'; expected auto, cpu, or a GPU that is there, such as cuda "
            f"({str(error).splitlines()[0]})"
        ) from error


def open_writer(
    config: DictConfig, footage: Footage, heatmap_size: tuple[int, int], settings: dict[str, Any]
) -> LayoutWriter:
    """What the result goes to; it goes on with what an interrupted command has left.

    Raises:
        ConfigError: an unknown dtype.
        DataError: unfinished work of other settings.
    """
    return LayoutWriter(
        Path(config.out).expanduser(),
        skeleton=config.skeleton,
        fps=footage.fps,
        image_size=footage.size,
        heatmap_size=heatmap_size,
        dtype=config.dtype,
        settings=settings,
        resume=True,
        overwrite=config.force,
    )


def record(
    footage: Footage,
    detector: Any,
    tracker: Any,
    writer: LayoutWriter,
    batch_size: int,
    preview: Any = None,
) -> tuple[int, int]:
    """Looks at all frames that are not stored yet.

    Args:
        preview: given every batch, too.

    Returns:
        Frames that show somebody, and all frames, those stored before included.
    """
    before = stored_boxes(writer)
    tracker.resume(before)
    found, total = int(np.isfinite(before).all(-1).sum()), len(before)
    with progress() as bar:
        task = bar.add_task("frames", total=footage.count, completed=total)
        for images, seen in looks(footage, detector, tracker, total, batch_size):
            arrays = {name: value.numpy() for name, value in seen._asdict().items()}
            writer.append(**arrays)
            if preview is not None:
                preview.look(total, images, seen.boxes, seen.heatmaps)
            found += int(np.isfinite(arrays["boxes"]).all(-1).sum())
            total += len(images)
            bar.update(task, completed=total)
    return found, total


def panels(config: DictConfig, frames: int) -> Any:
    """What draws some of the frames, if wanted."""
    if config.preview is None:
        return None
    from temporal_pose.footage.preview import Preview

    return Preview(skeleton(config.skeleton), frames)


def provenance(config: DictConfig, footage: Footage) -> dict[str, Any]:
    """What the result depends on: kept in the file, and the same for a command that goes on."""
    weights = Path(str(config.detector.weights)).expanduser()
    name = {"name": weights.name}
    if weights.is_file():
        with weights.open("rb") as file:
            name["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
    detector: Any = OmegaConf.to_container(config.detector, resolve=True)
    return {
        "source": footage.identity,
        "fps": footage.fps,
        "skeleton": config.skeleton,
        "dtype": config.dtype,
        "detector": detector | {"weights": name},
        "tracker": OmegaConf.to_container(config.tracker, resolve=True),
    }


def finished(out: Path, settings: dict[str, Any], force: bool) -> bool:
    """Whether there is nothing left to do. ``force`` drops unfinished work of other settings.

    Raises:
        DataError: a file that is complete but of other settings, without ``force``.
    """
    part = unfinished(out)
    if force and part.exists() and made_with(part) != settings:
        shutil.rmtree(part)
    if force or not out.exists():
        return False
    made = made_with(out)
    differs = next((name for name in settings if made.get(name) != settings[name]), None)
    if differs is not None:
        raise DataError(
            f"{out} exists already, with {differs} {made.get(differs, 'unknown')}, not "
            f"{settings[differs]}; choose another out=, or force=true to replace it"
        )
    return True


def unfinished(out: Path) -> Path:
    """Where the writer keeps a file until it is complete."""
    return out.with_name(out.name + ".part")


def made_with(path: Path) -> dict[str, Any]:
    """The settings kept in a file; none where there is no such file."""
    if not (path / "zarr.json").exists():
        return {}
    kept = zarr.open_group(path, mode="r").attrs.asdict().get("settings")
    return kept if isinstance(kept, dict) else {}


def stored_boxes(writer: LayoutWriter) -> Float[np.ndarray, "F 4"]:
    """Boxes of the frames that an interrupted command has stored."""
    if not writer.frames:
        return np.empty((0, 4), np.float32)
    group = zarr.open_group(unfinished(writer.path), mode="r", use_consolidated=False)
    return np.asarray(group["boxes"][: writer.frames])  # type: ignore[index]


if __name__ == "__main__":
    main()
