"""Tables that pandas has written to HDF5 (``DataFrame.to_hdf``), read and changed by h5py.

pandas reads them through PyTables, which unpickles any attribute that looks like a pickle: such a
file can run whatever it likes. Here one attribute alone is unpickled, the column names of the
``table`` layout, by a machine that knows lists, tuples, texts and numbers, and finds nothing that
could be called.
"""

import io
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped

from temporal_pose.errors import DataError
from temporal_pose.formats.tables.hdf5 import array, texts

_LONGEST = 1 << 24  # bytes of column names


class TableOfNumbers(NamedTuple):
    """A table of numbers with names of rows and columns.

    Args:
        key: of the group in the file.
        labels: of each row: numbers, or texts of one level or of several joined by ``/``.
        columns: names of each column, a text a level.
        values: the numbers.
        blocks: where each column's numbers lie: name of the dataset, and number in it.
    """

    key: str
    labels: Shaped[np.ndarray, " F"]
    columns: list[tuple[str, ...]]
    values: Float[np.ndarray, "F C"]
    blocks: list[tuple[str, int]]


def keys(file: Any) -> list[str]:
    """Names of the groups that pandas has written."""
    return [key for key in file if "pandas_type" in getattr(file[key], "attrs", {})]


def read(file: Any, key: str, path: Path, size: int) -> TableOfNumbers:
    """A table of a file.

    Args:
        file: of h5py.
        size: bytes of the file.

    Raises:
        DataError: a layout that is not one of pandas' two, or values that are no numbers.
    """
    group = file[key]
    kind = texts(np.asarray(group.attrs["pandas_type"]))[0]
    if kind == "frame_table":
        index, blocks, columns = _table(group, path, size)
    elif kind == "frame":
        index, blocks, columns = _fixed(group, path, size)
    else:
        raise DataError(f"{path}: '{key}' is a pandas {kind}; expected a table, a DataFrame")
    places = [(name, i) for name, values in blocks.items() for i in range(values.shape[1])]
    if len(columns) != len(places) or any(len(one) != len(index) for one in blocks.values()):
        raise DataError(f"{path}: '{key}' has {len(columns)} names for {len(places)} columns")
    for name, values in blocks.items():
        if values.dtype.kind not in "fiu":
            raise DataError(f"{path}: '{key}/{name}' holds {values.dtype}; expected numbers")
    whole = [values.astype(float) for values in blocks.values()]
    joined = np.concatenate(whole, 1) if whole else np.empty((len(index), 0))
    return TableOfNumbers(key, index, columns, joined, places)


def change(file: Any, frame: TableOfNumbers, values: Float[np.ndarray, "F C"]) -> None:
    """Puts other numbers into a table; those that are as they were stay so, bit by bit.

    Args:
        file: of h5py, open for writing.
    """
    group, columns = file[frame.key], list(range(len(frame.blocks)))
    for name in dict.fromkeys(block for block, _ in frame.blocks):
        mine = [column for column in columns if frame.blocks[column][0] == name]
        before, new = frame.values[:, mine], values[:, mine]
        changed = (before != new) & ~(np.isnan(before) & np.isnan(new))
        if not changed.any():
            continue
        dataset, _, field = name.partition("/")
        stored = group[dataset][()]
        if (stored.dtype[field] if field else stored.dtype).base.kind != "f":
            raise DataError(f"'{frame.key}/{name}' holds whole numbers; choose csv by to=")
        turned = not group[dataset].attrs.get("transposed", True) and not field
        block = stored[field].reshape(changed.shape) if field else stored.T if turned else stored
        block[changed] = new[changed]
        if field:  # the other fields as well would cut texts that fill theirs
            group[dataset][field] = stored[field]
        else:
            group[dataset][...] = stored


def _table(group: Any, path: Path, size: int) -> tuple[Any, dict[str, Any], list[tuple[str, ...]]]:
    """The ``table`` layout: a dataset of records, an index and blocks of values."""
    stored, blocks, columns = array(group, "table", path, size), {}, []
    for name in stored.dtype.names or ():
        if name.startswith("values_block_"):
            values = stored[name]
            blocks[f"table/{name}"] = values.reshape(len(stored), -1)
            columns += _names(group["table"].attrs[f"{name}_kind"], path)
    index = stored["index"]
    return _labels(index), blocks, columns


def _fixed(group: Any, path: Path, size: int) -> tuple[Any, dict[str, Any], list[tuple[str, ...]]]:
    """The ``fixed`` layout: a dataset for each block, and for each level of names."""
    blocks, columns = {}, []
    for number in range(int(group.attrs["nblocks"])):
        values = array(group, f"block{number}_values", path, size)
        turned = not group[f"block{number}_values"].attrs.get("transposed", True)
        blocks[f"block{number}_values"] = values.T if turned else values
        levels = _levels(group, f"block{number}_items", path, size)
        columns += list(zip(*map(texts, levels), strict=True))
    levels = _levels(group, "axis1", path, size)
    several = ["/".join(row) for row in zip(*map(texts, levels), strict=True)]
    index = levels[0] if len(levels) == 1 else np.array(several, object)
    return _labels(index), blocks, columns


def _levels(group: Any, name: str, path: Path, size: int) -> list[Shaped[np.ndarray, " n"]]:
    """Names along an axis, an array a level."""
    if texts(np.asarray(group.attrs[f"{name}_variety"])) != ["multi"]:
        return [array(group, name, path, size)]
    levels = []
    for number in range(int(group.attrs[f"{name}_nlevels"])):
        names = array(group, f"{name}_level{number}", path, size)
        levels.append(names[array(group, f"{name}_label{number}", path, size)])
    return levels


def _labels(index: Shaped[np.ndarray, " F"]) -> Shaped[np.ndarray, " F"]:
    return index if index.dtype.kind in "iuf" else np.array(texts(index), object)


def _names(attribute: Any, path: Path) -> list[tuple[str, ...]]:
    """Column names that PyTables has pickled."""
    try:
        if not isinstance(attribute, bytes) or len(attribute) > _LONGEST:
            raise ValueError(f"{type(attribute).__name__}")
        found = _PlainUnpickler(io.BytesIO(attribute), encoding="utf-8").load()
    except Exception as error:  # whatever a damaged pickle makes of it
        raise DataError(f"{path}: the names of its columns cannot be read ({error})") from error
    whole = isinstance(found, list) and all(
        isinstance(one, tuple) and all(isinstance(level, str | int) for level in one)
        for one in found
    )
    if not whole:
        raise DataError(f"{path}: its columns have names of one level; expected 3 or 4 levels")
    return [tuple(map(str, one)) for one in found]


class _PlainUnpickler(pickle._Unpickler):
    """Reads lists, tuples, dictionaries, texts and numbers; no name leads it to anything else."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"asks for {module}.{name}")
