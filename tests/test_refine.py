"""`python -m temporal_pose.refine`: refined poses of videos without a truth."""

from pathlib import Path

import numpy as np
import pytest
from commands import READ, TINY, Command, process, write_paired
from layouts import npz, with_detections, with_heatmaps, zarr_group

from temporal_pose.formats.paired.reading import load
from temporal_pose.pose.skeletons import CLIMBALONG25, SKELETONS

COCO17 = SKELETONS["coco17"]

RUN = Path("runs/pretrain")
EYES = [COCO17.index("left_eye"), COCO17.index("right_eye")]
KNOWN = [number for number in range(17) if number not in EYES]


def bend(positions: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(positions, 2, axis=0), axis=-1).mean())


@pytest.mark.parametrize("model", ["conv3d", "deciwatch", "gaussian", "savgol_window", "identity"])
def test_a_run_refines_a_folder_of_videos(command: Command, tmp_path: Path, model: str) -> None:
    """Trained on something else entirely; what it needs of that is in its configuration."""
    command("train", f"model={model}", "setup=3", *TINY, "data.frames=30").went_well()
    source = write_paired(tmp_path / "own", dances=1, cameras=2, frames=23)
    shown = command("refine", f"run={RUN}/{model}/setup3/k1", f"source={source}", "out=refined")
    shown.went_well()
    assert "left out of coco17, for no model knows them: left_eye, right_eye" in shown.out
    remark = f"{RUN}/{model}/setup3/k1 has seen simulated noise alone"
    assert (remark in shown.out) == (model != "identity")
    for path in sorted(source.iterdir()):
        before, after = load(path), load(Path("refined") / path.name)
        assert (after.skeleton, after.fps, after.image_size) == (COCO17, 60, (640, 480))
        assert after.detections is not None and before.detections is not None
        assert np.isnan(after.detections[:, EYES]).all()
        assert np.isfinite(after.detections[:, KNOWN]).all()
        np.testing.assert_allclose(
            after.detections[..., KNOWN, 2], before.detections[..., KNOWN, 2]
        )
        moved = np.abs((after.detections - before.detections)[:, KNOWN, :2]).mean()
        assert moved < (
            10 if model in ("gaussian", "savgol_window") else 150
        )  # untrained networks
        np.testing.assert_array_equal(after.truth, before.truth)
        assert path.name in shown.out


@pytest.mark.parametrize("model", ["savgol", "gaussian", "kalman", "gaussian_window"])
def test_a_filter_needs_no_run_and_calms(command: Command, tmp_path: Path, model: str) -> None:
    source = write_paired(tmp_path / "own", dances=1, cameras=1)
    command("refine", f"model={model}", f"source={source}", "out=refined").went_well()
    before, after = (np.load(next(p.iterdir())) for p in (source, Path("refined")))
    seen, made, truth = (
        pose[:, KNOWN, :2] for pose in (before["detections"], after["detections"], before["truth"])
    )
    assert bend(made) < 0.7 * bend(seen)
    assert np.abs(made - truth).mean() < 0.9 * np.abs(seen - truth).mean()


def test_the_truth_is_not_looked_at(command: Command, tmp_path: Path) -> None:
    files = {"with": with_detections(), "without": with_detections(truth=None, visible=None)}
    rng = np.random.default_rng(0)
    detections = rng.uniform(0, 500, (11, 17, 3)).astype(np.float32)
    for name, arrays in files.items():
        source = npz(tmp_path / f"{name}/v.npz", arrays | {"detections": detections})
        command("refine", "model=gaussian", f"source={source}", f"out=to_{name}").went_well()
    one, other = (np.load(f"to_{name}/v.npz") for name in files)
    np.testing.assert_array_equal(one["detections"], other["detections"])
    assert "truth" in one and "truth" not in other


def test_the_result_is_an_input_like_any_other(command: Command, tmp_path: Path) -> None:
    """It is checked, refined again, and scored by the same commands."""
    source = write_paired(tmp_path / "own")
    command("refine", "model=kalman", f"source={source}", "out=calm").went_well()
    command("refine", "model=identity", "source=calm", "out=same").went_well()
    for path in Path("calm").iterdir():
        one, other = (np.load(Path(name) / path.name)["detections"] for name in ("calm", "same"))
        np.testing.assert_allclose(one, other, atol=2e-3)
    settings = ("model=identity", "data=paired", "data.root=calm", "input=recorded", *READ)
    command("evaluate", *settings).went_well()


