"""Configurations are composed as ever, of files and references that are parsed once a process.

Nearly all tests of commands compose the same files of ``conf/``, most of them many times: a third
of what the whole suite took. A process that a user starts does so once or twice.
"""

import io
import pickle
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

import omegaconf.base
from hydra._internal.hydra import Hydra
from omegaconf import OmegaConf


def parse_once() -> None:
    """From now on; by content, so whatever is written to a file counts."""
    omegaconf.base.parse = cache(omegaconf.base.parse)  # of references such as ${data.name}
    OmegaConf.load = staticmethod(_loading(OmegaConf.load))


def _loading(load: Any) -> Any:
    """``OmegaConf.load``, which copies what it has read before."""
    read: dict[str, bytes] = {}

    def loaded(file_: str | Path | IO[str]) -> Any:
        if isinstance(file_, str | Path):
            with Path(file_).open(encoding="utf-8") as file:
                return loaded(file)
        text = file_.read()
        if text not in read:
            again = io.StringIO(text)
            again.name = getattr(file_, "name", "<file>")  # which errors name
            read[text] = pickle.dumps(load(again))
        return pickle.loads(read[text])

    return loaded


def composed_once(get_mode: Any) -> Any:
    """``Hydra.get_mode``, but for commands of which nothing but -m can make a sweep: it composes
    everything a first time, to look at ``hydra.mode`` alone, which no file of ``conf/`` sets.
    """

    def mode(self: Hydra, config_name: str | None, overrides: Sequence[str]) -> Any:
        told = any("hydra" in one for one in overrides)
        return get_mode(self, config_name, overrides) if told else None

    return mode
