"""Writes a file of the paired layout from arrays, or adds the truth to a detector's output.

``python -m temporal_pose.data.write OUT.zarr --heatmaps h.npy --boxes b.npy --truth t.npy
--visible v.npy --fps 30 --image-size 1920 1080 --skeleton coco17``; or ``--detections d.npy``; or
``--detected FILE``, which `temporal_pose.detect` wrote, and ``--truth t.npy``.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from jaxtyping import Int
from rich.console import Console
from rich.progress import Progress

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.ending import errors_as_lines
from temporal_pose.files.outputs import refuse_inputs
from temporal_pose.files.reading import mapped
from temporal_pose.formats.paired import LayoutWriter
from temporal_pose.formats.paired.fields import dimensions, fits, written
from temporal_pose.formats.paired.packing import DTYPES
from temporal_pose.formats.paired.paired_video import PairedVideo, load
from temporal_pose.pose.skeletons import SKELETONS, skeleton

_PIECE = 64  # frames held at once
_SEEN = ("heatmaps", "boxes", "scores", "detections")
_TOLD = ("fps", "image_size", "skeleton")


@dataclass(frozen=True)
class Origin:
    """What is to be written.

    Args:
        about: arguments of `LayoutWriter`.
        arrays: by name, in memory or on disk, all of the same number of frames.
        video: whose detections are taken as well; None where the arrays hold them.
        files: that all of it comes from.
    """

    about: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]
    video: PairedVideo | None = None
    files: Sequence[Path] = ()

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values()))) if self.video is None else len(self.video)

    def take(self, frames: Int[np.ndarray, " n"]) -> dict[str, np.ndarray]:
        """Some frames of everything.

        Raises:
            DataError: the video's file is damaged.
        """
        taken = {name: np.asarray(array[frames]) for name, array in self.arrays.items()}
        if "truth" in taken and "visible" not in taken:
            taken["visible"] = np.isfinite(taken["truth"]).all(-1)
        return taken | ({} if self.video is None else seen(self.video, frames))


def main(arguments: Sequence[str] | None = None) -> None:
    """Streams the arrays into the file; what goes wrong is one line, and the exit status 2."""
    with errors_as_lines():
        options = parser().parse_args(arguments)
        origin = of_video(options) if options.detected else of_arrays(options)
        check_shapes(origin)
        write(origin, options.out, options.overwrite)
        truth = "" if {"truth", "visible"} & set(origin.arrays) else ", without truth"
        print(f"{options.out}: {len(origin):,} frames{truth}")


def write(origin: Origin, out: Path, overwrite: bool = False) -> None:
    """Writes a file; where that comes to nothing, nothing is left of it.

    Raises:
        DataError: it exists already, or values that the layout does not allow.
    """
    refuse_inputs([out], origin.files)
    writer = LayoutWriter(out, **origin.about, overwrite=overwrite)
    console = Console()
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            pieces = np.split(np.arange(len(origin)), range(_PIECE, len(origin), _PIECE))
            for frames in bar.track(pieces, description="frames"):
                writer.append(**origin.take(frames))
        writer.close()
    except BaseException:
        writer.discard()
        raise


def of_arrays(options: argparse.Namespace) -> Origin:
    """What the command line names, one array a file.

    Raises:
        ConfigError: something that is needed is not named.
        DataError: a file that cannot be read.
    """
    for name in _TOLD:
        if getattr(options, name) is None:
            raise ConfigError(f"--{name.replace('_', '-')} is not given; expected it with arrays")
    arrays, files = named(options, (*_SEEN, "truth", "visible"))
    if not {"heatmaps", "detections"} & set(arrays):
        raise ConfigError("expected --heatmaps with --boxes, --detections, or --detected")
    maps = arrays.get("heatmaps")
    if maps is not None and maps.ndim != 4:
        raise DataError(f"{options.heatmaps}: has shape {maps.shape}; expected (F, K, h, w)")
    about = {name: getattr(options, name) for name in _TOLD}
    about |= {"image_size": tuple(options.image_size), "dtype": options.dtype or "float16"}
    about |= {"heatmap_size": None if maps is None else maps.shape[2:]}
    return Origin(about, arrays, None, files)


def of_video(options: argparse.Namespace) -> Origin:
    """What a detector wrote, and the truth that the command line names or the file holds.

    Raises:
        ConfigError: something is named that the file holds.
        DataError: a file that cannot be read.
    """
    for name in (*_SEEN, *_TOLD):
        if getattr(options, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise ConfigError(f"{option} is given beside --detected, which holds it; leave it out")
    video = load(options.detected)
    arrays, files = named(options, ("truth", "visible"))
    if not arrays and video.truth is not None and video.visible is not None:
        arrays = {"truth": video.truth, "visible": video.visible}
    looks = None if video.heatmaps is None else video.heatmaps.looks
    about = {
        "fps": video.fps,
        "image_size": video.image_size,
        "skeleton": video.skeleton.name,
        "dtype": options.dtype or ("float16" if looks is None else str(looks.dtype)),
        "heatmap_size": None if looks is None else looks.shape[2:],
        "settings": provenance(options.detected),
    }
    return Origin(about, arrays, video, (*files, options.detected))


def provenance(path: Path) -> dict[str, Any]:
    """What a file says of how it was made."""
    if path.suffix != ".zarr":
        return {}
    found = zarr.open_group(path, mode="r", use_consolidated=False).attrs.asdict().get("settings")
    return found if isinstance(found, dict) else {}


def seen(video: PairedVideo, frames: Int[np.ndarray, " n"]) -> dict[str, np.ndarray]:
    """What the detector saw in some frames, and when."""
    when = {} if video.times is None else {"times": video.times[frames]}
    if video.heatmaps is None or video.boxes is None:
        return (
            when if video.detections is None else when | {"detections": video.detections[frames]}
        )
    somebody = video.heatmaps.somebody[frames]
    maps = np.zeros((len(frames), *video.heatmaps.looks.shape[1:]), np.float32)
    maps[somebody] = video.heatmaps.raw(frames[somebody])
    taken = when | {"heatmaps": maps, "boxes": video.boxes[frames]}
    return taken if video.scores is None else taken | {"scores": video.scores[frames]}


def named(
    options: argparse.Namespace, names: Sequence[str]
) -> tuple[dict[str, np.ndarray], list[Path]]:
    """The arrays of the ``.npy`` files that are named, left on disk, and these files.

    Raises:
        DataError: one cannot be read.
    """
    files = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return {name: mapped(path) for name, path in files.items()}, list(files.values())


def check_shapes(origin: Origin) -> None:
    """Every array has as many frames, all keypoints of the skeleton, and numbers.

    Raises:
        DataError: one has not.
    """
    bones = skeleton(origin.about["skeleton"])
    sizes = {"F": len(origin), "K": len(bones)}
    size = origin.about["heatmap_size"]
    sizes |= {} if size is None else dict(zip("hw", size, strict=True))
    for name, array in origin.arrays.items():
        frames = len(array) if array.ndim else 0
        if frames != len(origin) or not frames:
            raise DataError(f"'{name}' has {frames} frames; expected {len(origin)} as the others")
        wanted = dimensions(name, **sizes)
        if not fits(array.shape, wanted):
            raise DataError(
                f"'{name}' has shape {written(array.shape)}; expected {written(wanted)}, for "
                f"there are {len(origin)} frames, and {bones.name} has {len(bones)} keypoints"
            )


def rate(text: str) -> float:
    """A frame rate, as a number or as the fraction that video standards have."""
    try:
        return float(Fraction(text))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no frame rate; expected a number such as 29.97, or a fraction such as "
            "60000/1001"
        ) from error


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m temporal_pose.data.write",
        description="Writes a file of the paired layout; arrays are .npy files, never read whole.",
    )
    parser.add_argument("out", type=Path, help="NAME.zarr")
    detector = parser.add_argument_group("what the detector saw, of F frames and K keypoints")
    detector.add_argument("--heatmaps", type=Path, help="(F, K, h, w) of the boxes")
    detector.add_argument("--boxes", type=Path, help="(F, 4): x, y, width, height; NaN for nobody")
    detector.add_argument("--scores", type=Path, help="(F, K), beside heatmaps")
    detector.add_argument(
        "--detections", type=Path, help="(F, K, 3): x, y, score; NaN for missing"
    )
    detector.add_argument("--detected", type=Path, help="a file of the layout, in place of these")
    truth = parser.add_argument_group("the truth")
    truth.add_argument("--truth", type=Path, help="(F, K, 2), image pixels")
    truth.add_argument(
        "--visible", type=Path, help="(F, K) bool; where truth is finite by default"
    )
    about = parser.add_argument_group("the video; --detected holds it")
    about.add_argument("--fps", type=rate, help="a number, or a fraction: 60000/1001")
    about.add_argument("--image-size", type=int, nargs=2, metavar=("WIDTH", "HEIGHT"))
    about.add_argument("--skeleton", help=f"one of {', '.join(SKELETONS)}")
    parser.add_argument("--dtype", choices=DTYPES, help="of the heatmaps; float16 by default")
    parser.add_argument("--overwrite", action="store_true", help="replace a file of that name")
    return parser


if __name__ == "__main__":
    main()
