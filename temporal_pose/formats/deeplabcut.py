"""DeepLabCut's and Lightning Pose's tables: CSV, or HDF5 written by pandas.

Above the numbers stand three rows (scorer, bodyparts, coords), or four with several animals
(individuals in second place); before them the number of the frame or the path of its image.
Coordinates go by their names, whatever their order; other columns are kept.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from temporal_pose.errors import DataError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents.texts import Original
from temporal_pose.formats.tables import hdf5, pandas_hdf
from temporal_pose.formats.tables.animals import Animals, animals
from temporal_pose.formats.tables.columns import frame_number, frame_numbers
from temporal_pose.formats.tables.grids import grid
from temporal_pose.formats.tables.places import Places, single
from temporal_pose.formats.tables.rows import numbers
from temporal_pose.formats.tables.sheets import Sheet
from temporal_pose.formats.tables.text import Table, first_rows, opened
from temporal_pose.formats.tables.whole_files import contents, original, regular

_LEVELS = (("scorer", "bodyparts", "coords"), ("scorer", "individuals", "bodyparts", "coords"))
_COORDS = ("x", "y", "likelihood")
_KEY = "df_with_missing"
_READING = "reading DeepLabCut's .h5"


class StoredTable(NamedTuple):
    """What it takes to give back a file of HDF5; `frame` says where its values lie."""

    original: Original
    places: Places
    animals: Animals
    frame: pandas_hdf.TableOfNumbers

    def filled(self, clip: Clip) -> bytes:
        """The file with a clip's poses in it, all else as it was.

        Raises:
            DataError: see `Places.filled`; or a file that has changed.
        """
        filled, columns = self.places.filled(clip), self.animals.columns
        content = self.original.content()
        if not filled.changed.any():
            return content
        shape = (-1, *columns.shape)
        values, changed = (array.reshape(shape) for array in (filled.values, filled.changed))
        new = self.frame.values.copy()
        for index in np.argwhere(changed.any(0) & (columns >= 0)):
            animal, bodypart, coord = index.tolist()
            rows = changed[:, animal, bodypart, coord]
            new[rows, columns[animal, bodypart, coord]] = values[rows, animal, bodypart, coord]

        def change(file: Any) -> None:
            pandas_hdf.change(file, self.frame, new)

        return hdf5.edited(self.original.path, content, change, _READING)


class DeepLabCut:
    """Reads and writes DeepLabCut's CSV and HDF5, and Lightning Pose's CSV."""

    name: ClassVar[str] = "deeplabcut"
    suffix: ClassVar[str] = ".csv"

    def recognises(self, path: Path) -> bool:
        """Whether the first rows are called as DeepLabCut does, or pandas wrote its table."""
        return hdf5.holds(path, _KEY) or _header(first_rows(path, 4)) > 0

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The video of a file.

        Raises:
            DataError: a file that cannot be read, cells that are no numbers, a frame that stands
                there twice.
            ConfigError: h5py is not installed, for HDF5.
        """
        whose, kept = (_from_hdf5 if hdf5.signed(path) else _from_csv)(path)
        places: Places = kept.places
        places.refuse_twice(path)
        frames = places.frames[:: len(whose.columns)]
        count = len(frames) if np.array_equal(frames, np.arange(len(frames))) else None
        told: dict[str, Any] = {"count": count, "kept": kept, "format": self.name}
        return [places.clip(path.stem, whose.skeleton, given, **told)]

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes a video; see `temporal_pose.formats.clips.Format`.

        Raises:
            DataError: several videos; or HDF5 of what was not read from it.
        """
        clip = single(clips, out)
        table = out.suffix.lower() not in (".h5", ".hdf5", ".hdf")
        kept = clip.kept if clip.format == self.name else None
        if kept is not None and table == isinstance(kept, Sheet):
            write_bytes(out, kept.filled(clip))
        elif table:
            write_bytes(out, _new(clip, out))
        else:
            raise DataError(
                f"{out}: only what was read from DeepLabCut's .h5 can be written so; expected a "
                "name that ends in .csv"
            )


def _header(rows: Sequence[Sequence[str]]) -> int:
    """How many rows the header of DeepLabCut has; 0 for another table."""
    labels = tuple(row[0].lower() for row in rows if row)
    return next((len(levels) for levels in _LEVELS if labels[: len(levels)] == levels), 0)


def _from_csv(path: Path) -> tuple[Animals, Sheet]:
    header = _header(first_rows(regular(path), 4))
    if not header:
        raise DataError(
            f"{path}: its first rows are not DeepLabCut's; expected rows that begin with scorer, "
            "(individuals,) bodyparts, coords"
        )
    table = opened(path, header)
    levels = [table.texts(row) for row in range(header)]
    widths = {len(level) for level in levels}
    if len(widths) > 1:
        raise DataError(
            f"{path}: the rows of its header have {sorted(widths)} cells; expected one"
        )
    names = list(zip(*levels, strict=True))
    index = next((i for i, name in enumerate(names[1:]) if name[-1]), 0)
    whose = animals(list(enumerate(names))[index + 1 :], path)
    rows = _data(table, header, index)
    values = numbers(table, rows, whose.columns, len(names))
    places = whose.places(frame_numbers(table, rows, index), values)
    people, bodyparts, _ = whose.columns.shape
    where = np.repeat(np.array(rows, np.int32), people)[:, None]
    columns = np.broadcast_to(whose.columns, (len(rows), *whose.columns.shape))
    each = np.broadcast_to(where, (len(where), bodyparts))
    return whose, Sheet(table.put_away(), places, each, columns.reshape(-1, bodyparts, 3))


def _data(table: Table, header: int, index: int) -> list[int]:
    """Rows of numbers: pandas may put one with nothing but the name of the index before them."""
    rows = table.filled(header)
    first = table.texts(rows[0]) if rows else []
    if first and not any(first[index + 1 :]) and not any(map(str.isdigit, "".join(first))):
        return rows[1:]
    return rows


def _from_hdf5(path: Path) -> tuple[Animals, StoredTable]:
    content = contents(path)
    with hdf5.opened(path, content, _READING) as file:
        keys = pandas_hdf.keys(file)
        key = _KEY if _KEY in keys or not keys else keys[0]
        if key not in keys:
            raise DataError(f"{path} holds no table of pandas; expected '{_KEY}'")
        frame = pandas_hdf.read(file, key, path, len(content))
    if {len(names) for names in frame.columns} not in ({3}, {4}):
        raise DataError(f"{path}: '{key}' is not DeepLabCut's; expected names of 3 or 4 levels")
    whose = animals(list(enumerate(frame.columns)), path)
    frames = [frame_number(str(label), f"{path}, row {i}") for i, label in enumerate(frame.labels)]
    numbers = frame.values[:, whose.columns.clip(0)]
    values: Float[np.ndarray, "F P K 3"] = np.where(whose.columns >= 0, numbers, np.nan)
    places = whose.places(np.array(frames, np.int64), values)
    return whose, StoredTable(original(path, content), places, whose, frame)


def _new(clip: Clip, out: Path) -> bytes:
    """A CSV file from nothing but poses."""
    whole, table = grid(clip, out), Table(out, "utf-8", [], ",")
    count, several = clip.scores.shape[1], len(whole.people) > 1
    bodyparts = clip.skeleton.keypoints if clip.skeleton else [f"point{i}" for i in range(count)]
    each: list[Any] = [(p, b, c) for p in whole.people for b in bodyparts for c in _COORDS]
    rows = [["scorer", *["temporal_pose"] * len(each)]]
    rows += [["individuals", *(f"individual{person}" for person, _, _ in each)]] * several
    rows += [["bodyparts", *(bodypart for _, bodypart, _ in each)]]
    rows += [["coords", *(coord for _, _, coord in each)]]
    lines = [",".join(map(table.quoted, row)) + "\n" for row in rows]
    for number, values in enumerate(whole.values):
        cells = [str(whole.first + number), *table.all_written(values.ravel())]
        lines.append(",".join(cells) + "\n")
    return table.encoded(lines)
