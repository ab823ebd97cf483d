"""Runs of a version whose settings and defaults were others: scored and finetuned as they were."""

import json
from pathlib import Path
from typing import Any

import torch
import yaml
from commands import TINY, Command, Trained

RUN = Path("runs/pretrain/deciwatch/setup1/k1")
#: What was the default once.
THEN = ("model=deciwatch", "model.network.norms=false", "model.network.glorot=false")
#: Settings that nothing had once.
NEW = ("skeleton", "start", "every", "aspect", "border", "monitor", "holdout", "norms", "glorot")


def without(content: Any, names: tuple[str, ...]) -> Any:
    """Settings as a version wrote them that did not know some names."""
    if isinstance(content, list):
        return [without(item, names) for item in content]
    if not isinstance(content, dict):
        return content
    return {name: without(value, names) for name, value in content.items() if name not in names}


def age(run: Path) -> None:
    """Makes a run's file that of a version whose defaults were what the run was made by."""
    config = without(yaml.safe_load((run / "config.yaml").read_text()), NEW)
    del config["model"]["keypoints"]
    said = [item for item in config["overrides"] if not item.startswith("model.network.")]
    (run / "config.yaml").write_text(yaml.safe_dump(config | {"overrides": said}))


def scores(folder: Path) -> dict[str, float]:
    found = json.loads((folder / "metrics.json").read_text())
    return {n: v for n, v in found.items() if n.startswith(("test/", "identity/"))}


def test_a_run_is_what_it_was_whatever_the_defaults_are_by_now(
    command: Command, trained: Trained
) -> None:
    trained(*THEN, *TINY)
    age(RUN)
    command("evaluate", f"run={RUN}", "trainer.accelerator=cpu", "out=again").went_well()
    assert scores(Path("again")) == scores(RUN)
    command("finetune", "model=deciwatch", "tune=false", *TINY).went_well()
    tuned = Path("runs/pretrained/deciwatch/setup1/k1")
    before, now = (
        torch.load(run / "best.ckpt", weights_only=True)["state_dict"] for run in (RUN, tuned)
    )
    assert before.keys() == now.keys()
    weights = {name: value for name, value in before.items() if isinstance(value, torch.Tensor)}
    assert weights and all(torch.equal(now[name], value) for name, value in weights.items())
    network = yaml.safe_load((tuned / "config.yaml").read_text())["objects"]["task"]["network"]
    assert "norms" not in network
