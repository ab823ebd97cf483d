"""A folder of results that is there whole or not at all."""

import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from temporal_pose.errors import ConfigError
from temporal_pose.exploring import galleries
from temporal_pose.exploring import latent_charts as charts
from temporal_pose.exploring.collecting import CROPS
from temporal_pose.exploring.exploration import Exploration
from temporal_pose.exploring.latent_page import page
from temporal_pose.exploring.tables import sheet, tables
from temporal_pose.files.documents import UnreadableError, read_json

#: The page, and what shows a folder to be of this kind.
PAGE, ABOUT = "index.html", "explore.json"


def check_place(out: Path) -> None:
    """Makes sure that nothing but an earlier look is replaced.

    Raises:
        ConfigError: a file or a folder of something else has that name, or lies in it.
    """
    if not out.exists() and not out.is_symlink():
        return
    written = _written(out)
    there = {item.name for item in out.iterdir()} if out.is_dir() else {out.name}
    if there and not written:
        raise ConfigError(
            f"out is {out}, which is there already and not of explore; choose another"
        )
    others = sorted(there - written)
    if others:
        raise ConfigError(
            f"out is {out}, which holds {others[0]}, and explore did not write it; move it away, "
            "or choose another out"
        )


def _written(out: Path) -> set[str]:
    """What an earlier look says that it has written; nothing where none has."""
    try:
        files = read_json(out / ABOUT)["files"]
    except (OSError, UnreadableError, LookupError, TypeError):
        return set()
    return set(map(str, files)) if isinstance(files, list) else set()


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A new folder beside ``out`` that takes its place when the block ends well, and goes when it
    does not.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    part.mkdir()
    try:
        yield part
        check_place(out)
        if out.exists():
            old = out.with_name(f".{out.name}.{os.getpid()}.old")
            out.rename(old)
            part.rename(out)
            shutil.rmtree(old)
        else:
            part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write(
    found: Exploration,
    folder: Path,
    title: str,
    facts: Mapping[str, str],
    about: Mapping[str, Any],
) -> None:
    """Writes the page, and everything on it as CSV and PNG.

    Args:
        folder: beside the features that are there already.
        facts: what else to tell on the page, by name.
        about: what to keep of how it was made.
    """
    made = pictures(found)
    for name, content in made.items():
        (folder / name).write_bytes(content)
    rows = tables(found)
    for name, table in rows.items():
        (folder / f"{name}.csv").write_text(sheet(table, found.seed), encoding="utf-8")
    kept = {
        "layer": found.layer,
        "seed": found.seed,
        "samples": len(found.samples),
        "features": found.samples.features.shape[1],
        "components_for_95_percent": found.components.needed(),
        "clusters": 0 if found.found is None else found.found.k,
        "verdict": found.verdict,
    }
    (folder / CROPS).unlink(missing_ok=True)
    files = write_about(folder, dict(about) | kept)
    text = page(found, made, title, facts, files)
    (folder / PAGE).write_text(text, encoding="utf-8")


def write_about(folder: Path, about: Mapping[str, Any]) -> list[str]:
    """Writes how all in a folder was made, and which files are its own, which it returns: the
    page first, as yet to be written.
    """
    there = {one.name for one in folder.iterdir()} | {ABOUT}
    files = [PAGE, *sorted(there - {PAGE})]
    text = json.dumps({**about, "files": files}, indent=2) + "\n"
    (folder / ABOUT).write_text(text, encoding="utf-8")
    return files


def pictures(found: Exploration) -> dict[str, bytes]:
    """Every figure as PNG, by the name of its file."""
    labels, scores = found.shown.labels, found.components.scores
    second = scores[:, 1] if scores.shape[1] > 1 else np.zeros(len(scores))
    axes = np.stack([scores[:, 0], second], -1).astype(float)
    figures = {
        "explained": charts.explained(found.components),
        "silhouettes": charts.silhouettes(found.partitions),
        "map": charts.plane(axes, labels, ("component 1", "component 2")),
    }
    if len(found.map):
        named = ("t-SNE x", "t-SNE y")
        figures["tsne"] = charts.plane(found.map, labels[found.mapped], named)
    for label in range(found.shown.k):
        members = np.flatnonzero(labels == label)
        drawn = galleries.cluster(found.samples, members, label, found.seed)
        figures[f"cluster_{label + 1}"] = drawn
    for number, walk in enumerate(found.walks[:-1], 1):
        figures[f"walk_{number}"] = galleries.walk(found.samples, walk)
    figures["between"] = galleries.walk(found.samples, found.walks[-1])
    if found.cut is not None:
        figures["branches"] = charts.branches(found.cut)
        figures["off"] = galleries.off(found.samples, found.cut.predicted)
    return {f"{name}.png": _png(one, found.seed) for name, one in figures.items()}


def _png(figure: Figure, seed: int) -> bytes:
    buffer = io.BytesIO()
    with matplotlib.rc_context({"axes.titlesize": 9}):
        figure.savefig(
            buffer, format="png", metadata={"Software": None, "Comment": f"seed {seed}"}
        )
    return buffer.getvalue()
