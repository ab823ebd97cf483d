"""Finetuning through its command line: where it starts, what it keeps, what it refuses."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import zarr
from commands import READ, TINY, Command, Trained, no_results, write_paired
from layouts import read_npz
from processes import process, started, wait_for

from temporal_pose.data import write
from temporal_pose.formats.paired import LayoutWriter
from temporal_pose.pose.skeletons import SKELETONS

EMBEDDED = (*TINY[1:], "data.subjects=5")


def metrics(folder: str | Path) -> dict[str, Any]:
    return dict(json.loads((Path(folder) / "metrics.json").read_text()))


def scores(folder: str | Path) -> dict[str, float]:
    return {n: v for n, v in metrics(folder).items() if n.startswith(("test/", "identity/"))}


@pytest.fixture
def paired(tmp_path: Path) -> tuple[str, ...]:
    root = write_paired(tmp_path / "paired")
    return ("data=aist", f"data.root={root}", *READ)


def test_it_starts_from_pretraining_at_its_best(
    command: Command, trained: Trained, paired: tuple[str, ...]
) -> None:
    trained(*TINY)
    command("finetune", "model=conv3d", "tune=false", *paired).went_well()
    run = Path("runs/pretrained/conv3d/setup1/k1")
    source = Path("runs/pretrain/conv3d/setup1/k1")
    weights = [
        torch.load(one / "best.ckpt", weights_only=True)["state_dict"] for one in (run, source)
    ]
    assert all(torch.equal(weights[0][name], value) for name, value in weights[1].items())
    assert metrics(run)["epochs"] == 0
    # The same weights on the same data, scored by the other command.
    shown = ("input=recorded", *(item for item in paired if not item.startswith("pictures")))
    command("evaluate", f"run={source}", "out=again", *shown).went_well()
    assert scores("again") == scores(run)


def test_what_pretraining_saw_is_not_tested_on(command: Command, tmp_path: Path) -> None:
    root = write_paired(tmp_path / "p", dances=5)
    command("train", "model=deciwatch", "data=aist", f"data.root={root}", *READ).went_well()
    before = json.loads(Path("runs/pretrain/deciwatch/setup1/k1/split.json").read_text())
    seen, unseen = before["train"][0], before["test"][0]
    others = [f"g_c{camera:02d}_{d}" for d in before["train"][1:] for camera in (0, 1)]
    sides = {"train": others[:1], "val": others[1:2], "test": []}
    sides["test"] = [f"g_c00_{seen}", f"g_c00_{unseen}"]
    rest = {f"g_c{c:02d}_ch{d:02d}" for c in (0, 1) for d in range(5)} - {*others[:2]}
    exclude = "|".join(sorted(rest - {*sides["test"]}))
    typed = (f"data.split={json.dumps(sides)}".replace('"', ""), f"data.exclude='{exclude}'")
    finetune = ("data=paired", f"data.root={root}", *typed, *READ)
    command("finetune", "model=deciwatch", *finetune).went_well()
    run = Path("runs/finetune/deciwatch/setup1/k1")
    tested = set(read_npz(run / "predictions.npz")["video"].tolist())
    assert tested == {f"g_c00_{unseen}"}
    after = json.loads((run / "split.json").read_text())
    assert {*before["seen"]} < {*after["seen"]} or {*before["seen"]} == {*after["seen"]}
    assert len(before["seen"]) == 8
    command("finetune", "model=deciwatch", "from_scratch=true", *finetune).went_well()
    scratch = read_npz("runs/scratch/deciwatch/setup1/k1/predictions.npz")
    assert set(scratch["video"].tolist()) == {*sides["test"]}


def test_finetuning_keeps_what_pretraining_left_and_learns(
    command: Command, trained: Trained, paired: tuple[str, ...]
) -> None:
    trained("model=deciwatch", *TINY)
    command("finetune", "model=deciwatch", "from_start=false", *paired).went_well()
    run = Path("runs/finetune/deciwatch/setup1/k1")
    found = metrics(run)
    assert found["epochs"] == 2
    assert found["best_epoch"] > 0
    assert found["windows_train"] > 2 * found["windows_val"]  # one begins at every frame
    config = (run / "config.yaml").read_text()
    assert "lr: 0.0001" in config
    before, after = (
        torch.load(folder / "best.ckpt", weights_only=True)["state_dict"]
        for folder in (Path("runs/pretrain/deciwatch/setup1/k1"), run)
    )
    weights = {name: value for name, value in before.items() if isinstance(value, torch.Tensor)}
    moved = max(float((after[n] - v).abs().max()) for n, v in weights.items() if "network" in n)
    assert 0 < moved < 0.05  # a hundred steps of 1e-4 at most
    command("evaluate", f"run={run}", "out=again").went_well()
    assert scores("again") == scores(run)


def test_a_dance_is_on_one_side_and_no_evaluation_window_shares_a_frame(
    command: Command, paired: tuple[str, ...]
) -> None:
    command("finetune", "model=identity", *paired).went_well()
    run = Path("runs/finetune/identity/setup1/k1")
    split = json.loads((run / "split.json").read_text())
    assert sorted(group for side in ("train", "val", "test") for group in split[side]) == [
        "ch00",
        "ch01",
        "ch02",
        "ch03",
    ]
    kept = read_npz(run / "predictions.npz")
    assert {name.split("_")[-1] for name in kept["video"].tolist()} == set(split["test"])
    # 31 frames at 60 a second are 16 at 30: three windows of five for each camera.
    assert np.diff(np.sort(kept["window"]))[:2].tolist() == [10, 10]
    assert len(kept["window"]) == 3 * 2 * len(split["test"])


def test_detections_not_the_truth_are_what_a_model_sees(
    command: Command, paired: tuple[str, ...], tmp_path: Path
) -> None:
    command("finetune", "model=identity", "data.box=window", *paired).went_well()
    found = metrics("runs/finetune/identity/setup1/k1")
    # Detections are off by 4 px an axis: 5 px in the image, in boxes of some 250 px 16 cells wide.
    assert 0.15 < found["test/error_px"] < 0.6
    for file in (tmp_path / "paired").glob("*.npz"):
        arrays = read_npz(file)
        arrays["detections"][..., :2] = arrays["truth"]
        np.savez(file, **arrays)
    command("finetune", "model=identity", "data.box=window", "force=true", *paired).went_well()
    assert metrics("runs/finetune/identity/setup1/k1")["test/error_px"] < 1e-4


def write_heatmaps(
    root: Path, videos: int = 4, frames: int = 21, skeleton: str = "coco17", size: int = 16
) -> Path:
    """A detector's own heatmaps, in boxes that are no squares, beside the truth."""
    root.mkdir()
    keypoints = len(SKELETONS[skeleton])
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    for video in range(videos):
        rng = np.random.default_rng(video)
        box = np.float32([100, 50, 160, 320])
        inside = (
            0.2
            + 0.6 * rng.random((keypoints, 2))
            + 0.1 * np.sin(np.arange(frames) / 3)[:, None, None]
        )
        off = inside * size - 0.5 + rng.normal(0, 0.5 * size / 16, inside.shape)
        away = (columns - off[..., 0, None, None]) ** 2 + (rows - off[..., 1, None, None]) ** 2
        maps = np.exp(-away / 2 / (size / 16) ** 2).astype(np.float32) - 0.01
        with LayoutWriter(
            root / f"v{video}.zarr",
            skeleton=skeleton,
            fps=30.0,
            image_size=(640, 480),
            heatmap_size=(size, size),
        ) as writer:
            writer.append(
                heatmaps=maps,
                boxes=np.tile(box, (frames, 1)),
                truth=(box[:2] + inside * box[2:]).astype(np.float32),
                visible=np.ones(inside.shape[:2], bool),
            )
    return root


