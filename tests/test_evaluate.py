"""`python -m temporal_pose.evaluate`: a run, a filter, the identity; here and on other data."""

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from commands import READ, TINY, Command, Trained, literally, write_paired, write_penn_action
from layouts import read_npz

from temporal_pose.pose.skeletons import CLIMBALONG25

RUNS = Path("runs/pretrain")


def scores(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / "metrics.json").read_text())
    return {n: v for n, v in found.items() if n.startswith(("test/", "identity/"))}


def recomputed(file: Path) -> dict[str, float]:
    """Every score by plain numpy, from what was predicted."""
    kept = read_npz(file)
    truth, seen, torso = kept["truth"].astype(float), kept["visible"], kept["torso"].astype(float)
    found = {}
    for side, name in (("test", "predicted"), ("identity", "observed")):
        wrong = kept[name].astype(float) - truth
        far = np.hypot(*np.moveaxis(wrong, -1, 0))
        for share in (0.05, 0.1, 0.2):
            hit = far <= share * torso[:, :, None]
            found[f"{side}/pck@{share:g}"] = hit[seen].mean()
            for group, members in CLIMBALONG25.groups.items():
                some = seen[..., list(members)]
                if some.any():
                    share_of = hit[..., list(members)][some].mean()
                    found[f"{side}/pck@{share:g}/{group}"] = share_of
        found[f"{side}/error_px"] = far[seen].mean()
        bend = np.hypot(*np.moveaxis(np.diff(wrong, n=2, axis=1), -1, 0))
        whole = seen[:, 2:] & seen[:, 1:-1] & seen[:, :-2]
        found[f"{side}/accel_error_px"] = bend[whole].mean()
        speed = (truth[:, 2:] - truth[:, :-2])[whole] / 2
        found[f"{side}/lag_frames"] = -(wrong[:, 1:-1][whole] * speed).sum() / (speed**2).sum()
    return found


@pytest.mark.parametrize("model", ["conv3d", "deciwatch", "savgol", "kalman_window", "identity"])
def test_a_finished_run_scores_again_what_it_scored(command: Command, model: str) -> None:
    command("train", f"model={model}", "setup=3", "k=2", *TINY, "data.frames=30").went_well()
    run = RUNS / model / "setup3/k2"
    shown = command("evaluate", f"run={run}", "out=again")
    shown.went_well()
    assert scores(Path("again")) == scores(run)
    assert sorted(path.name for path in Path("again").iterdir()) == [
        "metrics.json",
        "predictions.npz",
    ]
    assert "pck@0.05" in shown.out
    ours, theirs = (read_npz(folder / "predictions.npz") for folder in (Path("again"), run))
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("model", ["conv3d", "gaussian", "identity"])
def test_numpy_finds_the_same_scores(command: Command, model: str) -> None:
    command("train", f"model={model}", *TINY, "data.frames=40", "data.size=32").went_well()
    run = RUNS / model / "setup1/k1"
    expected = recomputed(run / "predictions.npz")
    assert scores(run) == pytest.approx(expected, rel=1e-5, abs=1e-7)
    assert len(expected) == 2 * (6 + 3 * 13)
    if model == "identity":
        refined, plain = (
            [v for n, v in expected.items() if n.startswith(side)] for side in ("test", "identity")
        )
        assert refined == pytest.approx(plain, rel=1e-5, abs=1e-7)


def test_a_run_is_scored_on_another_data_set(
    command: Command, trained: Trained, tmp_path: Path
) -> None:
    root = write_penn_action(tmp_path / "penn", videos=5)
    trained(*TINY)
    other = ("data=penn_action", f"data.root={root}", "out=other")
    command("evaluate", f"run={RUNS}/conv3d/setup1/k1", *other).went_well()
    found = scores(Path("other"))
    assert found == pytest.approx(recomputed(Path("other/predictions.npz")), rel=1e-5, abs=1e-7)
    assert not any("pinky" in name for name in found)
    video = read_npz("other/predictions.npz")["video"]
    assert set(video.tolist()) < {f"000{number}" for number in range(1, 6)}
    assert found["identity/error_px"] != scores(RUNS / "conv3d/setup1/k1")["identity/error_px"]


