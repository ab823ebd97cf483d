"""Refining files: each read, refined, written whole, and its page beside it; several at once."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from temporal_pose.app.cli import quiet
from temporal_pose.app.explaining import explain
from temporal_pose.app.overlays import (
    DrawnPoses,
    drawn_poses,
    film,
    film_together,
    pictures,
    worst_moments,
)
from temporal_pose.app.recipes import Order
from temporal_pose.files.atomic import write_text
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.refining.arriving import left_out
from temporal_pose.refining.clip_refining import Track, refine_clip
from temporal_pose.refining.plausibility import unchecked
from temporal_pose.refining.refined import Refiner
from temporal_pose.refining.shares import beyond, clip_in_pixels
from temporal_pose.refining.sources import Source
from temporal_pose.reporting.refined.refined_page import Still, page
from temporal_pose.reporting.refined.shown_tracks import ShownTrack, of_track

#: Bytes of input from which further processes, which take seconds to start, are worth it.
_WORTH = 20e6

#: Relative difference of frame rates that are the same but for rounding.
_ALIKE = 0.01


class TrackRow(NamedTuple):
    """What a table shows of a track.

    Args:
        name: of the person.
        poses: that the file has of them.
        jitter: before and after, px/frame².
        kept: share of the motion's power, in the median of the keypoints.
        filled: positions that were filled in.
        aside: detections that were not believed.
    """

    name: str
    poses: int
    jitter: tuple[float, float]
    kept: float
    filled: int
    aside: int


class Outcome(NamedTuple):
    """What became of a source.

    Args:
        name: of the file.
        rows: a track each.
        remarks: sentences on the file and its people.
        out: where the result is.
        error: why there is no result, if so; it names the file.
    """

    name: str
    rows: Sequence[TrackRow] = ()
    remarks: Sequence[str] = ()
    out: Path | None = None
    error: str | None = None


def refine_source(source: Source, order: Order, refiner: Refiner) -> Outcome:
    """Refines one source, writes the result, the page and last the note.

    Raises:
        DataError: the source cannot be read or refined, or its result cannot be written.
    """
    note, to = order.note(source), order.format(source)
    same = to.name == source.format.name
    refined: list[Clip] = []
    people: list[ShownTrack] = []
    remarks: list[str] = []
    rows: list[TrackRow] = []
    every: list[list[Track]] = []
    clips = source.format.read(source.path, order.given)
    if order.nameless:
        clips = [replace(clip, skeleton=None) for clip in clips]
    for clip in clips:
        after, tracks = refine_clip(clip, refiner, order.people, numbered=not same)
        refined.append(after)
        every.append(tracks)
        of = clip.name if len(clips) > 1 else ""
        size = clip.image_size
        shown = [of_track(track, clip.skeleton, size, of=of) for track in tracks]
        rows += [_row(one, track.poses) for one, track in zip(shown, tracks, strict=True)]
        people += shown
        ours = source.path.parent == order.detections
        remarks += [*clip.remarks, *_supposed(clip, order.given, ours)]
    drawn = None if order.film is None else drawn_poses(order.film, refined, every)
    with note.renewed():
        to.write(note.out, refined)
    remarks += left_out(note.out, to, refined, same)
    remarks += _shown_beside(note.out, source, order, refined, drawn, people, remarks)
    note.end()
    said = [f"{one.name}: {line}" for one in people for line in one.remarks]
    return Outcome(source.path.name, rows, [*remarks, *said], note.out)


def _supposed(clip: Clip, given: Given, ours: bool) -> Iterator[str]:
    """What was decided without asking: a skeleton, an image's size, that a file's times count.

    Args:
        ours: whether the clip is of a detector of ours, which knows skeleton and size.
    """
    if not len(clip):
        yield "no pose is in it, so nothing was refined"
        return
    fps, guess = given.fps, None
    if given.skeleton is None and not ours:
        guess = unchecked(clip.keypoints, clip.skeleton)
    yield from filter(None, [guess, None if ours else beyond(clip_in_pixels(clip))])
    if fps is None or clip.times is None:
        return
    steps = np.diff(np.unique(clip.times))
    own = 1 / float(np.median(steps)) if len(steps) else fps
    if abs(own / fps - 1) > _ALIKE:
        yield f"fps={fps:g} is not used: the file has a time for each frame, {own:.4g} a second"


def _shown_beside(
    out: Path,
    source: Source,
    order: Order,
    clips: Sequence[Clip],
    drawn: DrawnPoses | None,
    people: Sequence[ShownTrack],
    said: Sequence[str],
) -> list[str]:
    """Writes the video and the page that stand beside a result; remarks on the video.

    Args:
        drawn: the poses as they are drawn over the video, if there is one.
        said: remarks on the file as a whole.
    """
    where: str | None = None
    remarks: list[str] = []
    seen: list[Still] = []
    if drawn is not None:
        wanted = worst_moments(drawn, people) if order.page else {}
        if drawn.film.shared:
            target, seen = order.shared_video, pictures(drawn, wanted)
        else:
            target, remarks, seen = film(drawn, out, wanted)
        where = target.name
    if order.page:
        facts = {"model": order.recipe.name, "frame rate": _rates(clips)}
        whole = (*said, *remarks)
        text = page(source.path.name, people, clips[0].skeleton, facts, where, seen, whole)
        write_text(out.with_name(f"{out.name}.html"), text)
    return remarks


def draw_together(sources: Sequence[Source], order: Order) -> list[str]:
    """Draws all people of a video that several files are of, those that could be refined.

    Returns:
        Remarks on the video.

    Raises:
        DataError: the video cannot be read, or has another number of frames than the keypoints.
    """
    given = order.given
    done = {number: (one, order.note(one)) for number, one in enumerate(sources, 1)}
    people = {
        number: (one.format.read(one.path, given)[0], order.format(one).read(note.out, given)[0])
        for number, (one, note) in done.items()
        if note.finished(force=False)
    }
    return film_together(order.film, order.shared_video, people) if order.film and people else []


def _row(one: ShownTrack, poses: int) -> TrackRow:
    found = one.diagnosis
    shares = found.band.share[np.isfinite(found.band.share)]
    kept = float(np.median(shares)) if len(shares) else np.nan
    aside = sum(found.aside.values())
    return TrackRow(one.name, poses, found.jitter, kept, int(found.filled.sum()), aside)


def _rates(clips: Sequence[Clip]) -> str:
    rates = {"varies" if one.times is not None else f"{one.fps:g} fps" for one in clips if one.fps}
    return ", ".join(sorted(rates)) or "varies"


def carry_out(sources: Sequence[Source], order: Order, workers: int) -> Iterator[Outcome]:
    """Refines sources, several at once where that pays; one that cannot be is told, not raised."""
    if workers < 2 or len(sources) < 2:
        refiner = order.recipe.refiner()
        yield from (_tried(source, order, refiner) for source in sources)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(sources)), context, _prepare, (order,)) as pool:
        for done in as_completed([pool.submit(_prepared, source) for source in sources]):
            yield done.result()


_READY: list[tuple[Order, Refiner]] = []  # of a worker process


def _prepare(order: Order) -> None:
    quiet()
    os.environ["OMP_NUM_THREADS"] = "1"  # of torch, which is not loaded yet
    _READY.append((order, order.recipe.refiner()))


def _prepared(source: Source) -> Outcome:
    return _tried(source, *_READY[0])


def _tried(source: Source, order: Order, refiner: Refiner) -> Outcome:
    try:
        return refine_source(source, order, refiner)
    except Exception as error:
        line = explain(error)
        if line is None:
            raise
        named = source.path.name in line.partition(":")[0]
        return Outcome(source.path.name, error=line if named else f"{source.path.name}: {line}")


def workers_for(sources: Sequence[Source], wanted: int | None) -> int:
    """How many processes share the work; one where starting more takes longer than it saves."""
    if wanted is not None:
        return wanted
    size = sum(_size(source.path) for source in sources)
    return (os.cpu_count() or 1) if size > _WORTH else 1


def _size(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