@pytest.mark.parametrize("model", ["conv3d", "deciwatch", "savgol"])
@pytest.mark.parametrize("box", ["frame", "window"])
def test_a_detectors_heatmaps_go_all_the_way(
    command: Command, tmp_path: Path, model: str, box: str
) -> None:
    root = write_heatmaps(tmp_path / "stores")
    asked = (f"model={model}", "from_scratch=true", "data=paired", f"data.root={root}", *READ)
    command("finetune", *asked, f"data.box={box}", "augment=standard").went_well()
    run = Path(f"runs/scratch/{model}/setup1/k1")
    found = metrics(run)
    # Half a pixel an axis: 0.63 px. Reading the peaks of coarse maps adds little.
    assert found["identity/error_px"] == pytest.approx(0.63, rel=0.15)
    assert found["windows_test"] == 4
    command("evaluate", f"run={run}", "out=again").went_well()
    assert scores("again") == scores(run)


def test_heatmaps_like_blazeposes_and_a_truth_that_was_added_to_them(
    command: Command, tmp_path: Path
) -> None:
    """25 of 64 x 64, from `detect` by way of `data.write` to a bi-ConvLSTM."""
    seen = write_heatmaps(tmp_path / "seen", 3, 8, "climbalong25", 64)
    (tmp_path / "paired").mkdir()
    for file in sorted(seen.glob("*.zarr")):
        group = zarr.open_group(file, mode="r+")
        truth, visible = np.asarray(group["truth"][:]), np.asarray(group["visible"][:])
        del group["truth"], group["visible"]  # which a detector does not know
        visible[:, 0] = False
        np.save(tmp_path / "truth.npy", truth)
        np.save(tmp_path / "visible.npy", visible)
        out = str(tmp_path / "paired" / file.name)
        told = ("--truth", str(tmp_path / "truth.npy"), "--visible", str(tmp_path / "visible.npy"))
        write.main([out, "--detected", str(file), *told])
    asked = ("model=biconvlstm_c", "from_scratch=true", "data=paired", "data.root=paired", *READ)
    command("finetune", *asked).went_well()
    found = metrics("runs/scratch/biconvlstm_c/setup1/k1")
    assert found["identity/error_px"] == pytest.approx(0.63, rel=0.15)
    assert np.isfinite(found["test/error_px"])
    assert (found["windows_train"], found["windows_test"]) == (4, 1)


