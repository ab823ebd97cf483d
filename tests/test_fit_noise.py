"""`python -m temporal_pose.fit_noise`: from tiny paired files to pretraining with their noise."""

import contextlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import Command
from processes import process
from sharing import once

from temporal_pose.inputs import profiles
from temporal_pose.inputs.profiles import Profile

FPS = 60.0


def write_paired(root: Path, late: dict[int, int] | None = None, **changed: float) -> Path:
    """Five dances from two cameras, 10 s each at 60 fps; what a detector saw has drift and misses.

    Args:
        late: frames by which the detections of a file come late.
        changed: by how much to change the detections of a dance.
    """
    root.mkdir()
    rng, times = np.random.default_rng(0), np.arange(600)[:, None, None] / FPS
    for number in range(10):
        dance = f"ch{number // 2:02d}"
        sway = rng.uniform(0.1, 0.7, (1, 17, 2))
        truth = rng.uniform(100, 300, (1, 17, 2)) + 30 * np.sin(2 * np.pi * sway * times)
        drift = np.cumsum(rng.normal(0, 1, (640, 17, 2)), 0)
        drift = drift[40:] - drift[:-40] + rng.normal(0, 1, truth.shape) + changed.get(dance, 0)
        seen = np.roll(truth + drift / 3, (late or {}).get(number, 0), 0)
        score = np.exp(-np.abs(drift).mean(-1, keepdims=True) / 9) * rng.uniform(
            0.8, 1, (600, 17, 1)
        )
        detections = np.concatenate([seen, score], -1).astype(np.float32)
        detections[rng.random((600, 17)) < 0.05] = np.nan
        np.savez(
            root / f"a$\\frac{{$_c{number % 2}_{dance}.npz",  # no TeX, whatever it is called
            detections=detections,
            truth=truth.astype(np.float32),
            visible=rng.random((600, 17)) < 0.95,
            fps=FPS,
            image_size=np.array([640, 480]),
            skeleton="coco17",
        )
    return root


SPLIT = "data.split={train: [ch00, ch01, ch02], val: [ch03], test: [ch04]}"


def test_from_recordings_to_pretraining_with_their_noise(command: Command, tmp_path) -> None:
    root = write_paired(tmp_path / "paired")
    done = command("fit_noise", f"data.root={root}", SPLIT, "out=fits/mine.yaml")
    done.went_well()
    assert done.out.splitlines()[-2:] == ["fits/mine.yaml", "fits/mine.png"]
    assert "elbow" in done.out
    assert "pinky from wrist" in done.out.replace("\n", " ")
    text = Path("fits/mine.yaml").read_text()
    assert text.startswith("# A detector's errors for input=fitted input.fit=FILE")
    assert "From aist at 30 fps, the training side of its split: ch00, ch01, ch02." in text
    fit = profiles.read("fits/mine.yaml")
    row = fit["wrist"]
    assert isinstance(row, Profile)
    assert row.misses == pytest.approx(0.05, rel=0.2)
    assert row.slow > row.white > 0.001
    assert (Path("fits/mine.png")).read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fits", "paired"]
    tiny = ("data.subjects=3", "data.videos=1", "data.frames=30", "pictures=0")
    trained = command("train", "model=identity", "input=fitted", "input.fit=fits/mine.yaml", *tiny)
    trained.went_well()
    scores = json.loads(Path("runs/pretrain/identity/setup1/k1/metrics.json").read_text())
    assert 0 < scores["test/error_px"] < 3


@pytest.fixture
def fit(command: Command, shared_folder: Path) -> Path:
    """A fit of what `write_paired` writes, its picture beside it; made once, and only read."""

    def make(folder: Path) -> None:
        with contextlib.chdir(folder):
            root = write_paired(folder / "paired")
            command("fit_noise", f"data.root={root}", SPLIT, "out=a.yaml").went_well()

    return once(shared_folder, "fit of noise", make) / "a.yaml"


