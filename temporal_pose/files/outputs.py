"""What is written never replaces what it is made of."""

import os
from collections.abc import Iterable
from pathlib import Path

from temporal_pose.errors import ConfigError


def refuse_inputs(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Makes sure that no output is an input, holds one, or lies right in a folder that is one.

    Links are followed: two names of one file are one file.

    Raises:
        ConfigError: one is or does.
    """
    read = [path.expanduser() for path in inputs]
    for out in outputs:
        target = true_place(out.expanduser())
        for path in read:
            source = true_place(path)
            if source in (target, target.parent) or target in source.parents:
                raise ConfigError(f"{out} would be written over {path}; choose another out=")
            if target.exists() and source.exists() and target.samefile(source):
                raise ConfigError(f"{out} is {path} by another name; choose another out=")


def true_place(path: Path) -> Path:
    """The absolute path behind links; of a link that leads round in a circle, that link."""
    return Path(os.path.realpath(path))
