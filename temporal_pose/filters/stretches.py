"""Stretches: the parts of a track that a filter may join, cut out, smoothed and put back.

A track is one keypoint of one window. Where it is detected without a long gap lies a stretch; two
stretches know nothing of each other. Stretches of like length and frame rate are smoothed side by
side, so that gaps cost little and tracks without any are one call.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int


class Stretches(NamedTuple):
    """N stretches side by side, each from its first to its last detection.

    The shorter ones are filled up at the end with their last position, not seen.

    Args:
        positions: pixels; within gaps the line between the detections on both sides.
        seen: frames with a detection, never those that fill up.
        lengths: frames of each stretch, gaps included.
        fps: frames per second of all of them.
    """

    positions: Float[np.ndarray, "T N 2"]
    seen: Bool[np.ndarray, "T N"]
    lengths: Int[np.ndarray, " N"]
    fps: float


class Places(NamedTuple):
    """Where N stretches lie: their track, their first frame and their length in frames."""

    tracks: Int[np.ndarray, " N"]
    starts: Int[np.ndarray, " N"]
    lengths: Int[np.ndarray, " N"]


def smooth_stretches(
    positions: Float[np.ndarray, "T N 2"],
    detected: Bool[np.ndarray, "T N"],
    fps: Float[np.ndarray, " N"],
    max_gap_s: float,
    smooth: Callable[[Stretches], Float[np.ndarray, "_ _ 2"]],
) -> Float[np.ndarray, "T N 2"]:
    """Smooth each stretch of N tracks on its own.

    Args:
        positions: pixels; what they hold where nothing was detected has no influence.
        detected: frames with a detection.
        fps: frames per second of each track.
        max_gap_s: seconds without detection that a stretch may contain.
        smooth: from stretches to their smoothed positions.

    Returns:
        Smoothed stretches; frames outside of them take the nearest position inside one. A track
        without any detection is returned as it is.
    """
    tracked = detected.any(axis=0)
    detected, fps = detected[:, tracked], fps[tracked]
    filled = interpolate(positions[:, tracked], detected)
    smoothed, inside = filled.copy(), np.zeros_like(detected)
    for places in _batches(find_stretches(detected, max_gap_s * fps), fps):
        stretches, frames, within = _cut(filled, detected, fps, places)
        tracks = np.broadcast_to(places.tracks, frames.shape)
        smoothed[frames[within], tracks[within]] = smooth(stretches)[within]
        inside[frames, tracks] = True
    result = positions.copy()
    result[:, tracked] = hold(smoothed, inside)
    return result


def find_stretches(
    detected: Bool[np.ndarray, "T N"], longest_gap: Float[np.ndarray, " N"]
) -> Places:
    """All stretches of N tracks; ``longest_gap`` is in frames, and more of them part stretches."""
    tracks, frames = np.nonzero(detected.T)
    missing = np.diff(frames) - 1
    tolerance = 1e-6  # frames; 0.29 s at 100 fps are 28.999999999999996 frames
    parted = (np.diff(tracks) != 0) | (missing > longest_gap[tracks[1:]] + tolerance)
    first = np.ones(len(frames), dtype=bool)
    last = first.copy()
    first[1:] = last[:-1] = parted
    return Places(tracks[first], frames[first], frames[last] + 1 - frames[first])


def interpolate(
    values: Float[np.ndarray, "T N 2"], seen: Bool[np.ndarray, "T N"]
) -> Float[np.ndarray, "T N 2"]:
    """Lines between the seen frames; before the first and after the last, these are held.

    Each of the N columns needs a seen frame.
    """
    before, after = _neighbours(seen)
    frames = np.arange(len(seen))[:, None]
    share = np.where(after > before, (frames - before) / np.maximum(after - before, 1), 0)
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


def _batches(places: Places, fps: Float[np.ndarray, " N"]) -> Iterator[Places]:
    """Group stretches of one frame rate whose lengths differ by less than a factor of two."""
    _, rates = np.unique(fps, return_inverse=True)
    _, doublings = np.frexp(places.lengths)
    keys = rates[places.tracks] * 64 + doublings
    for key in np.unique(keys):
        yield Places(*(field[keys == key] for field in places))


def _cut(
    positions: Float[np.ndarray, "T N 2"],
    detected: Bool[np.ndarray, "T N"],
    fps: Float[np.ndarray, " N"],
    places: Places,
) -> tuple[Stretches, Int[np.ndarray, "_ _"], Bool[np.ndarray, "_ _"]]:
    """Stretches of one batch, their frame numbers, and which frames do not just fill up."""
    steps = np.arange(places.lengths.max())[:, None]
    within = steps < places.lengths
    frames = places.starts + np.minimum(steps, places.lengths - 1)
    tracks = places.tracks
    seen = detected[frames, tracks] & within
    rate = float(fps[tracks[0]])
    return Stretches(positions[frames, tracks], seen, places.lengths, rate), frames, within
