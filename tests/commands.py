"""The commands as a user types them: in this process, which saves starting another."""

import contextlib
import importlib
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from composing import composed_once
from hydra._internal.hydra import Hydra
from hydra.core.global_hydra import GlobalHydra
from scipy.io import savemat
from sharing import once

#: A run of a second: three people, a video each, small heatmaps, two epochs.
TINY = (
    *("data.subjects=3", "data.videos=1", "data.frames=15", "data.size=16", "model.hidden=2"),
    *("trainer.max_epochs=2", "trainer.enable_progress_bar=false", "trainer.accelerator=cpu"),
    "pictures=0",
)
#: The same for a data set that is read, not made.
READ = tuple(item for item in TINY if not item.startswith(("data.subj", "data.vid", "data.fr")))


def write_penn_action(root: Path, videos: int = 3, frames: int = 11, **changed: object) -> Path:
    """Penn Action's label files of some videos, people who sway; the folder they are in.

    Args:
        changed: fields of the last video; None leaves a field out.
    """
    (root / "labels").mkdir(parents=True)
    for video in range(1, videos + 1):
        rng = np.random.default_rng(video)
        places = rng.uniform(20, 220, (13, 2)) + 9 * np.sin(np.arange(frames) / 3)[:, None, None]
        fields: dict[str, object] = {
            "x": places[..., 0],
            "y": places[..., 1],
            "visibility": np.ones((frames, 13), np.uint8),
            "action": "situp",
            "dimensions": np.array([[270, 480, frames]], np.uint16),
            "nframes": np.array([[frames]], np.uint16),
        }
        if video == videos:
            fields = {k: v for k, v in (fields | changed).items() if v is not None}
        savemat(root / "labels" / f"{video:04d}.mat", fields)
    return root


def no_results(folder: Path = Path()) -> bool:
    """Whether nothing in a folder looks like the result of a run."""
    patterns = ("*.json", "*.ckpt", "*.npz", "config.yaml", "events.*")
    return not any(path for pattern in patterns for path in folder.rglob(pattern))


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    def refused(self) -> str:
        """The one line of an error that a user can mend; fails on anything else."""
        assert self.status == 2, self
        assert self.err.count("\n") == 1, self
        assert self.err.startswith("error: "), self
        return self.err.removeprefix("error: ").rstrip("\n")

    def went_well(self) -> None:
        assert (self.status, self.err) == (0, ""), self


Command = Callable[..., Ended]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Runs ``python -m temporal_pose.<name> <typed>`` in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Hydra, "get_mode", composed_once(Hydra.get_mode))
    warnings.filterwarnings("ignore", ".*deprecated by PEP 585.*")  # of omegaconf's own types

    def run(name: str, *typed: str) -> Ended:
        module = importlib.import_module(f"temporal_pose.{name}")
        GlobalHydra.instance().clear()
        monkeypatch.setattr(sys, "argv", [str(module.__file__), *typed])
        capfd.readouterr()
        status = 0
        try:
            module.main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        return Ended(status, *capfd.readouterr())

    yield run
    GlobalHydra.instance().clear()


Trained = Callable[..., None]


@pytest.fixture
def trained(command: Command, shared_folder: Path) -> Trained:
    """Puts into the working folder what ``train`` makes of what is typed, trained only once.

    For tests of what comes after training; those of training itself train.
    """

    def put(*typed: str) -> None:
        def train(folder: Path) -> None:
            with contextlib.chdir(folder):
                command("train", *typed).went_well()

        shutil.copytree(once(shared_folder, f"train {typed}", train), Path(), dirs_exist_ok=True)

    return put


def typed(name: str, *arguments: str) -> list[str]:
    """The literal command line."""
    return [sys.executable, "-m", f"temporal_pose.{name}", *arguments]


def literally(name: str, *arguments: str, cwd: Path) -> Ended:
    """Runs the literal command line; `processes.process` does the same sooner."""
    done = subprocess.run(
        typed(name, *arguments), cwd=cwd, capture_output=True, text=True, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


#: COCO's 17 keypoints of somebody who stands, in a picture of 200 by 400.
STANDING = np.array(
    [
        *([100, 40], [106, 34], [94, 34], [114, 38], [86, 38]),
        *([130, 90], [70, 90], [150, 140], [50, 142], [156, 190], [44, 192]),
        *([120, 200], [80, 200], [124, 280], [76, 282], [126, 360], [74, 362]),
    ],
    float,
)


def write_paired(root: Path, dances: int = 4, cameras: int = 2, frames: int = 31) -> Path:
    """People who sway before several cameras, with detections that are off by a few pixels."""
    root.mkdir(parents=True)
    keypoints = len(STANDING)
    for dance in range(dances):
        for camera in range(cameras):
            rng = np.random.default_rng((dance, camera))
            places = STANDING * rng.uniform(0.8, 1.2) + rng.uniform(0, 100, 2)
            sway = 20 * np.sin(np.arange(frames) / 7 + dance)[:, None, None]
            truth = (places + sway).astype(np.float32)
            off = rng.normal(0, 4, truth.shape)
            score = rng.uniform(0.2, 1, (frames, keypoints, 1))
            np.savez(
                root / f"g_c{camera:02d}_ch{dance:02d}.npz",
                detections=np.concatenate([truth + off, score], -1).astype(np.float32),
                truth=truth,
                visible=np.ones(truth.shape[:2], bool),
                fps=60.0,
                image_size=np.array([640, 480]),
                skeleton="coco17",
            )
    return root
