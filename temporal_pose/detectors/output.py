"""Where a detector's results go, what they depend on, and what is there already."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import zarr

from temporal_pose.files.made import content_hash, refuse_other
from temporal_pose.formats.paired.growing import discard
from temporal_pose.runs.folders import RunFolder


@dataclass(frozen=True)
class Output:
    """What files shall be like.

    Args:
        out: ``NAME.zarr``; of several people ``NAME.person1.zarr`` and so on.
        several: whether more than one person is followed.
        heatmaps: whether heatmaps are stored, where the detector has them; else keypoints.
        dtype: of the heatmaps.
        least: frames in which one of several people has to be seen; others get no file.
        settings: plain data that the result depends on; kept in the files.
        replace: whether finished files are replaced.
    """

    out: Path
    several: bool
    heatmaps: bool
    dtype: str
    least: int
    settings: Mapping[str, Any]
    replace: bool

    def path(self, person: int) -> Path:
        """The file of a person, counted from 1."""
        if not self.several:
            return self.out
        return self.out.with_name(f"{self.out.stem}.person{person}{self.out.suffix}")

    def finished(self) -> bool:
        """Whether there is nothing left to do; drops unfinished work that cannot be gone on with.

        Raises:
            DataError: a file that is complete but of other settings, unless files are replaced;
                or somebody else's in the way.
        """
        parts = [part for part in map(unfinished, self._all()) if part.exists()]
        others = [part for part in parts if made_with(part) not in ({}, dict(self.settings))]
        for part in parts if self.replace and others else ():
            discard(part)
        there = [path for path in self._all() if path.exists()]
        if self.replace or not there:
            return False
        for path in there:
            refuse_other(path, made_with(path), self.settings)
        if not self.path(1).exists():  # it was killed while giving files their names
            for old in (*parts, *there):
                discard(old)
        return self.path(1).exists()

    def begun(self) -> int:
        """How many people have unfinished files."""
        most = len(self._all())
        there = (unfinished(self.path(person)).exists() for person in range(1, most + 1))
        return sum(takewhile(bool, there))

    def _all(self) -> list[Path]:
        """Files of this name that there are, finished or not, and the first in any case."""
        if not self.several:
            return [self.out]
        begun = of_people(self.out, ".part")
        return [self.path(number) for number in sorted({1, *of_people(self.out), *begun})]


def of_people(out: Path, ending: str = "") -> dict[int, Path]:
    """Files of several people that there are, by the person's number, in its order.

    Args:
        out: ``NAME.zarr``, which the files ``NAME.person1.zarr`` and so on are named after.
        ending: of what else is named after them.
    """
    known = re.compile(re.escape(f"{out.stem}.person") + r"(\d+)" + re.escape(out.suffix + ending))
    folder = out.parent.iterdir() if out.parent.is_dir() else ()
    found = [(match, path) for path in folder if (match := known.fullmatch(path.name))]
    return dict(sorted((int(match[1]), path) for match, path in found))


def unfinished(path: Path) -> Path:
    """Where a writer keeps a file until it is complete."""
    return path.with_name(path.name + ".part")


def made_with(path: Path) -> dict[str, Any]:
    """The settings kept in a file; none where there is no such file."""
    if not (path / "zarr.json").is_file():
        return {}
    try:
        kept = zarr.open_group(path, mode="r").attrs.asdict().get("settings")
    except Exception:  # damage raises anything
        return {}
    return kept if isinstance(kept, dict) else {}


def told_apart(weights: str | None) -> dict[str, Any]:
    """What tells weights from others: the name, and what is in a file, or in a run's best."""
    path = Path(str(weights)).expanduser()
    name = {"name": None if weights is None else path.name}
    path = RunFolder(path).best if path.is_dir() else path
    return name | {"content": content_hash(path)} if path.is_file() else name
