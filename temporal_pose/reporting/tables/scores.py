"""Tables of ``metrics.json`` alone: PCK, keypoints, errors, the hold-out video, and costs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from temporal_pose.reporting.finished import Model, ModelKind, Results, Run
from temporal_pose.reporting.provenance import disagreements
from temporal_pose.reporting.tables.corrected import thesis_parameters
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
    seeds_legend,
    table_rows,
)
from temporal_pose.runs.results import (
    ERROR,
    HOLDOUT,
    JITTER,
    LAG,
    PARAMETERS,
    TEST,
    TORSO,
    Pck,
    Side,
)

POSITION = Score(ERROR, 1, 2, higher_is_better=False)

_DISTANCE = (
    "Mean threshold distance: mean largest distance between predicted and true keypoint that "
    "counts as correct, in heatmap pixels."
)

#: Which models share a table of keypoints, by the end of its key and title.
_BLOCKS: Mapping[tuple[str, str], tuple[ModelKind, ...]] = {
    ("", ""): (ModelKind.IDENTITY, ModelKind.NETWORK),
    ("_video_filters", " of filters that see the whole video"): (ModelKind.VIDEO_FILTER,),
    ("_window_filters", " of filters that see a window"): (ModelKind.WINDOW_FILTER,),
}


def model_cell(runs: Sequence[Run], score: Score, side: Side = TEST) -> Cell:
    """The cell of a model from its runs of one experiment, a run a seed."""
    cell = cell_of([run.scores.get(side.refined + score.key) for run in runs], score)
    return mark_worse(cell, [run.scores.get(side.raw + score.key) for run in runs], score)


def identity_sources(results: Results, setup: str, k: float) -> list[Run]:
    """The runs of an experiment in the order in which they are asked for the identity."""
    there = [run for run in results.runs if (run.setup, run.k) == (setup, k)]
    return sorted(there, key=lambda run: run.model != "identity")


def identity_cell(results: Results, setup: str, k: float, score: Score, side: Side = TEST) -> Cell:
    """The unrefined input of an experiment: as the identity's runs have it, else any other's."""
    name = side.raw + score.key
    sources = identity_sources(results, setup, k)
    sources.sort(key=lambda run: run.scores.get(name) is None)  # an older version may lack it
    by_turn = {run.turn: run for run in reversed(sources)}
    cell = cell_of([run.scores.get(name) for _, run in sorted(by_turn.items())], score)
    return replace(cell, disputed=bool(disagreements(results, k, setup)))


def experiment_cell(
    results: Results, model: Model, setup: str, k: float, score: Score, side: Side = TEST
) -> Cell:
    """The cell of a model, the identity being one, in an experiment."""
    if model.kind == ModelKind.IDENTITY:
        return identity_cell(results, setup, k, score, side)
    return model_cell(results.at(model.key, setup, k), score, side)


def pck_table(results: Results, k: float, side: Side = TEST) -> ResultTable:
    """PCK at each threshold in each setup, a row a model."""
    own = results.of(k)
    names, times = own.thresholds(side), len(own.setups)
    held = "Accuracy on the hold-out video" if side == HOLDOUT else "Test accuracy"
    return ResultTable(
        f"{'holdout' if side == HOLDOUT else 'pck'}_k{k:g}",
        f"{held} for shifting scalar k = {k:g}, in percent",
        (
            each("Accuracy metric", [name.upper() for name in names], times),
            *([] if side == HOLDOUT else [_distances(own, names)]),
            experiments(own, k, len(names)),
        ),
        _rows(own, k, [Score(name) for name in names], side),
        (
            *([] if side == HOLDOUT else [_DISTANCE]),
            *_run_notes(own, k, own.models),
        ),
    )


def error_table(results: Results, k: float) -> ResultTable:
    """Mean position error, acceleration error (jitter) and, where it was measured, lag."""
    own = results.of(k)
    jitter = Score(JITTER, 1, 2, higher_is_better=False)
    columns = [("Position error", "px", POSITION), ("Acceleration error", "px/frame²", jitter)]
    legend = "Less is better. Pixels are heatmap pixels; the acceleration error measures jitter."
    if any(TEST.refined + LAG in run.scores for run in own.runs):
        columns.append(("Lag", "frames", Score(LAG, 1, 2, signed=True)))
        legend += (
            " Lag: by how many frames the output is behind the true movement, by least squares "
            "(below zero: ahead of it); the nearest to zero is best."
        )
    names, units, scores = zip(*columns, strict=True)
    times = len(own.setups)
    headings = (each("Error", names, times), each("Unit", units, times))
    return ResultTable(
        f"errors_k{k:g}",
        f"Mean test errors for shifting scalar k = {k:g}",
        (*headings, experiments(own, k, len(names))),
        _rows(own, k, scores),
        (legend, *_run_notes(own, k, own.models)),
    )


def keypoint_tables(results: Results, k: float) -> list[ResultTable]:
    """PCK of each keypoint group, a table a threshold, a column a model and setup.

    Identity and networks share a table; filters, if there are any, have their own, behind them.
    """
    own = results.of(k)
    return [
        _keypoint_table(own, k, threshold, columns, block)
        for block, kinds in _BLOCKS.items()
        if (columns := [model for model in own.models if model.kind in kinds])
        for threshold in reversed(own.thresholds())
        if own.groups(threshold)
    ]


def _keypoint_table(
    own: Results, k: float, threshold: str, columns: Sequence[Model], block: tuple[str, str]
) -> ResultTable:
    names = {f"{threshold}/{g}": g.replace("_", " ").capitalize() for g in own.groups(threshold)}
    rows = [
        (name, _keypoint_row(own, k, Score(key), columns))
        for key, name in (names | {threshold: "All keypoints"}).items()
    ]
    spans = [(model.name, len(own.setups)) for model in columns]
    experiments = [(f"{k:g}.{setup}", 1) for _ in columns for setup in own.setups]
    networks = sum(model.kind == ModelKind.NETWORK for model in columns) * len(own.setups)
    if networks > 1:
        rows = [(name, (*cells, _total(cells, columns))) for name, cells in rows]
        spans, experiments = [*spans, ("Total", 1)], [*experiments, ("", 1)]
    return ResultTable(
        f"keypoints_k{k:g}_{threshold.replace('@', '')}{block[0]}",
        f"Test {threshold.upper()} per keypoint{block[1]} for shifting scalar k = {k:g}, "
        "in percent",
        (Headings("Model", tuple(spans)), Headings("Experiment", tuple(experiments))),
        tuple((name, cells) for name, cells in rows if any(c.mean is not None for c in cells)),
        (
            *(["Total: mean of the networks' columns."] if networks > 1 else []),
            *_run_notes(own, k, columns),
        ),
        best_of="its row and experiment",
    )


def _keypoint_row(
    own: Results, k: float, score: Score, columns: Sequence[Model]
) -> tuple[Cell, ...]:
    """A row of cells, the best of each setup marked, the setups of a model side by side."""
    by_setup = [
        mark_best([experiment_cell(own, model, setup, k, score) for model in columns], score)
        for setup in own.setups
    ]
    return tuple(cell for model in zip(*by_setup, strict=True) for cell in model)


def _total(cells: Sequence[Cell], columns: Sequence[Model]) -> Cell:
    """Mean of the networks' cells of a row."""
    setups = len(cells) // len(columns)
    kinds = [model.kind for model in columns for _ in range(setups)]
    networks = zip(cells, kinds, strict=True)
    means = [c.mean for c, kind in networks if kind == ModelKind.NETWORK and c.mean is not None]
    return Cell(seeds=1, mean=fmean(means) if means else None)


