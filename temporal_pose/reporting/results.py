"""Finished runs, read back from their folders."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from temporal_pose.errors import RunFolderError

_FOLDER = re.compile(r"(?P<model>[^/]+)/setup(?P<setup>[^/]+)/k(?P<k>[^/]+)(/seed(?P<seed>\d+))?")

#: Which command makes the runs of a stage, where it is not `train`, and with what setting.
_MADE_BY = {
    "finetune": ("finetune", ""),
    "scratch": ("finetune", " from_scratch=true"),
    "pretrained": ("finetune", " tune=false"),
}


@dataclass(frozen=True)
class Run:
    """One finished run.

    Args:
        path: its folder.
        setup: how its input was made; '1', '2' or '3'.
        k: how strong the simulated noise was.
        scores: the numbers of its ``metrics.json`` by name; None where nothing could be measured.
        config: its resolved configuration.
        git: the commit it was made with, with a plus sign if the code was changed since.
    """

    path: Path
    model: str
    setup: str
    k: float
    seed: int
    scores: Mapping[str, float | None]
    config: Mapping[str, Any]
    git: str
    config_hash: str

    @property
    def experiment(self) -> str:
        """The thesis's name, k.setup: 1.3 is k = 1 and setup 3."""
        return f"{self.k:g}.{self.setup}"


@dataclass(frozen=True)
class Results:
    """The finished runs of a stage, in a fixed order.

    Args:
        stage: 'pretrain', 'finetune', ...
        runs: at least one.
    """

    stage: str
    runs: tuple[Run, ...]

    @property
    def ks(self) -> list[float]:
        """Noise strengths, k = 1 first."""
        return sorted({run.k for run in self.runs}, key=lambda k: (k != 1, k))

    @property
    def setups(self) -> list[str]:
        """The thesis's three setups, and any other."""
        return sorted({"1", "2", "3"} | {run.setup for run in self.runs})

    @property
    def thresholds(self) -> list[str]:
        """Scores named ``pck@<share of the torso diameter>`` of all keypoints, strictest first."""
        names = {name for run in self.runs for name in run.scores}
        pck = {name.removeprefix("test/") for name in names if name.startswith("test/pck@")}
        return sorted({name for name in pck if "/" not in name}, key=share)

    def at(self, model: str, setup: str, k: float) -> list[Run]:
        """A model's runs of one experiment: one a seed."""
        return [r for r in self.runs if (r.model, r.setup, r.k) == (model, setup, k)]


def share(threshold: str) -> float:
    """The share of the torso diameter in a name such as ``pck@0.05``."""
    return float(threshold.removeprefix("pck@"))


def read_results(runs_dir: Path, stage: str) -> Results:
    """Reads every finished run of a stage.

    Raises:
        RunFolderError: there is none, or a file of a finished run is damaged.
    """
    root = runs_dir / stage
    runs = [_read_run(folder, named) for folder, named in _finished(root)]
    if not runs:
        command, extra = _MADE_BY.get(stage, ("train", ""))
        raise RunFolderError(
            f"{root} holds no finished run; make one, for example with "
            f"python -m temporal_pose.{command} model=conv3d setup=1 k=1{extra} "
            f"runs_dir={runs_dir}"
        )
    runs.sort(key=lambda run: (run.model, run.k, run.setup, run.seed))
    return Results(stage, tuple(runs))


def stages_with_runs(runs_dir: Path, stages: Sequence[str]) -> list[str]:
    """Those of the stages that have a finished run."""
    return [stage for stage in stages if any(_finished(runs_dir / stage))]


def _finished(root: Path) -> Iterator[tuple[Path, re.Match[str]]]:
    """Folders of finished runs, and what their names say."""
    for file in sorted(root.rglob("metrics.json")):
        named = _FOLDER.fullmatch(file.parent.relative_to(root).as_posix())
        if named and _number(named["k"]) is not None:
            yield file.parent, named


def _read_run(folder: Path, named: re.Match[str]) -> Run:
    metrics, config = _read_metrics(folder / "metrics.json"), _read_config(folder / "config.yaml")
    git, config_hash = (str(metrics.pop(name, "")) for name in ("git", "config_hash"))
    seed = metrics.pop("seed", config.get("seed", 1))
    numbers = {
        name: None if value is None or value != value else float(value)
        for name, value in metrics.items()
        if value is None or isinstance(value, int | float)
    }
    return Run(
        path=folder,
        model=named["model"],
        setup=named["setup"],
        k=float(named["k"]),
        seed=int(named["seed"] or seed),
        scores=numbers,
        config=config,
        git=git,
        config_hash=config_hash,
    )


def _read_metrics(file: Path) -> dict[str, Any]:
    try:
        metrics = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise _damaged(file, str(error)) from None
    if not isinstance(metrics, dict):
        raise _damaged(file, "it holds no JSON object")
    wrong = [name for name in metrics if name.startswith(("test/", "identity/"))]
    wrong = [n for n in wrong if not isinstance(metrics[n], int | float | None)]
    if wrong:
        raise _damaged(file, f"{wrong[0]} is {metrics[wrong[0]]!r}; expected a number")
    if not any(name.startswith("test/pck@") for name in metrics):
        raise _damaged(file, "it holds no test/pck@...")
    return metrics


def _read_config(file: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise _damaged(file, str(error)) from None
    if not isinstance(config, dict):
        raise _damaged(file, "it holds no settings")
    return config


def _damaged(file: Path, reason: str) -> RunFolderError:
    return RunFolderError(
        f"{file} is unreadable or damaged: {reason}; delete its folder and repeat the run"
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
