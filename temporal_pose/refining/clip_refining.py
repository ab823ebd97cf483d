"""Refining a file's poses: people told apart, each on their own clock, all put back in place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip
from temporal_pose.pose.sequences import Detections, PoseSequence
from temporal_pose.refining.people import PersonTrack, associate, numbers
from temporal_pose.refining.plausibility import check_plausible
from temporal_pose.refining.refined import Refined, Refiner, SequenceRefiner
from temporal_pose.refining.shares import clip_in_pixels

#: How long somebody may be away: the more of frames and seconds; longer gaps are never filled.
_AWAY, _AWAY_S = 30, 0.5


@dataclass(frozen=True)
class Track:
    """One person of a clip on an unbroken row of frames, before and after.

    Args:
        person: who it is, counted from 1.
        frames: numbers, one after the other; those that the file leaves out are there too.
        times: seconds of each.
        raw: as the file has them, image pixels; NaN where the file has no pose in a frame.
        scores: of the file; NaN where it does not say.
        refined: what became of them.
        rows: place in the clip of each frame's pose; -1 where the file has none.
        faulty: frames whose whole pose is none of this person's.
        changes: how often the file's number of the person changes.
    """

    person: int
    frames: Int[np.ndarray, " F"]
    times: Float[np.ndarray, " F"]
    raw: Float[np.ndarray, "F K 2"]
    scores: Float[np.ndarray, "F K"]
    refined: Refined
    rows: Int[np.ndarray, " F"]
    faulty: Bool[np.ndarray, " F"]
    changes: int = 0

    @property
    def poses(self) -> int:
        """How many poses the file has of the person."""
        return int((self.rows >= 0).sum())


def refine_clip(
    clip: Clip,
    refiner: Refiner,
    people: Sequence[int] | None = None,
    numbered: bool = False,
    noun: str = "person",
) -> tuple[Clip, list[Track]]:
    """A clip with its poses refined, those of moments that the file lacks added, and each track.

    Args:
        people: who is to be refined, counted from 1; None for all. The others stay as they are.
        numbered: whether each pose gets the number of its person, for a file of another format:
            order in a list may mean something there. Poses without any keypoint are left out then,
            and so are people other than those to be refined.
        noun: what remarks call a track; see `associate`.

    Raises:
        DataError: no frame rate; positions of unknown scale; a body that is none; a person who is
            not there.
    """
    pixels = clip_in_pixels(clip)
    if pixels.skeleton is not None:
        check_plausible(pixels.keypoints, pixels.skeleton, clip.name)
    found = associate(pixels, max(_AWAY, round(_AWAY_S * (pixels.fps or 0))), noun)
    wanted = range(1, len(found) + 1) if people is None else people
    for number in wanted:
        if not 1 <= number <= len(found):
            there = "one person" if len(found) == 1 else f"{len(found)} people"
            raise DataError(f"{clip.name} shows {there}; person={number} is not there")
    clock = _clock(pixels)
    tracks = [_refined(pixels, found[number - 1], number, refiner, clock) for number in wanted]
    if numbered:
        pixels = replace(pixels, ids=numbers(pixels, found))
    after = put_back(pixels, tracks)
    return (_somebodys(after, tracks) if numbered else after), tracks


def _refined(
    clip: Clip, track: PersonTrack, number: int, refiner: Refiner, clock: np.ndarray
) -> Track:
    frames, rows = _unbroken(track.frames, track.rows)
    alien = np.isin(rows, track.rows[track.faulty])
    times = np.interp(frames, *clock)
    there = rows >= 0
    raw, scores = clip.keypoints[rows], clip.scores[rows]
    raw[~there], scores[~there] = np.nan, np.nan
    network = refiner if isinstance(refiner, SequenceRefiner) else None
    if network is not None and clip.heatmaps is not None and network.reads_heatmaps:
        whole = network.refine_sequence(_sequence(clip))
        refined = Refined(whole.keypoints[frames], whole.scores[frames], whole.remarks)
        said = replace(refined, remarks=(*track.remarks, *refined.remarks))
        return Track(number, frames, times, raw, scores, said, rows, alien, track.changes)
    rate = {"fps": clip.fps} if clip.times is None else {"times": times}
    refined = refiner.refine(
        np.where(alien[:, None, None], np.nan, raw) if alien.any() else raw,
        scores,
        skeleton=clip.skeleton,
        image_size=clip.image_size,
        **rate,
    )
    said = replace(refined, remarks=(*track.remarks, *refined.remarks))
    return Track(number, frames, times, raw, scores, said, rows, alien, track.changes)


def _sequence(clip: Clip) -> PoseSequence:
    """A clip of one person's heatmaps, every frame of the video."""
    if clip.skeleton is None or clip.boxes is None or clip.fps is None:
        raise DataError(f"{clip.name}: heatmaps need boxes, a skeleton and a frame rate")
    count, keypoints = clip.count or int(clip.frames.max()) + 1, len(clip.skeleton)
    boxes = np.full((count, 4), np.nan, np.float32)
    boxes[clip.frames] = clip.boxes
    scores = np.zeros((count, keypoints), np.float32)
    scores[clip.frames] = np.where(np.isfinite(clip.scores), clip.scores, 1)
    somebody = np.asarray(np.isfinite(boxes).all(-1))
    found = np.repeat(somebody[:, None], keypoints, axis=1)
    nothing = np.zeros((count, keypoints, 2), np.float32)
    seen = Detections(nothing, found, scores, boxes, clip.heatmaps)
    return PoseSequence(
        name=clip.name,
        keypoints=nothing,
        visible=np.zeros_like(found),
        frames=np.arange(count),
        fps=clip.fps,
        detections=seen,
        skeleton=clip.skeleton,
    )