def test_without_pretraining_the_message_names_the_command(command: Command) -> None:
    asked = ("model=conv3d", "setup=2", "k=2", "seed=3", *EMBEDDED)
    message = command("finetune", *asked).refused()
    folder = Path("runs/pretrain/conv3d/setup2/k2/seed3").absolute()
    assert message == (
        f"{folder} holds no finished pretraining; make it with python -m temporal_pose.train "
        "model=conv3d setup=2 k=2 seed=3 runs_dir=runs, or use from_scratch=true"
    )
    assert no_results()
    named = re.search(r"python -m temporal_pose\.(train .*), or", message)
    assert named
    command(*named[1].split(), *TINY).went_well()
    command("finetune", *asked).went_well()


def test_the_controls_live_beside_it(command: Command, trained: Trained) -> None:
    trained(*TINY)
    for extra in ((), ("from_scratch=true",), ("tune=false",)):
        command("finetune", "model=conv3d", *EMBEDDED, *extra).went_well()
    rates = [
        re.search(r"optimizer:.*?lr: ([\d.e-]+)", Path(f).read_text(), re.DOTALL)[1]
        for f in sorted(Path("runs").glob("*/conv3d/setup1/k1/config.yaml"))
    ]
    stages = sorted(path.name for path in Path("runs").iterdir() if not path.name.startswith("."))
    assert stages == ["finetune", "pretrain", "pretrained", "scratch"]
    assert list(map(float, rates)) == [1e-4, 1e-3, 1e-4, 1e-3]
    baselines = [
        {n: v for n, v in scores(f"runs/{stage}/conv3d/setup1/k1").items() if "identity" in n}
        for stage in ("finetune", "pretrained", "scratch")
    ]
    assert baselines[0] == baselines[1] == baselines[2]
    message = command("finetune", *EMBEDDED, "from_scratch=true", "tune=false").refused()
    assert message == "from_scratch=true and tune=false leave nothing to test; use one of them"