def cost_table(
    results: Results, times: Mapping[str, Mapping[str, float]], note: str = ""
) -> ResultTable | None:
    """What each network costs: trained values, and milliseconds a window.

    Args:
        times: milliseconds by the network's key and by how they were measured; may be empty.
        note: on what they were measured.

    Returns:
        None where no network has runs.
    """
    networks = [m for m in results.models if m.kind == ModelKind.NETWORK]
    runs = {model: [r for r in results.runs if r.model == model.key] for model in networks}
    if not any(runs.values()):
        return None
    ways = list(dict.fromkeys(way for own in times.values() for way in own))
    thesis = thesis_parameters()
    own = [_size(r) for r in runs.values()]
    known = [Cell(int(m.key in thesis), thesis.get(m.key), digits=0) for m in networks]
    columns: list[tuple[Sequence[Cell], Score | None]] = [(own, None), (known, None)]
    for way in ways:
        spent = [times.get(model.key, {}).get(way) for model in networks]
        columns.append(([Cell(1, value, digits=2) for value in spent], POSITION))
    rows = table_rows([model.name for model in networks], columns)
    differing = any(cell.disputed for _, cells in rows for cell in cells)
    return ResultTable(
        "costs",
        "Parameters" + (" and prediction time, milliseconds a window" if ways else ""),
        (each("Model", ["Parameters", "The thesis's", *ways]),),
        rows,
        (
            "The thesis's: parameters of its networks as it was finished.",
            *(["‡: its runs differ; the largest number is shown."] if differing else []),
            *([note] if note else []),
        ),
    )


