"""Small plots of a moment: a keypoint's x and y over time, raw and refined, as SVG."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.refining.cleaning import Cleaned
from temporal_pose.refining.moments import Moment

#: A panel's plot area, its place in the picture, and the picture; SVG units.
_WIDTH, _HEIGHT, _LEFT, _GAP = 270.0, 70.0, 44.0, 14.0
_SIZE = (_LEFT + _WIDTH + 8, 2 * _HEIGHT + _GAP + 26)


def moment_plot(
    cleaned: Cleaned,
    refined: Float[np.ndarray, "F K 2"],
    frames: Int[np.ndarray, " F"],
    moment: Moment,
) -> str:
    """x above y: dots for raw, crosses for what was set aside, a line for refined, dashed where it
    is filled in.

    Args:
        refined: image pixels; NaN where there is none.
        frames: numbers of the frames.
    """
    part, k = slice(moment.first, moment.last + 1), moment.keypoint
    usable, there = cleaned.usable[part, k], ~cleaned.missing[part, k]
    numbers, at = frames[part], int(frames[moment.at])
    panels = []
    for axis, name in enumerate("xy"):
        raw, line = cleaned.keypoints[part, k, axis], refined[part, k, axis]
        low, high = _limits(raw[there & ~cleaned.outside[part, k]], line[np.isfinite(line)])
        top = axis * (_HEIGHT + _GAP) + 4
        x = _LEFT + (numbers - numbers[0]) / max(int(numbers[-1] - numbers[0]), 1) * _WIDTH
        y = [top + _HEIGHT * (1 - (v - low) / (high - low)) for v in (raw.clip(low, high), line)]
        here = _LEFT + (at - numbers[0]) / max(int(numbers[-1] - numbers[0]), 1) * _WIDTH
        panels += [
            f'<rect x="{_LEFT:g}" y="{top:g}" width="{_WIDTH:g}" height="{_HEIGHT:g}"/>',
            f'<line class="at" x1="{here:.1f}" x2="{here:.1f}" y1="{top:g}" '
            f'y2="{top + _HEIGHT:g}"/>',
            *_labels(name, low, high, top),
            *_lines(x, y[1], usable),
            *_marks(x, y[0], there, usable),
        ]
    bottom = 2 * _HEIGHT + _GAP + 18
    ends = ((_LEFT, "start", numbers[0]), (_LEFT + _WIDTH, "end", numbers[-1]))
    panels += [
        f'<text x="{x:g}" y="{bottom:g}" text-anchor="{side}">frame {number}</text>'
        for x, side, number in ends
    ]
    return (
        f'<svg class="moment" viewBox="0 0 {_SIZE[0]:g} {_SIZE[1]:g}" role="img">'
        f"{''.join(panels)}</svg>"
    )


def _limits(raw: Float[np.ndarray, " n"], line: Float[np.ndarray, " m"]) -> tuple[float, float]:
    """Of an axis that holds both, with a margin; never narrower than some pixels."""
    values = np.concatenate([raw, line])
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    margin = max(0.08 * (high - low), 2.0)
    return low - margin, high + margin


def _labels(name: str, low: float, high: float, top: float) -> Iterator[str]:
    for value, y in ((high, top + 9), (low, top + _HEIGHT)):
        yield f'<text x="{_LEFT - 4:g}" y="{y:g}" text-anchor="end">{value:.0f}</text>'
    middle = top + _HEIGHT / 2 + 4
    yield f'<text x="{_LEFT - 4:g}" y="{middle:g}" text-anchor="end">{name}</text>'


def _lines(
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], usable: Bool[np.ndarray, " n"]
) -> Iterator[str]:
    """The refined line: all of it dashed, and solid over what was seen."""
    known = np.isfinite(y)
    for name, which in (("filled", known), ("refined", known & usable)):
        edges = np.flatnonzero(np.diff(which.astype(int), prepend=0, append=0))
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            points = " ".join(
                f"{a:.1f},{b:.1f}" for a, b in zip(x[start:stop], y[start:stop], strict=True)
            )
            yield f'<polyline class="{name}" points="{points}"/>'


def _marks(
    x: Float[np.ndarray, " n"],
    y: Float[np.ndarray, " n"],
    there: Bool[np.ndarray, " n"],
    usable: Bool[np.ndarray, " n"],
) -> Iterator[str]:
    """What the detector gave: a path of dots, and one of crosses."""
    dots = "".join(f"M{x[i]:.1f} {y[i]:.1f}h0" for i in np.flatnonzero(there & usable))
    crosses = "".join(
        f"M{x[i] - 3:.1f} {y[i] - 3:.1f}l6 6m0 -6l-6 6" for i in np.flatnonzero(there & ~usable)
    )
    yield from (
        f'<path class="{name}" d="{path}"/>'
        for name, path in (("raw", dots), ("aside", crosses))
        if path
    )
