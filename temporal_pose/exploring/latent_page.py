"""One page on a latent space, for a browser without a network.

Texts that come from files are shown as they are, never read as HTML.
"""

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from temporal_pose.exploring.exploration import Exploration
from temporal_pose.exploring.findings import NOT_REPRODUCED, REPRODUCED
from temporal_pose.exploring.payload import MEANING, payload
from temporal_pose.exploring.sample_sheets import webp
from temporal_pose.exploring.skips import found as hits
from temporal_pose.exploring.tables import Rows, tables
from temporal_pose.files.templates import filled

_TEMPLATE = Path(__file__).with_name("page.html")
_COLOURS = {REPRODUCED: "yes", NOT_REPRODUCED: "no"}


def page(
    found: Exploration,
    pictures: Mapping[str, bytes],
    title: str,
    facts: Mapping[str, str],
    files: Sequence[str],
) -> str:
    """The page as HTML, everything in it.

    Args:
        pictures: PNG files by name; see `temporal_pose.exploring.exploration_files.pictures`.
        title: what was looked into.
        facts: what else to tell, by name.
        files: names of all files in the folder.
    """
    rows = tables(found)
    crops = found.samples.thumbnails is not None
    parts = {
        "title": escape(title),
        "count": f"{len(found.samples):,}",
        "kind": "people, each in a crop of an image" if crops else "windows of video",
        "crop": "crop and skeleton" if crops else "skeleton, in the middle frame of its window",
        "width": f"{found.samples.features.shape[1]:,}",
        "facts": "".join(_facts(found, facts)),
        "verdict": _verdict(found),
        "columns": "".join(_meanings(found)),
        "explained": _figure(pictures["explained.png"], _explained(found)),
        "held": f"{found.held:.0%}",
        "silhouettes": _figure(pictures["silhouettes.png"], "") + _table(rows["silhouettes"]),
        "parts": _parts(found),
        "clusters": "".join(_clusters(found, pictures)),
        "dense": _dense(found),
        "decoded": _decoded(found),
        "walks": "".join(_walks(found, pictures)),
        "between": _figure(pictures["between.png"], " → ".join(found.names)),
        "branches": _branches(found, pictures),
        "probes": _probes(found),
        "findings": _findings(found),
        "files": ", ".join(escape(name) for name in files),
        "data": payload(found),
    }
    return filled(_TEMPLATE, parts)


def _facts(found: Exploration, facts: Mapping[str, str]) -> Iterator[str]:
    near = hits(found.samples.predicted, found.samples.poses)
    known = near[np.isfinite(near)]
    own = {
        "layer": found.layer,
        "samples": f"{len(found.samples):,}",
        "keypoints found within 5 % of the crop": f"{known.mean():.0%}" if len(known) else "–",
        "seed": str(found.seed),
    }
    for name, value in (dict(facts) | own).items():
        yield f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"


def _meanings(found: Exploration) -> Iterator[str]:
    for name in found.samples.columns:
        if name in MEANING:
            said, meant = escape(name.replace("_", " ")), escape(MEANING[name])
            yield f"<tr><td>{said}</td><td>{meant}</td></tr>"


def _verdict(found: Exploration) -> str:
    one = found.shown
    if found.found is not None:
        text = (
            f"<b>{one.k} clusters.</b> Silhouette {one.silhouette:.2f}, against {one.null:.2f} of "
            f"one cloud; other seeds agree ({one.stability:.2f}); the space between is "
            f"{one.between:.0%} as dense as the clusters."
        )
    else:
        text = (
            f"<b>No clusters.</b> The best that k-means makes are {one.k} parts with a silhouette "
            f"of {one.silhouette:.2f}, and they are no clusters: {escape(one.doubt)}. Samples "
            "change gradually from one end of the space to the other."
        )
    return f'<p class="verdict">{text}</p>'


def _explained(found: Exploration) -> str:
    total = found.samples.features.shape[1]
    needed = found.components.needed()
    few = len(found.samples) <= total
    bound = (
        f" With {len(found.samples):,} samples there cannot be more than that many." if few else ""
    )
    return (
        f"{needed:,} of {total:,} components hold 95 % of the variance, the first alone "
        f"{found.components.explained[0]:.0%}.{bound}"
    )


