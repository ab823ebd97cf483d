"""The same experiments in several variants side by side: stages, or folders of runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from temporal_pose.files.escaping import one_line
from temporal_pose.reporting.comparisons import same_windows
from temporal_pose.reporting.finished import Model, ModelKind, Results, Run
from temporal_pose.reporting.tables.result_table import (
    Cell,
    Headings,
    ResultTable,
    Score,
    each,
    mark_best,
)
from temporal_pose.reporting.tables.scores import POSITION, experiment_cell, identity_sources
from temporal_pose.runs.results import WINDOWS

_WINDOWS = f"{WINDOWS}test"

#: Settings that decide what a heatmap pixel is.
_BOXES = ("box", "margin", "size")


@dataclass(frozen=True)
class Variant:
    """A column of the comparison.

    Args:
        label: its heading.
        results: its runs.
    """

    label: str
    results: Results


@dataclass(frozen=True)
class _Row:
    """A model in an experiment, in each variant.

    Args:
        runs: of each variant; empty where it has none.
        other: of each variant, whether it was tested on other windows than the first one.
        boxes: of each variant, what is another pixel in it than in the first one, if anything.
    """

    model: Model
    k: float
    setup: str
    runs: tuple[list[Run], ...]
    other: tuple[bool, ...]
    boxes: tuple[str, ...]


def variant_tables(variants: Sequence[Variant]) -> list[ResultTable]:
    """The comparison, if there is anything to compare."""
    return [variant_table(variants)] if len(variants) > 1 else []


def variant_table(variants: Sequence[Variant]) -> ResultTable:
    """PCK and position error, a row a model and experiment, a column a variant.

    The best of a row is marked, but not among runs that were tested on other windows, nor pixels
    of other boxes.
    """
    every = Results("", tuple(run for variant in variants for run in variant.results.runs))
    pck = Score(every.thresholds()[0])
    there = [row for row in _all_rows(every, variants) if any(row.runs)]
    rows = [
        (
            f"{row.model.name} {row.k:g}.{row.setup}",
            (
                *_cells(row, variants, pck, comparable=True),
                *_cells(row, variants, POSITION, comparable=not any(row.boxes)),
            ),
        )
        for row in there
    ]
    width = len(variants)
    return ResultTable(
        "variants",
        "Variants compared: test accuracy and mean position error",
        (
            Headings("Score", ((f"{pck.key.upper()} (%)", width), ("Position error (px)", width))),
            each("Variant", [variant.label for variant in variants] * 2),
        ),
        tuple(rows),
        (
            "The rows of the identity function show what each variant was given.",
            *_notes(there, variants),
        ),
        best_of="the variants",
    )


def _all_rows(every: Results, variants: Sequence[Variant]) -> list[_Row]:
    places = [(k, s) for k in every.ks for s in every.setups]
    return [_row(m, k, setup, variants) for m in every.models for k, setup in places]


def _row(model: Model, k: float, setup: str, variants: Sequence[Variant]) -> _Row:
    runs = tuple(
        identity_sources(variant.results, setup, k)[:1]
        if model.kind == ModelKind.IDENTITY
        else variant.results.at(model.key, setup, k)
        for variant in variants
    )
    first = next((own[0] for own in runs if own), None)
    other = tuple(bool(own) and first is not None and _other_windows(own, first) for own in runs)
    boxes = tuple(_other_boxes(own[0], first) if own and first else "" for own in runs)
    return _Row(model, k, setup, runs, other, boxes)


def _other_windows(runs: Sequence[Run], first: Run) -> bool:
    """By the predictions, or where a run has kept none, by the number of windows."""
    for run in runs:
        if run.tested is not None and first.tested is not None:
            if not same_windows(run.tested, first.tested):
                return True
        elif run.scores.get(_WINDOWS) != first.scores.get(_WINDOWS):
            return True
    return False


def _other_boxes(run: Run, first: Run) -> str:
    """Settings of the boxes that differ, those of the first one second."""
    here, there = (each.settings("data") for each in (run, first))
    return ", ".join(
        f"data.{name} is {one_line(str(here[name]), 40)}, not {one_line(str(there[name]), 40)}"
        for name in _BOXES
        if name in here and name in there and here[name] != there[name]
    )


def _cells(row: _Row, variants: Sequence[Variant], score: Score, comparable: bool) -> list[Cell]:
    where = (row.model, row.setup, row.k, score)
    cells = [replace(experiment_cell(v.results, *where), disputed=False) for v in variants]
    if any(row.other) or not comparable:
        return [replace(c, disputed=o) for c, o in zip(cells, row.other, strict=True)]
    return cells if row.model.kind == ModelKind.IDENTITY else mark_best(cells, score)


def _notes(rows: Sequence[_Row], variants: Sequence[Variant]) -> list[str]:
    """What cannot be compared, and why."""
    notes = []
    for place, variant in enumerate(variants):
        if any(row.other[place] for row in rows):
            notes.append(
                f"‡: {variant.label} was tested on other windows than the first variant of the "
                "row, so the row has no best. Do not compare the two."
            )
        boxes = {row.boxes[place] for row in rows} - {""}
        if boxes:
            notes.append(
                f"{variant.label} sees poses through other boxes ({'; '.join(sorted(boxes))}), so "
                "its pixels are others: compare its position errors with its own identity's only."
            )
    counts = sorted({len(runs) for row in rows for runs in row.runs if runs})
    return [*notes, f"Seeds: {' or '.join(map(str, counts))}."]
