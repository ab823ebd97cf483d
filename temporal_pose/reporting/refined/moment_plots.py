"""Small plots of a moment: a keypoint's x and y over time, raw and refined, as SVG."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.refining.cleaning import Cleaned
from temporal_pose.refining.moments import Moment

#: A panel's plot area, its place in the picture, and the picture; SVG units.
_WIDTH, _HEIGHT, _LEFT, _GAP = 270.0, 70.0, 44.0, 14.0
_RIGHT = _LEFT + _WIDTH
_SIZE = (_LEFT + _WIDTH + 8, 2 * _HEIGHT + _GAP + 26)


def moment_plot(
    cleaned: Cleaned,
    refined: Float[np.ndarray, "F K 2"],
    frames: Int[np.ndarray, " F"],
    moment: Moment,
) -> str:
    """x above y: dots for raw, crosses for what was set aside, a line for refined, dashed where it
    is filled in. What is up in the panel of y is up in the image.

    Args:
        refined: image pixels; NaN where there is none.
        frames: numbers of the frames.
    """
    part, k = slice(moment.first, moment.last + 1), moment.keypoint
    numbers = frames[part]
    scale = _WIDTH / max(int(numbers[-1] - numbers[0]), 1)
    there, off = ~cleaned.missing[part, k], cleaned.outside[part, k]
    drawn: list[str] = []
    for axis in (0, 1):
        panel = _Panel(
            top=axis * (_HEIGHT + _GAP) + 4,
            x=_LEFT + (numbers - numbers[0]) * scale,
            raw=np.where(there, cleaned.keypoints[part, k, axis], np.nan),
            off=off,
            usable=cleaned.usable[part, k],
            refined=refined[part, k, axis],
        )
        here = _LEFT + float(frames[moment.at] - numbers[0]) * scale
        drawn += panel.drawn("xy"[axis], here, downwards=axis == 1)
    for x, side, number in ((_LEFT, "start", numbers[0]), (_RIGHT, "end", numbers[-1])):
        drawn.append(_text(x, _SIZE[1] - 6, side, f"frame {number}"))
    size = f"0 0 {_SIZE[0]:g} {_SIZE[1]:g}"
    return f'<svg class="moment" viewBox="{size}" role="img">{"".join(drawn)}</svg>'


class _Panel(NamedTuple):
    """One coordinate over time; what is NaN is not there.

    Args:
        top: SVG units, as is x.
        off: detections too far off to be shown where they are.
    """

    top: float
    x: Float[np.ndarray, " n"]
    raw: Float[np.ndarray, " n"]
    off: Bool[np.ndarray, " n"]
    usable: Bool[np.ndarray, " n"]
    refined: Float[np.ndarray, " n"]

    def drawn(self, name: str, here: float, downwards: bool) -> Iterator[str]:
        """Elements of the panel; `here` is the moment's own place."""
        low, high = _limits(np.concatenate([self.raw[~self.off], self.refined]))
        first, last = (low, high) if downwards else (high, low)
        bottom = self.top + _HEIGHT
        raw, refined = (
            self.top + _HEIGHT * (values - first) / (last - first)
            for values in (self.raw.clip(low, high), self.refined)
        )
        yield f'<rect x="{_LEFT:g}" y="{self.top:g}" width="{_WIDTH:g}" height="{_HEIGHT:g}"/>'
        ends = f'y1="{self.top:g}" y2="{bottom:g}"'
        yield f'<line class="at" x1="{here:.1f}" x2="{here:.1f}" {ends}/>'
        for y, text in (
            (self.top + 9, f"{first:.0f}"),
            (self.top + _HEIGHT / 2 + 4, name),
            (bottom, f"{last:.0f}"),
        ):
            yield _text(_LEFT - 4, y, "end", text)
        yield from _marks(self.x, raw, self.usable)
        yield from _lines(self.x, refined, self.usable)


def _text(x: float, y: float, side: str, text: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{side}">{text}</text>'


def _limits(values: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """Of an axis that holds them, with a margin; never narrower than some pixels."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    margin = max(0.08 * (high - low), 2.0)
    return low - margin, high + margin


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
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], usable: Bool[np.ndarray, " n"]
) -> Iterator[str]:
    """What the detector gave: a path of dots, and one of crosses."""
    there = np.isfinite(y)
    dots = "".join(f"M{x[i]:.1f} {y[i]:.1f}h0" for i in np.flatnonzero(there & usable))
    crosses = "".join(
        f"M{x[i] - 3:.1f} {y[i] - 3:.1f}l6 6m0 -6l-6 6" for i in np.flatnonzero(there & ~usable)
    )
    for name, path in (("raw", dots), ("aside", crosses)):
        if path:
            yield f'<path class="{name}" d="{path}"/>'
