"""Which columns of DeepLabCut's tables are whose, by the names above them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import DataError
from temporal_pose.formats.tables.names import named
from temporal_pose.formats.tables.places import Places
from temporal_pose.pose.skeletons import Skeleton

_COORDS = ("x", "y", "likelihood")


class Animals(NamedTuple):
    """P individuals of K body parts, of all of them together.

    Args:
        individuals: their names; empty where the table has no level for them.
        columns: of x, y and likelihood; -1 for none.
    """

    scorer: str
    individuals: tuple[str, ...]
    bodyparts: tuple[str, ...]
    columns: Int[np.ndarray, "P K 3"]

    @property
    def skeleton(self) -> Skeleton:
        """The body parts, under the name of who or what saw them."""
        return named(self.bodyparts, self.scorer or "file")

    def places(
        self, frames: Int[np.ndarray, " F"], values: Float[np.ndarray, "F P K 3"]
    ) -> Places:
        """A place for each individual in each frame."""
        people = values.shape[1]
        ids = np.tile(np.arange(people), len(frames)) if self.individuals else None
        whole = values.reshape(-1, *values.shape[2:])
        return Places(np.repeat(frames, people), whole, ids)


def animals(columns: Sequence[tuple[int, tuple[str, ...]]], where: object) -> Animals:
    """What columns are, by their names: scorer, (individual,) body part, coordinate.

    Args:
        columns: number and names of each.

    Raises:
        DataError: a coordinate that is there twice, or no body part that has x and y.
    """
    found: dict[tuple[str, str], dict[str, int]] = {}
    for number, (scorer, *whose, bodypart, coord) in columns:
        if coord in _COORDS:
            cells = found.setdefault(("".join(whose), bodypart), {})
            if coord in cells:
                raise DataError(
                    f"{where}: {coord} of '{bodypart}' is there twice, the second time by "
                    f"'{scorer}'; expected one scorer a file: take the others out"
                )
            cells[coord] = number
    whole = {key: cells for key, cells in found.items() if {"x", "y"} <= cells.keys()}
    if not whole:
        raise DataError(f"{where}: no body part has an x and a y; expected both below 'coords'")
    individuals, bodyparts = (
        tuple(dict.fromkeys(key[level] for key in whole)) for level in (0, 1)
    )
    numbers = np.full((len(individuals), len(bodyparts), 3), -1, np.int32)
    for (individual, bodypart), cells in whole.items():
        row = [cells.get(coord, -1) for coord in _COORDS]
        numbers[individuals.index(individual), bodyparts.index(bodypart)] = row
    several = len(columns[0][1]) > len(_COORDS)
    return Animals(columns[0][1][0], individuals if several else (), bodyparts, numbers)
