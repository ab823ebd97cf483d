"""Poses that stand in the cells of a table, a row a pose or a row a keypoint."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.formats.clips import Clip
from temporal_pose.formats.tables.cells import changed, end_of, split
from temporal_pose.formats.tables.columns import Index
from temporal_pose.formats.tables.places import Filled, Places, scaled
from temporal_pose.formats.tables.text import Table

_AT_ONCE = 4096  # places whose cells are looked at together


@dataclass(frozen=True)
class Sheet:
    """A table, and which of its cells are whose x, y and score.

    Args:
        table: as it was read, its lines put away.
        places: what the cells hold.
        rows: of the table, for each keypoint of each place; -1 for none.
        columns: of x, y and score; -1 for none.
        index: columns that say what a row is of; None for a table that takes no new rows.
        people: how the table calls each of the `ids` of its places.
        labels: cells that say which keypoint a row is of, where each has a row; else none.
        before: the row before the first pose.
        width: cells of a row.
        zeros: columns of a third coordinate, 0 wherever there is a position; None for none.
    """

    table: Table
    places: Places
    rows: Int[np.ndarray, "M K"]
    columns: Int[np.ndarray, "M K 3"]
    index: Index | None = None
    people: Sequence[str] = ()
    labels: Sequence[Mapping[int, str]] = ()
    before: int = 0
    width: int = 0
    zeros: Int[np.ndarray, " K"] | None = None

    def filled(self, clip: Clip) -> bytes:
        """The file with a clip's poses in it.

        What did not change is as it was, letter by letter. Poses without a place get new rows
        after those of their frame or the one before, if the table numbers its frames.

        Raises:
            DataError: see `Places.filled`.
        """
        filled, lines = self.places.filled(clip), self.table.again()
        for row, cells in self._changed(filled):
            cells |= self._flat(lines[row], cells)
            lines[row] = changed(lines[row], self.table.delimiter, cells)
        new = defaultdict(list)
        for row, cells in (*self._missing(filled, lines), *self._added(clip, filled)):
            new[row].append(self._line(cells))
        for row, texts in new.items():
            end = end_of(lines[0]) or "\n"
            gap, last = ("", end) if end_of(lines[row]) else (end, "")
            lines[row] += gap + end.join(texts) + last
        return self.table.encoded(lines)

    def _changed(self, filled: Filled) -> Iterator[tuple[int, dict[int, str]]]:
        """Rows and their changed cells; a row comes again where its places lie far apart."""
        for start in range(0, len(filled.values), _AT_ONCE):
            block = slice(start, start + _AT_ONCE)
            rows = np.broadcast_to(self.rows[block, :, None], filled.values[block].shape)
            columns = self.columns[block]
            wanted = filled.changed[block] & (rows >= 0) & (columns >= 0)
            order = np.argsort(rows[wanted], kind="stable")
            rows, columns = rows[wanted][order], columns[wanted][order]
            texts = self.table.all_written(filled.values[block][wanted][order])
            bounds = [*np.flatnonzero(np.diff(rows, prepend=-1)).tolist(), len(rows)]
            for first, last in pairwise(bounds):
                cells = zip(columns[first:last].tolist(), texts[first:last], strict=True)
                yield int(rows[first]), dict(cells)

    def _flat(self, line: str, cells: Mapping[int, str]) -> dict[int, str]:
        """Third coordinates of positions that are new."""
        if self.zeros is None:
            return {}
        before, missing = split(line, self.table.delimiter), self.table.missing
        pairs = zip(self.columns[0, :, 0].tolist(), self.zeros.tolist(), strict=True)
        new = (third for first, third in pairs if cells.get(first, missing) != missing)
        return {third: "0.0" for third in new if before[third].strip() in ("", missing)}

    def _missing(
        self, filled: Filled, lines: Sequence[str]
    ) -> Iterator[tuple[int, dict[int, str]]]:
        """Rows of keypoints that a pose of the file has no row of, and now a position."""
        if self.index is None or not self.labels:
            return
        seen = filled.changed.any(-1) & ~np.isnan(filled.values[..., :2]).any(-1)
        for place, keypoint in np.argwhere(seen & (self.rows < 0)).tolist():
            row = int(self.rows[place].max())
            texts = split(lines[row], self.table.delimiter)
            cells = {column: texts[column] for column in self.index.known}
            yield row, cells | self._keypoint(keypoint, filled.values[place, keypoint])

    def _added(self, clip: Clip, filled: Filled) -> Iterator[tuple[int, dict[int, str]]]:
        """Rows of poses that no place was there for."""
        if self.index is None or self.index.frame is None or not len(self.rows):
            return
        order = np.argsort(self.places.frames, kind="stable")
        last, frames = self.rows.max(1)[order], self.places.frames[order]
        positions = scaled(clip, self.places.normalised)
        values = np.concatenate([positions, clip.scores[..., None]], -1)
        for pose in sorted(filled.added.tolist(), key=lambda pose: int(clip.frames[pose])):
            at = int(np.searchsorted(frames, clip.frames[pose], "right"))
            row = int(last[at - 1]) if at else self.before
            cells = self._told(clip, pose)
            if not self.labels:
                each = (self._keypoint(k, value) for k, value in enumerate(values[pose]))
                yield row, cells | {column: text for some in each for column, text in some.items()}
            for keypoint in np.flatnonzero(~np.isnan(values[pose, :, 0]) & bool(self.labels)):
                yield row, cells | self._keypoint(int(keypoint), values[pose, keypoint])

    def _told(self, clip: Clip, pose: int) -> dict[int, str]:
        """Cells of a new row that say whose pose it is, and when."""
        index, cells = self.index or Index(), {}
        if index.frame is not None:
            cells[index.frame] = str(int(clip.frames[pose]))
        if index.time is not None and clip.times is not None:
            cells[index.time] = self.table.written(float(clip.times[pose]) / index.unit)
        if index.person is not None and clip.ids is not None:
            number = int(clip.ids[pose])
            named = 0 <= number < len(self.people)
            cells[index.person] = self.people[number] if named else str(number)
        return cells

    def _keypoint(self, keypoint: int, values: Float[np.ndarray, " 3"]) -> dict[int, str]:
        texts = map(self.table.written, values.tolist())
        pairs = zip(self.columns[0, keypoint].tolist(), texts, strict=True)
        label = self.labels[keypoint] if self.labels else {}
        return dict(label) | {column: text for column, text in pairs if column >= 0}

    def _line(self, cells: Mapping[int, str]) -> str:
        return self.table.delimiter.join(cells.get(column, "") for column in range(self.width))
