"""What a run's folder is called, within that of its stage: spelled and read back here alone."""

import re
from pathlib import Path
from typing import NamedTuple

_FOLDER = re.compile(
    r"(?P<model>[^/]+)/setup(?P<setup>[^/]+)/k(?P<k>[^/]+)(/seed(?P<seed>\d+))?"
    r"(/fold(?P<fold>\d{1,6}))?"
)


class RunName(NamedTuple):
    """What tells the runs of a stage from each other.

    Args:
        setup: how the input was made; '1', '2' or '3'.
        k: how strong the simulated noise was; NaN for a folder whose name has no number there.
        seed: None where the name has none: the default.
        fold: which turn of a cross-validation it is, from 1; 0 where it is none.
    """

    model: str
    setup: str
    k: float
    seed: int | None = None
    fold: int = 0

    @property
    def path(self) -> Path:
        """The folder within that of the stage, such as ``conv3d/setup1/k1/seed2``."""
        path = Path(self.model, f"setup{self.setup}", f"k{self.k:g}")
        path = path if self.seed is None else path / f"seed{self.seed}"
        return path / f"fold{self.fold}" if self.fold else path

    @classmethod
    def of(cls, path: Path) -> "RunName | None":
        """The name that is spelled so; None for a folder of something else."""
        found = _FOLDER.fullmatch(path.as_posix())
        if found is None:
            return None
        try:
            k, seed = float(found["k"]), None if found["seed"] is None else int(found["seed"])
        except ValueError:  # also of numbers with too many digits
            k, seed = float("nan"), None
        return cls(found["model"], found["setup"], k, seed, int(found["fold"] or 0))
