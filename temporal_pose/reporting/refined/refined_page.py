"""One page on one refined file, for a browser without a network: what changed, and where to look.

Nothing on it is measured against a truth. Texts that come from files are shown as they are, never
read as HTML.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from temporal_pose.files.templates import filled
from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.refining.moments import Moment
from temporal_pose.refining.remarks import keypoint_names
from temporal_pose.reporting.refined.moment_plots import moment_plot
from temporal_pose.reporting.refined.refined_tables import keypoint_table, summary
from temporal_pose.reporting.refined.shown_tracks import ShownTrack, payload

_TEMPLATE = Path(__file__).with_name("refined.html")
#: Tracks on a page, those with most frames; tracks whose keypoints have a table; worst moments.
_PEOPLE, _DETAILED, _MOMENTS = 60, 10, 10
#: Moments in which less than this share of the body's size was moved are not worth a look.
_NOTHING = 0.01
_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


class Still(NamedTuple):
    """A picture of a moment.

    Args:
        image: bytes of a PNG, JPEG or WebP file.
        caption: what it shows.
    """

    image: bytes
    caption: str


class RankedMoment(NamedTuple):
    """A moment of one of several people.

    Args:
        person: place in their list.
        moment: of that person.
        about: what is to be said of it: whose, which keypoint, in which frame, and why.
    """

    person: int
    moment: Moment
    about: str


def page(
    title: str,
    people: Sequence[ShownTrack],
    skeleton: Skeleton | None = None,
    facts: Mapping[str, str] | None = None,
    video: str | None = None,
    stills: Sequence[Still] = (),
    remarks: Sequence[str] = (),
) -> str:
    """The page as HTML, everything in it.

    Args:
        title: name of the file that was refined.
        people: its tracks, of one number of keypoints.
        skeleton: names keypoints and joins them to bodies.
        facts: what else to tell of the result by name, such as model and frame rate.
        video: path of a video, relative to the page; None for none.
        stills: pictures of the worst moments, in their order.
        remarks: on the file as a whole.

    Raises:
        ValueError: a still of an unknown kind.
    """
    shown = sorted(people, key=lambda one: -len(one.frames))[:_PEOPLE]
    shown = [one for one in people if any(one is other for other in shown)]
    count = people[0].refined.shape[1] if people else 0
    names = keypoint_names(count, skeleton)
    parts = {
        "title": escape(title),
        "facts": "".join(_facts(facts or {}, people, names)),
        "left_out": _left_out(len(people) - len(shown)),
        "summary": summary(shown),
        "remarks": "".join(_remarks(shown, remarks)),
        "moments": "".join(_moments(shown, names)),
        "video": _video(video),
        "stills": "".join(_stills(stills)),
        "keypoints": "".join(_keypoints(shown[:_DETAILED], names)),
        "data": payload(shown, skeleton),
    }
    return filled(_TEMPLATE, parts)


def _facts(
    facts: Mapping[str, str], people: Sequence[ShownTrack], names: Sequence[str]
) -> Iterator[str]:
    frames = [one.frames for one in people if len(one.frames)]
    own = {"tracks": f"{len(people):,}", "keypoints": f"{len(names)}"}
    if frames:
        first, last = min(f[0] for f in frames), max(f[-1] for f in frames)
        own["frames"] = f"{first} to {last}"
    for name, value in (own | dict(facts)).items():
        yield f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"


def _left_out(count: int) -> str:
    return f"<p>{count:,} shorter tracks are not on this page.</p>" if count > 0 else ""


def _remarks(people: Sequence[ShownTrack], whole: Sequence[str]) -> Iterator[str]:
    lines = [(one.name, line) for one in people for line in one.remarks]
    if not lines and not whole:
        yield "<p>Nothing looks wrong.</p>"
        return
    yield "<ul>"
    yield from (f"<li>{escape(line)}</li>" for line in whole)
    yield from (f"<li><b>{escape(name)}</b>: {escape(line)}</li>" for name, line in lines)
    yield "</ul>"


def _moments(people: Sequence[ShownTrack], names: Sequence[str]) -> Iterator[str]:
    told = ranked(people, names)[:_MOMENTS]
    for place, (number, moment, about) in enumerate(told, 1):
        one = people[number]
        first, at, last = (one.frames[i] for i in (moment.first, moment.at, moment.last))
        yield (
            f"<figure><figcaption><b>{place}.</b> {escape(about)} "
            f"<button type=button data-person={number} data-keypoint={moment.keypoint} "
            f"data-first={first} data-at={at} data-last={last}>look closer</button>"
            f"</figcaption>{moment_plot(one.cleaned, one.refined, one.frames, moment)}</figure>"
        )
    if not told:
        yield "<p>There are none: nothing was moved.</p>"


def ranked(people: Sequence[ShownTrack], names: Sequence[str]) -> list[RankedMoment]:
    """Every person's worst moments, the largest distance in body sizes first.

    Args:
        names: of the keypoints.
    """
    found = []
    for number, one in enumerate(people):
        for moment in one.diagnosis.worst:
            share = moment.pixels / max(one.diagnosis.size, 1.0)
            where = f"{one.name}, {names[moment.keypoint]}, frame {one.frames[moment.at]}"
            about = f"{where}: {moment.why}, {moment.pixels:.0f} px"
            if share > _NOTHING or moment.pixels >= 0.5:  # else it would read "0 px"
                found.append((share, RankedMoment(number, moment, about)))
    return [one for _, one in sorted(found, key=lambda one: -one[0])]


def _video(path: str | None) -> str:
    if path is None:
        return ""
    return (
        '<section><h2>Video</h2><video controls preload="metadata" '
        f'src="./{escape(quote(path))}"></video></section>'
    )


def _stills(stills: Sequence[Still]) -> Iterator[str]:
    if not stills:
        return
    yield '<section><h2>The worst moments in the picture</h2><div class="stills">'
    yield (f'<input type="range" min="1" max="{len(stills)}" value="1" aria-label="which moment">')
    for place, still in enumerate(stills):
        text = base64.b64encode(still.image).decode("ascii")
        yield (
            f'<figure{" hidden" if place else ""}><img alt="" '
            f'src="data:{_kind(still.image)};base64,{text}">'
            f"<figcaption>{escape(still.caption)}</figcaption></figure>"
        )
    yield "</div></section>"


def _kind(image: bytes) -> str:
    for start, kind in _KINDS.items():
        if image.startswith(start):
            return kind
    raise ValueError(f"a still begins with {image[:4]!r}; expected PNG, JPEG or WebP")


def _keypoints(people: Sequence[ShownTrack], names: Sequence[str]) -> Iterator[str]:
    for one in people:
        yield (
            f"<details><summary>{escape(one.name)}, keypoint by keypoint</summary>"
            f'<div class="wide">{keypoint_table(one, names)}</div></details>'
        )
