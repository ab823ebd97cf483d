"""TRC, the track row column format of motion capture, as far as it holds pixels: Sports2D's.

Five rows of header, then a row a frame: number, time, and X, Y and Z of each marker. Sports2D
writes a file a person, Z being 0, and calls pixels metres in the header, so that the numbers have
to tell. Markers in space, in metres or millimetres, are refused.

The reader is our own: trc-data-reader 0.4 splits rows at any white space, so that a marker which
is missing moves all that follow it in its row to another marker's place.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import DataError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.tables.columns import frame_numbers
from temporal_pose.formats.tables.grids import grid, seconds
from temporal_pose.formats.tables.names import spelled
from temporal_pose.formats.tables.places import Places, single
from temporal_pose.formats.tables.rows import numbers
from temporal_pose.formats.tables.sheets import Sheet
from temporal_pose.formats.tables.text import Table, first_rows, opened
from temporal_pose.pose.rates import rate_told

_HEADER = 5  # rows
_PIXELS = re.compile(r"px|pix(el)?s?", re.IGNORECASE)
_NAMED = re.compile(r"(^|[ _.-])(px|pix(el)?s?)([ _.-]|$)", re.IGNORECASE)
_FARTHEST = 20  # metres from the middle of the picture that a filmed person may be


class Trc:
    """Reads and writes TRC in pixels."""

    name: ClassVar[str] = "trc"
    suffix: ClassVar[str] = ".trc"

    def recognises(self, path: Path) -> bool:
        """Whether the first row says so."""
        row = next(iter(first_rows(path, 1)), [])
        return bool(row) and row[0].split(" ")[0] == "PathFileType"

    def read(self, path: Path, given: Given) -> list[Clip]:
        """The person of a file.

        Raises:
            DataError: a file that cannot be read or is cut short; markers in space, or in metres;
                a frame that stands there twice.
        """
        table = opened(path, _HEADER, "\t")
        about, names, columns = _header(table)
        rows, width = table.filled(_HEADER), int(columns.max()) + 1
        values = numbers(table, rows, columns, width)
        remarks = _refuse_space(values, about.get("units", ""), path)
        times = numbers(table, rows, np.array([1, -1, -1]), width)[:, 0]
        values[..., 2], columns[:, 2] = np.nan, -1
        places = Places(frame_numbers(table, rows, 0), values)
        places.refuse_twice(path)
        where = np.broadcast_to(np.array(rows, np.int64)[:, None], values.shape[:2])
        flat = columns[:, 1] + 1 if width > 2 + 2 * len(names) else None
        whole = np.broadcast_to(columns, values.shape)
        kept = Sheet(table.put_away(), places, where, whole, zeros=flat)
        known = np.isfinite(times).all() and bool((np.diff(np.sort(times)) > 0).all())
        told: dict[str, Any] = {"times": times if known else None, "remarks": remarks}
        told |= {"fps": rate_told(about.get("datarate")), "kept": kept, "format": self.name}
        return [places.clip(path.stem, spelled(names, path.stem), given, **told)]

    def write(self, out: Path, clips: Sequence[Clip]) -> None:
        """Writes a person; see `temporal_pose.formats.clips.Format`. Scores have no place in TRC.

        Raises:
            DataError: several videos or people, or an unknown frame rate.
        """
        clip = single(clips, out)
        mine = clip.format == self.name and clip.kept is not None
        write_bytes(out, clip.kept.filled(clip) if mine else _new(clip, out))


def _header(table: Table) -> tuple[Mapping[str, str], list[str], Int[np.ndarray, "K 3"]]:
    """What the header says, names of the markers, and columns of X, Y and Z; -1 for none."""
    keys, values = (re.split(r"\t+| +", table.lines[row].strip()) for row in (1, 2))
    about = {key.lower(): value for key, value in zip(keys, values, strict=False)}
    titles = table.texts(3)
    if titles[0].lower() not in ("frame#", "frame") or titles[1:2] != ["Time"]:
        raise DataError(f"{table.at(3)}: expected 'Frame#', 'Time' and markers, parted by tabs")
    names = [name for name in titles[2:] if name]
    axes = "".join(label[0].upper() for label in table.texts(4) if label)
    each = next((one for one in ("XYZ", "XY") if axes == one * len(names)), "")
    if not names or not each:
        raise DataError(
            f"{table.at(4)}: {len(names)} markers and {len(axes)} coordinates; expected X, Y and "
            "Z of each"
        )
    first = 2 + len(each) * np.arange(len(names))
    third = first + 2 if len(each) == 3 else np.full(len(names), -1)
    return about, names, np.stack([first, first + 1, third], 1)


def _refuse_space(values: Float[np.ndarray, "F K 3"], units: str, path: Path) -> tuple[str, ...]:
    """Refuses what is not in pixels.

    Returns:
        Remarks.
    """
    depths = values[..., 2]
    if ((depths != 0) & ~np.isnan(depths)).any():
        raise DataError(
            f"{path} is 3D: Z is not 0 throughout; expected markers of a picture, in pixels, as "
            "in Sports2D's NAME_px_person00.trc"
        )
    if _PIXELS.search(units):
        return ()
    sizes = np.abs(values[..., :2])
    far = bool(np.nanmedian(sizes) > _FARTHEST) if np.isfinite(sizes).any() else False
    if not _NAMED.search(path.stem) and not (far and units in ("m", "")):
        raise DataError(
            f"{path} is in {units or 'no units'}, as its header says; expected pixels, as in "
            "Sports2D's NAME_px_person00.trc"
        )
    said = f"the header says {units}; its numbers are taken for pixels"
    return (said,) if units else ()


def _new(clip: Clip, out: Path) -> bytes:
    """A file from nothing but poses."""
    whole, count = grid(clip, out), clip.scores.shape[1]
    if len(whole.people) > 1:
        raise DataError(
            f"{out}: {len(whole.people)} people; expected one, as TRC holds no more: choose one "
            "by person="
        )
    if clip.fps is None:
        raise DataError(f"{out}: the frame rate is not known: set fps=")
    names = clip.skeleton.keypoints if clip.skeleton else [f"point{i}" for i in range(count)]
    length, table = len(whole.values), Table(out, "utf-8", [], "\t")
    about: dict[str, object] = {"DataRate": clip.fps, "CameraRate": clip.fps, "NumFrames": length}
    about |= {"NumMarkers": count, "Units": "px", "OrigDataRate": clip.fps}
    about |= {"OrigDataStartFrame": whole.first, "OrigNumFrames": length}
    labels = [f"{axis}{i + 1}" for i in range(count) for axis in "XYZ"]
    lines = [f"PathFileType\t4\t(X/Y/Z)\t{out.name}", "\t".join(about)]
    lines += ["\t".join(map(str, about.values()))]
    lines += ["\t".join(["Frame#", "Time", *(f"{name}\t\t" for name in names)])]
    lines += ["\t".join(["", "", *labels]), ""]
    frames = np.arange(length) + whole.first
    own = seconds(clip, whole)
    times = frames / clip.fps if own is None else own
    values = whole.values[:, 0] if length else np.empty((0, count, 3))
    missing = np.isnan(values[..., :2]).any(-1, keepdims=True)
    flat = np.concatenate([values[..., :2], np.where(missing, np.nan, 0)], -1)
    for frame, time, row in zip(frames.tolist(), times.tolist(), flat, strict=True):
        lines.append("\t".join([str(frame), repr(time), *table.all_written(row.ravel())]))
    return table.encoded([f"{line}\n" for line in lines])
