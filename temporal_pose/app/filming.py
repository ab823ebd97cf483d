"""A video as the source of poses, or beside them: detected first, drawn over afterwards."""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from hydra import compose

from temporal_pose.app.memory import give_back
from temporal_pose.app.quoting import quoted
from temporal_pose.errors import ConfigError
from temporal_pose.files.atomic import make_folder
from temporal_pose.footage.frames import ENDINGS
from temporal_pose.formats.clips import Clip
from temporal_pose.refining.clip_refining import Track
from temporal_pose.reporting.refined.refined_page import Still
from temporal_pose.reporting.refined.shown_tracks import ShownTrack

if TYPE_CHECKING:
    from temporal_pose.footage.overlay import Overlaid

#: Names of files that are taken for videos.
VIDEOS = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".gif")

_PICTURES = 10  # of the worst moments, on the page
_WIDTH = 640  # pixels of a picture there


class Film(NamedTuple):
    """The video that poses are from, and how they are drawn over it.

    Args:
        path: of the video.
        layout: 'together' or 'side'; see `temporal_pose.footage.overlay`.
        start: frame of the video that the keypoints begin with; None where there are as many.
        stills: numbers of frames that are written as pictures.
        fps: frames a second, for a folder of images.
        shared: whether several files are of people in it: one video then shows them all.
    """

    path: Path
    layout: str = "together"
    start: int | None = None
    stills: tuple[int, ...] = ()
    fps: float | None = None
    shared: bool = False


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


def detected(
    video: Path, out: Path, detector: Sequence[str], person: str, force: bool
) -> list[Path]:
    """What a detector sees in a video, in files of the paired layout; it goes on where it was.

    Args:
        video: or a folder of images.
        out: folder of the files.
        detector: as it is typed: ``detector=NAME``, and its settings; images' ``fps=``.
        person: 'all', or how many are followed.

    Raises:
        ConfigError: an unknown detector, or one that is not installed.
        DataError: the video cannot be read, or shows nobody.
    """
    from temporal_pose.app.detecting import run  # brings zarr

    new = [folder for folder in (out, out.parent) if not folder.exists()]
    make_folder(out)
    target = out / f"{video.stem}.zarr"
    said = [f"source={quoted(str(video))}", f"out={quoted(str(target))}", *detector]
    try:
        run(compose("detect", [*said, f"person={person}", f"force={str(force).lower()}"]))
    finally:
        for folder in new if not list(out.iterdir()) else ():
            folder.rmdir()
    give_back()  # or what it has freed is held while the overlay is encoded
    found = sorted(out.glob(f"{video.stem}.person*.zarr"))
    return [target] if target.exists() else found


def check_fits(of: Film, clips: Sequence[Clip], tracks: Sequence[Sequence[Track]]) -> None:
    """Makes sure that poses can be drawn over the video, before anything is written.

    Args:
        tracks: of each clip.

    Raises:
        DataError: the video cannot be read, or has another number of frames than the keypoints.
        ConfigError: keypoints of several videos.
    """
    from temporal_pose.footage.opening import open_footage
    from temporal_pose.footage.overlay import check_length

    paced = _paced(of, clips)
    check_length(open_footage(of.path, paced.fps), of.path, _drawn(clips, tracks), of.start)


def film(
    of: Film, out: Path, clips: Sequence[Clip], tracks: Sequence[Sequence[Track]]
) -> tuple[Path, list[str]]:
    """Writes ``NAME.overlay.mp4``: the video with poses as detected and refined drawn over it.

    Args:
        out: the result that it stands beside.
        tracks: of each clip.

    Returns:
        The video's path, and remarks.

    Raises:
        DataError: the video cannot be read, or has another number of frames than the keypoints.
        ConfigError: an FFmpeg without H.264.
    """
    target, drawn = out.with_name(f"{out.name}.overlay.mp4"), _drawn(clips, tracks)
    give_back()  # what refining has freed
    return target, _overlaid(_paced(of, clips), target, drawn)


