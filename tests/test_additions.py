"""What a stranger adds: one Python file and one YAML each, a skeleton one YAML, nothing edited."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from commands import READ, Command
from pages import ROOT, fences

from temporal_pose.errors import ConfigError
from temporal_pose.formats.known import formats

NETWORK = '''
"""Shifts every keypoint by what it learns."""

import torch
from torch import Tensor, nn


class Shift(nn.Module):
    def __init__(self, keypoints: int) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(keypoints, 2))

    def forward(self, places: Tensor) -> Tensor:
        return places + self.shift
'''
DATA = '''
"""People who sway, of COCO's keypoints."""

import numpy as np

from temporal_pose.pose.sequences import PoseSequence
from temporal_pose.pose.skeletons import SKELETONS


class Swaying:
    def __init__(self, people: int) -> None:
        self.people = people

    def read(self) -> list[PoseSequence]:
        return [self._person(number) for number in range(self.people)]

    def _person(self, number: int) -> PoseSequence:
        body = np.random.default_rng(number).uniform(100, 300, (17, 2))
        sway = 20 * np.sin(np.arange(23) / 7 + number)
        places = (body + sway[:, None, None]).astype(np.float32)
        visible, frames = np.ones((23, 17), bool), np.arange(23)
        skeleton = SKELETONS["coco17"]
        return PoseSequence(f"p{number}", places, visible, frames, 30.0, skeleton=skeleton)
'''
FORMAT = '''
"""A line a frame: its number, then x, y and score of each keypoint."""

import numpy as np

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip


class Lines:
    name = "lines"
    suffix = ".lines"

    def recognises(self, path):
        return path.suffix == self.suffix and path.is_file()

    def read(self, path, given):
        try:
            rows = np.loadtxt(path, ndmin=2)
            poses = rows[:, 1:].reshape(len(rows), -1, 3)
        except ValueError as error:
            raise DataError(f"{path}: {error}") from error
        return [
            Clip(
                path.stem,
                rows[:, 0].astype(int),
                poses[..., :2],
                poses[..., 2],
                given.skeleton,
                given.fps,
                format=self.name,
            )
        ]

    def write(self, out, clips):
        (clip,) = clips
        poses = np.dstack([clip.keypoints, clip.scores]).reshape(len(clip), -1)
        np.savetxt(out, np.column_stack([clip.frames, poses]), fmt="%.3f")