def _parts(found: Exploration) -> str:
    if found.found is not None:
        return f"The {found.shown.k} clusters"
    return f"The {found.shown.k} parts that k-means cuts best, which are no clusters"


def _clusters(found: Exploration, pictures: Mapping[str, bytes]) -> Iterator[str]:
    word = "cluster" if found.found is not None else "part"
    for label in range(found.shown.k):
        size = int((found.shown.labels == label).sum())
        share = size / len(found.samples)
        text = f"{word} {label + 1}: {size:,} samples, {share:.0%}; some drawn at random"
        yield _figure(pictures[f"cluster_{label + 1}.png"], text)
    yield _table(tables(found)["clusters"])
    yield f"<p><small>Means over the samples of each {word}.</small></p>"


def _dense(found: Exploration) -> str:
    count, none = int(found.dense.max()) + 1, float((found.dense < 0).mean())
    if count == 0:
        return "no clusters"
    return f"{count} clusters and leaves {none:.0%} of the samples out,"


def _walks(found: Exploration, pictures: Mapping[str, bytes]) -> Iterator[str]:
    for number, walk in enumerate(found.walks[:-1], 1):
        index = int(walk.title.split()[-1]) - 1
        share = found.components.explained[index]
        yield f"<h3>{escape(walk.title)}, {share:.1%} of the variance</h3>"
        yield _figure(pictures[f"walk_{number}.png"], "")


def _decoded(found: Exploration) -> str:
    if found.walks[-1].decoded is None:
        return "The network cannot decode these values, for its maps were averaged."
    off = ", its skip branches switched off" if found.cut is not None else ""
    return (
        "The third is what the network itself answers when its layer is given the values of the "
        f"place, and all else is as in the sample nearest to the mean{off}."
    )


def _branches(found: Exploration, pictures: Mapping[str, bytes]) -> str:
    if found.cut is None:
        return ""
    count = len(found.cut.predicted)
    return (
        "<section><h2>Skip branches switched off</h2><p>Branches lead detail around the "
        "bottleneck. With all of them giving zeros, whatever the network still finds has come "
        f"through the bottleneck. Measured on {count:,} samples.</p>"
        + _figure(pictures["branches.png"], "")
        + _figure(pictures["off.png"], "the best known samples: as it is, and with branches off")
        + "</section>"
    )


def _probes(found: Exploration) -> str:
    rows = []
    for one in found.probes:
        numbers = {"error": "–", "constant guess": "–", "held-out samples": one.remark}
        if not one.remark:
            gain = 1 - one.error / one.constant if one.constant > 0 else 0.0
            numbers = {
                "error": f"{one.error:.3g} {one.unit}",
                "constant guess": f"{one.constant:.3g} {one.unit}",
                "held-out samples": f"{one.samples:,}; the error is {gain:.0%} lower",
            }
        rows.append({"predicted": one.column.replace("_", " ")} | numbers)
    return _table(rows)


def _findings(found: Exploration) -> str:
    head = ("", "the thesis", "here", "number", "what decides")
    lines = [
        f"<tr><td>{one.number}</td><td>{escape(one.claim)}</td>"
        f'<td class="{_COLOURS.get(one.verdict, "open")}">{one.verdict}</td>'
        f"<td>{escape(one.shown)}</td><td><small>{escape(one.rule)}</small></td></tr>"
        for one in found.findings
    ]
    return _framed(head, lines)


def _table(rows: Rows) -> str:
    if not rows:
        return "<p>Nothing to show.</p>"
    lines = ["".join(_cell(value) for value in row.values()) for row in rows]
    names = [name.replace("_", " ") for name in rows[0]]
    return _framed(names, [f"<tr>{line}</tr>" for line in lines])


def _framed(head: Sequence[str], lines: Sequence[str]) -> str:
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(lines)
    return (
        f'<div class="wide"><table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f'<td class="number">{"–" if value != value else f"{value:.3g}"}</td>'
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{escape(str(value))}</td>"


def _figure(png: bytes, caption: str) -> str:
    """A picture inside the page, smaller than its PNG file."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        width, height = image.size
        small = webp(np.asarray(image.convert("RGB")), 85)
    text = base64.b64encode(small).decode("ascii")
    said = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    size = f'width="{width}" height="{height}"'
    return f'<figure><img alt="" {size} src="data:image/webp;base64,{text}">{said}</figure>'