def film_together(of: Film, out: Path, people: Sequence[tuple[Clip, Clip]]) -> list[str]:
    """Writes the video with several people drawn over it, whose poses are in a file each.

    Args:
        out: ``NAME.mp4``.
        people: what was detected of each, and what was made of it.

    Returns:
        Remarks.

    Raises:
        DataError: the video cannot be read, or has another number of frames than the keypoints.
        ConfigError: an FFmpeg without H.264.
    """
    from temporal_pose.footage.overlay import Overlaid

    length = max(clip.count or int(clip.frames.max(initial=0)) + 1 for clip, _ in people)
    drawn = []
    for seen, made in people:
        raw, refined = (np.full((length, *seen.keypoints.shape[1:]), np.nan) for _ in "ab")
        scores = np.zeros(raw.shape[:2])
        raw[seen.frames] = seen.keypoints
        refined[made.frames], scores[made.frames] = made.keypoints, made.scores
        drawn.append(Overlaid(raw, refined, scores, seen.skeleton))
    return _overlaid(_paced(of, [seen for seen, _ in people]), out, drawn)


def _paced(of: Film, clips: Sequence[Clip]) -> Film:
    """The film; images, which have no frame rate, at that of the keypoints."""
    known = next((clip.fps for clip in clips if clip.fps), None)
    return of._replace(fps=known) if of.fps is None and of.path.is_dir() else of


def _overlaid(of: Film, out: Path, drawn: "Sequence[Overlaid]") -> list[str]:
    from temporal_pose.footage.overlay import overlay  # here: an optional extra

    about: dict[str, Any] = {"layout": of.layout, "video_start": of.start, "fps": of.fps}
    return overlay(of.path, out, drawn, stills=of.stills, **about)


def _drawn(clips: Sequence[Clip], tracks: Sequence[Sequence[Track]]) -> "list[Overlaid]":
    """Tracks on one row of frames: from the clip's first to its last."""
    from temporal_pose.footage.overlay import Overlaid

    if len(clips) != 1:
        raise ConfigError(
            f"video= goes with a file of one video; this one has {len(clips)}: refine them apart"
        )
    clip, rows = clips[0], []
    known = clip.frames[clip.rows >= 0]
    first = 0 if clip.count is not None and known.min(initial=0) >= 0 else int(known.min())
    length = clip.count or int(known.max()) - first + 1
    if clip.count is not None and known.size and known.max() >= clip.count:
        first = int(known.max()) - clip.count + 1  # counted from 1
    for track in tracks[0]:
        inside = (track.frames >= first) & (track.frames < first + length)
        at = track.frames[inside] - first
        raw = np.full((length, *track.raw.shape[1:]), np.nan)
        refined, scores = raw.copy(), np.zeros(raw.shape[:2])
        raw[at], refined[at] = track.raw[inside], track.refined.keypoints[inside]
        scores[at] = track.refined.scores[inside]
        raw[(raw == 0).all(-1) | (raw == -1).all(-1)] = np.nan
        rows.append(Overlaid(raw, refined, scores, clip.skeleton))
    return rows


def pictures(
    of: Film,
    clips: Sequence[Clip],
    tracks: Sequence[Sequence[Track]],
    people: Sequence[ShownTrack],
) -> list[Still]:
    """The frames of the worst moments, as pictures for the page."""
    from temporal_pose.footage.overlay import stills

    moments = [
        (moment.pixels, int(one.frames[moment.at]), f"{one.name}: {moment.why}")
        for one in people
        for moment in one.diagnosis.worst
    ]
    told: dict[int, str] = {}
    for _, frame, why in sorted(moments, reverse=True)[:_PICTURES]:
        told.setdefault(frame + (of.start or 0), why)
    made, of = [], _paced(of, clips)
    for number, image in stills(
        of.path, _drawn(clips, tracks), sorted(told), video_start=of.start or 0, fps=of.fps
    ):
        small = image.resize((_WIDTH, round(image.height * _WIDTH / image.width)))
        buffer = io.BytesIO()
        small.convert("RGB").save(buffer, "JPEG", quality=80)
        made.append(Still(buffer.getvalue(), f"frame {number}, {told[number]}"))
    return made
