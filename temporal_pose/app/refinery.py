"""Refining files: each read, refined, written whole, and its page beside it; several at once."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import temporal_pose
from temporal_pose.app.cli import explain, quiet
from temporal_pose.errors import ConfigError
from temporal_pose.files.atomic import write_text
from temporal_pose.files.constructing import build
from temporal_pose.formats.clips import Given
from temporal_pose.formats.known import named
from temporal_pose.refining.clips import Track, refine_clip
from temporal_pose.refining.records import Note
from temporal_pose.refining.refined import Refiner
from temporal_pose.refining.saved import load, of_network
from temporal_pose.refining.sources import Source, content, destination
from temporal_pose.reporting.refined import page
from temporal_pose.runs.folders import RunFolder

#: Bytes of input from which further processes, which take seconds to start, are worth it.
_WORTH = 20e6


@dataclass(frozen=True)
class Recipe:
    """What refines, as plain data, so that it can be made in another process.

    Args:
        name: of the model.
        network: how a filter is made; nothing of a run.
        run: folder of a trained run; None for a filter.
        trusted: dotted names that the user's own configuration may call.
    """

    name: str
    network: Mapping[str, Any]
    run: str | None = None
    trusted: tuple[str, ...] = ()

    def refiner(self) -> Refiner:
        """The refiner itself.

        Raises:
            ConfigError: the model is no filter, or has settings that it cannot take.
            RunFolderError: the folder holds no finished run.
            CheckpointError: its weights are missing or damaged.
        """
        if self.run is not None:
            return load(self.run)
        return of_network(build(dict(self.network), f"model={self.name}", self.trusted), self.name)

    @property
    def made_with(self) -> dict[str, Any]:
        """Tells it from others."""
        if self.run is None:
            return {"model": self.name, "settings": dict(self.network)}
        folder = RunFolder(Path(self.run))
        weights = hashlib.sha256(folder.best.read_bytes()).hexdigest()[:16]
        return {"run": folder.metrics().get("config_hash"), "weights": weights}


@dataclass(frozen=True)
class Order:
    """What shall be done with every source.

    Args:
        out: folder of the results.
        recipe: what refines.
        given: what the user says of the files.
        to: name of the results' format; None for that of the source.
        people: who is refined, counted from 1; None for all.
        page: whether a page goes beside each result.
        force: replaces results that are there.
    """

    out: Path
    recipe: Recipe
    given: Given
    to: str | None = None
    people: tuple[int, ...] | None = None
    page: bool = True
    force: bool = False

    def note(self, source: Source) -> Note:
        """The note that a source's result leaves.

        Raises:
            ConfigError: the result would stand among the sources.
        """
        to = source.format if self.to is None else named(self.to)
        given = {
            name: getattr(value, "name", value) for name, value in self.given._asdict().items()
        }
        about = {
            **self.recipe.made_with,
            "source": content(source.path),
            "given": given,
            "format": to.name,
            "people": self.people,
            "version": temporal_pose.__version__,
        }
        return Note(destination(source, self.out, to), about)


class Outcome(NamedTuple):
    """What became of a source.

    Args:
        name: of the file.
        tracks: a row a person: what the table shows of them.
        remarks: sentences of the file and its people.
        error: why there is no result, if so.
    """

    name: str
    tracks: Sequence[Any] = ()
    remarks: Sequence[str] = ()
    error: str | None = None


def refine_source(source: Source, order: Order, refiner: Refiner) -> Outcome:
    """Refines one source, writes the result, the page and last the note.

    Raises:
        DataError: the source cannot be read or refined.
    """
    note = order.note(source)
    clips = source.format.read(source.path, order.given)
    refined, tracks, remarks = [], [], []
    for clip in clips:
        after, own = refine_clip(clip, refiner, order.people)
        refined.append(after)
        tracks += own
        remarks += clip.remarks
    note.begin()
    to = source.format if order.to is None else named(order.to)
    to.write(note.out, refined)
    described = [told(track, clips) for track in tracks]
    if order.page:
        write_text(note.out.with_name(f"{note.out.name}.html"), page(source.path.name, described))
    note.end()
    return Outcome(source.path.name, described, remarks)
