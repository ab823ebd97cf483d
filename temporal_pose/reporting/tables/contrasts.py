"""Tables made of test predictions: differences with intervals, what became worse, and errors by
what makes them large.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from temporal_pose.reporting.comparisons import (
    Band,
    KeptErrors,
    paired_difference,
    whole,
    worsened,
)
from temporal_pose.reporting.finished import Model, ModelKind, Results, Run
from temporal_pose.reporting.tables.result_table import (
    Cell,
    Headings,
    ResultTable,
    Score,
    TableRow,
    cell_of,
    each,
    mark_best,
    mark_worse,
    table_rows,
)
from temporal_pose.reporting.tables.scores import POSITION, experiments, identity_sources
from temporal_pose.runs.results import ERROR, VALIDATION

_SHARE = Score("", 100, 1, higher_is_better=False)


def prediction_tables(results: Results, k: float) -> list[ResultTable]:
    """The tables of this file, if any run of that k has kept its predictions."""
    own = results.of(k)
    if not any(run.tested for run in own.runs):
        return []
    bands = band_table(own, k)
    return [difference_table(own, k), worse_table(own, k), *([bands] if bands else [])]


def difference_table(results: Results, k: float) -> ResultTable:
    """Mean position error less that of the identity, and less that of the best filter."""
    own = results.of(k)
    best = {setup: best_filter(own, k, setup) for setup in own.setups}
    rows = []
    for model in _refiners(own):
        to_identity = [_difference(own.at(model.key, s, k), None) for s in own.setups]
        to_filter = [_to_filter(own, model, best[s], s, k) for s in own.setups]
        rows.append((model.name, (*to_identity, *to_filter)))
    over = "identity", "best filter"
    return ResultTable(
        f"differences_k{k:g}",
        f"Difference of mean position error, px, for shifting scalar k = {k:g}, with 95 % "
        "intervals",
        (
            each("Less the error of", over, len(own.setups)),
            experiments(own, k, len(over)),
        ),
        tuple(rows),
        (
            "Below zero: more accurate. Intervals: paired bootstrap over the test videos, or over "
            "groups of them where the runs have kept those; of a single one there is none.",
            *_filter_notes(own, k, best),
        ),
    )


def worse_table(results: Results, k: float) -> ResultTable:
    """How many videos, and how many pairs of a video and a keypoint, refinement made worse."""
    own = results.of(k)
    models = _refiners(own)
    found = {
        (model, setup): worsened([one for one in one_a_seed(runs) if one])
        for model in models
        for setup in own.setups
        if (runs := own.at(model.key, setup, k))
    }
    columns = []
    for part in ("videos", "cells"):
        for setup in own.setups:
            values = [found.get((model, setup)) for model in models]
            shares = [None if value is None else getattr(value, part) for value in values]
            runs_there = [len(own.at(model.key, setup, k)) for model in models]
            cells = zip(shares, runs_there, strict=True)
            columns.append(([_share(s, n) for s, n in cells], _SHARE))
    over = "videos", "keypoints of videos"
    return ResultTable(
        f"worse_k{k:g}",
        f"Test videos, and keypoints of a video, whose mean position error is above their "
        f"input's, in percent, for shifting scalar k = {k:g}",
        (each("Made worse", over, len(own.setups)), experiments(own, k, len(over))),
        table_rows([model.name for model in models], columns),
        ("Less is better. Errors are means over seeds.",),
    )


def _share(share: float | None, runs: int) -> Cell:
    return Cell(runs, None if share is None else 100 * share)


def band_table(results: Results, k: float) -> ResultTable | None:
    """Mean position error by the input's error, by movement and by score: what over-smoothing
    spoils first are fast movements, and keypoints that were right.

    Returns:
        None where no run has bands.
    """
    own = results.of(k)
    tested = next((run.tested for run in own.runs if run.tested and run.tested.bands), None)
    if tested is None:
        return None
    names = [(kind, name) for kind, bands in tested.bands.items() for name in bands]
    rows: list[TableRow] = []
    for setup in own.setups:
        cells = {model: _band_row(own, model, setup, k, names) for model in own.models}
        there = [model for model in own.models if any(cell.seeds for cell in cells[model])]
        columns = [mark_best([cells[m][i] for m in there], POSITION) for i in range(len(names))]
        rows += zip(
            [f"{model.name} {k:g}.{setup}" for model in there],
            zip(*columns, strict=True),
            strict=True,
        )
    return ResultTable(
        f"bands_k{k:g}",
        f"Mean position error, px, by what makes it large, for shifting scalar k = {k:g}",
        (
            Headings("Sorted by", tuple((kind, len(part)) for kind, part in tested.bands.items())),
            each("Band", [name for _, name in names]),
        ),
        tuple(rows),
        (
            "Less is better. Of what is sorted by the input's error the input is best in the "
            "first band and worst in the last for no merit or fault of its own. Movement: from "
            "one frame to the next; over-smoothing shows in the fastest tenth first.",
        ),
        best_of="its band and experiment",
    )


def _band_row(
    own: Results, model: Model, setup: str, k: float, names: Sequence[tuple[str, str]]
) -> list[Cell]:
    of_identity = model.kind == ModelKind.IDENTITY
    runs = identity_sources(own, setup, k)[:1] if of_identity else own.at(model.key, setup, k)
    cells = []
    for kind, name in names:
        found = [_band(run, kind, name) for run in runs]
        raw = [band.raw if band else None for band in found]
        refined = [band.refined if band else None for band in found]
        cell = cell_of(raw if of_identity else refined, POSITION)
        cells.append(mark_worse(cell, raw, POSITION))
    return cells


def _band(run: Run, kind: str, name: str) -> Band | None:
    return run.tested.bands.get(kind, {}).get(name) if run.tested else None


def best_filter(results: Results, k: float, setup: str) -> Model | None:
    """The filter, of a window or of the whole video, with the lowest validation error.

    Chosen by the test error it would look better than it is. Filters without a validation error,
    as an older version left them, are not considered.
    """
    errors = {
        model: error
        for model in _filters(results)
        if (error := _validated(results.at(model.key, setup, k))) is not None
    }
    return min(errors, key=lambda model: errors[model], default=None)


def _refiners(results: Results) -> list[Model]:
    return [m for m in results.models if m.kind != ModelKind.IDENTITY]


def _filters(results: Results) -> list[Model]:
    kinds = (ModelKind.VIDEO_FILTER, ModelKind.WINDOW_FILTER)
    return [m for m in results.models if m.kind in kinds]


def _validated(runs: Sequence[Run]) -> float | None:
    """Mean validation error over seeds, if all of them have one."""
    values = [run.scores.get(VALIDATION.refined + ERROR) for run in runs]
    return None if None in values else cell_of(values, POSITION).mean


def _filter_notes(own: Results, k: float, best: Mapping[str, Model | None]) -> list[str]:
    """Which filter was chosen how, and which could not be considered."""
    chosen = [f"{k:g}.{setup}: {model.name}" for setup, model in best.items() if model]
    lost = [
        f"{model.name} {k:g}.{setup}"
        for setup in best
        for model in _filters(own)
        if (runs := own.at(model.key, setup, k)) and _validated(runs) is None
    ]
    notes = []
    if chosen:
        notes.append(
            f"Best filter: lowest position error on the validation set. {'; '.join(chosen)}."
        )
    if lost:
        notes.append(
            "Not considered as best filter, for an older version made the runs, without "
            f"val/error_px (force=true repeats them): {', '.join(lost)}."
        )
    return notes


def _to_filter(own: Results, model: Model, best: Model | None, setup: str, k: float) -> Cell:
    runs = own.at(model.key, setup, k)
    if best is None or not runs:
        return Cell(seeds=len(runs))
    if best == model:
        return Cell(len(runs), 0.0, digits=2, signed=True)
    return _difference(runs, own.at(best.key, setup, k))


def one_a_seed(runs: Sequence[Run]) -> list[KeptErrors | None]:
    """Errors on the test set, the folds of each seed together; None where a run has kept none."""
    seeds = sorted({run.seed for run in runs})
    folds = [[run.tested for run in runs if run.seed == seed] for seed in seeds]
    return [whole([one for one in own if one]) if all(own) else None for own in folds]


def _difference(runs: Sequence[Run], others: Sequence[Run] | None) -> Cell:
    against = None if others is None else one_a_seed(others)
    found = paired_difference(one_a_seed(runs), against) if runs else None
    if found is None:
        return Cell(seeds=len(runs))
    worse = others is None and round(found.mean, POSITION.digits) > 0
    cell = Cell(len(runs), found.mean, digits=POSITION.digits, worse=worse, signed=True)
    return replace(cell, interval=found.interval)
