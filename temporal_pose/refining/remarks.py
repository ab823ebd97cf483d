"""What a person should know of a refined track: a line where something looks wrong."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.refining.diagnosis import Diagnosis

#: Lost motion is told from this share on, if it is more than this share of the body's size, and so
#: many times raw's own noise: what calms a still keypoint takes range from it too.
_LOST, _SIZE, _NOISES = 0.2, 0.05, 6.0
#: Likewise for the root mean square of what is lost below the cut-off.
_LOST_POWER, _SIZE_POWER, _NOISES_POWER = 0.2, 0.015, 2.0
#: A displacement is told if it is larger than this share of the body's size.
_DISPLACED = 0.25
#: Shares of positions that are filled in, and of detections that are set aside, to be told.
_FILLED, _ASIDE = 0.2, 0.03
#: Limb lengths that vary by so many times more than before are told.
_VARY = 1.1
#: Keypoints that are told one by one.
_EACH = 3


def remarks(
    diagnosis: Diagnosis,
    skeleton: Skeleton | None = None,
    frames: Int[np.ndarray, " F"] | None = None,
) -> tuple[str, ...]:
    """Lines where something looks wrong, such as "motion lost: 41 % of the left knee's range".

    Args:
        skeleton: names the keypoints; None for numbers from 1 on.
        frames: numbers of the frames on the track's axis; None for numbers from 0 on.
    """
    names = keypoint_names(len(diagnosis.noise), skeleton)
    numbers = np.arange(diagnosis.frames) if frames is None else frames
    return (
        *_motion(diagnosis, names),
        *_positions(diagnosis, names, numbers),
        *_body(diagnosis),
    )


def keypoint_names(count: int, skeleton: Skeleton | None) -> list[str]:
    """Keypoints as a sentence names them: "left knee", or "keypoint 3" where nobody knows."""
    if skeleton is None:
        return [f"keypoint {number}" for number in range(1, count + 1)]
    return [name.replace("_", " ") for name in skeleton.keypoints]


def _motion(found: Diagnosis, names: list[str]) -> Iterator[str]:
    before, after = found.jitter
    if after > before:
        yield f"not calmer: jitter was {before:.2f} px/frame², and is {after:.2f}"
    lost = found.range.before * (1 - found.range.share)
    least = np.fmax(_SIZE * found.size, _NOISES * found.noise)
    told = (found.range.share < 1 - _LOST) & (lost > least)
    yield from _each(
        "motion lost: {share} of the {name}'s range", 1 - found.range.share, told, names
    )
    lost = found.band.before * np.sqrt(np.clip(1 - found.band.share, 0, None))
    least = np.fmax(_SIZE_POWER * found.size, _NOISES_POWER * found.noise)
    told = (found.band.share < 1 - _LOST_POWER) & (lost > least) & ~told
    line = f"motion lost: {{share}} of the {{name}}'s power below {found.cutoff_hz:g} Hz"
    yield from _each(line, 1 - found.band.share, told, names)


def _positions(found: Diagnosis, names: list[str], frames: Int[np.ndarray, " F"]) -> Iterator[str]:
    whole = found.frames_filled / max(found.frames, 1)
    if whole > _FILLED:
        yield f"filled in: {_percent(whole)} of the frames, for nothing was seen in them"
    share = found.filled / max(found.frames, 1)
    line = "filled in: {share} of the {name}'s positions, for nothing was seen of it"
    yield from _each(line, share, share - whole > _FILLED, names)
    for reason, count in found.aside.items():
        if count > _ASIDE * found.given:
            yield f"set aside: {_percent(count / found.given)} of the detections, {reason}"
    largest, size = found.largest, max(found.size, 1.0)  # all keypoints may be in one place
    if largest is not None and largest.pixels > _DISPLACED * size:
        yield (
            f"moved far: the {names[largest.keypoint]} by {largest.pixels:.0f} px at frame "
            f"{frames[largest.place]}, {_percent(largest.pixels / size)} of the body's size"
        )


def _body(found: Diagnosis) -> Iterator[str]:
    before, after = found.limbs
    if after > _VARY * before:
        yield (
            f"limbs vary more: their lengths by {_percent(after)} of themselves, before by "
            f"{_percent(before)}"
        )
    if found.lasting:
        yield (
            f"left and right look exchanged in {found.lasting:,} detections, for too long to set "
            "them aside: they are used as they are"
        )


def _each(
    line: str, share: Float[np.ndarray, " K"], told: Bool[np.ndarray, " K"], names: list[str]
) -> Iterator[str]:
    """The line of the worst keypoints, and how many more there are."""
    which = np.flatnonzero(told)
    which = which[np.argsort(-share[which], kind="stable")]
    for place, k in enumerate(which[:_EACH]):
        others = len(which) - _EACH if place == _EACH - 1 else 0
        more = f" (and {others} more keypoint{'s' * (others > 1)})" if others > 0 else ""
        yield line.format(share=_percent(share[k]), name=names[k]) + more


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
