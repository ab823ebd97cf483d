"""What ``--help`` shows: the comments in conf/, which are where settings are explained."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table
from rich.text import Text

from temporal_pose.files.options import alike, options

_LINE = re.compile(r"(?P<indent> *)(?P<name>\w+):[^#]*(?:#(?P<comment>.*))?")
_WORDS = {None: "null", True: "true", False: "false"}


class Setting(NamedTuple):
    """A choice, or a setting that a comment explains.

    Args:
        name: as it is typed.
        value: what it is with the choices that were typed.
    """

    name: str
    value: Any
    comment: str


def show(conf: Path, command: str, typed: Sequence[str]) -> None:
    """Prints what a command takes, with the choices that are typed or else by default.

    Args:
        conf: the folder of the configuration.
        command: name of its primary file there.
        typed: the command line.
    """
    console = Console(highlight=False)
    console.print("\n".join(heading(conf / f"{command}.yaml")), markup=False)
    console.print("\nSettings, with their defaults:\n")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    for name, value, comment in settings(conf, command, typed):
        word = _WORDS.get(value, value) if isinstance(value, bool | None) else value
        grid.add_row(Text(f"{name}={word}"), Text(comment))
    console.print(grid)
    console.print(
        "\n--cfg job shows them all, with the values that they have after what is typed."
    )


def settings(conf: Path, command: str, typed: Sequence[str] = ()) -> Iterator[Setting]:
    """What can be chosen, and all settings that are explained; see `show`.

    Raises:
        HydraException: an unknown choice is typed.
    """
    config, choices = composed(conf, command, typed)
    for group, choice in choices.items():
        names = options(group) if choice is None else alike(group, choice)
        if len(names) > 1:
            yield Setting(group, choice, f"one of {', '.join(names)}")
    known: set[str] = set()
    for file, package in files(conf, command, choices):
        for name, comment in explained(file, package):
            value = OmegaConf.select(config, name, default=known)
            if value is not known and name not in known:
                yield Setting(name, value, comment)
            known.add(name)


def composed(
    conf: Path, command: str, typed: Sequence[str]
) -> tuple[Any, Mapping[str, str | None]]:
    """The configuration, and what was chosen by group, with the choices that are typed."""
    pairs = [item.partition("=") for item in typed]
    chosen = [
        f"{name}={value.split(',')[0]}" for name, _, value in pairs if (conf / name).is_dir()
    ]
    with initialize_config_dir(str(conf), version_base="1.3"):
        config = compose(command, chosen, return_hydra_config=True)
    choices: Mapping[str, str | None] = config.hydra.runtime.choices
    return config, {group: choice for group, choice in choices.items() if "hydra/" not in group}


def files(
    conf: Path, command: str, choices: Mapping[str, str | None]
) -> Iterator[tuple[Path, Sequence[str]]]:
    """The files that a configuration is made of, and where their settings are in it."""
    yield conf / f"{command}.yaml", ()
    if choices:
        yield conf / "base.yaml", ()
    for group, choice in choices.items():
        if choice is None:  # nothing is chosen unless somebody does
            continue
        folder, _, package = group.partition("@")
        yield conf / folder / f"{choice}.yaml", (package or folder).split(".")


def heading(file: Path) -> Iterator[str]:
    """The comment that a file begins with."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            return
        yield line.removeprefix("#").removeprefix(" ")


def explained(file: Path, package: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The settings of a file that have a comment, in order: name and comment.

    Args:
        package: where they are in the configuration, if the file says nothing else.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    path = [] if "# @package _global_" in lines else list(package)
    top = len(path)
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is not None:
            path[top + len(found["indent"]) // 2 :] = [found["name"]]
            if found["comment"]:
                yield ".".join(path), found["comment"].strip()
