"""`python -m temporal_pose.train`: results, interruptions, and a folder that is used once."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from commands import TINY, Command, literally
from processes import Started, process, started, wait_for

from temporal_pose.files.options import described, filters, networks

RUN = Path("runs/pretrain/conv3d/setup1/k1")
GROUPS = (
    *("nose", "ear", "shoulder", "elbow", "wrist", "pinky", "index_finger", "thumb", "hip"),
    *("knee", "ankle", "heel", "toes"),
)
SCORES = (
    *("pck@0.05", "pck@0.1", "pck@0.2", "error_px", "accel_error_px", "lag_frames"),
    *(f"pck@{a}/{group}" for a in ("0.05", "0.1", "0.2") for group in GROUPS),
)
KEYS = {
    *(f"{side}/{score}" for side in ("test", "identity") for score in SCORES),
    *(f"val/{score}" for score in SCORES[:6]),
    *("torso_px", "windows_train", "windows_val", "windows_test", "epochs", "best_epoch"),
    *("parameters", "seconds", "seed", "git", "config_hash"),
}
TEXT = ("git", "config_hash")


def metrics(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "metrics.json").read_text()))


def outcome(folder: Path) -> dict[str, Any]:
    """All but what a clock measures."""
    return {name: value for name, value in metrics(folder).items() if name != "seconds"}


def test_a_run_leaves_its_results_and_writes_the_metrics_last(command: Command) -> None:
    command("train", "model=conv3d", "setup=1", "k=1", *TINY).went_well()
    found = metrics(RUN)
    assert set(found) == KEYS
    assert all(isinstance(v, int | float) for n, v in found.items() if n not in TEXT)
    assert all(0 <= value <= 1 for name, value in found.items() if "pck" in name)
    assert (found["epochs"], found["seed"]) == (2, 1)
    assert found["best_epoch"] in (1, 2)
    assert found["parameters"] == 25 * 25 * 5 * 5 * 5 + 25
    assert re.fullmatch("[0-9a-f]{16}", found["config_hash"])
    written = {path.name: path.stat().st_mtime_ns for path in RUN.iterdir()}
    assert {"config.yaml", "best.ckpt", "last.ckpt", "predictions.npz"} < set(written)
    assert any(name.startswith("events.out.tfevents") for name in written)
    assert max(written, key=written.__getitem__) == "metrics.json"
    assert sorted(path.name for path in Path().iterdir()) == ["runs"]


def test_the_best_checkpoint_holds_no_code(command: Command) -> None:
    for model in ("conv3d", "identity", "savgol"):
        command("train", f"model={model}", *TINY).went_well()
        content = torch.load(
            Path("runs/pretrain") / model / "setup1/k1/best.ckpt", weights_only=True
        )
        assert "state_dict" in content


def test_the_same_seed_gives_the_same_result_and_another_one_another(command: Command) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        command("train", f"runs_dir={folder}", f"seed={seed}", *TINY).went_well()
    paths = [Path(folder, "pretrain/conv3d/setup1/k1") for folder in "abc"]
    assert outcome(paths[0]) == outcome(paths[1])
    other = outcome(paths[2] / "seed2")
    assert other["seed"] == 2
    assert other["test/error_px"] != outcome(paths[0])["test/error_px"]


def test_a_finished_run_is_trained_again_only_by_force(command: Command) -> None:
    command("train", *TINY).went_well()
    before = {path: path.stat().st_mtime_ns for path in RUN.iterdir() if path.name != ".lock"}
    again = command("train", *TINY)
    again.went_well()
    assert again.out == (f"finished already: {RUN.absolute()} (force=true trains it again)\n")
    assert before == {p: p.stat().st_mtime_ns for p in before}
    first = outcome(RUN)
    command("train", "force=true", *TINY).went_well()
    assert outcome(RUN) == first
    assert (RUN / "metrics.json").stat().st_mtime_ns > before[RUN / "metrics.json"]


def test_another_configuration_does_not_land_in_an_occupied_folder(command: Command) -> None:
    command("train", *TINY).went_well()
    before = metrics(RUN)
    message = command("train", *TINY, "input.mean=0").refused()
    assert message == (
        f"{RUN.absolute()} belongs to another configuration: input.mean is 1 there, 0 here; "
        "objects.data.input.mean is 1 there, 0 here. Use another runs_dir=, or force=true to "
        "replace what is there"
    )
    assert metrics(RUN) == before
    command("train", *TINY, "input.mean=0", "force=true").went_well()
    assert metrics(RUN) != before


def test_a_dry_run_writes_nothing(command: Command) -> None:
    shown = command("train", "dry_run=true", *TINY)
    shown.went_well()
    assert shown.out == f"{RUN.absolute()}: new\n"
    assert not list(Path().iterdir())


def killed_when(path: Path, child: Started) -> None:
    """Kills a command as soon as a file is there, or newer than it was."""

    def written() -> bool:
        assert child.poll() is None, "it ended before it could be killed"
        return path.exists() and path.stat().st_mtime_ns > before

    before = path.stat().st_mtime_ns if path.exists() else 0
    wait_for(written)
    child.kill()


def test_a_run_killed_twice_ends_as_if_it_never_was(command: Command, tmp_path: Path) -> None:
    arguments = ("model=deciwatch", "setup=1", "k=1", *TINY, "trainer.max_epochs=40")
    command("train", *arguments, "runs_dir=calm").went_well()
    last = tmp_path / "runs/pretrain/deciwatch/setup1/k1/last.ckpt"
    for _ in range(2):
        killed_when(last, started("train", *arguments, cwd=tmp_path))
        assert not last.with_name("metrics.json").exists()
    done = process("train", *arguments, cwd=tmp_path)
    assert (done.status, done.err) == (0, "")
    continued = re.search(r"continuing after epoch (\d+)", done.out)
    assert continued
    assert 1 < int(continued[1]) < 40
    assert outcome(last.parent) == outcome(Path("calm/pretrain/deciwatch/setup1/k1"))


@pytest.mark.parametrize(
    ("model", "setup"),
    [(model, 2) for model in networks() if not described("model", model).get("start")]
    + [("conv3d", 3), ("deciwatch", 1)],
)
def test_every_network_trains_and_every_setup(command: Command, model: str, setup: int) -> None:
    short = (*TINY, "data.frames=30", "trainer.max_epochs=1")
    command("train", f"model={model}", f"setup={setup}", "k=2", *short).went_well()
    assert set(metrics(Path(f"runs/pretrain/{model}/setup{setup}/k2"))) >= KEYS


@pytest.mark.parametrize("name", filters())
def test_every_filter_is_tuned(command: Command, name: str) -> None:
    command("train", f"model={name}", *TINY).went_well()
    found = metrics(Path(f"runs/pretrain/{name}/setup1/k1"))
    assert set(found) > KEYS
    assert all(name.startswith("setting/") for name in set(found) - KEYS)
    assert (found["parameters"], found["epochs"]) == (0, 0)


@pytest.mark.parametrize("interval", [1, 2, 3, 4, 5])
def test_deciwatch_takes_every_nth_frame(command: Command, interval: int) -> None:
    typed = ("model=deciwatch", f"model.interval={interval}", *TINY, "trainer.max_epochs=1")
    command("train", *typed).went_well()


@pytest.mark.parametrize(
    "settings",
    [
        "data.box=window",
        "render=thesis decoder=argmax",
        "input.resample=false",
        "augment=standard",
        "data.split=window",
        "data.stride=1",
        "data.window=3",
        "trainer.overfit_batches=1",
        "trainer.precision=bf16-mixed",
        "trainer.gradient_clip_val=1 trainer.limit_train_batches=1 k=0.5",
    ],
)
def test_a_variation_trains(command: Command, settings: str) -> None:
    command("train", *TINY, *settings.split()).went_well()
    (written,) = Path("runs").rglob("metrics.json")
    assert set(metrics(written.parent)) == KEYS


def test_the_literal_command_line_in_another_folder(tmp_path: Path) -> None:
    arguments = ("model=identity", "setup=2", "k=1.5", *TINY)
    done = literally("train", *arguments, cwd=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert set(metrics(tmp_path / "runs/pretrain/identity/setup2/k1.5")) == KEYS