'''
YAML = {
    "formats/lines.yaml": "_target_: own_lines.Lines",
    "model/shift.yaml": """
defaults:
  - /codec@codec: coordinate
  - /fit@fit: gradient_descent
  - _self_
name: shift
title: A shift
whole_videos: false
network:
  _target_: own_shift.Shift
  keypoints: ${model.keypoints}
""",
    "data/swaying.yaml": """
name: swaying
people: 5
reader:
  _target_: own_swaying.Swaying
  people: ${data.people}
""",
}
SKELETON = """
keypoints: [nose, left_paw, right_paw, left_ear, right_ear]
limbs: [[nose, left_paw], [nose, right_paw]]
"""


def filter_of_the_docs() -> tuple[str, str]:
    """The example of docs/design.md: its Python, and its YAML."""
    texts = {fence.language: fence.text for fence in fences(ROOT / "docs/design.md")[::-1]}
    return texts["python"], texts["yaml"]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder beside the package: Python files, and YAML files laid out as ``conf/`` is."""
    python, text = filter_of_the_docs()
    assert "class Mean(Filter)" in python
    files = {
        "own_mean.py": python,
        "own_shift.py": NETWORK,
        "own_swaying.py": DATA,
        "own_lines.py": FORMAT,
        "conf/model/mean.yaml": text.replace("temporal_pose.filters.mean.", "own_mean."),
        **{f"conf/{name}": content for name, content in YAML.items()},
        "five.yaml": SKELETON,
    }
    for name, content in files.items():
        path = tmp_path / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    monkeypatch.syspath_prepend(tmp_path / "own")
    return tmp_path / "own"


def test_what_a_stranger_adds_is_like_what_is_there(own: Path, command: Command) -> None:
    """The filter is tuned, the network trained, on the data set; both are reported; all refine."""
    ours = (f"--config-dir={own / 'conf'}", "data=swaying", *READ)
    for model in ("mean", "shift"):
        command("train", *ours, f"model={model}").went_well()
    tuned = yaml.safe_load(Path("runs/pretrain/mean/setup1/k1/config.yaml").read_text())
    assert tuned["objects"]["task"]["network"]["_target_"] == "own_mean.Mean"
    best = Path("runs/pretrain/shift/setup1/k1/best.ckpt")
    weights = torch.load(best, weights_only=True)["state_dict"]
    assert weights["network.shift"].shape == (25, 2) and weights["network.shift"].any()
    shown = command("report", "timing=false")
    shown.went_well()
    assert "A shift" in shown.out and "Mean" in shown.out

    poses = np.random.default_rng(0).uniform(50, 400, (1, 5, 2)) + np.zeros((19, 1, 1))
    poses = poses + np.random.default_rng(1).normal(0, 3, poses.shape)
    np.save("poses.npy", poses)
    about = ("source=poses.npy", "out=refined", "fps=30", f"skeleton={own / 'five.yaml'}")
    shown = command("refine", ours[0], "model=mean", *about)
    shown.went_well()
    made = np.load("refined/poses.npy")
    assert made.shape == (19, 5, 2)
    assert np.abs(np.diff(made, 2, axis=0)).mean() < np.abs(np.diff(poses, 2, axis=0)).mean() / 2
    assert "left paw" in Path("refined/poses.npy.html").read_text()


def jittering() -> np.ndarray:
    """x, y, score of somebody of seven keypoints, as a jittery detector sees them: (19, 7, 3)."""
    rng = np.random.default_rng(2)
    poses = rng.uniform(50, 400, (7, 2)) + rng.normal(0, 3, (19, 7, 2))
    return np.dstack([poses, rng.uniform(0.3, 0.9, (19, 7))])


def rough(path: str) -> float:
    """How much keypoints change their velocity, pixels a frame²."""
    poses = np.loadtxt(path)[:, 1:].reshape(19, 7, 3)[..., :2]
    return float(np.abs(np.diff(poses, 2, axis=0)).mean())


def test_a_format_that_a_stranger_adds_is_like_those_that_are_there(
    own: Path, command: Command
) -> None:
    """It is read and written, other formats become it and it becomes others, and help lists it."""
    ours, about = f"--config-dir={own / 'conf'}", ("fps=30", "page=false")
    rows = np.column_stack([np.arange(19), jittering().reshape(19, -1)])
    np.savetxt("walk.lines", rows)
    command("refine", ours, "source=walk.lines", "out=calm", *about).went_well()
    assert rough("calm/walk.lines") < rough("walk.lines") / 2

    np.save("walk.npy", jittering())
    to = ("source=walk.npy", "out=made", "to=lines")
    command("refine", ours, *to, *about).went_well()
    assert Path("made/walk.lines").read_text() == Path("calm/walk.lines").read_text()
    back = ("source=made", "out=back", "format=lines", "to=csv", "model=identity")
    command("refine", ours, *back, *about).went_well()
    assert len(Path("back/walk.csv").read_text().splitlines()) == 20

    assert ", lines, mediapipe," in " ".join(command("refine", ours, "--help").out.split())
    known = command("refine", ours, "source=walk.npy", "out=other", "to=line").refused()
    assert known.startswith("format 'line' is unknown") and ", lines, " in known


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("_target_: own_lines.Lines", "expected the _target_ of a format whose name is 'poses'"),
        ("_target_: own_mean.Mean", "expected the _target_ of a format whose name is 'poses'"),
        ("class: own_lines.Lines", "expected the _target_ of a format whose name is 'poses'"),
        ("_target_: own_lines.Line", "it is made by own_lines.Line, which is not there"),
        ("_target_: [", "while parsing"),
    ],
)
def test_what_describes_no_format_is_told(own: Path, text: str, said: str) -> None:
    file = own / "conf/formats/poses.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=f"^{re.escape(str(file))}: .*{re.escape(said)}"):
        formats((own / "conf",))
