"""What ``--help`` shows: the comments in conf/, which are where settings are explained."""

import re
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table
from rich.text import Text

from temporal_pose.app.quoting import quoted
from temporal_pose.files.options import alike, options

_LINE = re.compile(r"(?P<indent> *)(?P<name>\w+):[^#]*(?:#(?P<comment>.*))?")
_NAMES = re.compile(r"the names in conf/(\w+)")
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
    folders = (conf, *_added(typed))
    config, choices = composed(folders, command, typed)
    for group, choice in choices.items():
        names = [] if choice is None else alike(group, choice, trained="objects" in config)
        names = offered(folders, group, names)
        if len(names) > 1:
            yield Setting(group, choice, f"one of {', '.join(names)}")
    known: set[str] = set()
    for file, package in files(folders, command, choices):
        for name, comment in explained(file, package):
            value = OmegaConf.select(config, name, default=known)
            if value is not known and name not in known:
                said = _NAMES.sub(lambda found: ", ".join(offered(folders, found[1])), comment)
                yield Setting(name, value, said)
            known.add(name)


def _added(typed: Sequence[str]) -> list[Path]:
    """The folder that a command line adds to ``conf/`` by --config-dir, if it does."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--config-dir", "-cd", type=Path, nargs="?")
    folder: Path | None = parser.parse_known_args(typed)[0].config_dir
    return [] if folder is None else [folder.absolute()]


def offered(folders: Sequence[Path], group: str, names: Sequence[str] = ()) -> list[str]:
    """What there is to choose in a group.

    Args:
        folders: ``conf/``, and those laid out like it.
        names: what of ``conf/`` can be chosen; empty for all of it.
    """
    own = {file.stem for folder in folders[1:] for file in (folder / group).glob("*.yaml")}
    return sorted({*(names or options(group)), *own})


def composed(
    folders: Sequence[Path], command: str, typed: Sequence[str]
) -> tuple[Any, Mapping[str, str | None]]:
    """The configuration, and what was chosen by group, with the choices that are typed."""
    conf, *own = folders
    pairs = [item.partition("=") for item in typed]
    chosen = [
        f"{name}={value.split(',')[0]}" for name, _, value in pairs if (conf / name).is_dir()
    ]
    chosen += [f"hydra.searchpath=[{quoted(f'file://{folder}')}]" for folder in own]
    with initialize_config_dir(str(conf), version_base="1.3"):
        config = compose(command, chosen, return_hydra_config=True)
    choices: Mapping[str, str | None] = config.hydra.runtime.choices
    return config, {group: choice for group, choice in choices.items() if "hydra/" not in group}


def files(
    folders: Sequence[Path], command: str, choices: Mapping[str, str | None]
) -> Iterator[tuple[Path, Sequence[str]]]:
    """The files that a configuration is made of, and where their settings are in it."""
    conf = folders[0]
    yield conf / f"{command}.yaml", ()
    if choices:
        yield conf / "base.yaml", ()
    for group, choice in choices.items():
        if choice is None:  # nothing is chosen unless somebody does
            continue
        name, _, package = group.partition("@")
        made = (folder / name / f"{choice}.yaml" for folder in folders)
        yield next(filter(Path.is_file, made)), (package or name).split(".")


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
