"""Tables made from test predictions: differences with intervals, and the fastest movements."""

from collections.abc import Mapping, Sequence

from temporal_pose.reporting.cells import (
    Cell,
    Score,
    cell_of,
    identity_sources,
    mark_best,
    mark_worse,
)
from temporal_pose.reporting.comparisons import fast_error, paired_difference
from temporal_pose.reporting.models import Kind, Model, models
from temporal_pose.reporting.provenance import data_names
from temporal_pose.reporting.results import Results, Run
from temporal_pose.reporting.table import Header, Table, signs_legend

_ERROR = Score("error_px", 1, 2, higher_is_better=False)


def prediction_tables(results: Results, k: float) -> list[Table]:
    """Both tables of this file, if any run of that k has kept its predictions."""
    kept = any((r.path / "predictions.npz").exists() for r in results.runs if r.k == k)
    return [difference_table(results, k), fast_table(results, k)] if kept else []


def difference_table(results: Results, k: float) -> Table:
    """Mean position error less that of the identity, and less that of the best filter."""
    setups, rows = results.setups, []
    best = {setup: best_filter(results, k, setup) for setup in setups}
    for model in (m for m in models(results) if m.kind != Kind.IDENTITY):
        to_identity = [_difference(results.at(model.key, s, k), None) for s in setups]
        to_filter = [_to_filter(results, model, best[s], s, k) for s in setups]
        rows.append((model.name, (*to_identity, *to_filter)))
    return Table(
        f"differences_k{k:g}",
        f"Difference of mean position error, px, for shifting scalar k = {k:g}, with 95 % "
        f"intervals. Data: {data_names(results)}",
        (
            Header("Less the error of", (("identity", len(setups)), ("best filter", len(setups)))),
            Header("Experiment", tuple((f"{k:g}.{s}", 1) for s in setups * 2)),
        ),
        tuple(rows),
        (
            "Below zero: more accurate. Paired bootstrap over the test videos.",
            *_filter_notes(results, k, best),
            *signs_legend(rows),
        ),
    )


def fast_table(results: Results, k: float) -> Table:
    """Mean position error on the fastest 10 % of movements: what over-smoothing spoils first."""
    rows = models(results)
    columns = [
        mark_best([_fast(results, model, setup, k) for model in rows], _ERROR)
        for setup in results.setups
    ]
    cells = tuple(zip(*columns, strict=True))
    named = tuple((model.name, tuple(row)) for model, row in zip(rows, cells, strict=True))
    return Table(
        f"fastest_k{k:g}",
        f"Mean position error, px, on the fastest 10 % of keypoint movements, for shifting scalar "
        f"k = {k:g}. Data: {data_names(results)}",
        (Header("Experiment", tuple((f"{k:g}.{s}", 1) for s in results.setups)),),
        named,
        ("Over-smoothing shows here first. Less is better.", *signs_legend(named)),
    )


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


def _filters(results: Results) -> list[Model]:
    return [m for m in models(results) if m.kind in (Kind.VIDEO_FILTER, Kind.WINDOW_FILTER)]


def _validated(runs: Sequence[Run]) -> float | None:
    """Mean validation error over seeds, if all of them have one."""
    cell = cell_of(values := [run.scores.get("val/error_px") for run in runs], _ERROR)
    return None if None in values else cell.mean


def _filter_notes(results: Results, k: float, best: Mapping[str, Model | None]) -> list[str]:
    """Which filter was chosen how, and which could not be considered."""
    chosen = [f"{k:g}.{setup}: {model.name}" for setup, model in best.items() if model]
    lost = [
        f"{model.name} {k:g}.{setup}"
        for setup in best
        for model in _filters(results)
        if (runs := results.at(model.key, setup, k)) and _validated(runs) is None
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


def _to_filter(results: Results, model: Model, best: Model | None, setup: str, k: float) -> Cell:
    runs = results.at(model.key, setup, k)
    if best is None:
        return Cell(seeds=len(runs))
    if best == model:
        return Cell(len(runs), 0.0, digits=2, signed=True)
    return _difference(runs, results.at(best.key, setup, k))


def _difference(runs: Sequence[Run], others: Sequence[Run] | None) -> Cell:
    found = paired_difference(runs, others) if runs else None
    if found is None:
        return Cell(seeds=len(runs))
    worse = others is None and found.mean > 0
    interval = (found.low, found.high)
    return Cell(len(runs), found.mean, digits=2, interval=interval, worse=worse, signed=True)


def _fast(results: Results, model: Model, setup: str, k: float) -> Cell:
    of_identity = model.kind == Kind.IDENTITY
    runs = results.at(model.key, setup, k)
    if of_identity:
        runs = identity_sources(results, setup, k)[:1]
    cell = cell_of([fast_error(run, of_identity) for run in runs], _ERROR)
    return mark_worse(cell, [fast_error(run, of_identity=True) for run in runs], _ERROR)
