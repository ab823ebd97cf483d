"""Finished runs, read back from their folders, and the models that they are of."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from temporal_pose.errors import RunFolderError
from temporal_pose.files.escaping import one_line
from temporal_pose.files.options import described, options
from temporal_pose.reporting.comparisons import KeptErrors, read_errors
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.results import (
    METRICS,
    PARAMETERS,
    PREDICTIONS,
    TEST,
    Pck,
    Side,
    damaged,
    read_metrics,
)
from temporal_pose.runs.run_names import RunName

#: The thesis's grid: its rows, in the order of its tables, and its setups.
MODELS = ("identity", "conv3d", "deciwatch", "biconvlstm_s", "biconvlstm_c")
SETUPS = ("1", "2", "3")

#: Which command makes the runs of a stage, where it is not `train`, and with what setting.
_MADE_BY = {
    "finetune": ("finetune", ""),
    "scratch": ("finetune", " from_scratch=true"),
    "pretrained": ("finetune", " tune=false"),
}


class ModelKind(IntEnum):
    """What a model is: part of how it is drawn, and of where it stands."""

    IDENTITY = 0
    NETWORK = 1
    VIDEO_FILTER = 2  # without weights; sees whole videos, the future included
    WINDOW_FILTER = 3  # without weights; sees what the networks see


@dataclass(frozen=True)
class Model:
    """A row of the tables.

    Args:
        key: the name of its run folders.
        name: what it is called in tables and figures.
    """

    key: str
    name: str
    kind: ModelKind


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
        tested: its errors on the test set; None where it has kept no predictions.
        fold: which turn of a cross-validation it is, from 1; 0 where it is none.
    """

    path: Path
    model: str
    setup: str
    k: float
    seed: int
    scores: Mapping[str, float | None]
    config: Mapping[str, Any]
    git: str = ""
    config_hash: str = ""
    tested: KeptErrors | None = None
    fold: int = 0

    @property
    def turn(self) -> tuple[int, int]:
        """Seed and fold: what runs have in common that were tested on the same."""
        return self.seed, self.fold

    @property
    def experiment(self) -> str:
        """The thesis's name, k.setup: 1.3 is k = 1 and setup 3."""
        return f"{self.k:g}.{self.setup}"

    def settings(self, group: str) -> Mapping[str, Any]:
        """A group of its configuration; empty where that is no group."""
        settings = self.config.get(group)
        return settings if isinstance(settings, Mapping) else {}


@dataclass(frozen=True)
class Results:
    """The finished runs of a stage, in a fixed order.

    Args:
        stage: 'pretrain', 'finetune', ...
        runs: at least one.
        grid: whether rows and columns of the thesis's grid are shown that have no run.
        problems: a sentence for each run that could not be read, or not all of it.
    """

    stage: str
    runs: tuple[Run, ...]
    grid: bool = False
    problems: tuple[str, ...] = ()

    @property
    def ks(self) -> list[float]:
        """Noise strengths, k = 1 first."""
        return sorted({run.k for run in self.runs}, key=lambda k: (k != 1, k))

    @property
    def setups(self) -> list[str]:
        """Those that have runs, and of the grid all."""
        return sorted({run.setup for run in self.runs} | set(SETUPS if self.grid else ()))

    @property
    def models(self) -> list[Model]:
        """Those that have runs, and of the grid all; the identity, networks, then filters."""
        by_key: dict[str, list[Run]] = {key: [] for key in (MODELS if self.grid else MODELS[:1])}
        for run in self.runs:
            by_key.setdefault(run.model, []).append(run)
        found = [Model(key, _name(key, own), _kind(key, own)) for key, own in by_key.items()]
        known = {key: place for place, key in enumerate(MODELS)}
        return sorted(found, key=lambda m: (m.kind, known.get(m.key, len(MODELS)), m.name, m.key))

    def thresholds(self, side: Side = TEST) -> list[str]:
        """Scores named ``pck@<share of the torso diameter>`` of all keypoints, strictest first."""
        found = {pck for pck in self._pcks(side) if not pck.group}
        return [pck.name for pck in sorted(found)]

    def groups(self, threshold: str) -> list[str]:
        """Groups of keypoints that have this score on the test set, in the order of the files."""
        names = dict.fromkeys(pck for pck in self._pcks(TEST) if pck.group)
        return [pck.group for pck in names if Pck(pck.share).name == threshold]

    def _pcks(self, side: Side) -> Iterator[Pck]:
        for run in self.runs:
            for name in run.scores:
                bare = name.removeprefix(side.refined)
                pck = Pck.of(bare) if bare != name else None
                if pck is not None:
                    yield pck

    def of(self, k: float) -> "Results":
        """The runs of one noise strength."""
        return replace(self, runs=tuple(run for run in self.runs if run.k == k))

    def at(self, model: str, setup: str, k: float) -> list[Run]:
        """A model's runs of one experiment: one a seed."""
        return [r for r in self.runs if (r.model, r.setup, r.k) == (model, setup, k)]


