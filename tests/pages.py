"""The pages of the documentation, taken apart: what is typed, what is linked, what is named."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CALL = re.compile(r"python -m temporal_pose\.|temporal-pose ")
_NAME = re.compile(r"`([^`]+)`")


class Fence(NamedTuple):
    """A block of code on a page.

    Args:
        language: what the page says it is.
        text: its lines.
    """

    language: str
    text: str

    def commands(self) -> Iterator[str]:
        """What is typed into a shell, a command each, without comments."""
        for line in self.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words:
                yield shlex.join(words)


def fences(page: Path) -> list[Fence]:
    """All blocks of code, in order."""
    return [Fence(*found) for found in _FENCE.findall(page.read_text(encoding="utf-8"))]


def call(command: str) -> tuple[str, list[str]] | None:
    """Name and arguments of one of our commands; None for any other program."""
    name, *arguments = shlex.split(_CALL.sub("", command, count=1))
    return (name, arguments) if _CALL.match(command) else None


def examples(root: Path) -> Iterator[str]:
    """Commands that stand above the settings of ``conf/``."""
    names = "|".join(sorted(file.stem for file in (root / "conf").glob("*.yaml")))
    for file in sorted((root / "conf").rglob("*.yaml")):
        yield from re.findall(rf"^#   ((?:{names})(?: .*)?)$", file.read_text(), re.MULTILINE)


def of_make(root: Path) -> Iterator[str]:
    """Our commands in the Makefile, its variables as in a shell."""
    text = (root / "Makefile").read_text().replace("\\\n", " ")
    ours = re.findall(r"python -m temporal_pose\.(\w+ .*)$", text, re.MULTILINE)
    yield from (line.replace("$(", "${").replace(")", "}") for line in ours)


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """Targets that are not on the network."""
    return [link for link in _LINK.findall(prose(page)) if "://" not in link]


def anchors(page: Path) -> set[str]:
    """What a link may name after a #: headings, as they are spelled there."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def settings(page: Path) -> Iterator[str]:
    """Names in the first column of tables of settings, and what other columns set by name."""
    rows = [line.strip("|").split("|") for line in prose(page).splitlines() if line[:1] == "|"]
    inside = False
    for row in rows:
        if set("".join(row)) <= set(" -:"):
            continue
        if row[0].strip() in ("setting", "`model=`"):
            inside, first = True, row[0].strip() == "setting"
        elif not _NAME.search(row[0]):
            inside = False
        elif inside:
            yield from _NAME.findall(row[0] if first else row[-1])


def options(page: Path) -> Iterator[tuple[str, str]]:
    """Group and name of every choice that a table lists under a heading such as `model=`."""
    group = ""
    for line in prose(page).splitlines():
        cells = line.strip("|").split("|")
        name = _NAME.fullmatch(cells[0].strip()) if line[:1] == "|" else None
        if name is None:
            group = group if line[:1] == "|" and set(line) <= set("|- ") else ""
        elif not group:
            chosen = name[1].endswith("=") or name[1] == "experiment"
            group = name[1].rstrip("=") if chosen else "-"
        elif group != "-":
            yield group, name[1]


def known() -> set[str]:
    """Every setting that a file of ``conf/`` has, and every group of choices."""
    conf = ROOT / "conf"
    names = {folder.name for folder in conf.iterdir() if folder.is_dir()}
    for file in conf.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        own = file.parent == conf or "# @package _global_" in text
        names |= set(_flat(yaml.safe_load(text), "" if own else f"{file.parent.name}."))
    return names


def _flat(content: Any, prefix: str) -> Iterator[str]:
    for key, value in content.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
