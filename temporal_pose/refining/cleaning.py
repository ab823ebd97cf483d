"""What of a detector's output is no position at all, or none to believe, before it is smoothed.

Nothing is cut for a low score: detectors' scores differ, and a smoother weighs by them. Nothing is
moved either. What is set aside is as if the detector had missed it, and is counted.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.refining.calmness import usual_step
from temporal_pose.refining.misplaced import exchanges, jumps, outside
from temporal_pose.refining.vectors import both, boxes, roaming

#: Exchanges that last longer, in seconds, are told but not set aside: nothing could fill them.
_LONGEST = 0.25


@dataclass(frozen=True)
class Cleaned:
    """One person's track, and which of its detections are not to be believed.

    Args:
        keypoints: image pixels as the detector gave them; zero where it gave none.
        missing: given as no position: NaN, (0, 0), -1.
        outside: far off the image.
        jumped: away for a few frames, while those before and after agree with each other; or in a
            frame whose whole pose was known to be none of this person's.
        exchanged: left and right in each other's place for a moment.
        lasting: left and right in each other's place for too long to set it aside: usable.
    """

    keypoints: Float[np.ndarray, "F K 2"]
    missing: Bool[np.ndarray, "F K"]
    outside: Bool[np.ndarray, "F K"]
    jumped: Bool[np.ndarray, "F K"]
    exchanged: Bool[np.ndarray, "F K"]
    lasting: Bool[np.ndarray, "F K"]

    @property
    def aside(self) -> Bool[np.ndarray, "F K"]:
        """Detections that are there and not to be believed."""
        return self.outside | self.jumped | self.exchanged

    @property
    def usable(self) -> Bool[np.ndarray, "F K"]:
        """Detections to smooth."""
        return ~(self.missing | self.aside)

    @property
    def reasons(self) -> dict[str, int]:
        """How many detections were set aside, by reason."""
        return {
            "off the image": int(self.outside.sum()),
            "jumps": int(self.jumped.sum()),
            "left and right exchanged": int(self.exchanged.sum()),
        }


def missing(keypoints: Float[np.ndarray, "*poses 2"]) -> Bool[np.ndarray, " *poses"]:
    """Whether a position stands for a keypoint that was not found, whatever its score.

    That is NaN or infinity in either coordinate, (0, 0), (-1, -1), (0, -1) and (-1, 0).
    """
    marker = (keypoints == 0) | (keypoints == -1)
    return ~both(np.isfinite(keypoints)) | both(marker)


def sure(
    scores: Float[np.ndarray, "*poses"], absent: Bool[np.ndarray, "*poses"]
) -> Float[np.ndarray, "*poses"]:
    """Scores with 1 for a position that was given without one, and 0 where there is no position.

    Args:
        absent: see `missing`.
    """
    return np.where(absent, 0.0, np.where(np.isnan(scores), 1.0, scores))


def body_size(keypoints: Float[np.ndarray, "F K 2"], there: Bool[np.ndarray, "F K"]) -> float:
    """Pixels: the longer side of the tight box, its median over frames; 0 if nothing is there.

    For fewer than three keypoints, whose box may be anything, it is not less than the range in
    which they move.
    """
    frames = there.sum(-1) >= min(2, there.shape[1])
    if not frames.any():
        return 0.0
    low, high = boxes(keypoints[frames], there[frames])
    size = float(np.median((high - low).max(-1)))
    if there.shape[1] < 3:
        size = max(size, roaming(low, high))
    return size


def clean(
    keypoints: Float[np.ndarray, "F K 2"],
    times: Float[np.ndarray, " F"],
    skeleton: Skeleton | None = None,
    image_size: tuple[int, int] | None = None,
    faulty: Bool[np.ndarray, " F"] | None = None,
) -> Cleaned:
    """Finds what not to believe in one person's track.

    Args:
        keypoints: image pixels as the file has them, what stands for missing ones included.
        times: seconds of each frame, growing.
        skeleton: tells which keypoints are a left and a right one; None where nobody knows.
        image_size: width and height, pixels.
        faulty: frames whose whole pose is known to be none of this person's.
    """
    absent = missing(keypoints)
    keypoints = np.where(absent[..., None], 0.0, keypoints)
    off = outside(keypoints, ~absent, image_size)
    alien = np.zeros(len(times), bool) if faulty is None else faulty
    there = ~(absent | off | alien[:, None])
    size = body_size(keypoints, there)
    exchanged, lasting = _exchanged(keypoints, there, times, size, skeleton)
    jumped = ~absent & ~off & alien[:, None]
    there &= ~exchanged
    for k in range(keypoints.shape[1]):
        seen = np.flatnonzero(there[:, k])
        jumped[seen, k] |= jumps(keypoints[seen, k], times[seen], size, usual_step(times))
    return Cleaned(keypoints, absent, off, jumped, exchanged, lasting & ~jumped)


def _exchanged(
    keypoints: Float[np.ndarray, "F K 2"],
    there: Bool[np.ndarray, "F K"],
    times: Float[np.ndarray, " F"],
    size: float,
    skeleton: Skeleton | None,
) -> tuple[Bool[np.ndarray, "F K"], Bool[np.ndarray, "F K"]]:
    """Where left and right change places for a moment, and where for longer.

    If it is half of the pairs or more, it is the whole body: the others lie too close to tell.
    """
    mirror = () if skeleton is None else skeleton.mirror
    pairs = [[one, other] for one, other in enumerate(mirror) if one < other]
    brief, lasting = np.zeros_like(there), np.zeros_like(there)
    for pair in pairs:
        for first, last in exchanges(
            keypoints[:, pair], there[:, pair[0]] & there[:, pair[1]], times, size
        ):
            short = times[last] - times[first] <= max(_LONGEST, 2.5 * usual_step(times))
            (brief if short else lasting)[first : last + 1, pair] = True
    sided = sorted(index for pair in pairs for index in pair)
    most = brief[:, sided].sum(-1) >= max(4, len(pairs))
    brief[np.ix_(most, sided)] = True
    return brief & there, lasting & there
