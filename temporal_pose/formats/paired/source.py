"""A file of the paired layout as named arrays, whatever it is stored in."""

from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int, Shaped


class Header(NamedTuple):
    """What an array looks like, without its values."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]


@runtime_checkable
class ArraySource(Protocol):
    """Named arrays of a file; pickles without what it has read."""

    path: Path

    def header(self, name: str) -> Header | None:
        """Shape and type of an array, without reading it; None where there is none.

        Raises:
            DataError: a damaged file.
        """
        ...

    def array(self, name: str) -> Shaped[np.ndarray, "..."]:
        """All of an array that is there.

        Raises:
            DataError: a damaged file.
        """
        ...

    def rows(self, name: str, frames: Int[np.ndarray, " n"]) -> Shaped[np.ndarray, "n ..."]:
        """Some frames of an array that is there, of increasing numbers.

        Raises:
            DataError: a damaged file.
        """
        ...

    def lacks(self, name: str, frames: Int[np.ndarray, " n"]) -> str | None:
        """What holds one of these frames and is not there; found without reading any.

        Raises:
            DataError: a damaged file.
        """
        ...
