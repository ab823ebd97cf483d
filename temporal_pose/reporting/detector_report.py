"""A report of detectors' trainings: a table of scores, and learning curves beside no answer."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from temporal_pose.errors import RunFolderError
from temporal_pose.files.escaping import for_csv, for_figure, for_markdown, one_line
from temporal_pose.reporting.figures.panels import STYLES
from temporal_pose.runs.events import Curves, read_curves
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.results import (
    CONSTANT,
    CROP_PCK,
    EPOCHS,
    HEAD_PCK,
    LOOSE_PCK,
    LOSS,
    METRICS,
    MIDDLE_PCK,
    NO_ANSWER,
    PEOPLE,
    PRECISION,
    RECALL,
    SECONDS,
    STRICT_PCK,
    TEST,
    TRAINING_LOSS,
    UNFLIPPED,
    VALIDATION,
    VALIDATION_LOSS,
    read_metrics,
)

#: Columns of the table by score; the best constant pose is one of them, for it is what a network
#: has to beat.
SCORES = {
    f"{TEST.refined}{LOOSE_PCK}": "PCK@0.2",
    f"{TEST.refined}{MIDDLE_PCK}": "PCK@0.1",
    f"{TEST.refined}{STRICT_PCK}": "PCK@0.05",
    f"{TEST.refined}{HEAD_PCK}": "PCKh@0.5",
    f"{TEST.refined}{CROP_PCK}": "5 % of the crop",
    f"{TEST.refined}{PRECISION}": "AP",
    f"{TEST.refined}{RECALL}": "AR",
    f"{UNFLIPPED}{LOOSE_PCK}": "PCK@0.2, no flip test",
    f"{CONSTANT}{LOOSE_PCK}": "PCK@0.2, constant pose",
    VALIDATION_LOSS: "loss",
    f"{NO_ANSWER}{LOSS}": "loss of no answer",
}
_COUNTS = {f"{PEOPLE}train": "people", EPOCHS: "epochs", SECONDS: "minutes"}

TITLE = "# Detectors"


@dataclass(frozen=True)
class DetectorRun:
    """A finished run.

    Args:
        name: its folder within that of the stage.
        scores: by name, as in ``metrics.json``.
        curves: of its training.
    """

    name: str
    scores: Mapping[str, float | None]
    curves: Curves


def read(runs_dir: Path) -> tuple[list[DetectorRun], list[str]]:
    """All finished runs of detectors, and a line for each that cannot be read.

    Raises:
        RunFolderError: there is none.
    """
    root = runs_dir / "detector"
    runs, problems = [], []
    for file in sorted(root.rglob(METRICS)):
        run = RunFolder(file.parent)
        try:
            scores = read_metrics(file).scores
            runs.append(
                DetectorRun(str(file.parent.relative_to(root)), scores, read_curves(run.path))
            )
        except RunFolderError as error:
            problems.append(one_line(str(error)))
    if not runs:
        raise RunFolderError(
            f"{root} holds no finished run; make one with python -m temporal_pose.train_detector"
        )
    return runs, problems


def files(runs: Sequence[DetectorRun]) -> dict[str, bytes]:
    """The report: a page, a table, and a figure, by file name; the page is the first."""
    image = io.BytesIO()
    learning_curves(runs).savefig(image, format="png", dpi=110)
    return {
        "report.md": page(runs).encode(),
        "results.csv": sheet(runs).encode(),
        "learning_curves.png": image.getvalue(),
    }


def page(runs: Sequence[DetectorRun]) -> str:
    """The table in Markdown, with what its columns are."""
    names = [name for name in SCORES if any(run.scores.get(name) is not None for run in runs)]
    heads = ["run", *(SCORES[name] for name in names), *_COUNTS.values()]
    lines = [TITLE, "", _row(heads), _row(["---", *["---:"] * (len(heads) - 1)])]
    for run in runs:
        cells = [_score(name, run.scores.get(name)) for name in names]
        lines.append(
            _row([for_markdown(run.name), *cells, *(_count(run, name) for name in _COUNTS)])
        )
    return "\n".join([*lines, "", *_NOTES, "", "![learning curves](learning_curves.png)", ""])


_NOTES = (
    "PCK@a: share of the labelled keypoints within a times the torso's diameter, in percent, on "
    "held-out images; PCKh@0.5: within half the head's size. 5 % of the crop: the thesis's score, "
    "averaged a person. AP and AR are COCO's, one pose a person in the box of the truth. Constant "
    "pose: the mean or the median pose of the training crops, whichever is better. Loss: in "
    "validation; a network that answers zeros alone has the loss of no answer.",
)


def sheet(runs: Sequence[DetectorRun]) -> str:
    """All scores of all runs, a row each."""
    names = sorted({name for run in runs for name in run.scores})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["run", *map(for_csv, names)])
    for run in runs:
        values = [run.scores.get(name) for name in names]
        writer.writerow([for_csv(run.name), *("" if v is None else f"{v:.6g}" for v in values)])
    return text.getvalue()


def learning_curves(runs: Sequence[DetectorRun]) -> Figure:
    """Losses in training and in validation beside that of no answer, and PCK@0.2, a row a run."""
    figure = Figure((9, 2.3 * len(runs) + 0.5), layout="constrained")
    grid = figure.subplots(len(runs), 2, squeeze=False)
    tags = {TRAINING_LOSS: "training", VALIDATION_LOSS: "validation"}
    tags |= {f"{NO_ANSWER}{LOSS}": "no answer"}
    for run, (left, right) in zip(runs, grid, strict=True):
        for (tag, label), style in zip(tags.items(), reversed(STYLES[:3]), strict=True):
            look: dict[str, Any] = {"color": style["color"], "linestyle": style["linestyle"]}
            curve = run.curves[tag]
            left.plot(curve.epochs, curve.values, label=label, marker=".", **look)
        curve = run.curves[f"{VALIDATION.refined}{LOOSE_PCK}"]
        right.plot(curve.epochs, 100 * curve.values, color=STYLES[2]["color"], marker=".")
        constant = run.scores.get(f"{CONSTANT}{LOOSE_PCK}")
        if constant is not None:
            right.axhline(100 * constant, color=STYLES[0]["color"], label="constant pose, in test")
        left.set_title(for_figure(run.name, 60), fontsize=9, loc="left")
        left.set(ylabel="loss", xlabel="epoch")
        right.set(ylabel="PCK@0.2 (%)", xlabel="epoch", ylim=(0, None))
    for axes in grid[0]:
        axes.legend(fontsize=8)
    return figure


def _score(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if name.endswith("loss") else f"{100 * value:.1f}"


def _count(run: DetectorRun, name: str) -> str:
    value = run.scores.get(name)
    if value is None:
        return "–"
    return f"{value / 60:.1f}" if name == SECONDS else f"{value:,.0f}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