def test_the_input_is_the_same_for_every_model(command: Command, tmp_path: Path) -> None:
    root = write_penn_action(tmp_path / "penn", videos=5)
    for model in ("identity", "savgol", "one_euro_window"):
        settings = (f"model={model}", "data=penn_action", f"data.root={root}", f"out={model}")
        command("evaluate", *settings, *READ).went_well()
    found = [scores(Path(name)) for name in ("identity", "savgol", "one_euro_window")]
    baselines = [{n: v for n, v in one.items() if n.startswith("identity/")} for one in found]
    assert baselines[0] == baselines[1] == baselines[2]
    assert len({one["test/error_px"] for one in found}) == 3


def test_the_identity_is_the_baseline_also_where_the_detector_missed(
    command: Command, tmp_path: Path
) -> None:
    root = write_paired(tmp_path / "own")
    for file in root.iterdir():
        arrays = read_npz(file)
        missed = np.random.default_rng(0).random(arrays["detections"].shape[:2]) < 0.1
        arrays["detections"][missed] = np.nan
        np.savez(file, **arrays)
    settings = ("model=identity", "data=paired", f"data.root={root}", "input=recorded", *READ)
    command("evaluate", *settings, "out=here").went_well()
    found = scores(Path("here"))
    for name in ("error_px", "accel_error_px", "pck@0.05", "pck@0.2", "lag_frames"):
        assert found[f"test/{name}"] == pytest.approx(found[f"identity/{name}"], rel=1e-4)


def test_a_filters_run_keeps_what_was_tuned(command: Command) -> None:
    command("train", "model=savgol", *TINY, "data.frames=40").went_well()
    run = RUNS / "savgol/setup1/k1"
    found = json.loads((run / "metrics.json").read_text())
    tuned = {n.removeprefix("setting/"): v for n, v in found.items() if "setting/" in n}
    assert tuned.keys() == {"window_s", "order"}
    kept = torch.load(run / "best.ckpt", weights_only=True)["state_dict"]
    (settings,) = (value for value in kept.values() if isinstance(value, dict))
    assert tuned.items() <= settings.items()
    typed = (f"model.window_s={tuned['window_s']:g}", f"model.order={tuned['order']:.0f}")
    command("evaluate", "model=savgol", *TINY, "data.frames=40", *typed, "out=typed").went_well()
    assert scores(Path("typed")) == scores(run)
    other = ("model.window_s=0.5", "model.order=0", "out=other")
    command("evaluate", "model=savgol", *TINY, "data.frames=40", *other).went_well()
    assert scores(Path("other"))["test/error_px"] != scores(run)["test/error_px"]


def test_nothing_is_written_without_out(command: Command) -> None:
    command("evaluate", "model=identity", *TINY).went_well()
    assert not list(Path().iterdir())


def test_a_network_needs_weights(command: Command) -> None:
    assert command("evaluate", "model=conv3d", *TINY, "out=o").refused() == (
        "model=conv3d has weights to load; add run=DIR, the folder of a finished run, or "
        "checkpoint=FILE"
    )
    assert not Path("o").exists()


def test_a_folder_without_a_run_is_refused(command: Command) -> None:
    folder = Path("empty")
    folder.mkdir()
    message = command("evaluate", f"run={folder}").refused()
    assert message == f"{folder.absolute()} holds no run (no config.yaml)"


def test_an_unfinished_run_is_refused(command: Command, trained: Trained) -> None:
    trained(*TINY)
    run = RUNS / "conv3d/setup1/k1"
    (run / "metrics.json").unlink()
    message = command("evaluate", f"run={run}", "out=o").refused()
    assert message == (
        f"{run.absolute()} holds no finished run (no metrics.json); the command that began it "
        "finishes it"
    )
    assert not Path("o").exists()


