"""Tables of a page on refined tracks: a row a person, and a row a keypoint."""

import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape

import numpy as np

from temporal_pose.refining.diagnosis import Diagnosis
from temporal_pose.reporting.refined.shown_tracks import ShownTrack

_SUMMARY = (
    ("", "Track; the frames it spans"),
    ("jitter", "Mean norm of the second difference, px/frame², where the detector saw something"),
    (
        "motion kept",
        "Share of the power below the cut-off: median of the keypoints, and the least",
    ),
    ("range kept", "Share of the range of motion: median of the keypoints, and the least"),
    ("moved", "Distance of refined from raw, px: mean, and largest"),
    ("filled in", "Positions that were missing or set aside; frames with nothing to go by"),
    ("set aside", "Detections that were not believed"),
    ("limbs vary", "Coefficient of variation of a limb's length, median of the limbs"),
)
_KEYPOINTS = ("keypoint", "motion kept", "range kept", "range, px", "filled in", "noise, px")


def summary(people: Sequence[ShownTrack]) -> str:
    """A row a person, before and after."""
    head = "".join(f'<th title="{escape(why)}">{escape(name)}</th>' for name, why in _SUMMARY)
    rows = "".join(_row(_person(one)) for one in people)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def keypoint_table(one: ShownTrack, names: Sequence[str]) -> str:
    """A row a keypoint of one person."""
    found = one.diagnosis
    head = "".join(f"<th>{escape(name)}</th>" for name in _KEYPOINTS)
    rows = "".join(
        _row(
            (
                escape(name),
                percent(found.band.share[k]),
                percent(found.range.share[k]),
                number(found.range.before[k]),
                f"{found.filled[k]:,}",
                number(found.noise[k]),
            )
        )
        for k, name in enumerate(names)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(cells: Iterable[str]) -> str:
    first, *others = cells
    return f"<tr><th>{first}</th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>"


def _person(one: ShownTrack) -> Iterator[str]:
    found = one.diagnosis
    before, after = found.jitter
    change = f"{after / before - 1:+.0%}".replace("-", "−") if before > 0 else ""
    yield f"{escape(one.name)} <small>frames {one.frames[0]} to {one.frames[-1]}</small>"
    known = math.isfinite(before) or math.isfinite(after)
    yield f"{number(before)} → <b>{number(after)}</b> <small>{change}</small>" if known else "–"
    yield _shares(found.band.share)
    yield _shares(found.range.share)
    largest = number(found.largest.pixels) if found.largest else "–"
    yield f"{number(found.displacement)} <small>at most {largest}</small>"
    yield f"{found.filled.sum():,} <small>{found.frames_filled:,} whole frames</small>"
    yield _aside(found)
    varying = " → ".join(percent(value, 1) for value in found.limbs)
    yield varying if any(math.isfinite(value) for value in found.limbs) else "–"


def _shares(shares: np.ndarray) -> str:
    known = shares[np.isfinite(shares)]
    if not len(known):
        return "–"
    return f"{percent(float(np.median(known)))} <small>least {percent(float(known.min()))}</small>"


def _aside(found: Diagnosis) -> str:
    parts = [f"{count:,} {reason}" for reason, count in found.aside.items() if count]
    total = sum(found.aside.values())
    return f"{total:,} <small>{escape(', '.join(parts))}</small>" if parts else "0"


def number(value: float) -> str:
    """With as many digits as say something; a dash for none."""
    if not math.isfinite(value):
        return "–"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"


def percent(value: float, digits: int = 0) -> str:
    """A share in percent; a dash for none."""
    return f"{100 * value:.{digits}f} %" if math.isfinite(value) else "–"
