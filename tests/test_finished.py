"""`experiment=finished`, `regularised`, what is held out, and what finetuning starts from."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commands import READ, TINY, Command, write_paired
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from layouts import read_npz
from omegaconf import OmegaConf

from temporal_pose.files.conf import CONF

SIDES = ("train", "val", "test")
PARAMETERS = {
    "conv3d": 78_150,
    "deciwatch": 1_708_388,
    "biconvlstm_s": 1_875_666,
    "biconvlstm_c": 1_872_313,
}
FORMER = {
    "biconvlstm_s": 1_188_146,
    "biconvlstm_c": 1_184_793,
}


def composed(command: str, *typed: str) -> Any:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(command, list(typed))
    OmegaConf.resolve(config)
    return config


def network(*typed: str) -> torch.nn.Module:
    made: torch.nn.Module = instantiate(composed("train", *typed).model.network)
    return made


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("experiment", ["thesis", "finished"])
@pytest.mark.parametrize("model", PARAMETERS)
def test_parameters(model: str, experiment: str) -> None:
    assert count(network(f"model={model}", f"experiment={experiment}")) == PARAMETERS[model]


@pytest.mark.parametrize("model", FORMER)
def test_the_former_network_is_a_setting(model: str) -> None:
    assert (
        count(network(f"model={model}", "model.hidden=64", "model.peepholes=false"))
        == (FORMER[model])
    )


def test_where_the_relus_are() -> None:
    last = {m: network(f"model={m}").state_dict().keys() for m in FORMER}
    assert all(any(name.endswith("head.2.weight") for name in names) for names in last.values())
    total = network("model=biconvlstm_s")(torch.randn(1, 5, 25, 56, 56))
    assert total.min() == 0
    joint = network("model=biconvlstm_c")
    assert joint(torch.randn(1, 5, 25, 56, 56)).min() < 0
    assert isinstance(joint.head[1], torch.nn.ReLU)
    code = network("model=biconvlstm_c", "model.head=linear")
    assert not any(isinstance(layer, torch.nn.ReLU) for layer in code.head)


THESIS: Mapping[str, Any] = {
    "input.mean": 1, "input.spread": 0.2, "input.std_px": None, "input.rounded": False,
    "input.keyed_by": "frame", "input.resample": False, "data.stride": None, "data.margin": 0.1,
    "data.aspect": "square", "model.interval": 5, "render": "subpixel", "decoder": "subpixel",
    "border": "nearest", "monitor": "val/pck@0.05", "from_start": False,
}  # fmt: skip
FINISHED = THESIS | {
    "input.mean": 0, "input.std_px": 2.95, "input.rounded": True, "data.stride": 1,
    "data.margin": 0.05, "data.aspect": "stretch", "model.interval": 4, "render": "thesis",
    "decoder": "argmax", "monitor": "val/pck@0.2",
}  # fmt: skip


@pytest.mark.parametrize(("experiment", "values"), [("thesis", THESIS), ("finished", FINISHED)])
def test_settings_of_pretraining(experiment: str, values: Mapping[str, Any]) -> None:
    config = composed("train", f"experiment={experiment}")
    assert {name: OmegaConf.select(config, name) for name in values} == values
    penn = composed("train", f"experiment={experiment}", "data=penn_action", "data.root=d")
    actions = ["baseball_pitch", "bench_press", "situp"][: 2 if experiment == "finished" else 3]
    assert penn.objects.data.reader.actions == actions


@pytest.mark.parametrize("experiment", ["thesis", "finished", "regularised"])
def test_settings_of_finetuning(experiment: str) -> None:
    config = composed("finetune", f"experiment={experiment}", "setup=3", "model=deciwatch")
    assert config.input._target_.endswith("Recording")
    assert (config.monitor, config.from_start) == ("val/pck@0.05", True)
    assert config.model.fit.from_start
    assert (config.data.frame_step, config.data.stride, config.optimizer.lr) == (2, 1, 1e-4)
    plain = experiment != "regularised"
    assert config.fresh == ([] if plain else ["correct"])
    assert config.optimizer.weight_decay == (0 if plain else 1e-3)
    turned = config.augment and (config.augment.rotation, config.augment.zoom)
    assert turned == (None if plain else (45, 0))


def metrics(folder: str | Path) -> dict[str, Any]:
    return dict(json.loads((Path(folder) / "metrics.json").read_text()))


def weights(folder: str | Path) -> dict[str, torch.Tensor]:
    content = torch.load(Path(folder) / "best.ckpt", weights_only=True)["state_dict"]
    return {n: v for n, v in content.items() if isinstance(v, torch.Tensor)}


@pytest.fixture
def paired(tmp_path: Path) -> tuple[str, ...]:
    root = write_paired(tmp_path / "paired", dances=5)
    return ("data=aist", f"data.root={root}", *READ)


def test_what_is_held_out_is_scored_beside_the_test(
    command: Command, paired: tuple[str, ...]
) -> None:
    command("finetune", "model=deciwatch", "from_scratch=true", "data.holdout=ch03", *paired)
    run = Path("runs/scratch/deciwatch/setup1/k1")
    found, kept = metrics(run), read_npz(run / "holdout.npz")
    assert {name.split("_")[-1] for name in kept["video"].tolist()} == {"ch03"}
    assert found["windows_holdout"] == len(kept["window"]) == 6
    for who, seen in (("", "predicted"), ("identity/", "observed")):
        away = np.linalg.norm(kept[seen].astype(float) - kept["truth"], axis=-1)
        there = kept["visible"]
        assert found[f"holdout/{who}error_px"] == pytest.approx(away[there].mean(), rel=1e-5)
        for share in (0.05, 0.1, 0.2):
            hit = away <= share * kept["torso"][..., None]
            name = f"holdout/{who}pck@{share:g}"
            assert found[name] == pytest.approx(hit[there].mean(), abs=1e-4)
            assert f"{name}/wrist" in found
    split = json.loads((run / "split.json").read_text())
    assert split["holdout"] == ["ch03"]
    assert not any("ch03" in split[side] for side in SIDES)
    assert len(split["seen"]) == 2 * len({*split["train"], *split["val"]})
    again = command("evaluate", f"run={run}", "part=holdout", "out=again")
    assert "held out" in again.out
    rescored = metrics("again")
    assert rescored["test/error_px"] == pytest.approx(found["holdout/error_px"], rel=1e-5)
    message = command("evaluate", "model=identity", *READ, *paired[:2], "part=holdout").refused()
    assert message == (
        "part is holdout, and nothing is held out; add data.holdout=longest, or the name of a "
        "group or video"
    )


def test_a_pretraining_scores_what_is_held_out_under_the_names_of_the_test(
    command: Command,
) -> None:
    command("train", *TINY, "data.subjects=6", "data.holdout=subject2").went_well()
    found = metrics("runs/pretrain/conv3d/setup1/k1")
    for name in [name for name in found if name.startswith("holdout/")]:
        own = name.removeprefix("holdout/")
        assert (own if own.startswith("identity/") else f"test/{own}") in found
    assert {"holdout/pck@0.05", "holdout/identity/error_px", "windows_holdout"} < found.keys()


def test_the_state_before_the_first_epoch_may_be_the_best(
    command: Command, paired: tuple[str, ...]
) -> None:
    command("train", "model=conv3d", *TINY, "trainer.max_epochs=4").went_well()
    spoiled = ("model=conv3d", *paired, "optimizer.lr=30", "trainer.max_epochs=2")
    command("finetune", *spoiled).went_well()
    run = Path("runs/finetune/conv3d/setup1/k1")
    found = metrics(run)
    assert (found["best_epoch"], found["epochs"]) == (0, 2)
    before = weights("runs/pretrain/conv3d/setup1/k1")
    after = weights(run)
    assert all(torch.equal(after[name], value) for name, value in before.items())
    # Asked to leave it out, it keeps the least bad epoch.
    command("finetune", *spoiled, "from_start=false", "runs_dir=other", "pretrained=runs")
    other = metrics("other/finetune/conv3d/setup1/k1")
    assert other["best_epoch"] > 0
    assert other["val/pck@0.05"] <= found["val/pck@0.05"]


def test_the_regularised_finetuning_trains_a_fresh_last_layer_alone(command: Command) -> None:
    tiny = ("model=deciwatch", *TINY[1:], "data.subjects=5", "experiment=regularised")
    command("train", *tiny, "experiment=finished").went_well()
    command("finetune", *tiny).went_well()
    command("finetune", *tiny, "from_start=false", "runs_dir=other", "pretrained=runs")
    before = weights("runs/pretrain/deciwatch/setup1/k1")
    for run in ("runs/finetune/deciwatch/setup1/k1", "other/finetune/deciwatch/setup1/k1"):
        after = weights(run)
        changed = {name for name, value in before.items() if not torch.equal(after[name], value)}
        assert changed == {"network.correct.weight", "network.correct.bias"}