@pytest.mark.parametrize("model", ["identity", "kalman"])
def test_heatmaps_are_read_from_disk(command: Command, tmp_path: Path, model: str) -> None:
    """The one bright cell of each map, in a box of 70 by 50 pixels and 7 by 5 cells."""
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(0, 5, (11, 17)), rng.integers(0, 7, (11, 17))
    maps = np.full((11, 17, 5, 7), -1, np.float32)
    frames, keypoints = np.meshgrid(range(11), range(17), indexing="ij")
    maps[frames, keypoints, rows, columns] = 9
    arrays = with_heatmaps(heatmaps=maps, truth=None, visible=None)
    source = zarr_group(tmp_path / "v.zarr", arrays)
    command("refine", f"model={model}", f"source={source}", "out=refined").went_well()
    made = np.load("refined/v.npz")["detections"][:, KNOWN]
    expected = np.stack([300 + 10 * columns + 5, 200 + 10 * rows + 5], -1)[:, KNOWN]
    far = np.linalg.norm(made[..., :2] - expected, axis=-1).mean()
    assert far < 2 if model == "identity" else 5 < far < 30
    np.testing.assert_allclose(made[..., 2], arrays["scores"][:, KNOWN], rtol=1e-6)


def test_our_own_skeleton_keeps_all_its_keypoints(command: Command, tmp_path: Path) -> None:
    detections = np.random.default_rng(0).uniform(0, 400, (9, 25, 3)).astype(np.float32)
    fields = {"detections": detections, "skeleton": CLIMBALONG25.name}
    source = npz(tmp_path / "v.npz", with_detections(truth=None, visible=None) | fields)
    shown = command("refine", "model=identity", f"source={source}", "out=refined")
    shown.went_well()
    assert "left out" not in shown.out
    np.testing.assert_allclose(np.load("refined/v.npz")["detections"], detections, atol=2e-3)


def test_the_same_command_goes_on_and_another_is_refused(command: Command, tmp_path: Path) -> None:
    source = write_paired(tmp_path / "own", dances=2, cameras=1)
    type_in = ("model=gaussian", f"source={source}", "out=refined")
    command("refine", *type_in).went_well()
    first, second = sorted(Path("refined").iterdir())
    kept, time = first.read_bytes(), first.stat().st_mtime_ns
    second.unlink()
    shown = command("refine", *type_in)
    shown.went_well()
    assert second.name in shown.out and first.name not in shown.out
    assert first.stat().st_mtime_ns == time
    assert "refined is finished; force=true makes it again" in command("refine", *type_in).out
    message = command("refine", *type_in, "model.sigma_s=0.2").refused()
    assert message.startswith(f"{Path('refined') / first.name} exists already, and was not made")
    assert first.read_bytes() == kept
    command("refine", *type_in, "model.sigma_s=0.2", "force=true").went_well()
    assert first.read_bytes() != kept


@pytest.mark.parametrize("changed", ["detections", "fps", "truth", "heatmaps"])
def test_a_source_that_changed_is_not_taken_for_done(
    command: Command, tmp_path: Path, changed: str
) -> None:
    before = with_heatmaps() if changed == "heatmaps" else with_detections()
    rng = np.random.default_rng(0)
    other = (
        {"fps": 50.0} if changed == "fps" else {changed: rng.uniform(0, 9, before[changed].shape)}
    )
    source = npz(tmp_path / "v.npz", before)
    typed = ("model=identity", f"source={source}", "out=refined")
    command("refine", *typed).went_well()
    assert "is finished" in command("refine", *typed).out
    npz(source, before | {name: np.asarray(value, np.float32) for name, value in other.items()})
    message = command("refine", *typed).refused()
    assert message.startswith("refined/v.npz exists already, and was not made of this file by")


@pytest.mark.parametrize("tune", [True, False])
def test_a_finetuned_run_has_seen_a_real_detector(
    command: Command, tmp_path: Path, tune: bool
) -> None:
    source = write_paired(tmp_path / "own")
    command("train", "model=conv3d", *TINY).went_well()
    paired = ("data=paired", f"data.root={source}", f"tune={str(tune).lower()}")
    command("finetune", "model=conv3d", *paired, *READ).went_well()
    run = Path("runs") / ("finetune" if tune else "pretrained") / "conv3d/setup1/k1"
    shown = command("refine", f"run={run}", f"source={source}", "out=refined")
    shown.went_well()
    assert ("has seen simulated noise alone" in shown.out) == (not tune)


