"""Commands above the settings of ``conf/``, and those of the Makefile: each can be typed and runs.

What differs from another command in a value alone, or in where it writes, runs once, here or on a
page (`test_docs.py`).
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from commands import Command, write_paired, write_penn_action
from example_files import (
    write_brace,
    write_detections,
    write_frames,
    write_keypoints,
)
from pages import PAGES, ROOT, call, examples, fences, known, of_make
from tiny_runs import run, shorter

from temporal_pose.files.options import filters

CONF, MAKE = [*examples(ROOT)], [*of_make(ROOT)]

#: Settings whose value chooses what is done, not how much of it, with what, or where.
CHOICES = ("detector", "experiment")
#: Settings that say where things are, or which of many alike.
PLACES = ("runs_dir", "folder", "out", "setup", "k", "pretrained")
#: What a person puts in the place of a word of the examples.
FILLED = {
    "run=RUN": "run=hourglass/detector/figures/hourglass",
    "source=ARCHIVE": "source=keypoints",
    "source=DIR": "source=keypoints",
    "runs/pretrain/": "demo/pretrain/",
    "pretrained=runs": "pretrained=finished",
    "finetune -m ": "finetune -m runs_dir=other pretrained=demo ",
    "data.folds=5": "data.folds=2",
    "...": "model=deciwatch data=paired data.root=paired",
}


def shape(arguments: Iterable[str]) -> frozenset[str]:
    """What two commands have in common that are the same but for values and places."""
    pairs = (one.partition("=") for one in arguments)
    return frozenset(
        f"{name}={value}" if name in CHOICES else name
        for name, _, value in pairs
        if name not in PLACES
    )


def on_pages() -> set[tuple[str, frozenset[str]]]:
    """What the pages' commands look like."""
    shells = (f for page in PAGES for f in fences(page) if f.language in ("bash", "sh"))
    calls = [call(text) for fence in shells for text in fence.commands()]
    return {(found[0], shape(found[1])) for found in calls if found is not None}


def once(texts: Iterable[str]) -> Iterator[list[str]]:
    """Name and arguments of each command that is like no other."""
    seen = on_pages()
    for text in texts:
        name, *arguments = shlex.split(text, comments=True)
        if (name, shape(arguments)) not in seen:
            yield [name, *arguments]
            seen.add((name, shape(arguments)))


def variables() -> dict[str, str]:
    """Make's variables, as they are where nobody sets them."""
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    found = dict(re.findall(r"^(\w+) [:?]= (.*)$", text, re.MULTILINE))
    return found | {"FILTERS": ",".join(["identity", *filters()]), "DATA": ""}


def made(text: str) -> str:
    """A command of the Makefile as make types it."""
    there = variables()
    while "${" in text:
        text = re.sub(r"\$\{(\w+)\}", lambda name: there[name[1]], text)
    return text.replace("runs_dir=runs-small grid", "runs_dir=demo grid")  # that sweep is a plan


def filled(text: str) -> str:
    """A command of ``conf/`` as a person types it who has the files of these tests."""
    for word, what in FILLED.items():
        text = text.replace(word, what)
    data = re.search(r"\bdata=(\w+)", text)
    return text.replace("data.root=DIR", f"data.root={data[1] if data else 'paired'}")


def test_they_can_be_typed() -> None:
    """Commands, settings and choices are there."""
    assert len(CONF) > 30 and len(MAKE) > 12
    there = known()
    for text in [*CONF, *MAKE]:
        name, *arguments = shlex.split(text, comments=True)
        assert (ROOT / "conf" / f"{name}.yaml").exists(), text
        for setting, _, value in (one.partition("=") for one in arguments if "=" in one):
            assert setting in there or setting in ("hydra/launcher", "hydra.launcher"), text
            folder = ROOT / "conf" / setting
            if folder.is_dir() and "$" not in value:
                files = (folder / f"{choice}.yaml" for choice in value.split(","))
                assert all(file.exists() for file in files), text


def test_what_is_alike_runs_once() -> None:
    assert shorter(["-m", "k=1,2,3", "setup=1,2"]) == ["-m", "k=1,3", "setup=1"]
    one, other = "train k=1 data=brace loss=mse", "train k=2 data=speed21 loss=mse runs_dir=x"
    assert [*once([one, other])] == [one.split()]
    assert len([*once([one, f"{one} experiment=steady", f"{one} seed=3"])]) == 3


def test_whatever_is_shown_there_runs(command: Command) -> None:
    """Commands of the Makefile one after the other; those of ``conf/`` with what is there then."""
    pytest.importorskip("sklearn", reason="the explore extra is not installed")
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="joblib is not installed")
    write_files(command)
    of_conf = [filled(text) for text in CONF]
    for words in once([*map(made, MAKE), *of_conf]):
        run(command, f"python -m temporal_pose.{shlex.join(words)}")


def write_files(command: Command) -> None:
    """What the commands of ``conf/`` take for granted."""
    write_keypoints()
    write_detections(command)
    write_frames()
    write_paired(Path("paired"))
    write_penn_action(Path("penn_action"), videos=5)
    write_paired(Path("aist_and_penn/aist_gbr"))
    write_penn_action(Path("aist_and_penn/penn_action"), videos=5)
    write_brace(Path("brace"))
    Path("mine.pth").touch()
    pretraining = "train experiment=finished model=deciwatch runs_dir=finished"
    run(command, f"python -m temporal_pose.{pretraining}")