def _size(runs: Sequence[Run]) -> Cell:
    counts = {run.scores.get(PARAMETERS) for run in runs}
    known = [count for count in counts if count is not None]
    cell = Cell(len(runs), max(known) if known else None, digits=0)
    return replace(cell, disputed=len(known) > 1)


def experiments(own: Results, k: float, times: int) -> Headings:
    """The names of all experiments of a k, so many times."""
    return each("Experiment", [f"{k:g}.{setup}" for setup in own.setups] * times)


def _rows(
    own: Results, k: float, scores: Iterable[Score], side: Side = TEST
) -> tuple[TableRow, ...]:
    """A row a model, a column a score and setup, the best of each column marked."""
    columns = [
        ([experiment_cell(own, model, setup, k, score, side) for model in own.models], score)
        for score in scores
        for setup in own.setups
    ]
    return table_rows([model.name for model in own.models], columns)


def _run_notes(own: Results, k: float, rows: Sequence[Model]) -> list[str]:
    """Who sees more than a window, how many seeds there are, and whose input differs."""
    score = Score(ERROR)
    counts = {
        model.name: [experiment_cell(own, model, s, k, score).seeds for s in own.setups]
        for model in rows
    }
    whole = [model.name for model in rows if model.kind == ModelKind.VIDEO_FILTER]
    sight = [f"Seeing the whole video, not a window: {', '.join(whole)}."] if whole else []
    disputes = [text for setup in own.setups for text in disagreements(own, k, setup)]
    if folds := len({run.fold for run in own.runs} - {0}):
        sight.append(f"Cross-validated: each run is one of {folds} folds of a seed.")
    return [*sight, *seeds_legend(counts), *disputes]


def _distances(own: Results, names: Sequence[str]) -> Headings:
    """What thresholds are in pixels, mean over runs; a range where experiments differ."""
    torsos: dict[str, list[float]] = {}
    for run in own.runs:
        if (torso := run.scores.get(TORSO)) is not None:
            torsos.setdefault(run.setup, []).append(torso)
    means = sorted(fmean(values) for values in torsos.values())
    shares = [pck.share for name in names if (pck := Pck.of(name))]
    texts = [
        " to ".join(dict.fromkeys(f"{share * end:.2f}" for end in means[:1] + means[-1:]))
        for share in shares
    ]
    return each("Mean threshold distance (px)", [t or "n/a" for t in texts], len(own.setups))