def _kind(key: str, runs: Sequence[Run]) -> ModelKind:
    if key == MODELS[0]:
        return ModelKind.IDENTITY
    if not runs or any(run.scores.get(PARAMETERS) for run in runs):
        return ModelKind.NETWORK
    whole = runs[0].settings("model").get("whole_videos")
    return ModelKind.VIDEO_FILTER if whole is True else ModelKind.WINDOW_FILTER


def _name(key: str, runs: Sequence[Run]) -> str:
    """As the runs' configuration has it, else as `conf` has it today; else the folder's name."""
    said = next((run.settings("model").get("title") for run in runs), None)
    name = said if isinstance(said, str) and said else title_of(key)
    if _kind(key, runs) == ModelKind.WINDOW_FILTER:
        frames = sorted({str(run.settings("data").get("window", "?")) for run in runs})
        name += f" ({' or '.join(frames)} frames)"
    return one_line(name, 60)


@cache
def title_of(key: str) -> str:
    """What `conf` calls a model; its key where it does not say, or does not know it."""
    return str(described("model", key).get("title", key)) if key in options("model") else key


def read_results(runs_dir: Path, stage: str, grid: bool = False) -> Results:
    """Reads every finished run of a stage; one that is damaged is left out and named.

    Args:
        grid: see `Results`.

    Raises:
        RunFolderError: there is none that can be read.
    """
    root = runs_dir / stage
    runs: list[Run] = []
    problems: list[str] = []
    for folder, named in _finished(root):
        try:
            run = _read_run(folder, named)
        except RunFolderError as error:
            problems.append(f"{error} (the run is left out)")
            continue
        try:
            run = replace(run, tested=read_errors(folder / PREDICTIONS))
        except RunFolderError as error:
            problems.append(f"{error} (its predictions are left out)")
        runs.append(run)
    if not runs:
        command, extra = _MADE_BY.get(stage, ("train", ""))
        damage = f" that can be read ({one_line(problems[0])})" if problems else ""
        raise RunFolderError(
            f"{root} holds no finished run{damage}; make one, for example with "
            f"python -m temporal_pose.{command} model=conv3d setup=1 k=1{extra} "
            f"runs_dir={runs_dir}"
        )
    runs.sort(key=lambda run: (run.model, run.k, run.setup, run.turn))
    return Results(stage, tuple(runs), grid, tuple(problems))


def stages_with_runs(runs_dir: Path, stages: Collection[str]) -> list[str]:
    """Those of the stages that have a finished run."""
    return [stage for stage in stages if any(_finished(runs_dir / stage))]


def _finished(root: Path) -> Iterator[tuple[Path, RunName]]:
    """Folders of finished runs, and what their names say."""
    for file in sorted(root.rglob(METRICS)):
        named = RunName.of(file.parent.relative_to(root))
        if named is not None:
            yield file.parent, named


def _read_run(folder: Path, named: RunName) -> Run:
    metrics = read_metrics(folder / METRICS)
    try:
        config = RunFolder(folder).config()
    except OSError as error:
        raise damaged(folder, error) from None
    seed = named.seed or metrics.seed or 1
    if not 0 < named.k < math.inf or seed >= 2**32:
        raise RunFolderError(f"{folder} has no k or no seed in its name; expected k1 or k1/seed2")
    where = (folder, named.model, named.setup, named.k, seed)
    about = (metrics.scores, config, metrics.git, metrics.config_hash)
    return Run(*where, *about, fold=named.fold)
