"""What shall be done with files that are refined, as plain data that goes to other processes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import temporal_pose
from temporal_pose.app.filming import Film
from temporal_pose.files.constructing import build
from temporal_pose.files.made import content_hash
from temporal_pose.formats.clips import Format, Given
from temporal_pose.refining.named_filters import of_network
from temporal_pose.refining.notes import Note
from temporal_pose.refining.refined import Refiner
from temporal_pose.refining.saved import load
from temporal_pose.refining.sources import Source, destination
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.results import CONFIG_HASH


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
        weights = content_hash(folder.best)
        return {"run": folder.metrics().get(CONFIG_HASH), "weights": weights}


@dataclass(frozen=True)
class Order:
    """What shall be done with every source.

    Args:
        out: folder of the results.
        recipe: what refines.
        given: what the user says of the files.
        to: the results' format; None for that of the source.
        people: who is refined, counted from 1; None for all.
        page: whether a page goes beside each result.
        force: replaces results that are there.
        film: the video that the keypoints are from.
        nameless: whether names of keypoints, where files have any, shall not count.
    """

    out: Path
    recipe: Recipe
    given: Given
    to: Format | None = None
    people: tuple[int, ...] | None = None
    page: bool = True
    force: bool = False
    film: Film | None = None
    nameless: bool = False

    def format(self, source: Source) -> Format:
        """What a source's result is written in."""
        return self.to or source.format

    @property
    def detections(self) -> Path:
        """Where what a detector sees in a video goes."""
        return self.out / "detections"

    @property
    def shared_video(self) -> Path:
        """Where the video goes that shows the people of several files."""
        return self.out / f"{'' if self.film is None else self.film.path.stem}.overlay.mp4"

    def undrawn(self, waiting: Sequence[Source]) -> bool:
        """Whether that video is to be drawn: results are new, or it was killed before.

        Args:
            waiting: those of the files that were refined just now.
        """
        shared = self.film is not None and self.film.shared
        return shared and (bool(waiting) or not self.shared_video.exists())

    def note(self, source: Source) -> Note:
        """The note that a source's result leaves.

        Raises:
            ConfigError: the result would stand among the sources.
        """
        to = self.format(source)
        given = self.given._asdict().items()
        about = {
            **self.recipe.made_with,
            **{name: getattr(value, "name", value) for name, value in given},
            "source": content_hash(source.path),
            "format": to.name,
            "people": self.people,
            "nameless": self.nameless,
            **({} if self.film is None else self.film.made_with),
            "version": temporal_pose.__version__,
        }
        return Note(destination(source, self.out, to), about)