def _unbroken(
    frames: Int[np.ndarray, " n"], rows: Int[np.ndarray, " n"]
) -> tuple[Int[np.ndarray, " F"], Int[np.ndarray, " F"]]:
    """Every frame from the first to the last, and the pose of each; -1 where there is none."""
    every = np.arange(frames.min(), frames.max() + 1)
    places = np.full(len(every), -1)
    places[frames - every[0]] = rows
    return every, places


def _clock(clip: Clip) -> Float[np.ndarray, "2 n"]:
    """Numbers of frames and their seconds; those between lie in a straight line.

    Raises:
        DataError: the file has neither time stamps nor a frame rate.
    """
    frames, first = np.unique(clip.frames, return_index=True)
    if clip.times is not None:
        return np.stack([frames, clip.times[first]])
    if clip.fps is None:
        raise DataError(f"{clip.name} does not say its frame rate; add fps=, frames a second")
    return np.stack([frames, frames / clip.fps])


def _somebodys(clip: Clip, tracks: Sequence[Track]) -> Clip:
    """The poses of some tracks, and those that were added to them."""
    known = clip.rows < 0
    for track in tracks:
        known[track.rows[track.rows >= 0]] = True
    kept = {
        name: value[known]
        for name in ("frames", "keypoints", "scores", "ids", "rows", "times", "boxes")
        if (value := getattr(clip, name)) is not None
    }
    return clip if known.all() else replace(clip, **kept)


def put_back(clip: Clip, tracks: Sequence[Track]) -> Clip:
    """The clip with the tracks' poses in their places, and after them those of further frames.

    Scores stay the file's where it has any; 0 for what was filled in.
    """
    keypoints, scores = clip.keypoints.copy(), clip.scores.copy()
    extra: list[tuple[Track, Int[np.ndarray, " m"]]] = []
    for track in tracks:
        own = np.flatnonzero(track.rows >= 0)
        rows = track.rows[own]
        keypoints[rows] = track.refined.keypoints[own]
        filled = (track.refined.scores[own] == 0) & np.isfinite(keypoints[rows]).all(-1)
        scores[rows] = np.where(filled, 0, scores[rows])
        known = np.isfinite(track.refined.keypoints).all(-1).any(-1)
        extra.append((track, np.flatnonzero((track.rows < 0) & known)))
    return _with(replace(clip, keypoints=keypoints, scores=scores), extra)


def _with(clip: Clip, extra: Sequence[tuple[Track, Int[np.ndarray, " _"]]]) -> Clip:
    """The clip with poses that the file has not."""
    if not any(len(at) for _, at in extra):
        return clip
    ids = (
        None if clip.ids is None else np.concatenate([clip.ids, *(_ids(clip, *e) for e in extra)])
    )
    count = sum(len(at) for _, at in extra)
    boxes = clip.boxes
    times = clip.times
    return replace(
        clip,
        frames=np.concatenate([clip.frames, *(track.frames[at] for track, at in extra)]),
        keypoints=np.concatenate(
            [clip.keypoints, *(track.refined.keypoints[at] for track, at in extra)]
        ),
        scores=np.concatenate([clip.scores, np.zeros((count, clip.scores.shape[1]))]),
        ids=ids,
        times=None
        if times is None
        else np.concatenate([times, *(t.times[at] for t, at in extra)]),
        boxes=None if boxes is None else np.concatenate([boxes, np.full((count, 4), np.nan)]),
        rows=np.concatenate([clip.rows, np.full(count, -1)]),
    )


def _ids(clip: Clip, track: Track, at: Int[np.ndarray, " m"]) -> Int[np.ndarray, " m"]:
    """The person's number in the file, for poses that are added."""
    own = track.rows[track.rows >= 0]
    known = clip.ids[own] if clip.ids is not None else np.array([-1])
    return np.full(len(at), np.bincount(known - known.min()).argmax() + known.min())