def test_only_the_training_side_is_seen(command: Command, fit: Path, tmp_path) -> None:
    for name, off in (("b", {"ch03": 50.0, "ch04": 70.0}), ("c", {"ch01": 9.0})):
        root = write_paired(tmp_path / name, **off)
        command("fit_noise", f"data.root={root}", SPLIT, f"out={name}.yaml").went_well()
    texts = [path.read_text() for path in (fit, Path("b.yaml"), Path("c.yaml"))]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]
    assert fit.with_suffix(".png").read_bytes() == Path("b.png").read_bytes()


def test_videos_out_of_step_are_left_out(command: Command, tmp_path) -> None:
    root = write_paired(tmp_path / "paired", late={1: 44, 2: -60})
    done = command("fit_noise", f"data.root={root}", SPLIT, "out=a.yaml")
    done.went_well()
    lines = [line for line in done.out.splitlines() if line.startswith("left out")]
    assert lines == [
        "left out: a$\\frac{$_c0_ch01, its detections come 1.00 s before the truth",
        "left out: a$\\frac{$_c1_ch00, its detections come 0.73 s after the truth",
    ]
    every = write_paired(tmp_path / "every", late=dict.fromkeys(range(10), 44))
    refused = command("fit_noise", f"data.root={every}", SPLIT, "out=b.yaml").refused()
    assert refused == "detections and truth of every video are out of step; nothing to fit"
    assert not Path("b.yaml").exists()


def test_what_cannot_be_fitted(command: Command, tmp_path) -> None:
    root = f"data.root={write_paired(tmp_path / 'paired')}"
    (tmp_path / "other.yaml").write_text("bibliography: [a, b]")
    (tmp_path / "b.png").write_bytes(b"a photograph")
    for typed, message in (
        ([root], "out is not set; add out=FILE.yaml, where the fit goes"),
        (["out=a.yaml"], "data.root is not set; add data.root=DIR, the data set's folder"),
        ([root, "out=a.png"], "out is a.png; expected a file that ends in .yaml"),
        ([root, "out=a.yaml", "data.stride=1"], "data.stride is 1; expected null, for the fit "),
        (
            [root, "out=other.yaml"],
            "out is other.yaml, which holds something else; choose another",
        ),
        ([root, "out=b.yaml"], "out is b.yaml, and b.png is there already; choose another"),
        ([root, "out=paired/a.yaml"], "paired/a.yaml would be written over "),
        ([root, "out=a.yaml", "data=synthetic"], "holds no detections; input=recorded needs"),
    ):
        assert message in command("fit_noise", *typed).refused()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.png", "other.yaml", "paired"]
    assert (tmp_path / "other.yaml").read_text() == "bibliography: [a, b]"
    assert (tmp_path / "b.png").read_bytes() == b"a photograph"


def test_the_command_itself(tmp_path) -> None:
    ended = process("fit_noise", "out=a.yaml", cwd=tmp_path)
    assert ended.refused().startswith("data.root is not set")


def test_the_fit_that_comes_along(command: Command) -> None:
    """`input=fitted` needs no data but what it is trained on."""
    tiny = ("data.subjects=3", "data.videos=1", "data.frames=30", "pictures=0")
    command("train", "model=identity", "input=fitted", "k=2", *tiny).went_well()
    wrong = command(
        "train", "model=identity", "input=fitted", "input.fit=no.yaml", "seed=2", *tiny
    )
    file = Path("no.yaml").absolute()
    assert wrong.refused() == f"input.fit={file} cannot be read: No such file or directory"


def test_a_run_with_a_fit_of_its_own_is_scored_from_any_folder(
    command: Command, fit: Path, tmp_path, monkeypatch
) -> None:
    shutil.copy(fit, "a.yaml")
    tiny = ("data.subjects=3", "data.videos=1", "data.frames=30", "pictures=0")
    command("train", "model=identity", "input=fitted", "input.fit=a.yaml", *tiny).went_well()
    run = tmp_path / "runs/pretrain/identity/setup1/k1"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    command("evaluate", f"run={run}", "out=again").went_well()
    again, first = (json.loads((f / "metrics.json").read_text()) for f in (Path("again"), run))
    assert all(first[name] == value for name, value in again.items())
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(Path("a.yaml").read_text() + "\n")
    refused = command("train", "model=identity", "input=fitted", "input.fit=a.yaml", *tiny)
    assert "belongs to another configuration: noise_fit is " in refused.refused()
