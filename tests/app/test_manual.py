"""`--help`: what conf/ explains, under the names and with the values that it has."""

import re
import subprocess
import sys

import pytest
from commands import Command
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from temporal_pose.__main__ import main
from temporal_pose.app.manual import Setting, settings
from temporal_pose.files.conf import CONF
from temporal_pose.files.options import alike, shipped, whole_filters

COMMANDS = (
    *("train", "finetune", "evaluate", "refine", "detect", "fit_noise", "report", "watch"),
    "show",
)


def found(command: str, *typed: str) -> dict[str, Setting]:
    shown = list(settings(CONF, command, typed))
    assert len({one.name for one in shown}) == len(shown)
    assert all(one.comment for one in shown)
    return {one.name: one for one in shown}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_shown_is_so(command: str) -> None:
    """A choice typed as it is shown changes nothing."""
    shown = found(command).values()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        plain = compose(command)
        choices = [one for one in shown if (CONF / one.name).is_dir()]
        again = compose(command, [f"{one.name}={one.value}" for one in choices])
    assert plain == again
    assert len(shown) >= 2
    for one in shown:
        if one not in choices:
            assert OmegaConf.select(plain, one.name) == one.value


@pytest.mark.parametrize("group", ["model", "data", "input", "augment", "loss", "experiment"])
def test_whatever_is_chosen(group: str) -> None:
    for name in alike(group, found("train")[group].value):
        shown = found("train", f"{group}={name}", "--help", "setup=1,2")
        assert shown[group].value == name
        assert name in shown[group].comment
        assert {"k", "data.root", "trainer.max_epochs"} < shown.keys()


def test_what_a_choice_brings_is_explained() -> None:
    assert found("train", "model=kalman,savgol")["model.acceleration"].value == 100
    assert found("train")["model.fit.patience"].value == 10
    assert "model.acceleration" not in found("train")
    assert found("train", "experiment=steady")["data.window"].value == 64
    assert found("refine")["person"].value == "all"


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(command: Command, name: str, option: str) -> None:
    shown = command(name, option)
    shown.went_well()
    assert shown.out.startswith(f"python -m temporal_pose.{name}: ")
    assert "--cfg job shows them all" in shown.out
    if name == "train":  # square brackets are no markup
        assert "{train: [names]" in shown.out


def test_help_on_what_is_not_there(command: Command) -> None:
    message = command("train", "model=conv4d", "--help").refused()
    assert message.startswith("model 'conv4d' is unknown; expected one of")


def test_the_package_lists_its_commands() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "temporal_pose"], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    listed = dict(re.findall(r"^  python -m temporal_pose\.([\w.]+) +(.+)", done.stdout, re.M))
    others = {"data.write", "data.check", "bench", "train_detector", "explore", "export"}
    assert listed.keys() == {*COMMANDS, *others, "bench.accuracy"}
    assert all(len(summary) > 10 for summary in listed.values()), listed


@pytest.mark.parametrize("name", ["bench", "bench.accuracy"])
def test_a_folder_is_a_command_too(monkeypatch, capsys, name):
    monkeypatch.setattr(sys, "argv", ["temporal-pose", name, "--help"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert f"python -m temporal_pose.{name}" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["refine", "show"])
def test_what_cannot_refine_is_not_offered(command: str) -> None:
    offered = found(command)["model"].comment.removeprefix("one of ").split(", ")
    assert offered == sorted([*whole_filters(), *shipped()])
    assert not {*shipped()} & {*found("train")["model"].comment.split(", ")}
