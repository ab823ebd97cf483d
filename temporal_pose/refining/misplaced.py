"""Detections in a wrong place for a moment: beyond the image, jumps, left and right exchanged.

Each is told from what lies before and after it, never from its score. Where a track is rough all
around, nothing is told: the frame that stands out may as well be the right one.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.refining.vectors import both, length

#: What is misplaced is farther off than this many times what is usual for the track.
_NOISES = 6.0
#: It is not nearer than this share of the body's size, nor than so many pixels.
_SHARE, _PIXELS = 0.1, 2.0
#: A jump is that many times farther off than what moves in the frames around it.
_CALM = 3.0
#: It takes at most so many frames and seconds, and covers that share of its way in a single frame.
_FRAMES, _BRIEF_S, _SUDDEN = 5, 0.2, 0.7
#: If it takes several frames, nobody could move so fast: body sizes a second, 16 m/s for a person.
_FASTEST = 9.0
#: Detections before and after a jump are at most so many frames away.
_REACH = 3.5
#: No image is wider: a coordinate beyond is outside, whatever else is known.
_FARTHEST = 1e6
#: Positions, from all over the track, that tell where it is.
_SOME = 20_000


def outside(
    keypoints: Float[np.ndarray, "F K 2"],
    there: Bool[np.ndarray, "F K"],
    image_size: tuple[int, int] | None,
) -> Bool[np.ndarray, "F K"]:
    """Detections that are off the image by more than its own width or height.

    Args:
        keypoints: image pixels; what they hold where nothing is has no influence.
        there: which there are.
        image_size: width and height, pixels; None for unknown, then off the place in which 96 % of
            the track lie by ten times its extent.
    """
    wild = ~both(np.abs(keypoints) <= _FARTHEST)
    if image_size is not None:
        low, high = np.zeros(2), np.array(image_size, float)
        margin = high
    elif (there & ~wild).any():
        known = np.flatnonzero(there & ~wild)
        some = keypoints.reshape(-1, 2)[known[:: -(-len(known) // _SOME)]]
        low, high = np.percentile(some, (2, 98), axis=0)
        margin = np.full(2, 10 * max(float((high - low).max()), 1.0))
    else:
        return there & wild
    for axis, (least, most) in enumerate(zip(low - margin, high + margin, strict=True)):
        wild |= (keypoints[..., axis] < least) | (keypoints[..., axis] > most)
    return there & wild


def jumps(
    points: Float[np.ndarray, "n 2"], times: Float[np.ndarray, " n"], size: float, step: float
) -> Bool[np.ndarray, " n"]:
    """Which of a keypoint's positions are away for a few frames, having jumped there and back.

    Args:
        points: image pixels, one after the other.
        times: seconds, growing.
        size: of the body, pixels.
        step: usual time between frames, seconds.
    """
    result = np.zeros(len(points), bool)
    if len(points) < 3:
        return result
    bend = _off_line(points, times, np.arange(1, len(points) - 1), 1)
    least = max(_NOISES * 1.4826 * float(np.median(bend)), _SHARE * size, _PIXELS)
    around = _around(np.pad(bend, (5, 5)))
    moved, gaps = length(np.diff(points, axis=0)), np.diff(times)
    sudden = (moved >= _SUDDEN * least) & (gaps <= _REACH * step)
    for frames in range(1, min(_FRAMES, len(points) - 2) + 1):
        if frames == 2:
            sudden &= moved > _FASTEST * size * gaps
        first = np.flatnonzero(sudden[:-frames] & sudden[frames:]) + 1
        if not len(first):
            continue  # nearly always: most tracks are calm
        last = first + frames - 1
        brief = times[last] - times[first] <= _BRIEF_S
        away = np.min([_off_line(points, times, first, frames, i) for i in range(frames)], axis=0)
        both = np.minimum(moved[first - 1], moved[last]) >= _SUDDEN * away
        apart = length(points[last + 1] - points[first - 1])
        calm = np.maximum(around[0][first], around[1][last]) < away / _CALM
        still = np.max([moved[first + i] for i in range(frames - 1)], axis=0, initial=0)
        found = brief & both & calm & (away > least) & (apart < away / 2) & (still < away / _CALM)
        for i in range(frames):
            result[first[found] + i] = True
    return result


def _off_line(
    points: Float[np.ndarray, "n 2"],
    times: Float[np.ndarray, " n"],
    first: Int[np.ndarray, " m"],
    frames: int,
    place: int = 0,
) -> Float[np.ndarray, " m"]:
    """How far positions are from the line between those before and after so many of them."""
    before, after, at = first - 1, first + frames, first + place
    share = (times[at] - times[before]) / (times[after] - times[before])
    line = points[before] + share[:, None] * (points[after] - points[before])
    return length(points[at] - line)


def _around(
    bend: Float[np.ndarray, " m"],
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """The largest value two to four places before each, and after each.

    Those next to a jump hold half of it.

    Args:
        bend: of each but the first and the last, with five more at both ends.
    """
    n = len(bend) - 8
    before, after = (
        np.maximum.reduce([bend[4 + off : 4 + off + n] for off in offs])
        for offs in ((-4, -3, -2), (2, 3, 4))
    )
    return np.asarray(before), np.asarray(after)


def exchanges(
    sides: Float[np.ndarray, "F 2 2"],
    there: Bool[np.ndarray, " F"],
    times: Float[np.ndarray, " F"],
    size: float,
) -> Iterator[tuple[int, int]]:
    """First and last frames of moments in which a left and a right keypoint change places.

    Each jumps onto the other's place, and both back. The moment is shorter than the time before
    and after it, up to the next exchange: of two ways to call sides, the rarer is the wrong one.

    Args:
        sides: a left and a right keypoint, image pixels.
        there: frames with both of them.
        times: seconds, growing.
        size: of the body, pixels.
    """
    frames = np.flatnonzero(there)
    points = sides[frames]
    if len(points) < 3:
        return
    straight, crossed = _steps(points[:-1], points[1:])
    least = max(_NOISES * float(np.median(straight)), _SHARE * size, _PIXELS)
    flips = np.flatnonzero((straight > least) & (crossed < straight / 2)) + 1
    bounds = np.concatenate([[0], flips, [len(points)]])
    lengths = np.diff(np.append(times[frames], np.inf)[bounds])
    taken = 0
    for place in range(1, len(flips)):
        last, first, back = bounds[place] - 1, bounds[place], bounds[place + 1]
        stays, swaps = _steps(points[last : last + 1], points[back : back + 1])
        rarer = lengths[place] < min(lengths[place - 1], lengths[place + 1])
        if place > taken and rarer and stays[0] < swaps[0]:
            taken = place + 1
            yield int(frames[first]), int(frames[back - 1])


def _steps(
    before: Float[np.ndarray, "n 2 2"], after: Float[np.ndarray, "n 2 2"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """How far two points go if each stays itself, and if they change places; pixels."""
    straight = length(after - before).sum(-1)
    crossed = length(after[:, ::-1] - before).sum(-1)
    return straight, crossed
