"""Poses drawn over the video that they are from, and its worst moments as pictures of a page."""

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from temporal_pose.app.filming import Film
from temporal_pose.app.memory import give_back
from temporal_pose.errors import ConfigError
from temporal_pose.formats.clips import Clip
from temporal_pose.refining.clip_refining import Track
from temporal_pose.refining.remarks import keypoint_names
from temporal_pose.reporting.refined.refined_page import Still, ranked
from temporal_pose.reporting.refined.shown_tracks import ShownTrack

if TYPE_CHECKING:
    from temporal_pose.footage.overlay import Overlaid

#: Is shown a frame, by its number.
Look = Callable[[int, UInt8[np.ndarray, "H W 3"]], None]

_PICTURES = 10  # of the worst moments, on the page
_WIDTH = 640  # pixels of a picture there


class DrawnPoses(NamedTuple):
    """A film, and the poses that are drawn over it.

    Args:
        film: its frame rate is known, also that of images.
        people: their poses, a row for each frame from the one that the keypoints begin with.
        first: number of that frame in the file of the keypoints.
        remarks: sentences on how the two fit.
    """

    film: Film
    people: "Sequence[Overlaid]"
    first: int = 0
    remarks: Sequence[str] = ()


def drawn_poses(of: Film, clips: Sequence[Clip], tracks: Sequence[Sequence[Track]]) -> DrawnPoses:
    """Poses as they are drawn over the video, before anything is written.

    Args:
        tracks: of each clip.

    Raises:
        DataError: the video cannot be read, or has another number of frames than the keypoints.
        ConfigError: keypoints of several videos.
    """
    from temporal_pose.footage.alignment import check_fits, remarks
    from temporal_pose.footage.opening import open_footage

    whole = DrawnPoses(_paced(of, clips), *_drawn(clips, tracks))
    if of.shared:  # those of several files are looked at together
        return whole
    footage, lengths = open_footage(of.path, whole.film.fps), [len(p.raw) for p in whole.people]
    check_fits(footage, of.path, lengths, of.start, of.stills)
    said = remarks(footage, max(lengths, default=0), of.start, clips[0].image_size)
    return whole._replace(remarks=said)


def film(
    shown: DrawnPoses, out: Path, wanted: Mapping[int, str]
) -> tuple[Path, list[str], list[Still]]:
    """Writes ``NAME.overlay.mp4``: the video with poses as detected and refined drawn over it.

    Args:
        out: the result that it stands beside.
        wanted: numbers of frames that the page shows, and what is to be said of them.

    Returns:
        The video's path; remarks; and the pictures for the page.

    Raises:
        DataError: the video cannot be read.
        ConfigError: an FFmpeg without H.264.
    """
    target, pictures = out.with_name(f"{out.name}.overlay.mp4"), _Pictures(shown, wanted)
    give_back()  # what refining has freed
    remarks = _overlaid(shown, target, pictures.look)
    return target, [*shown.remarks, *remarks], pictures.made


def film_together(of: Film, out: Path, people: Mapping[int, tuple[Clip, Clip]]) -> list[str]:
    """Writes the video with several people drawn over it, whose poses are in a file each.

    Args:
        out: ``NAME.mp4``.
        people: what was detected of each, and what was made of it, by their numbers.

    Returns:
        Remarks.

    Raises:
        DataError: the video cannot be read, or has another number of frames than the keypoints.
        ConfigError: an FFmpeg without H.264.
    """
    from temporal_pose.footage.overlay import Overlaid

    clips = [seen for seen, _ in people.values()]
    length = max(clip.count or int(clip.frames.max(initial=0)) + 1 for clip in clips)
    drawn = []
    for number, (seen, made) in people.items():
        raw, refined = (np.full((length, *seen.keypoints.shape[1:]), np.nan) for _ in "ab")
        scores = np.zeros(raw.shape[:2])
        raw[seen.frames] = seen.keypoints
        refined[made.frames], scores[made.frames] = made.keypoints, made.scores
        drawn.append(Overlaid(raw, refined, scores, seen.skeleton, number))
    return _overlaid(DrawnPoses(_paced(of, clips), drawn), out)


def _paced(of: Film, clips: Sequence[Clip]) -> Film:
    """The film; images, which have no frame rate, at that of the keypoints."""
    known = next((clip.fps for clip in clips if clip.fps), None)
    return of._replace(fps=known) if of.fps is None and of.path.is_dir() else of


def _overlaid(shown: DrawnPoses, out: Path, look: Look | None = None) -> list[str]:
    from temporal_pose.footage.overlay import overlay  # here: an optional extra

    of = shown.film
    about: dict[str, Any] = {"layout": of.layout, "trail": of.trail}
    about |= {"video_start": of.start, "fps": of.fps}
    return overlay(of.path, out, shown.people, stills=of.stills, look=look, **about)


def _drawn(
    clips: Sequence[Clip], tracks: Sequence[Sequence[Track]]
) -> "tuple[list[Overlaid], int]":
    """Tracks on one row of frames, from the clip's first to its last; and the first's number."""
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
        rows.append(Overlaid(raw, refined, scores, clip.skeleton, track.person))
    return rows, first


def worst_moments(shown: DrawnPoses, people: Sequence[ShownTrack]) -> dict[int, str]:
    """Numbers of the frames of the video that a page shows, and what is to be said of each."""
    count = people[0].refined.shape[1] if people else 0
    names = keypoint_names(count, shown.people[0].skeleton if shown.people else None)
    told: dict[int, str] = {}
    for number, moment, about in ranked(people, names)[:_PICTURES]:
        frame = int(people[number].frames[moment.at]) - shown.first + (shown.film.start or 0)
        told.setdefault(frame, about)
    return told


def pictures(shown: DrawnPoses, wanted: Mapping[int, str]) -> list[Still]:
    """Frames as pictures for the page, of a video that is gone through for them alone.

    Args:
        wanted: see `film`.
    """
    from temporal_pose.footage.opening import open_footage

    made, last = _Pictures(shown, wanted), max(wanted, default=-1)
    for number, frame in enumerate(open_footage(shown.film.path, shown.film.fps).frames()):
        if number > last:
            break
        made.look(number, frame)
    return made.made


class _Pictures:
    """Pictures for a page, made as the frames go by; raw and refined poses in one."""

    def __init__(self, shown: DrawnPoses, wanted: Mapping[int, str]) -> None:
        self._shown, self._wanted = shown, wanted
        self._made: dict[int, Still] = {}

    @property
    def made(self) -> list[Still]:
        """Those that were there, in the order in which they are wanted."""
        return [self._made[number] for number in self._wanted if number in self._made]

    def look(self, number: int, frame: UInt8[np.ndarray, "H W 3"]) -> None:
        """Draws a frame, if it is wanted."""
        from PIL import Image

        from temporal_pose.footage.overlay import Drawer

        if number not in self._wanted:
            return
        height, width = frame.shape[:2]
        drawer = Drawer(
            self._shown.people, (width, height), video_start=self._shown.film.start or 0
        )
        image = Image.fromarray(drawer.draw(number, frame))
        buffer = io.BytesIO()
        small = image.resize((_WIDTH, round(height * _WIDTH / width)))
        small.save(buffer, "JPEG", quality=80)
        self._made[number] = Still(buffer.getvalue(), self._wanted[number])