def test_frame_rates_unlike_those_of_training_are_remarked(
    command: Command, tmp_path: Path
) -> None:
    """The embedded poses have 30 frames a second; these files 60."""
    command("train", "model=deciwatch", *TINY).went_well()
    source = write_paired(tmp_path / "own", dances=1, cameras=1)
    typed = (f"run={RUN}/deciwatch/setup1/k1", f"source={source}")
    shown = command("refine", *typed, "out=as_they_are").out
    assert "trained at 30 frames a second, and gets 60; data.fps=30 brings" in shown
    assert "frames a second" not in command("refine", *typed, "out=brought", "data.fps=30").out
    one, other = (np.load(next(Path(p).iterdir())) for p in ("as_they_are", "brought"))
    assert one["fps"] == other["fps"] == 60
    assert np.nanmax(np.abs(one["detections"] - other["detections"])) > 0.1


def test_numbers_that_mean_something_else_are_remarked(command: Command, tmp_path: Path) -> None:
    detections = np.random.default_rng(0).uniform(1, 400, (11, 17, 3)).astype(np.float32)
    detections[2, :7] = 0
    source = npz(tmp_path / "v.npz", with_detections(detections=detections))
    shown = command("refine", "model=kalman", f"source={source}", "out=refined")
    shown.went_well()
    assert "note: v.npz: 3.7% of the detections are at exactly (0, 0), as some" in shown.out
    assert "note: v.npz: scores are above 1.5; expected about 0 to 1" in shown.out


def test_what_cannot_be(command: Command, tmp_path: Path) -> None:
    source = write_paired(tmp_path / "own", dances=1, cameras=1)
    good = (f"source={source}", "out=refined")
    command("train", "model=conv3d", *TINY).went_well()
    command("train", "model=savgol", *TINY).went_well()
    run, tuned = RUN / "conv3d/setup1/k1", RUN / "savgol/setup1/k1"
    (movie := tmp_path / "clip.mp4").touch()
    (empty := tmp_path / "empty").mkdir()
    for typed, begins in {
        good[:1]: "out is None; expected out=, a folder",
        good[1:]: "source is None; expected source=, a file of the paired layout or a folder",
        (*good, "model=deciwatch"): "model=deciwatch has weights to load; add run=DIR",
        (*good, "run=nowhere"): f"{Path('nowhere').absolute()} holds no run (no config.yaml)",
        (*good, "model=kalman", "data.fps=25"): "g_c00_ch00 has 60 frames a second; data.fps=25",
        (
            *good,
            f"run={run}",
            "model=deciwatch",
        ): f"checkpoint {run}/best.ckpt is of another model",
        (
            *good,
            "model=kalman",
            "trainer.precision=8",
        ): "trainer.precision is '8'; expected one of",
        (*good, "model=kalman", "nois=1"): "setting 'nois' is unknown",
        ("model=kalman", "source=nowhere", good[1]): "source 'nowhere' is not a folder",
        ("model=kalman", f"source={empty}", good[1]): f"source '{empty}' has no file *.npz or",
        ("model=kalman", good[0], f"out={source}"): f"out={source} is where {source}",
        (
            *good,
            "model=kalman",
            "input=gaussian",
        ): "the input is simulated; expected",
        ("model=kalman", f"source={movie}", good[1]): f"source '{movie}' is no file of the paired",
        (*good, f"run={tuned}", "model=savgol", "model.order=1"): "model.order was tuned by this",
    }.items():
        message = command("refine", *typed).refused()
        assert message.startswith(begins), message
        assert not Path("refined").exists()
    (run / "metrics.json").unlink()
    assert "holds no finished run" in command("refine", f"run={run}", *good).refused()


def test_a_damaged_file_is_named_before_anything_is_written(
    command: Command, tmp_path: Path
) -> None:
    source = write_paired(tmp_path / "own", dances=2, cameras=1)
    last = sorted(source.iterdir())[-1]
    last.write_bytes(last.read_bytes()[:500])
    message = command("refine", "model=kalman", f"source={source}", "out=refined").refused()
    assert str(last) in message
    assert not Path("refined").exists()


def test_the_literal_command_line(tmp_path: Path) -> None:
    source = write_paired(tmp_path / "own", dances=1, cameras=1)
    typed = ("model=kalman", f"source={source}", "out=refined")
    process("refine", *typed, cwd=tmp_path).went_well()
    (made,) = (tmp_path / "refined").iterdir()
    assert set(np.load(made).files) >= {"detections", "fps", "image_size", "skeleton"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own", "refined"]
