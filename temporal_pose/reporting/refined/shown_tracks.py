"""Tracks as the page's script reads them: whole numbers in base64, thinned out if many."""

import base64
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.refining.cleaning import Cleaned, clean
from temporal_pose.refining.clip_refining import Track
from temporal_pose.refining.diagnosis import Diagnosis, diagnose
from temporal_pose.refining.remarks import keypoint_names, remarks

#: Positions that a page holds: nine bytes each, and a third more as text.
_POSITIONS = 280_000
#: What stands for no position, and the largest number that is one.
_NONE, _LARGEST = -32_768, 32_000


class ShownTrack(NamedTuple):
    """One track, as a page shows it.

    Args:
        name: such as "person 1".
        frames: numbers of the frames on the track's axis.
        cleaned: what the detector gave, and what of it was set aside.
        refined: image pixels; NaN where there is none.
        diagnosis: of these.
        remarks: what a reader should know of it.
    """

    name: str
    frames: Int[np.ndarray, " F"]
    cleaned: Cleaned
    refined: Float[np.ndarray, "F K 2"]
    diagnosis: Diagnosis
    remarks: Sequence[str] = ()


def of_track(
    track: Track,
    skeleton: Skeleton | None = None,
    image_size: tuple[int, int] | None = None,
    cutoff_hz: float = 5.0,
    of: str = "",
) -> ShownTrack:
    """What a page shows of a refined track, with remarks on what became of it.

    Args:
        skeleton: names keypoints and tells sides and limbs; None where nobody knows.
        image_size: width and height, pixels, where they are known.
        cutoff_hz: motion up to this frequency is to be kept.
        of: name of the clip, where a file holds several.
    """
    cleaned = None if track.faulty.any() else track.refined.cleaned
    if cleaned is None:
        cleaned = clean(track.raw, track.times, skeleton, image_size, track.faulty)
    after, changes = track.refined.keypoints, track.changes
    found = diagnose(cleaned, after, track.times, skeleton, cutoff_hz, changes)
    said = (*track.refined.remarks, *remarks(found, skeleton, track.frames))
    name = f"{of}, person {track.person}" if of else f"person {track.person}"
    return ShownTrack(name, track.frames, cleaned, after, found, said)


def payload(people: Sequence[ShownTrack], skeleton: Skeleton | None) -> str:
    """JSON that is safe inside of a script element.

    Where the tracks are long, one frame of several is there: that with the largest correction.
    """
    count = people[0].refined.shape[1] if people else 0
    total = sum(one.refined.shape[0] * count for one in people)
    every = max(1, -(-total // _POSITIONS))
    limbs = () if skeleton is None else skeleton.limb_indices
    content = {
        "keypoints": keypoint_names(count, skeleton),
        "limbs": [[int(a), int(b)] for a, b in limbs],
        "every": every,
        "people": [_packed(one, every) for one in people],
    }
    return json.dumps(content, separators=(",", ":")).translate(
        {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
    )


def _packed(one: ShownTrack, every: int) -> dict[str, Any]:
    chosen = _chosen(one, every)
    refined, given = one.refined[chosen], ~one.cleaned.missing[chosen]
    raw = np.where(given[..., None], one.cleaned.keypoints[chosen], np.nan)
    shown = one.cleaned.usable[chosen]
    places = np.concatenate([refined[np.isfinite(refined).all(-1)], raw[shown]])
    low, high = (places.min(0), places.max(0)) if len(places) else (np.zeros(2), np.ones(2))
    margin = 0.5 * float(max((high - low).max(), 1.0))
    scale = max(float((high - low).max()) + 2 * margin, 1.0) / (2 * _LARGEST)
    origin = (low + high) / 2
    flags = np.where(shown, 1, np.where(given, 2, 0)).astype(np.uint8)
    return {
        "name": one.name,
        "origin": [float(value) for value in origin],
        "scale": scale,
        "frames": _text(one.frames[chosen].astype("<i4")),
        "raw": _text(_whole(raw, origin, scale)),
        "refined": _text(_whole(refined, origin, scale)),
        "flags": _text(flags),
    }


def _chosen(one: ShownTrack, every: int) -> Int[np.ndarray, " n"]:
    """Of each so many frames, the one with the largest correction."""
    if every == 1:
        return np.arange(len(one.frames))
    moved = np.abs(np.nan_to_num(one.refined) - one.cleaned.keypoints).max(-1)
    known = ~one.cleaned.missing & np.isfinite(one.refined[..., 0])
    worst = np.where(known, moved, 0).max(1)
    padded = np.pad(worst, (0, -len(worst) % every), constant_values=-1).reshape(-1, every)
    return np.arange(len(padded)) * every + padded.argmax(1)


def _whole(
    points: Float[np.ndarray, "n K 2"], origin: Float[np.ndarray, " 2"], scale: float
) -> np.ndarray:
    """Positions as whole numbers; those far off lie on the border."""
    numbers = np.nan_to_num((points - origin) / scale, nan=0.0).clip(-_LARGEST, _LARGEST)
    known = ~np.isnan(points).any(-1, keepdims=True)
    return np.where(known, np.rint(numbers), _NONE).astype("<i2")


def _text(numbers: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode("ascii")
