import sys
from functools import partial
from pathlib import Path

import pytest
import torch
import yaml

from temporal_pose.errors import ConfigError
from temporal_pose.files.conf import CONF
from temporal_pose.files.constructing import (
    TORCH,
    allowed,
    asks_resolver,
    build,
    check_targets,
    targets_in,
)
from temporal_pose.inputs.simulated import GaussianNoise
from temporal_pose.models.identity import Identity
from temporal_pose.pose.losses import masked_mse

IDENTITY = "temporal_pose.models.identity.Identity"
NOISE = "temporal_pose.inputs.simulated.GaussianNoise"
MSE = "temporal_pose.pose.losses.masked_mse"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of the user's, which nothing may touch."""
    path = tmp_path / "thesis.tex"
    path.write_text("months of work")
    return path


def bomb(victim: Path) -> dict[str, object]:
    """A node that deletes a file where it is constructed."""
    return {"_target_": "pathlib.Path.unlink", "_args_": [str(victim)]}


#: Wherever a node can be put.
PLACES = {
    "alone": lambda node: node,
    "nested": lambda node: {"model": {"network": {"_target_": IDENTITY, "of": node}}},
    "in a list": lambda node: {"callbacks": [{"_target_": IDENTITY}, [node]]},
    "in _args_": lambda node: {"_target_": NOISE, "_args_": [1.0, {"deep": [node]}]},
    "partial": lambda node: node | {"_partial_": True},
    "beside a good one": lambda node: {"a": {"_target_": IDENTITY}, "z": node},
    "not recursive": lambda node: {"_target_": IDENTITY, "_recursive_": False, "of": node},
    "converted": lambda node: {"_target_": IDENTITY, "_convert_": "all", "of": node},
}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_not_on_the_list_is_never_called(place, victim):
    content = PLACES[place](bomb(victim))
    for check in (build, check_targets):
        with pytest.raises(ConfigError) as error:
            check(content, "config.yaml")
        assert str(error.value).startswith("config.yaml: ")
    assert victim.exists()


def test_the_message_names_file_place_and_target(victim):
    with pytest.raises(ConfigError) as error:
        build({"callbacks": [{"_target_": IDENTITY, "of": bomb(victim)}]}, "runs/a/config.yaml")
    assert str(error.value) == (
        "runs/a/config.yaml: callbacks[0].of._target_ is 'pathlib.Path.unlink', which nothing "
        "that is read from a file may call; expected what conf/ or a --config-dir names, or an "
        "optimiser or scheduler of torch"
    )


@pytest.mark.parametrize(
    "target",
    [
        *("os.system", "shutil.rmtree", "builtins.eval", "torch.load", "subprocess.Popen"),
        *("torch.optim.Adam.step", "torch.optim.adam.Adam", "hydra.utils.instantiate"),
        *("temporal_pose.files.atomic.write_text", "temporal_pose.runs.folders.RunFolder"),
        *(IDENTITY + ".forward", IDENTITY + " ", "${loss._target_}", "", 3, None, [IDENTITY]),
    ],
)
def test_a_name_is_on_the_list_or_it_is_not(target):
    with pytest.raises(ConfigError, match="which nothing that is read from a file may call"):
        check_targets({"x": {"_target_": target}}, "it")


@pytest.mark.parametrize("key", ["a._target_", "_target_ ", "x_target_"])
def test_a_key_that_only_looks_like_a_target_is_refused(key):
    with pytest.raises(ConfigError, match="expected _target_, _partial_"):
        check_targets({key: "os.system"}, "it")


def test_nothing_is_imported_before_everything_is_checked(tmp_path, monkeypatch, victim):
    (tmp_path / "trapdoor.py").write_text(f"open({str(victim)!r}, 'w').close()\nx = dict\n")
    monkeypatch.syspath_prepend(tmp_path)
    good = {"_target_": "trapdoor.x"}
    with pytest.raises(ConfigError, match=r"trapdoor\.x"):
        build(good, "it")
    with pytest.raises(ConfigError, match="unlink"):
        build([good, bomb(victim)], "it", extra={"trapdoor.x"})
    assert "trapdoor" not in sys.modules
    assert victim.read_text() == "months of work"
    assert build(good, "it", extra={"trapdoor.x"}) == {}
    assert victim.read_text() == ""