def test_filters_need_no_pretraining_and_are_tuned(command: Command) -> None:
    command("finetune", "model=savgol_window", *EMBEDDED).went_well()
    assert "setting/window_s" in metrics("runs/finetune/savgol_window/setup1/k1")


def test_another_pretraining_is_another_run(command: Command, trained: Trained) -> None:
    trained(*TINY)
    command("finetune", "model=conv3d", *EMBEDDED).went_well()
    command("finetune", "model=conv3d", *EMBEDDED).went_well()  # skipped
    command("train", "model=conv3d", *TINY, "input.mean=0", "force=true").went_well()
    message = command("finetune", "model=conv3d", *EMBEDDED).refused()
    assert "belongs to another configuration: start is " in message


def test_weights_of_another_window_are_refused(command: Command, trained: Trained) -> None:
    trained(*TINY)
    message = command("finetune", "model=conv3d", *EMBEDDED, "data.window=3").refused()
    assert re.fullmatch(r"checkpoint .*/best\.ckpt is of another model: network\..*", message)
    assert not Path("runs/finetune/conv3d/setup1/k1/config.yaml").exists()


def test_poses_without_detections_are_refused(command: Command) -> None:
    message = command("finetune", "model=identity", "data=synthetic", *TINY).refused()
    assert "holds no detections; input=recorded needs a real detector's output" in message


def test_a_sweep_leaves_out_what_is_not_pretrained_if_asked_to(
    trained: Trained, tmp_path: Path
) -> None:
    trained(*TINY)
    asked = ("-m", "model=conv3d,deciwatch,gaussian", *EMBEDDED)
    refused = process("finetune", *asked, cwd=tmp_path)
    assert refused.status == 2
    assert "runs/pretrain/deciwatch/setup1/k1 holds no finished pretraining" in refused.err
    assert not (tmp_path / "runs/finetune").exists()
    done = process("finetune", *asked, "missing=skip", cwd=tmp_path)
    assert done.status == 0, done
    assert "3 runs: 2 done, 1 left out" in done.err
    finished = sorted(path.parts[-4] for path in tmp_path.glob("runs/finetune/*/*/*/metrics.json"))
    assert finished == ["conv3d", "gaussian"]


def test_a_damaged_pretraining_is_found_before_the_first_run(
    trained: Trained, tmp_path: Path
) -> None:
    """Also where another run of the same model is whole."""
    trained(*TINY)
    trained("k=2", *TINY)
    damaged = tmp_path / "runs/pretrain/conv3d/setup1/k2/best.ckpt"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    refused = process("finetune", "-m", "model=conv3d", "k=1,2", *EMBEDDED, cwd=tmp_path)
    assert refused.refused().startswith(f"checkpoint {damaged} is damaged")
    assert not (tmp_path / "runs/finetune").exists()


def test_a_killed_run_ends_as_if_it_never_was(
    command: Command, trained: Trained, tmp_path: Path
) -> None:
    trained("model=deciwatch", *TINY)
    asked = ("model=deciwatch", *EMBEDDED, "trainer.max_epochs=12")
    command("finetune", *asked, "runs_dir=calm", "pretrained=runs").went_well()
    run = tmp_path / "runs/finetune/deciwatch/setup1/k1"
    child = started("finetune", *asked, cwd=tmp_path)
    wait_for(lambda: (run / "last.ckpt").exists() or child.poll() is not None)
    assert child.poll() is None
    child.kill()
    assert not (run / "metrics.json").exists()
    command("finetune", *asked).went_well()
    ours, calm = (
        {n: v for n, v in metrics(folder).items() if n != "seconds"}
        for folder in (run, tmp_path / "calm/finetune/deciwatch/setup1/k1")
    )
    assert ours == calm
