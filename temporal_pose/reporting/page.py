"""A report: its files by name, and the page that shows them together."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from temporal_pose.errors import RunFolderError
from temporal_pose.files.escaping import for_markdown
from temporal_pose.reporting.figures.panels import png, svg
from temporal_pose.reporting.figures.tradeoff import tradeoff
from temporal_pose.reporting.figures.training import five_frames, learning_curves
from temporal_pose.reporting.finished import Results, Run
from temporal_pose.reporting.provenance import data_names, notes
from temporal_pose.reporting.tables.contrasts import prediction_tables
from temporal_pose.reporting.tables.corrected import corrected_tables
from temporal_pose.reporting.tables.result_table import ResultTable
from temporal_pose.reporting.tables.scores import (
    cost_table,
    error_table,
    keypoint_tables,
    pck_table,
)
from temporal_pose.reporting.tables.variants import Variant, variant_tables
from temporal_pose.reporting.tables.writing import latex, markdown, sheet, tidy
from temporal_pose.runs.events import Curves, read_curves
from temporal_pose.runs.results import EPOCHS, HOLDOUT, TRAINING_LOSS

#: How every page begins, by which it is known.
TITLE = "# Results: "

_CURVES = (
    "Training loss, validation loss and validation PCK@0.05 of each epoch, "
    "a row of panels a model, a line a run. A dot is the first epoch with a lower learning rate; "
    "dashed lines are the identity function on the validation set"
)
_TRADEOFF = (
    "Position error (which counts lag as well) against acceleration error (jitter) on "
    "the test set, a point a model, mean over seeds; the lower left is best. Logarithmic axes. "
    "A number behind a name is its lag in frames, where that is 0.05 or more"
)


class PredictionTimes(NamedTuple):
    """How long networks take.

    Args:
        milliseconds: a window, by the network's key and by how it was measured.
        note: on what.
        problems: a sentence for each network that could not be measured.
    """

    milliseconds: Mapping[str, Mapping[str, float]]
    note: str
    problems: tuple[str, ...] = ()


class Report(NamedTuple):
    """A report.

    Args:
        files: by name, the page first.
        problems: a sentence for each run that could not be read, or not all of it.
    """

    files: Mapping[str, bytes]
    problems: Sequence[str]


class _Drawn(NamedTuple):
    """A figure, its file name and its caption."""

    name: str
    figure: Figure
    caption: str


def make_report(
    results: Results, variants: Sequence[Variant] = (), times: PredictionTimes | None = None
) -> Report:
    """Everything there is to say of some runs.

    Args:
        variants: to be compared, this report's own runs among them.
        times: None where they were not measured.
    """
    curves, unread = _read_curves(results.runs)
    found = [*results.problems, *(p for v in variants for p in v.results.problems), *unread]
    problems = list(dict.fromkeys([*found, *(times.problems if times else ())]))
    drawn, images = _figures(results, curves)
    tables = [*own_tables(results, variants, times), *corrected_tables(results)]
    lines = [*notes(results), *_uncharted(results, curves)]
    texts = {"report.md": page(results, lines, problems, tables, drawn)}
    texts |= {"tables.tex": latex(tables)}
    texts |= {f"{table.key}.csv": sheet(table) for table in tables}
    texts |= {"results.csv": tidy(results)}
    return Report({name: text.encode() for name, text in texts.items()} | images, problems)


def own_tables(
    results: Results, variants: Sequence[Variant], times: PredictionTimes | None
) -> list[ResultTable]:
    """PCK of every k, keypoints (both as in the thesis), then what it does not have.

    Every title ends with the data, without which no number says anything.
    """
    keypoints = [table for k in results.ks for table in keypoint_tables(results, k)]
    held = [k for k in results.ks if results.of(k).thresholds(HOLDOUT)]
    filtered = [table for table in keypoints if table.key.endswith("_filters")]
    costs = cost_table(results, times.milliseconds if times else {}, times.note if times else "")
    tables = [
        *(pck_table(results, k) for k in results.ks),
        *(table for table in keypoints if table not in filtered),
        *(pck_table(results, k, HOLDOUT) for k in held),
        *variant_tables(variants),
        *(error_table(results, k) for k in results.ks),
        *(table for k in results.ks for table in prediction_tables(results, k)),
        *([costs] if costs else []),
        *filtered,
    ]
    every = Results("", tuple(run for one in variants for run in one.results.runs))
    of = {"variants": every}
    return [t if t is costs else with_data(t, of.get(t.key, results)) for t in tables]


def with_data(table: ResultTable, results: Results) -> ResultTable:
    """The table with a title that says which data it is of."""
    return replace(table, title=f"{table.title}. Data: {data_names(results)}")


def page(
    results: Results,
    lines: Sequence[str],
    problems: Sequence[str],
    tables: Sequence[ResultTable],
    figures: Sequence[_Drawn],
) -> str:
    """The report as one page of Markdown.

    Args:
        lines: what to know before reading on.
        problems: what was left out, and why.
    """
    captions = [
        f"![Figure {n}]({one.name}.png)\n\n**Figure {n}.** {for_markdown(one.caption)}. "
        f"Data: {for_markdown(data_names(results))}. ([SVG]({one.name}.svg))\n"
        for n, one in enumerate(figures, 1)
    ]
    parts = [
        f"{TITLE}{for_markdown(results.stage)}\n",
        _listed(lines),
        *(["## Left out\n", _listed(problems)] if problems else []),
        "## Tables\n",
        *(markdown(table, number) for number, table in enumerate(tables, 1)),
        *(["## Figures\n"] if captions else []),
        *captions,
        "All numbers: [results.csv](results.csv), a row per run and metric. For TeX: "
        "[tables.tex](tables.tex). Each table: "
        + ", ".join(f"[{table.key}.csv]({table.key}.csv)" for table in tables)
        + ".\n",
    ]
    return "\n".join(parts)


def _listed(lines: Sequence[str]) -> str:
    return "".join(f"- {for_markdown(line)}\n" for line in lines)


def _read_curves(runs: Sequence[Run]) -> tuple[dict[Path, Curves], list[str]]:
    """The curves of the runs by their folder, and what is wrong with the others."""
    curves, problems = {}, []
    for run in runs:
        try:
            curves[run.path] = read_curves(run.path)
        except RunFolderError as error:
            problems.append(f"{error} (its learning curves are left out)")
    return curves, problems


def _uncharted(results: Results, curves: Mapping[Path, Curves]) -> list[str]:
    """Says which runs were trained but left no curves."""
    lost = [
        f"{run.model} {run.experiment} seed {run.seed}"
        for run in results.runs
        if run.scores.get(EPOCHS) and run.path in curves
        if not len(curves[run.path][TRAINING_LOSS])
    ]
    return [f"Without TensorBoard events: {', '.join(lost)}."] if lost else []


def _figures(
    results: Results, curves: Mapping[Path, Curves]
) -> tuple[list[_Drawn], dict[str, bytes]]:
    """The figures there are, and their files by name."""
    with warnings.catch_warnings():
        for remark in ("Glyph .* missing", "constrained_layout not applied"):  # on odd names
            warnings.filterwarnings("ignore", remark)
        frames = five_frames(results)
        figures = {
            "learning_curves": (learning_curves(results, curves), _CURVES),
            "tradeoff": (tradeoff(results), _TRADEOFF),
            "five_frames": (frames.figure, frames.caption) if frames else (None, ""),
        }
        drawn = [_Drawn(name, one, text) for name, (one, text) in figures.items() if one]
        forms = {"png": png, "svg": svg}
        files = {f"{d.name}.{f}": write(d.figure) for d in drawn for f, write in forms.items()}
    return drawn, files
