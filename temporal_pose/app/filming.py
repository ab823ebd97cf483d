"""A video as the source of poses, or beside them: detected first, drawn over afterwards."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from hydra import compose

from temporal_pose.app.memory import give_back
from temporal_pose.app.quoting import quoted
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.atomic import make_folder
from temporal_pose.files.made import content_hash
from temporal_pose.footage.frames import ENDINGS

#: Names of files that are taken for videos.
VIDEOS = (
    *(".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".gif"),
    *(".3gp", ".wmv", ".flv", ".ogv", ".mts", ".m2ts", ".ts"),
)


class Film(NamedTuple):
    """The video that poses are from, and how they are drawn over it.

    Args:
        path: of the video.
        layout: 'together' or 'side'; see `temporal_pose.footage.overlay`.
        start: frame of the video that the keypoints begin with; None where there are as many.
        stills: numbers of frames that are written as pictures.
        fps: frames a second, for a folder of images.
        shared: whether several files are of people in it: one video then shows them all.
        trail: frames over which a keypoint leaves a trail.
    """

    path: Path
    layout: str = "together"
    start: int | None = None
    stills: tuple[int, ...] = ()
    fps: float | None = None
    shared: bool = False
    trail: int = 0

    @property
    def made_with(self) -> dict[str, object]:
        """Tells what is drawn from something else, in a person's words."""
        whole = self.path.stat().st_size if self.path.is_file() else content_hash(self.path)
        return {
            "video": f"{self.path.name} ({whole})",
            "video_start": self.start,
            "layout": self.layout,
            "trail": self.trail,
            "stills": list(self.stills),
        }


def check_installed() -> None:
    """Makes sure that videos can be read and drawn on, before a long look at one.

    Raises:
        ConfigError: what that takes is not installed, or FFmpeg has no encoder for H.264.
    """
    missing = [name for name in ("av", "PIL") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"video= needs {' and '.join(missing)}, which pip install 'temporal-pose[detect]' adds"
        )
    from temporal_pose.footage.encoding import encoder  # here: an optional extra

    encoder()


def is_footage(source: Path) -> bool:
    """Whether a source shows people itself: a video by its name, a folder of images alone."""
    if not source.is_dir():
        return source.is_file() and source.suffix.lower() in VIDEOS
    seen = [file for file in source.iterdir() if not file.name.startswith(".")]
    return bool(seen) and all(file.suffix.lower() in ENDINGS for file in seen)


def check_no_videos(source: Path) -> None:
    """Makes sure that a source is no folder of videos alone.

    Raises:
        ConfigError: it is; the message says how to name them.
    """
    seen = sorted(source.iterdir()) if source.is_dir() else []
    seen = [file for file in seen if not file.name.startswith(".")]
    if seen and all(map(is_footage, seen)):
        some = ",".join(str(file) for file in seen[:2])
        raise ConfigError(
            f"source '{source}' is a folder of {len(seen)} videos; name one of them, or several "
            f"by -m, as in: refine -m source={some} out=DIR"
        )


def check_frames(of: Film) -> None:
    """Makes sure that a video has the frames that are asked for, before a long look at it.

    Raises:
        DataError: it has not, or cannot be read.
    """
    from temporal_pose.footage.alignment import check_fits
    from temporal_pose.footage.opening import open_footage  # here: an optional extra

    footage = open_footage(of.path, of.fps)
    check_fits(footage, of.path, [footage.count], of.start, of.stills)


def detected(
    video: Path, out: Path, detector: Sequence[str], person: str | int, force: bool
) -> list[Path]:
    """What a detector sees in a video, in files of the paired layout; it goes on where it was.

    Args:
        video: or a folder of images.
        out: folder of the files.
        detector: as it is typed: ``detector=NAME``, and its settings; ``heatmaps=``, images'
            ``fps=``.
        person: 'all', or the number of one; the first one is followed alone.

    Raises:
        ConfigError: an unknown detector, or one that is not installed.
        DataError: the video cannot be read, or shows nobody, or not so many.
    """
    from temporal_pose.app.detecting import run  # brings zarr
    from temporal_pose.detectors.output import of_people

    new = [folder for folder in (out, out.parent) if not folder.exists()]
    make_folder(out)
    target = out / f"{video.stem}.zarr"
    said = [f"source={quoted(str(video))}", f"out={quoted(str(target))}", *detector]
    followed = 1 if person == 1 else "all"
    try:
        run(compose("detect", [*said, f"person={followed}", f"force={str(force).lower()}"]))
    finally:
        for folder in new if not list(out.iterdir()) else ():
            folder.rmdir()
    give_back()  # or what it has freed is held while the overlay is encoded
    if person == 1:
        return [target]
    found = of_people(target)
    if person != "all" and person not in found:
        raise DataError(
            f"{video} shows {len(found)} people; person={person} is not there: "
            f"expected a number from 1 to {len(found)}, or all"
        )
    return [path for number, path in found.items() if person in ("all", number)]
