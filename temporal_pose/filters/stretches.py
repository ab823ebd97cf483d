"""Stretches: the parts of a track that a filter may join, cut out, smoothed and put back.

A track is one keypoint of one window. Where it is detected without a long gap lies a stretch; two
stretches know nothing of each other. Stretches of like length and frame rate are smoothed side by
side, so that gaps cost little and tracks without any are one call.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

#: Frames by which a gap may be too long: 0.29 s at 100 fps are 28.999999999999996 frames.
GAP_TOLERANCE = 1e-6


class Detected(NamedTuple):
    """N tracks side by side, as a detector gave them.

    Args:
        positions: pixels; what they hold where nothing was detected has no influence.
        detected: frames with a detection.
        fps: frames a second of each track.
        scores: how sure the detector was, 1 being sure.
        sizes: of the person that each track belongs to, in the same pixels; 0 for unknown.
        times: frames, counted in steps of ``1 / fps``, of tracks whose frames are not evenly
            spaced; None where all are.
    """

    positions: Float[np.ndarray, "T N 2"]
    detected: Bool[np.ndarray, "T N"]
    fps: Float[np.ndarray, " N"]
    scores: Float[np.ndarray, "T N"]
    sizes: Float[np.ndarray, " N"]
    times: Float[np.ndarray, "T N"] | None = None

    def columns(self, chosen: np.ndarray | slice) -> "Detected":
        """Some of the tracks, in double precision."""
        positions, detected, fps, scores, sizes, times = self
        return Detected(
            positions[:, chosen].astype(float),
            detected[:, chosen],
            fps[chosen],
            scores[:, chosen].astype(float),
            sizes[chosen],
            None if times is None else times[:, chosen],
        )


class Stretches(NamedTuple):
    """N stretches side by side, each from its first to its last detection.

    The shorter ones are filled up at the end with their last position, not seen.

    Args:
        positions: pixels; within gaps the line between the detections on both sides.
        seen: frames with a detection, never those that fill up.
        lengths: frames of each stretch, gaps included.
        fps: frames a second of all of them.
        scores: how sure the detector was, 1 being sure.
        sizes: of the person that each belongs to, in the same pixels; 0 for unknown.
        times: of the frames, from 0 in steps of ``1 / fps``, where they are not evenly spaced.
    """

    positions: Float[np.ndarray, "T N 2"]
    seen: Bool[np.ndarray, "T N"]
    lengths: Int[np.ndarray, " N"]
    fps: float
    scores: Float[np.ndarray, "T N"]
    sizes: Float[np.ndarray, " N"]
    times: Float[np.ndarray, "T N"] | None = None


class StretchPlaces(NamedTuple):
    """Where N stretches lie: their track, their first frame and their length in frames."""

    tracks: Int[np.ndarray, " N"]
    starts: Int[np.ndarray, " N"]
    lengths: Int[np.ndarray, " N"]


def smooth_stretches(
    tracks: Detected,
    max_gap_s: float,
    smooth: Callable[[Stretches], Float[np.ndarray, "_ _ 2"]],
) -> Float[np.ndarray, "T N 2"]:
    """Smooth each stretch of N tracks on its own.

    Args:
        max_gap_s: seconds without detection that a stretch may contain.
        smooth: from stretches to their smoothed positions.

    Returns:
        Smoothed stretches; frames outside of them take the nearest position inside one. A track
        without any detection is returned as it is.
    """
    tracked = np.flatnonzero(tracks.detected.any(axis=0))
    own = tracks.columns(tracked)
    filled = interpolate(own.positions, own.detected, own.times)
    smoothed, inside = filled.copy(), np.zeros_like(own.detected)
    for places in _batches(find_stretches(own.detected, max_gap_s * own.fps, own.times), own.fps):
        stretches, frames, within = _cut(own._replace(positions=filled), places)
        columns = np.broadcast_to(places.tracks, frames.shape)
        smoothed[frames[within], columns[within]] = smooth(stretches)[within]
        inside[frames, columns] = True
    result = tracks.positions.copy()
    result[:, tracked] = smoothed if inside.all() else hold(smoothed, inside)
    return result


def find_stretches(
    detected: Bool[np.ndarray, "T N"],
    longest_gap: Float[np.ndarray, " N"],
    times: Float[np.ndarray, "T N"] | None = None,
) -> StretchPlaces:
    """All stretches of N tracks.

    Args:
        longest_gap: of each track, in frames; more of them part stretches.
        times: of the frames, counted in frames, where they are not evenly spaced.
    """
    tracks, frames = np.nonzero(detected.T)
    when = frames if times is None else times[frames, tracks]
    missing = np.diff(when) - 1
    parted = (np.diff(tracks) != 0) | (missing > longest_gap[tracks[1:]] + GAP_TOLERANCE)
    first = np.ones(len(frames), dtype=bool)
    last = first.copy()
    first[1:] = last[:-1] = parted
    return StretchPlaces(tracks[first], frames[first], frames[last] + 1 - frames[first])


def within_stretches(places: StretchPlaces, shape: tuple[int, int]) -> Bool[np.ndarray, "T N"]:
    """Which frames of which tracks lie in a stretch.

    Args:
        shape: number of frames and of tracks.
    """
    edges = np.zeros((shape[0] + 1, shape[1]), np.int8)
    edges[places.starts, places.tracks] = 1
    edges[places.starts + places.lengths, places.tracks] -= 1
    return np.cumsum(edges[:-1], axis=0, dtype=np.int8) > 0


def interpolate(
    values: Float[np.ndarray, "T N 2"],
    seen: Bool[np.ndarray, "T N"],
    times: Float[np.ndarray, "T N"] | None = None,
) -> Float[np.ndarray, "T N 2"]:
    """Lines between the seen frames; before the first and after the last, these are held.

    Each of the N columns needs a seen frame.

    Args:
        times: of the frames, where they are not evenly spaced.
    """
    if seen.all():
        return values.copy()
    before, after = _neighbours(seen)
    frames = np.arange(len(seen))[:, None]
    past, whole = frames - before, np.maximum(after - before, 1)
    if times is not None:
        start = np.take_along_axis(times, before, axis=0)
        past, whole = times - start, np.take_along_axis(times, after, axis=0) - start
    share = np.divide(past, whole, out=np.zeros(seen.shape), where=after > before)
    left = np.take_along_axis(values, before[..., None], axis=0)
    right = np.take_along_axis(values, after[..., None], axis=0)
    return left + share[..., None] * (right - left)


def hold(
    values: Float[np.ndarray, "T N 2"], known: Bool[np.ndarray, "T N"]
) -> Float[np.ndarray, "T N 2"]:
    """The value of the nearest known frame, the earlier of two at the same distance.

    Each of the N columns needs a known frame.
    """
    before, after = _neighbours(known)
    frames = np.arange(len(known))[:, None]
    nearest = np.where(frames - before <= after - frames, before, after)
    return np.take_along_axis(values, nearest[..., None], axis=0)


def _neighbours(
    seen: Bool[np.ndarray, "T N"],
) -> tuple[Int[np.ndarray, "T N"], Int[np.ndarray, "T N"]]:
    """The last seen frame up to each frame and the first from it on; at the ends the only one."""
    size = len(seen)
    frames = np.arange(size)[:, None]
    before = np.maximum.accumulate(np.where(seen, frames, -1), axis=0)
    after = np.minimum.accumulate(np.where(seen, frames, size)[::-1], axis=0)[::-1]
    return np.where(before < 0, after, before), np.where(after == size, before, after)


def _batches(places: StretchPlaces, fps: Float[np.ndarray, " N"]) -> Iterator[StretchPlaces]:
    """Group stretches of one frame rate whose lengths differ by less than a factor of two."""
    _, rates = np.unique(fps, return_inverse=True)
    _, doublings = np.frexp(places.lengths)
    keys = rates[places.tracks] * 64 + doublings
    for key in np.unique(keys):
        yield StretchPlaces(*(field[keys == key] for field in places))


def _cut(
    tracks: Detected, places: StretchPlaces
) -> tuple[Stretches, Int[np.ndarray, "_ _"], Bool[np.ndarray, "_ _"]]:
    """Stretches of one batch, their frame numbers, and which frames do not just fill up."""
    steps = np.arange(places.lengths.max())[:, None]
    within = steps < places.lengths
    frames = places.starts + np.minimum(steps, places.lengths - 1)
    own = places.tracks
    times = None
    if tracks.times is not None:
        times = tracks.times[frames, own] - tracks.times[places.starts, own]
    stretches = Stretches(
        tracks.positions[frames, own],
        tracks.detected[frames, own] & within,
        places.lengths,
        float(tracks.fps[own[0]]),
        tracks.scores[frames, own],
        tracks.sizes[own],
        times,
    )
    return stretches, frames, within