@pytest.mark.parametrize("objects", [None, 0.5, {"task": 3}])
def test_a_run_without_its_parts_is_refused(
    command: Command, trained: Trained, objects: object
) -> None:
    trained("model=identity", *TINY)
    file = (RUNS / "identity/setup1/k1/config.yaml").absolute()
    config = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump(config | {"objects": objects}))
    for name, out in (("evaluate", "o"), ("export", "o.onnx")):
        assert command(name, f"run={file.parent}", f"out={out}").refused() == (
            f"{file} has no settings objects.task; expected the file that the run's command wrote"
        )


@pytest.mark.parametrize("content", [None, "{}", "nonsense"])
def test_a_run_that_does_not_say_what_it_was_trained_on_is_refused(
    command: Command, trained: Trained, content: str | None
) -> None:
    trained("model=identity", *TINY)
    split = (RUNS / "identity/setup1/k1/split.json").absolute()
    split.unlink()
    if content is not None:
        split.write_text(content)
    assert command("evaluate", f"run={split.parent}").refused() == (
        f"{split} does not tell which videos the run was trained on: it is missing, damaged, or "
        "of an earlier version; train the run again with force=true"
    )


def test_a_folder_that_cannot_be_written_is_found_before_any_work(command: Command) -> None:
    Path("taken").write_text("a file")
    shown = command("evaluate", "model=savgol", *TINY, "out=taken/here")
    assert "taken" in shown.refused()
    assert "videos:" not in shown.err + shown.out


def test_results_never_replace_a_run_or_what_is_somebody_elses(
    command: Command, trained: Trained
) -> None:
    trained("model=identity", *TINY)
    run, other = RUNS / "identity/setup1/k1", Path("other")
    Path("link").symlink_to(run.absolute())
    other.mkdir()
    (other / "metrics.json").write_text('{"accuracy": 1}')
    before = {path: path.read_bytes() for path in run.iterdir()}
    for out in (run, "link", f"{run}/../k1"):
        message = command("evaluate", f"run={run}", f"out={out}").refused()
        assert message == (
            f"{Path(out)}/predictions.npz would be written over {run}; choose another out="
        )
    for typed in ((f"out={run}",), ("out=other", f"run={run}")):
        message = command("evaluate", "model=identity", *TINY[:4], *typed).refused()
        assert message.endswith(", which holds a run or other results; choose another")
    assert {path: path.read_bytes() for path in run.iterdir()} == before
    assert (other / "metrics.json").read_text() == '{"accuracy": 1}'
    for _ in range(2):  # one of its own is replaced
        command("evaluate", f"run={run}", f"out={run}/again").went_well()


def test_a_run_without_its_weights_is_refused(command: Command, trained: Trained) -> None:
    trained(*TINY)
    best = RUNS / "conv3d/setup1/k1/best.ckpt"
    best.unlink()
    message = command("evaluate", f"run={best.parent}", "out=o").refused()
    assert message == f"checkpoint {best} is not there; train the model first"
    assert not Path("o").exists()


def test_a_checkpoint_of_another_model_is_refused(command: Command, trained: Trained) -> None:
    trained("model=deciwatch", *TINY)
    other = RUNS / "deciwatch/setup1/k1/best.ckpt"
    trained("model=savgol", *TINY)
    for model in ("model=conv3d", "model=kalman"):
        typed = (model, *TINY, f"checkpoint={other}", "out=o")
        message = command("evaluate", *typed).refused()
        assert message.startswith(f"checkpoint {other} is of another model: ")
    typed = ("model=deciwatch", "model.interval=1", *TINY, f"checkpoint={other}", "out=o")
    assert command("evaluate", *typed).refused() == (
        f"checkpoint {other}: the checkpoint is of a DeciWatch with "
        "{'interval': 5, 'heads': 4}; expected {'interval': 1, 'heads': 4}"
    )
    filters = RUNS / "savgol/setup1/k1/best.ckpt"
    message = command("evaluate", "model=kalman", *TINY, f"checkpoint={filters}").refused()
    assert "expected the settings of Kalman: " in message
    assert not Path("o").exists()


