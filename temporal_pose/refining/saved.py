"""Refiners by name, and out of run folders: of their own files alone, without Hydra.

A filter is made without torch, which only networks bring.
"""

from pathlib import Path

from temporal_pose.files import options
from temporal_pose.refining.named_filters import DEFAULT, filter_named
from temporal_pose.refining.refined import Refiner

#: Run folders that come with the package, by the name of their model.
SHIPPED = Path(__file__).parents[1] / "shipped"


def named(model: str = DEFAULT) -> Refiner:
    """A refiner of arrays by the name of a filter, or of a network that comes with its weights.

    Raises:
        ConfigError: there is none of that name; the message names what there is.
    """
    from temporal_pose.refining.by_array import ArrayRefiner  # a stream needs it not

    return ArrayRefiner(bare(model))


def bare(model: str = DEFAULT) -> Refiner:
    """What refines one person who moves without jumps, by name; see `named`."""
    return load(SHIPPED / model) if model in options.shipped() else filter_named(model)


def load(path: str | Path) -> Refiner:
    """The refiner of a finished run, from its folder alone: settings, weights, what it was taught.

    Nothing of today's ``conf/`` is asked, and nothing in the folder is executed: it may be a
    stranger's.

    Raises:
        RunFolderError: the folder holds no run, or one that is not finished.
        CheckpointError: its weights are missing, damaged or another model's.
        ConfigError: its configuration names what may not be called.
    """
    from temporal_pose.refining.restored import restored  # brings torch

    return restored(Path(path).expanduser())