@pytest.mark.parametrize(
    "text",
    [
        *("${oc.env:HOME}", "a ${oc.decode:x} b", "${ oc.env:HOME}", "${a.${oc.env:X}}"),
        *("${${x}:HOME}", "${hydra:run.dir}", "${a}${now:%Y}"),
    ],
)
def test_references_that_would_be_computed_are_refused(text):
    assert asks_resolver(text)
    for place in ({"a": text}, [text], {"a": [{"b": text}]}):
        for check in (build, check_targets):
            with pytest.raises(ConfigError):
                check(place, "it")


@pytest.mark.parametrize("text", ["${data.size}", "${a[${b}].c}", "${a}:b", "12:30", "{a: b}", ""])
def test_other_references_are_for_hydra_alone(text):
    assert not asks_resolver(text)
    check_targets({"a": text}, "it")
    if "${" in text:
        with pytest.raises(ConfigError, match="expected a value, no reference"):
            build({"a": text}, "it")


def test_objects_are_nested_positional_partial_and_plain():
    content = {
        "loss": {"_target_": MSE, "_partial_": True},
        "optimizer": {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.5},
        "inputs": [{"_target_": NOISE, "_args_": [2.0], "mean": 3, "sigmas": [1, 2]}],
        "network": {"_target_": IDENTITY},
        "plain": {"a": [1, None, True, "x"]},
    }
    made = build(content, "it")
    assert made["loss"].func is masked_mse
    assert isinstance(made["loss"], partial)
    assert isinstance(made["network"], Identity)
    (noise,) = made["inputs"]
    assert noise == GaussianNoise(2.0, mean=3, sigmas=[1, 2])
    optimizer = made["optimizer"]([torch.nn.Parameter(torch.zeros(2))])
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert made["plain"] == content["plain"]
    assert "_target_" in content["network"], "what is given is left as it is"


def test_what_a_constructor_refuses_is_named():
    node = {"_target_": "temporal_pose.models.conv3d.Conv3d", "windows": 3}
    with pytest.raises(ConfigError) as error:
        build({"model": {"network": node}}, "config.yaml")
    assert str(error.value).startswith("config.yaml: model.network cannot be made of these set")
    assert "'windows'" in str(error.value)
    with pytest.raises(ConfigError) as error:
        build({"_target_": "temporal_pose.models.conv3d.Conv3d", "window": 0}, "it")
    assert str(error.value) == "window is 0; expected a whole number of at least 1"


@pytest.mark.parametrize(
    "arguments",
    [{"in_features": -1}, {"in_features": "a"}, {"in_features": 10**400}, {"in_features": None}],
)
def test_whatever_a_constructor_raises_is_a_line(arguments):
    node = {"_target_": "torch.nn.Linear", "out_features": 3} | arguments
    with pytest.raises(ConfigError, match=r"^it: it cannot be made of these settings: "):
        build(node, "it", extra={"torch.nn.Linear"})


def test_a_part_that_is_gone_is_named():
    with pytest.raises(ConfigError, match=r"x is made by no\.such\.Thing, which is not there"):
        build({"x": {"_target_": "no.such.Thing"}}, "it", extra={"no.such.Thing"})


def test_nesting_has_an_end():
    content: list[object] = []
    content.append(content)
    with pytest.raises(ConfigError, match="nested deeper than 64 levels"):
        check_targets(content, "it")


@pytest.mark.parametrize("file", sorted(CONF.rglob("*.yaml")), ids=lambda f: f.stem)
def test_all_that_conf_names_may_be_called(file):
    check_targets(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)


def test_the_list_is_of_things_that_are_there():
    for target in TORCH:
        module = torch.optim.lr_scheduler if "lr_scheduler" in target else torch.optim
        assert isinstance(getattr(module, target.rpartition(".")[2]), type)
    ours = {name for name in allowed() - TORCH if not name.startswith("temporal_pose.")}
    assert ours == {"lightning.Trainer"}


def test_a_folder_of_ones_own_is_trusted_by_naming_it(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text(
        "network: {_target_: 'mine.Net', size: 3}\ncodec:\n  _target_: mine.Codec  # own\n"
    )
    assert targets_in(tmp_path) == {"mine.Net", "mine.Codec"}