class Trap:
    """Leaves a file behind if it is ever unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("sprung"),)


@pytest.mark.parametrize("damage", ["half", "empty", "text", "pickle", "zipped"])
def test_a_damaged_or_dangerous_checkpoint_is_refused(
    command: Command, trained: Trained, damage: str
) -> None:
    trained("model=identity", *TINY)
    best = RUNS / "identity/setup1/k1/best.ckpt"
    whole = best.read_bytes()
    if damage == "pickle":
        best.write_bytes(pickle.dumps({"state_dict": {"a": Trap()}}))
    elif damage == "zipped":
        torch.save({"state_dict": {"a": Trap()}}, best)
    else:
        best.write_bytes(
            {"half": whole[: len(whole) // 2], "empty": b"", "text": b"hello"}[damage]
        )
    message = command("evaluate", f"run={best.parent}", "out=o").refused()
    wrong = "would need code to load" if damage == "zipped" else "is damaged"
    assert message.startswith(f"checkpoint {best} {wrong}")
    assert not Path("sprung").exists()
    assert not Path("o").exists()


def test_the_literal_command_line(tmp_path: Path) -> None:
    done = literally("evaluate", "model=savgol", "setup=2", *TINY, "out=o", cwd=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert "identity" in done.out
    assert scores(tmp_path / "o")


def test_another_choice_of_videos_never_tests_on_what_was_trained_on(
    command: Command, tmp_path: Path
) -> None:
    root = write_penn_action(tmp_path / "penn", videos=11)
    data = ("data=penn_action", f"data.root={root}", "data.split_seed=0")
    command("train", "model=identity", *data, *READ).went_well()
    run = RUNS / "identity/setup1/k1"
    split = json.loads((run / "split.json").read_text())
    trained = {*split["train"], *split["val"]}
    otherwise = ("data.split_seed=3", "out=other")
    command("evaluate", f"run={run}", *otherwise).went_well()
    tested = set(read_npz("other/predictions.npz")["video"].tolist())
    assert tested
    assert not tested & trained


def test_videos_are_known_again_under_the_name_of_another_set(
    command: Command, tmp_path: Path
) -> None:
    root = write_paired(tmp_path / "paired", dances=5)
    command("train", "model=identity", "data=aist", f"data.root={root}", *READ).went_well()
    run = RUNS / "identity/setup1/k1"
    split = json.loads((run / "split.json").read_text())
    (dance,) = split["test"]
    elsewhere = tmp_path / "moved"
    root.rename(elsewhere)
    first, second, *others = sorted(path.stem for path in elsewhere.iterdir())
    sides = f"data.split={{train:[{first}],val:[{second}],test:[{','.join(others)}]}}"
    other = ("data=paired", f"data.root={elsewhere}", sides)
    command("evaluate", f"run={run}", *other, "out=o").went_well()
    tested = set(read_npz("o/predictions.npz")["video"].tolist())
    assert tested == {name for name in others if name.endswith(dance)}
    assert tested


def test_the_same_name_is_no_evidence_and_a_folder_is_scored_as_a_whole(
    command: Command, tmp_path: Path
) -> None:
    """Other people's videos, named as those of training are, are all new; those of training are
    left out wherever they lie.
    """
    own = write_paired(tmp_path / "own", dances=3, cameras=1)
    command("train", "model=identity", "data=aist", f"data.root={own}", *READ).went_well()
    run = RUNS / "identity/setup1/k1"
    theirs = shutil.copytree(own, tmp_path / "theirs")
    for number, file in enumerate(sorted(theirs.iterdir())):
        arrays = read_npz(file)
        moved = np.random.default_rng(number).normal(0, 30, arrays["truth"].shape)
        arrays["truth"] += moved.astype(np.float32)
        np.savez(file, **arrays)
    names = {file.stem for file in theirs.iterdir()}
    trained = {*json.loads((run / "split.json").read_text())["test"]}
    for root, expected in (
        (theirs, names),
        (own, {name for name in names if name.endswith(tuple(trained))}),
    ):
        about = ("data=paired", f"data.root={root}", "part=all", f"out={root.name}_scores")
        command("evaluate", f"run={run}", *about).went_well()
        tested = read_npz(f"{root.name}_scores/predictions.npz")["video"]
        assert set(tested.tolist()) == expected
