"""Folders and files of a stranger: whatever stands in them, nothing of it is executed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import layouts
import pytest
import torch
import yaml
import zarr
from commands import TINY, Command, Trained

import temporal_pose
from temporal_pose.errors import UserError
from temporal_pose.inputs import profiles

RUN = Path("runs/pretrain/conv3d/setup1/k1")


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of the user's, which nothing may touch."""
    path = tmp_path / "thesis.tex"
    path.write_text("months of work")
    return path


class Code:
    """Unpickled, it deletes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.unlink, (self.path,)


def bomb(victim: Path) -> dict[str, Any]:
    """Constructed, it deletes a file."""
    return {"_target_": "pathlib.Path.unlink", "_args_": [str(victim)]}


def within(*path: str | int) -> Callable[[dict[str, Any], Path], None]:
    """Puts it in place of a setting."""

    def put(config: dict[str, Any], victim: Path) -> None:
        node: Any = config
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = bomb(victim)

    return put


def said(*overrides: str) -> Callable[[dict[str, Any], Path], None]:
    """Puts it among what the run was started with."""

    def put(config: dict[str, Any], victim: Path) -> None:
        config["overrides"] += [text.replace("VICTIM", str(victim)) for text in overrides]

    return put


def retargeted(config: dict[str, Any], victim: Path) -> None:
    config["objects"]["task"]["network"] = bomb(victim)
    config["model"]["network"] = {"_target_": "os.system", "command": f"rm {victim}"}


#: Every place of a configuration in which something to construct may stand.
CONFIG = {
    "the network": retargeted,
    "augment": within("augment"),
    "an argument": within("objects", "task", "network", "window"),
    "a list": within("callbacks", 0),
    "positional": lambda config, victim: config["objects"]["task"]["network"].update(
        _args_=[bomb(victim)]
    ),
    "not recursive": lambda config, victim: config["objects"]["data"].update(
        _recursive_=False, augment=bomb(victim)
    ),
    "the trainer": within("trainer", "callbacks"),
    "something unused": within("leftover"),
    "a reference": lambda config, victim: config.update(
        leftover="${oc.create:{_target_: pathlib.Path.unlink}}", augment="${leftover}"
    ),
    "the environment": lambda config, victim: config["data"].update(root="${oc.env:HOME}"),
    "an override": said("augment._target_=pathlib.Path.unlink", "augment._args_=[VICTIM]"),
    "an override of Hydra's": said("+hydra.callbacks.x._target_=pathlib.Path.unlink"),
    "a search path": said("hydra.searchpath=[file://VICTIM]"),
    "a file elsewhere": said("model=../../VICTIM"),
    "a new setting": said("+leftover={_target_: pathlib.Path.unlink, _args_: [VICTIM]}"),
    "a list of new ones": said("+callbacks2=[{_target_: os.remove, path: VICTIM}]"),
    "computed": said("data.root=${oc.env:HOME}"),
}


@pytest.fixture
def run(trained: Trained) -> Path:
    """A finished run."""
    trained(*TINY)
    return RUN


@pytest.mark.filterwarnings("ignore")
def test_no_place_of_a_configuration_calls_anything(
    command: Command, run: Path, victim: Path
) -> None:
    """Scored, loaded from Python, and started from, whatever was put where."""
    whole = yaml.safe_load((run / "config.yaml").read_text())
    for place, put in CONFIG.items():
        config = json.loads(json.dumps(whole))
        put(config, victim)
        (run / "config.yaml").write_text(yaml.safe_dump(config))
        ended = command("evaluate", f"run={run}", "trainer.accelerator=cpu")
        assert (ended.status, ended.err.count("\n")) == (2, 1), (place, ended)
        assert "expected" in ended.err, place
        try:
            temporal_pose.load(run)
        except UserError as error:
            assert "\n" not in str(error), place
        assert victim.read_text() == "months of work", place
    for put in (CONFIG["augment"], CONFIG["an override"]):
        config = json.loads(json.dumps(whole))
        put(config, victim)
        (run / "config.yaml").write_text(yaml.safe_dump(config))
        command("report", "report_dir=report")
        assert victim.read_text() == "months of work"


@pytest.mark.filterwarnings("ignore")
def test_no_other_file_of_a_run_calls_anything(command: Command, run: Path, victim: Path) -> None:
    """Results and the like are data: what looks like a constructor in them is looked past."""
    for name in ("metrics.json", "split.json"):
        content = json.loads((run / name).read_text())
        for changed in (
            bomb(victim),
            dict.fromkeys(content, bomb(victim)),
            content | bomb(victim),
        ):
            (run / name).write_text(json.dumps(changed))
            command("report", "report_dir=report")
            command("evaluate", f"run={run}", "trainer.accelerator=cpu")
        (run / name).write_text(json.dumps(content))
    checkpoint = torch.load(run / "best.ckpt", weights_only=True)
    torch.save(checkpoint | {"state_dict": {"x": Code(victim)}}, run / "best.ckpt")
    message = command("evaluate", f"run={run}", "trainer.accelerator=cpu").refused()
    assert "would need code to load, which is never run" in message
    torch.save(checkpoint | {"hyper_parameters": bomb(victim)}, run / "best.ckpt")
    command("evaluate", f"run={run}", "trainer.accelerator=cpu").went_well()
    assert victim.read_text() == "months of work"


def test_no_file_of_data_calls_anything(command: Command, tmp_path: Path, victim: Path) -> None:
    path = layouts.zarr_group(tmp_path / "a.zarr", layouts.with_detections())
    group = zarr.open_group(path)
    group.attrs["settings"] = {"detector": bomb(victim)}
    layouts.npz(tmp_path / "b.npz", layouts.with_detections(settings=str(bomb(victim))))
    (tmp_path / "fit.yaml").write_text(yaml.safe_dump(bomb(victim)))
    (tmp_path / "code.yaml").write_text(f"!!python/object/apply:os.remove [{victim}]")
    for name in ("fit.yaml", "code.yaml"):
        with pytest.raises(UserError):
            profiles.read(tmp_path / name)
        typed = ("train", "model=identity", "input=fitted", f"input.fit={tmp_path / name}", *TINY)
        assert command(*typed).refused()
    for arrays in (path, tmp_path / "b.npz"):
        command("evaluate", "model=identity", "data=paired", f"data.root={arrays}")
        command("data.check", str(arrays))
    group.attrs["fps"] = bomb(victim)
    assert "'fps' is " in command("data.check", str(path)).err
    assert victim.read_text() == "months of work"
